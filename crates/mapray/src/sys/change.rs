//! Every call that changes a file or a folder, so that what is done, and in which order, can be seen
//! at one door.

use std::fs::{File, Permissions};
use std::io;
use std::ops::Range;
use std::path::Path;

#[cfg(test)]
use super::record::{self, Change};
use super::{imp, read_exact_at, space};

/// Writes all of `bytes` from byte `offset` on.
pub(crate) fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    #[cfg(test)]
    record::note_file(file, |file| Change::Write { file, offset, bytes: bytes.to_vec() });
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
    #[cfg(windows)]
    {
        let (mut offset, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let n = std::os::windows::fs::FileExt::seek_write(file, rest, offset)?;
            (offset, rest) = (offset + n as u64, &rest[n..]);
        }
        Ok(())
    }
}

/// Writes zeros over these bytes.
pub(super) fn write_zeros(file: &File, range: Range<u64>) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = range.start;
    while at < range.end {
        let n = (range.end - at).min(zeros.len() as u64);
        write_all_at(file, at, &zeros[..n as usize])?;
        at += n;
    }
    Ok(())
}

/// Moves the end of the file.
pub(crate) fn set_len(file: &File, len: u64) -> io::Result<()> {
    #[cfg(test)]
    record::note_file(file, |file| Change::SetLen { file, len });
    file.set_len(len)
}

/// Gives the first `len` bytes of the file blocks of the disk, without changing a byte that it has.
/// Its length changes only where the file system cannot do that without.
pub(crate) fn reserve(file: &File, len: u64) -> io::Result<()> {
    space::reserve(file, 0..len)
}

/// [`reserve`], for a part of the file, or for what is to follow its end.
pub(crate) fn reserve_range(file: &File, range: Range<u64>) -> io::Result<()> {
    space::reserve(file, range)
}

/// Copies the range of one file to byte `to` of another, without taking it through this process where
/// the system can; `UnexpectedEof` where the file ends before.
pub(crate) fn copy_range(from: &File, range: Range<u64>, file: &File, to: u64) -> io::Result<()> {
    let copied = imp::copy_range(from, range.clone(), file, to)?;
    #[cfg(test)]
    record::note_copy(file, to..to + copied);
    let (mut rest, mut to) = (range.start + copied..range.end, to + copied);
    let mut buffer = vec![0; (rest.end - rest.start).min(1 << 20) as usize];
    while !rest.is_empty() {
        let piece = &mut buffer[..(rest.end - rest.start).min(1 << 20) as usize];
        read_exact_at(from, rest.start, piece)?;
        write_all_at(file, to, piece)?;
        (rest.start, to) = (rest.start + piece.len() as u64, to + piece.len() as u64);
    }
    Ok(())
}

/// Makes the range read as zeros, without giving up its blocks.
pub(crate) fn zero(file: &File, range: Range<u64>) -> io::Result<()> {
    #[cfg(test)]
    record::note_file(file, |file| Change::Zero { file, range: range.clone() });
    space::zero(file, range)
}

/// Makes the range read as zeros, and gives up its blocks where the file system can.
pub(crate) fn punch(file: &File, range: Range<u64>) -> io::Result<()> {
    #[cfg(test)]
    record::note_file(file, |file| Change::Zero { file, range: range.clone() });
    space::punch(file, range)
}

/// Waits until the disk has the bytes of the file, and its length.
pub(crate) fn sync_data(file: &File) -> io::Result<()> {
    file.sync_data()?;
    #[cfg(test)]
    record::note_file(file, Change::SyncFile);
    Ok(())
}

/// Waits until the disk has the file, with its times and permissions.
pub(crate) fn sync_all(file: &File) -> io::Result<()> {
    file.sync_all()?;
    #[cfg(test)]
    record::note_file(file, Change::SyncFile);
    Ok(())
}

/// Gives the file these permissions.
pub(crate) fn set_permissions(file: &File, permissions: Permissions) -> io::Result<()> {
    file.set_permissions(permissions)
}

/// Gives the file the owner and the group of another, as far as this user may.
pub(crate) fn share_owner(file: &File, other: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let other = other.metadata()?;
        // Most users may not, and some file systems have no owners.
        let _ = fchown(file, Some(other.uid()), Some(other.gid()));
    }
    #[cfg(not(unix))]
    let _ = (file, other);
    Ok(())
}

/// A new file under a name that nothing has yet, for reading and writing.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).write(true).create_new(true).open(path)?;
    #[cfg(test)]
    record::note_name(&file, path);
    Ok(file)
}

/// A new file in the folder that has no name, so that it goes with the process; `None` where there is
/// no such thing.
pub(crate) fn nameless_file(folder: &Path) -> io::Result<Option<File>> {
    imp::nameless_file(folder)
}

/// Gives a nameless file a name that nothing has yet.
pub(crate) fn give_name(file: &File, name: &Path) -> io::Result<()> {
    imp::give_name(file, name)?;
    #[cfg(test)]
    record::note_name(file, name);
    Ok(())
}

/// Gives a file another name, in place of what has that name.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    #[cfg(test)]
    record::note(|| Change::Rename { from: from.to_owned(), to: to.to_owned() });
    Ok(())
}

/// Takes a name away, and the file with it unless it has another.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    #[cfg(test)]
    record::note(|| Change::Remove(path.to_owned()));
    Ok(())
}

/// Waits until the disk has the names in a folder.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    imp::sync_folder(folder)?;
    #[cfg(test)]
    record::note(|| Change::SyncFolder(folder.to_owned()));
    Ok(())
}
