//! Checksums of runs of bytes.

use std::ops::Range;

use crate::error::Result;
use crate::source::ReadAt;

/// How much is read at once.
const CHUNK: u64 = 256 << 10;

/// The CRC-32 (that of zip, gzip and PNG) of these bytes.
pub(crate) fn crc32(from: &(impl ReadAt + ?Sized), range: Range<u64>) -> Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    update(&mut hasher, from, range)?;
    Ok(hasher.finalize())
}

/// Goes on with a checksum over these bytes.
pub(crate) fn update(
    hasher: &mut crc32fast::Hasher,
    from: &(impl ReadAt + ?Sized),
    mut range: Range<u64>,
) -> Result<()> {
    let mut buffer = Vec::new();
    while !range.is_empty() {
        let n = (range.end - range.start).min(CHUNK);
        buffer.resize(n as usize, 0);
        from.read_at(range.start, &mut buffer)?;
        hasher.update(&buffer);
        range.start += n;
    }
    Ok(())
}
