//! Which bytes of a mapping are used as atomics, and of what size.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::sys::Mapping;

/// The bytes of a mapping that have been used as atomics, with the size they were used in.
///
/// Rust's memory model, as C++'s, has no meaning for atomic accesses of different sizes to the same
/// bytes that nothing puts in order. So the first use of a place settles its size for good.
///
/// Every eight bytes have sixteen bits, one for each aligned integer that can stand there: bit 1
/// is the one of eight bytes, 2 and 3 are those of four, 4 to 7 of two, 8 to 15 of one. As in a
/// heap, bit `n` covers the bytes of `2 n` and `2 n + 1`. Only pages that are used cost memory.
pub(crate) struct Claims {
    words: Mapping,
    len: usize,
}

impl Claims {
    /// For a mapping of `len` bytes, which must not be 0.
    pub(crate) fn new(len: usize) -> io::Result<Claims> {
        let len = len.div_ceil(8);
        Ok(Claims { words: Mapping::anonymous(len * size_of::<AtomicU16>())?, len })
    }

    /// Claims the `size` bytes (1, 2, 4 or 8) at `at`, a multiple of it; false where a byte of them
    /// is claimed in another size.
    pub(crate) fn claim(&self, at: usize, size: usize) -> bool {
        let (own, others) = bits(at % 8, size);
        let claimed =
            self.word(at / 8).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                (word & others == 0).then_some(word | own)
            });
        claimed.is_ok()
    }

    fn word(&self, index: usize) -> &AtomicU16 {
        assert!(index < self.len);
        let word = self.words.as_ptr().cast::<AtomicU16>().wrapping_add(index);
        // SAFETY: `words` holds `len` of them, zeroed and aligned to a page, and nothing else ever
        // reaches its memory.
        unsafe { &*word }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("words", &self.len).finish()
    }
}

/// The bit of the `size` bytes at `at` of a word, and those of all that share a byte with them.
fn bits(at: usize, size: usize) -> (u16, u16) {
    let own = 8 / size + at / size;
    let mut others = 0;
    let mut above = own / 2;
    while above > 0 {
        others |= 1 << above;
        above /= 2;
    }
    let (mut first, mut n) = (2 * own, 2);
    while first < 16 {
        others |= ((1 << n) - 1) << first;
        (first, n) = (2 * first, 2 * n);
    }
    (1 << own, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_claims_stand_together_unless_they_share_a_byte_in_different_sizes() {
        let places = [1, 2, 4, 8].into_iter().flat_map(|size| {
            (0..24).step_by(size).map(move |at| (at, size)).collect::<Vec<(usize, usize)>>()
        });
        for (at, size) in places.clone() {
            for (other_at, other_size) in places.clone() {
                let claims = Claims::new(21).unwrap();
                let apart = at + size <= other_at || other_at + other_size <= at;
                assert!(claims.claim(at, size));
                let both = claims.claim(other_at, other_size);
                assert_eq!(
                    both,
                    apart || size == other_size,
                    "{at}+{size}, {other_at}+{other_size}"
                );
                assert!(claims.claim(at, size), "what stands can be claimed again");
            }
        }
    }
}
