//! Deflated bytes, inflated as they are read.

use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;

/// How much is read at once.
const CHUNK: u64 = 64 << 10;

/// No deflated byte becomes more than so many: a length of 258 takes two bits at the least
/// ([RFC 1951](https://www.rfc-editor.org/rfc/rfc1951), 3.2.5).
const MOST: u64 = 1032;

/// A run of deflated bytes, from which the inflated ones are read front to back.
pub(crate) struct Inflate<'a, R: ?Sized> {
    source: &'a R,
    range: Range<u64>,
    state: Decompress,
    input: Vec<u8>,
    used: usize,
    is_done: bool,
    hasher: crc32fast::Hasher,
}

impl<'a, R: ReadAt + ?Sized> Inflate<'a, R> {
    /// Bytes of `source`, which become `len`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] where they cannot become so many, so that the caller may ask for memory.
    pub(crate) fn new(source: &'a R, range: Range<u64>, len: u64) -> Result<Inflate<'a, R>> {
        let most = (range.end - range.start).saturating_mul(MOST);
        if len > most {
            return Err(Error::new(ErrorKind::Format, "the size is more than deflate can give")
                .at_offset(range.start)
                .expected(format!("at most {most} bytes"))
                .found(len));
        }
        let state = Decompress::new(false);
        let (input, hasher) = Default::default();
        Ok(Inflate { source, range, state, input, used: 0, is_done: false, hasher })
    }

    /// Reads some bytes; none at the end only.
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        while !self.is_done && !out.is_empty() {
            if self.used == self.input.len() {
                let n = (self.range.end - self.range.start).min(CHUNK);
                self.input.resize(n as usize, 0);
                self.source.read_at(self.range.start, &mut self.input)?;
                self.range.start += n;
                self.used = 0;
            }
            let (total_in, total_out) = (self.state.total_in(), self.state.total_out());
            let input = &self.input[self.used..];
            let status = self.state.decompress(input, out, FlushDecompress::None);
            let consumed = (self.state.total_in() - total_in) as usize;
            let produced = (self.state.total_out() - total_out) as usize;
            let at = self.at();
            self.used += consumed;
            let status = status.map_err(|_| {
                Error::new(ErrorKind::Format, "the compressed bytes are not deflate's")
                    .at_offset(at)
            })?;
            self.is_done = status == Status::StreamEnd;
            if produced > 0 {
                self.hasher.update(&out[..produced]);
                return Ok(produced);
            }
            if consumed == 0 && !self.is_done {
                return Err(self.too_early());
            }
        }
        Ok(0)
    }

    /// The byte of the file that comes next.
    fn at(&self) -> u64 {
        self.range.start - (self.input.len() - self.used) as u64
    }

    fn too_early(&self) -> Error {
        Error::new(ErrorKind::Format, "the compressed bytes end too early").at_offset(self.at())
    }

    /// Reads as many bytes as there is room for.
    pub(crate) fn fill(&mut self, mut out: &mut [u8]) -> Result<()> {
        while !out.is_empty() {
            match self.read(out)? {
                0 => return Err(self.too_early()),
                n => out = &mut out[n..],
            }
        }
        Ok(())
    }

    /// Passes over so many bytes.
    pub(crate) fn skip(&mut self, mut n: u64) -> Result<()> {
        let mut scratch = [0; 4 << 10];
        while n > 0 {
            let now = n.min(scratch.len() as u64);
            self.fill(&mut scratch[..now as usize])?;
            n -= now;
        }
        Ok(())
    }

    /// Reads to the end, which must come after `len` bytes in all, and gives their checksum.
    pub(crate) fn finish(mut self, len: u64) -> Result<u32> {
        self.skip(len.saturating_sub(self.state.total_out()))?;
        let surplus = self.read(&mut [0])?;
        if surplus > 0 || self.at() != self.range.end {
            return Err(Error::new(ErrorKind::Format, "the compressed bytes do not end in time")
                .at_offset(self.at())
                .expected(format!("{len} bytes inflated from all of them")));
        }
        Ok(self.hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    struct Memory(Vec<u8>);

    impl ReadAt for Memory {
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
            let offset = offset as usize;
            buffer.copy_from_slice(&self.0[offset..offset + buffer.len()]);
            Ok(())
        }
    }

    fn deflated(bytes: &[u8]) -> Memory {
        let mut encoder =
            flate2::write::DeflateEncoder::new(vec![0xff; 3], flate2::Compression::new(6));
        encoder.write_all(bytes).unwrap();
        Memory(encoder.finish().unwrap())
    }

    /// What comes out of all but the first three bytes, which must be `len`.
    fn inflated(from: &Memory, len: usize) -> Result<Vec<u8>> {
        let mut inflate = Inflate::new(from, 3..from.0.len() as u64, len as u64)?;
        let mut out = vec![0; len];
        inflate.fill(&mut out)?;
        assert_eq!(inflate.finish(len as u64)?, crc32fast::hash(&out));
        Ok(out)
    }

    #[test]
    fn what_was_deflated_comes_back_with_its_checksum() {
        let noise: Vec<u8> = (0..300_000_u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        for bytes in [&b""[..], b"a", &[7; 200_000], &noise] {
            assert_eq!(inflated(&deflated(bytes), bytes.len()).unwrap(), bytes);
        }
    }

    #[test]
    fn another_length_than_the_true_one_is_an_error() {
        let from = deflated(b"some text, some text, some text");
        for len in [0, 1, 30, 32, 1000] {
            let error = inflated(&from, len).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Format, "{len}: {error}");
        }
    }

    #[test]
    fn a_length_beyond_what_deflate_can_give_is_refused_before_memory_is_asked_for() {
        let zeros = deflated(&vec![0; 10 << 20]);
        inflated(&zeros, 10 << 20).expect("deflate at its best is within the bound");
        let len = zeros.0.len() as u64;
        assert!(Inflate::new(&zeros, 3..len, (len - 3) * 1032).is_ok());
        assert!(Inflate::new(&zeros, 3..len, (len - 3) * 1032 + 1).is_err());
    }

    #[test]
    fn cut_short_anywhere_it_is_an_error() {
        let whole = deflated(b"a text that is deflated and then cut, a text that is cut");
        for len in 3..whole.0.len() {
            let cut = Memory(whole.0[..len].to_vec());
            assert_eq!(inflated(&cut, 56).unwrap_err().kind(), ErrorKind::Format);
        }
    }
}
