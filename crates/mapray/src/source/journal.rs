//! Journals: files beside a file that say how to finish, or to undo, a change of it that did not come
//! to its end. Here is what all kinds have in common; what a payload means is its kind's own affair.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::source::{Durability, ReadAt, Replacement, Source, folder_of, target_of, update_crc32};
use crate::sys::{self, Stamp, Time};

const MAGIC: [u8; 8] = *b"\x93MAPRAYJ";
const VERSION: u32 = 1;
/// The bytes of the header before the path.
const FIXED: usize = 92;
/// No path is longer.
const LONGEST_PATH: usize = 64 << 10;
/// No file system takes longer names.
const LONGEST_NAME: usize = 255;

/// What a journal is for, and so what its payload means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes that are being written over others: done over by whoever finds it.
    Redo = 1,
    /// A change behind the old end: undone by going back to the old length.
    Length = 2,
    /// Elements are being appended.
    Append = 3,
}

impl Kind {
    /// What the name of the journal ends in. Who writes behind the end leaves alone what the file has, so
    /// that only some need look for that journal, and it does not stand in the way of another.
    fn suffix(self) -> &'static str {
        match self {
            Kind::Redo => ".mapray-journal",
            Kind::Length => ".mapray-edit",
            Kind::Append => ".mapray-append",
        }
    }

    fn of(number: u32) -> Option<Kind> {
        [Kind::Redo, Kind::Length, Kind::Append].into_iter().find(|&kind| kind as u32 == number)
    }
}

/// The journal of a file, complete and on the disk.
///
/// It stands beside the file, and is there from before the first byte of the file is changed until
/// the last change is on the disk. Only who holds the exclusive [`Lock`](crate::source::Lock) of the
/// file writes, applies or removes one.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    kind: Kind,
    stamp: Stamp,
    payload_start: u64,
    payload_len: u64,
}

impl Journal {
    /// The path of a journal of this kind of the file at `target`, which must not be a symbolic link.
    pub(crate) fn path_for(target: &Path, kind: Kind) -> PathBuf {
        let name = target.file_name().unwrap_or_default();
        let mut journal = OsString::with_capacity(LONGEST_NAME);
        journal.push(".");
        if name.len() + 1 + kind.suffix().len() <= LONGEST_NAME {
            journal.push(name);
        } else {
            let bytes = name.as_encoded_bytes();
            journal.push(format!("{:08x}-{}", crc32fast::hash(bytes), bytes.len()));
        }
        journal.push(kind.suffix());
        // With room from the start: every open of a file comes by.
        let mut path = PathBuf::with_capacity(target.as_os_str().len() + 1 + journal.len());
        path.extend(target.parent());
        path.push(journal);
        path
    }

    /// The path of the journal of this kind of the file at `target`, which must not be a symbolic
    /// link, if there is one: one look into the folder.
    pub(crate) fn find(target: &Path, kind: Kind) -> Result<Option<PathBuf>> {
        let path = Journal::path_for(target, kind);
        match sys::is_there(&path) {
            Ok(is_there) => Ok(is_there.then_some(path)),
            Err(error) => Err(Error::io("look for a journal", error).at_path(&path)),
        }
    }

    /// Writes the journal of a file, whose bytes come from `fill`. When this returns it is complete
    /// and on the disk, under its name; where it fails there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Space`] where the disk has no room for it, [`ErrorKind::Locked`] where there is
    /// one already, [`ErrorKind::Unsupported`] where the file has no name.
    pub(crate) fn write(
        of: &Source,
        kind: Kind,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Journal> {
        Journal::write_with(of, kind, Durability::Synced, fill)
    }

    /// [`write`](Journal::write), or without waiting for the disk: then the journal is of use after the
    /// process was killed, but maybe not after a power cut.
    pub(crate) fn write_with(
        of: &Source,
        kind: Kind,
        durability: Durability,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Journal> {
        let Some(path) = of.path() else {
            let message = "a file without a name can have no journal beside it";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let path = target_of(path);
        if let Some(path) = Journal::find(&path, kind)? {
            let message = "another change of the file has not come to its end";
            return Err(Error::new(ErrorKind::Locked, message).at_path(&path));
        }
        let stamp = sys::stamp(of.file());
        let stamp = stamp.map_err(|error| of.name(Error::io("examine the file", error)))?;
        let journal = Journal::path_for(&path, kind);
        let written = write(&journal, &path, of.file(), kind, &stamp, durability, fill);
        written.map_err(|error| match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => Error::io("write the journal", error).at_path(&journal),
        })
    }

    /// Opens a journal, and checks all of it: it may be anybody's work.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] where it is damaged or is none, [`ErrorKind::Unsupported`] where a later
    /// version wrote it; [`ErrorKind::Io`] where it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Journal> {
        let file = sys::open_directly(path, false)
            .map_err(|error| Error::io("open the journal", error).at_path(path))?;
        let source = Source::opened(file, path)?;
        let header = read(&source).map_err(|error| source.name(error))?;
        Ok(Journal {
            path: path.to_owned(),
            file: source.into_file(),
            kind: header.kind,
            stamp: header.stamp,
            payload_start: header.len,
            payload_len: header.payload_len,
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Which file it is about, and how that was before it was changed.
    pub(crate) fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// The number of bytes of its payload.
    pub(crate) fn len(&self) -> u64 {
        self.payload_len
    }

    /// Whether it is about this file: the same inode, and not only the same number. The device is not
    /// asked: its number may be another after the system has been started anew.
    pub(crate) fn is_about(&self, stamp: &Stamp) -> bool {
        (self.stamp.inode, self.stamp.born) == (stamp.inode, stamp.born)
    }

    /// Takes the journal away: the change that it is about has come to its end, and is on the disk.
    pub(crate) fn remove(self) -> Result<()> {
        self.remove_with(Durability::Synced)
    }

    /// [`remove`](Journal::remove), or without waiting for the disk.
    pub(crate) fn remove_with(self, durability: Durability) -> Result<()> {
        sys::remove_file(&self.path)
            .and_then(|()| match durability {
                Durability::Synced => sys::sync_folder(folder_of(&self.path)),
                Durability::Buffered => Ok(()),
            })
            .map_err(|error| Error::io("remove the journal", error).at_path(&self.path))
    }
}

/// The payload, by position from its first byte on.
impl ReadAt for Journal {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.payload_len) {
            let error = Error::new(ErrorKind::Format, "the journal ends too early");
            return Err(error.at_offset(self.payload_start + self.payload_len).at_path(&self.path));
        }
        let read = self.file.read_at(self.payload_start + offset, buffer);
        read.map_err(|error| error.at_path(&self.path))
    }
}

fn write(
    journal: &Path,
    target: &Path,
    file: &File,
    kind: Kind,
    stamp: &Stamp,
    durability: Durability,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Journal> {
    let path = std::path::absolute(target)?;
    let path = path.as_os_str().as_encoded_bytes();
    if path.len() > LONGEST_PATH {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    let beside = Replacement::new(journal)?;
    // Whoever may open the file must be able to read it. Before it holds a byte: it must not tell what
    // the file keeps to itself.
    sys::share_owner(beside.file(), file)?;
    sys::set_permissions(beside.file(), file.metadata()?.permissions())?;
    let payload_start = (FIXED + path.len() + 4) as u64;
    let hasher = crc32fast::Hasher::new();
    let payload = Payload { file: beside.file(), at: payload_start, hasher };
    let mut gathered = BufWriter::with_capacity(1 << 20, payload);
    fill(&mut gathered)?;
    let payload = gathered.into_inner().map_err(io::IntoInnerError::into_error)?;
    let payload_len = payload.at - payload_start;
    let header = header(kind, stamp, payload_len, payload.hasher.finalize(), path);
    sys::write_all_at(beside.file(), 0, &header)?;
    let file = beside.take_place(durability)?;
    let (path, stamp) = (journal.to_owned(), *stamp);
    Ok(Journal { file, path, kind, stamp, payload_start, payload_len })
}

/// The payload while it is written.
struct Payload<'a> {
    file: &'a File,
    at: u64,
    hasher: crc32fast::Hasher,
}

impl Write for Payload<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        sys::write_all_at(self.file, self.at, bytes)?;
        self.hasher.update(bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands before the payload.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    kind: Kind,
    stamp: Stamp,
    len: u64,
    payload_len: u64,
}

/// Reads the header of a journal, and checks it and the payload.
fn read(from: &Source) -> Result<Header> {
    let wrong = |offset: u64, message: &str| {
        Error::new(ErrorKind::Format, message.to_owned()).at_offset(offset)
    };
    let file_len = from.opened_len().ok_or_else(|| wrong(0, "a device is no journal"))?;
    let mut bytes = vec![0; FIXED];
    if file_len < FIXED as u64 {
        return Err(wrong(file_len, "the journal ends inside its header"));
    }
    from.read_at(0, &mut bytes)?;
    let mut fields = Fields(&bytes);
    let magic = fields.take::<8>();
    if magic != MAGIC {
        return Err(wrong(0, "the file has the name of a journal but is none"));
    }
    let version = fields.u32();
    if version != VERSION {
        let message = "the journal was written by a later version of mapray";
        let error = Error::new(ErrorKind::Unsupported, message).at_offset(8);
        return Err(error.expected(format!("version {VERSION}")).found(version));
    }
    let kind = fields.u32();
    let [device, inode, len] = std::array::from_fn(|_| fields.u64());
    let [born, modified, changed] = std::array::from_fn(|_| {
        let seconds = fields.u64().cast_signed();
        Time { seconds, nanoseconds: fields.u32() }
    });
    let payload_len = fields.u64();
    let payload_crc = fields.u32();
    let path_len = fields.u32() as usize;
    if path_len > LONGEST_PATH || file_len < (FIXED + path_len + 4) as u64 {
        return Err(wrong(88, "the path in the journal is longer than can be"));
    }
    let mut rest = vec![0; path_len + 4];
    from.read_at(FIXED as u64, &mut rest)?;
    let (path, crc) = rest.split_at(path_len);
    bytes.extend_from_slice(path);
    if crc != crc32fast::hash(&bytes).to_le_bytes() {
        let at = bytes.len() as u64;
        return Err(wrong(at, "the header of the journal does not fit its checksum"));
    }
    // The checksum fits, so somebody meant what stands there.
    let kind = Kind::of(kind).ok_or_else(|| {
        let message = "the journal is of a kind that only a later version of mapray knows";
        Error::new(ErrorKind::Unsupported, message).at_offset(12).found(kind)
    })?;
    let start = (bytes.len() + 4) as u64;
    if payload_len != file_len - start {
        let error = wrong(76, "the journal does not have the length that it says");
        let expected = format!("{} bytes behind the header", file_len - start);
        return Err(error.expected(expected).found(payload_len));
    }
    let mut hasher = crc32fast::Hasher::new();
    update_crc32(&mut hasher, from, start..file_len)?;
    if hasher.finalize() != payload_crc {
        return Err(wrong(84, "the content of the journal does not fit its checksum"));
    }
    let stamp = Stamp { device, inode, born, len, modified, changed };
    Ok(Header { kind, stamp, len: start, payload_len })
}

/// Numbers, little endian, one behind the other; there must be enough of them.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (first, rest) = self.0.split_first_chunk().expect("the header is that long");
        self.0 = rest;
        *first
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

fn header(kind: Kind, stamp: &Stamp, payload_len: u64, payload_crc: u32, path: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(FIXED + path.len() + 4);
    header.extend_from_slice(&MAGIC);
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(&(kind as u32).to_le_bytes());
    for number in [stamp.device, stamp.inode, stamp.len] {
        header.extend_from_slice(&number.to_le_bytes());
    }
    for time in [stamp.born, stamp.modified, stamp.changed] {
        header.extend_from_slice(&time.seconds.to_le_bytes());
        header.extend_from_slice(&time.nanoseconds.to_le_bytes());
    }
    header.extend_from_slice(&payload_len.to_le_bytes());
    header.extend_from_slice(&payload_crc.to_le_bytes());
    header.extend_from_slice(&(path.len() as u32).to_le_bytes());
    debug_assert_eq!(header.len(), FIXED);
    header.extend_from_slice(path);
    header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn target() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        fs::write(&path, b"some bytes").unwrap();
        (folder, path)
    }

    fn written(path: &Path, kind: Kind, payload: &[u8]) -> Journal {
        let source = Source::open(path).unwrap();
        Journal::write(&source, kind, |out| out.write_all(payload)).unwrap()
    }

    fn payload(journal: &Journal) -> Vec<u8> {
        let mut bytes = vec![0; journal.len() as usize];
        journal.read_at(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_written_is_found_and_read_and_removed() {
        let (folder, path) = target();
        let long: Vec<u8> = (0..3_000_000_u32).map(|i| (i.wrapping_mul(i) >> 5) as u8).collect();
        for (kind, bytes) in [(Kind::Redo, &b""[..]), (Kind::Length, b"12"), (Kind::Append, &long)]
        {
            assert_eq!(Journal::find(&path, kind).unwrap(), None);
            let journal = written(&path, kind, bytes);
            assert_eq!((journal.kind(), payload(&journal)), (kind, bytes.to_vec()));
            let found = Journal::find(&path, kind).unwrap().unwrap();
            let name = match kind {
                Kind::Redo => ".a.npy.mapray-journal",
                Kind::Length => ".a.npy.mapray-edit",
                Kind::Append => ".a.npy.mapray-append",
            };
            assert_eq!(found, folder.path().join(name));
            let opened = Journal::open(&found).unwrap();
            assert_eq!((opened.kind(), payload(&opened)), (kind, bytes.to_vec()));
            let stamp = sys::stamp(&File::open(&path).unwrap()).unwrap();
            assert_eq!(*opened.stamp(), stamp);
            assert!(opened.is_about(&stamp));
            assert!(opened.read_at(bytes.len() as u64, &mut [0]).is_err());
            assert!(opened.read_at(u64::MAX, &mut [0]).is_err());
            opened.remove().unwrap();
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no litter");
        }
    }

    #[test]
    fn there_is_one_journal_of_a_kind_at_a_time() {
        let (_folder, path) = target();
        written(&path, Kind::Redo, b"first");
        let source = Source::open(&path).unwrap();
        let error = Journal::write(&source, Kind::Redo, |out| out.write_all(b"")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked);
        let journal = Journal::open(&Journal::path_for(&path, Kind::Redo)).unwrap();
        assert_eq!(payload(&journal), b"first");
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let (folder, path) = target();
        let source = Source::open(&path).unwrap();
        let full = || Err(io::ErrorKind::StorageFull.into());
        let error = Journal::write(&source, Kind::Redo, |_| full()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Space);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_file_with_a_long_name_has_a_journal_too() {
        let folder = tempfile::tempdir().unwrap();
        for len in [238, 239, 240, 241, 255] {
            let path = folder.path().join("x".repeat(len));
            fs::write(&path, b"").unwrap();
            written(&path, Kind::Redo, b"abc");
            let found = Journal::find(&path, Kind::Redo).unwrap().expect("it was written");
            Journal::open(&found).unwrap().remove().unwrap();
        }
    }

    #[cfg(unix)]
    fn own_user() -> u32 {
        std::os::unix::fs::MetadataExt::uid(&tempfile::tempfile().unwrap().metadata().unwrap())
    }

    #[test]
    #[cfg(unix)]
    fn a_journal_is_as_open_as_its_file() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
        let (_folder, path) = target();
        // Only the superuser gives files away.
        let owner = if chown(&path, Some(12_345), None).is_ok() { 12_345 } else { own_user() };
        for mode in [0o600, 0o640, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let journal = written(&path, Kind::Redo, b"secret");
            let permissions = fs::metadata(journal.path()).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o7777, mode);
            assert_eq!(fs::metadata(journal.path()).unwrap().uid(), owner);
            journal.remove().unwrap();
        }
    }

    #[test]
    fn cut_anywhere_or_longer_or_with_one_bit_turned_it_is_an_error() {
        let (folder, path) = target();
        let whole = fs::read(written(&path, Kind::Redo, b"the payload").path()).unwrap();
        let other = folder.path().join("other");
        let open = |bytes: &[u8]| {
            fs::write(&other, bytes).unwrap();
            Journal::open(&other)
        };
        open(&whole).unwrap();
        for len in 0..whole.len() {
            assert_eq!(open(&whole[..len]).unwrap_err().kind(), ErrorKind::Format, "{len}");
        }
        assert_eq!(open(&[&whole[..], b"x"].concat()).unwrap_err().kind(), ErrorKind::Format);
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let expected = match bit / 8 {
                8..12 => ErrorKind::Unsupported,
                _ => ErrorKind::Format,
            };
            assert_eq!(open(&bytes).unwrap_err().kind(), expected, "bit {bit}");
        }
    }

    #[test]
    fn a_claim_of_more_than_the_file_has_asks_for_no_memory() {
        let (folder, path) = target();
        let whole = fs::read(written(&path, Kind::Redo, b"the payload").path()).unwrap();
        let other = folder.path().join("other");
        for (at, len) in [(76, 8), (88, 4)] {
            let mut bytes = whole.clone();
            bytes[at..at + len].fill(0xff);
            let path_len = u32::from_le_bytes(bytes[88..92].try_into().unwrap()) as usize;
            if let Some(crc) = bytes.get(..92 + path_len).map(crc32fast::hash) {
                bytes[92 + path_len..][..4].copy_from_slice(&crc.to_le_bytes());
            }
            fs::write(&other, bytes).unwrap();
            assert_eq!(Journal::open(&other).unwrap_err().kind(), ErrorKind::Format);
        }
    }

    #[test]
    fn a_kind_of_a_later_version_is_told_from_damage() {
        let (folder, path) = target();
        let mut bytes = fs::read(written(&path, Kind::Redo, b"").path()).unwrap();
        bytes[12] = 9;
        let end = bytes.len() - 4;
        let crc = crc32fast::hash(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&crc);
        let other = folder.path().join("other");
        fs::write(&other, bytes).unwrap();
        assert_eq!(Journal::open(&other).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
