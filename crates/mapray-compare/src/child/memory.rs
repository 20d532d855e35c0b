//! Memory for the limits: anonymous, in huge pages, touched before it is timed.

use std::error::Error;

use memmap2::{Advice, MmapMut};

/// How many threads "all threads" are.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// So many bytes, each page of which was written.
pub fn warmed(bytes: usize) -> Result<MmapMut, Box<dyn Error>> {
    let mut memory = MmapMut::map_anon(bytes)?;
    // Without huge pages it is slower, and a limit all the same.
    let _ = memory.advise(Advice::HugePage);
    memory.fill(1);
    Ok(memory)
}

/// Writes to so much memory and frees it, so that the host has given its pages to this machine
/// before the next process asks for them.
pub fn touch(bytes: u64) -> Result<(), Box<dyn Error>> {
    if bytes > 0 {
        warmed(usize::try_from(bytes)?)?;
    }
    Ok(())
}

/// The sum of all words: as little as can be done with memory that is read.
pub fn read(bytes: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { read_avx2(bytes) };
    }
    read_words(bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn read_avx2(bytes: &[u8]) -> u64 {
    read_words(bytes)
}

#[inline(always)]
fn read_words(bytes: &[u8]) -> u64 {
    let mut sums = [0_u64; 32];
    let (lines, _) = bytes.as_chunks::<256>();
    for line in lines {
        let (words, _) = line.as_chunks::<8>();
        for (sum, word) in sums.iter_mut().zip(words) {
            *sum = sum.wrapping_add(u64::from_ne_bytes(*word));
        }
    }
    sums.iter().fold(0, |sum, one| sum.wrapping_add(*one))
}

/// How many bytes each of so many threads gets, in whole pages of any size.
pub fn share(bytes: usize, threads: usize) -> usize {
    bytes.div_ceil(threads).next_multiple_of(2 << 20)
}
