//! Space on the disk, where all that can be done is to write.

use std::fs::File;
use std::io;
use std::ops::Range;

use super::change::write_zeros;
use super::imp::unsupported;
#[cfg(unix)]
use super::{read_exact_at, write_all_at};

/// Makes room for these bytes of the file: its holes are filled with zeros, and zeros are written
/// behind its end, which moves its end. More than a tebibyte of them would take hours, and may be a
/// wrong number.
pub(super) fn reserve(file: &File, range: Range<u64>) -> io::Result<()> {
    const MOST: u64 = 1 << 40;
    loop {
        let old_len = file.metadata()?.len();
        if range.end.saturating_sub(range.start.max(old_len)) > MOST {
            return unsupported("so much space can only be left unreserved (sparse)");
        }
        let end = old_len.min(range.end);
        #[cfg(unix)]
        match fill_holes(file, range.start..end) {
            // Somebody has cut the file meanwhile: what follows its end now is room to be made, too.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            filled => filled?,
        }
        return write_zeros(file, end.max(range.start)..range.end);
    }
}

/// Writes zeros where the file has zeros, if some of it has no blocks. What somebody else stores
/// there at that moment is lost.
#[cfg(unix)]
fn fill_holes(file: &File, range: Range<u64>) -> io::Result<()> {
    /// No file system has smaller blocks.
    const BLOCK: usize = 512;
    if std::os::unix::fs::MetadataExt::blocks(&file.metadata()?) * BLOCK as u64 >= range.end {
        return Ok(());
    }
    let mut buffer = vec![0; 1 << 20];
    let mut at = range.start;
    while at < range.end {
        let chunk = &mut buffer[..(range.end - at).min(1 << 20) as usize];
        read_exact_at(file, at, chunk)?;
        for block in chunk.chunks(BLOCK) {
            if block.iter().all(|&byte| byte == 0) {
                write_all_at(file, at, block)?;
            }
            at += block.len() as u64;
        }
    }
    Ok(())
}

/// Makes the range read as zeros.
pub(super) fn zero(file: &File, range: Range<u64>) -> io::Result<()> {
    write_zeros(file, range)
}

/// Makes the range read as zeros.
pub(super) fn punch(file: &File, range: Range<u64>) -> io::Result<()> {
    write_zeros(file, range)
}
