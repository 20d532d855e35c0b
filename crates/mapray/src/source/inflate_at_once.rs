//! Deflated bytes, inflated in one go by libdeflate: for where all of them and all that they become are in memory.

use std::ptr::NonNull;

use libdeflate_sys as sys;

/// Memory of libdeflate, freed when it is dropped.
struct Decompressor(NonNull<sys::libdeflate_decompressor>);

impl Decompressor {
    /// `None` where there is no memory.
    fn new() -> Option<Decompressor> {
        // SAFETY: a call without arguments.
        NonNull::new(unsafe { sys::libdeflate_alloc_decompressor() }).map(Decompressor)
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: it was allocated by `new`, and nobody else has it.
        unsafe { sys::libdeflate_free_decompressor(self.0.as_ptr()) };
    }
}

/// Inflates bytes. Whether each was needed, and they became just as many as there is room for; if not, what
/// is in `out` is undetermined.
pub(crate) fn inflate_at_once(bytes: &[u8], out: &mut [u8]) -> bool {
    let Some(decompressor) = Decompressor::new() else { return false };
    let (mut consumed, mut produced) = (0, 0);
    // SAFETY: `bytes` is read and `out` is written within their lengths, which go with them; the
    // counts and the decompressor live through the call.
    let result = unsafe {
        sys::libdeflate_deflate_decompress_ex(
            decompressor.0.as_ptr(),
            bytes.as_ptr().cast(),
            bytes.len(),
            out.as_mut_ptr().cast(),
            out.len(),
            &raw mut consumed,
            &raw mut produced,
        )
    };
    let whole = (consumed, produced) == (bytes.len(), out.len());
    result == sys::libdeflate_result_LIBDEFLATE_SUCCESS && whole
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(vec![], flate2::Compression::new(6));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn bytes_are_inflated_if_none_is_left_over_and_none_lacks() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(|i| (i / 3).to_le_bytes()).collect();
        let mut deflated = deflated(&bytes);
        let mut out = vec![0; bytes.len()];
        assert!(inflate_at_once(&deflated, &mut out));
        assert!(out == bytes);
        assert!(!inflate_at_once(&deflated, &mut out[1..]));
        assert!(!inflate_at_once(&deflated, &mut [out.as_slice(), &[0]].concat()));
        assert!(!inflate_at_once(&deflated[..deflated.len() - 1], &mut out));
        deflated.push(0);
        assert!(!inflate_at_once(&deflated, &mut out));
        assert!(!inflate_at_once(&[], &mut out));
        assert!(!inflate_at_once(&[7; 100], &mut out));
    }
}
