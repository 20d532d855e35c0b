//! Archives, written member by member.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use crate::array::require_plain;
use crate::edit::deflate::Deflater;
use crate::edit::member::{Lent, MemberArray};
use crate::edit::replace::Replacement;
use crate::edit::replace::{begin, publish, target_of};
use crate::edit::save::{copy, npy_parts};
use crate::edit::savez::{Compression, SavezOptions};
use crate::edit::tail::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::write::{self as zip, Member, Method};
use crate::layout::Layout;
use crate::sys;

/// A `.npz` archive that is written member by member, so that not all arrays need be there at once.
/// [`SavezOptions::create`] makes one.
///
/// The archive is written beside its place and put there by [`finish`](NpzWriter::finish): if that is
/// never called, or anything goes wrong, an old file there is as it was.
///
/// ```
/// use mapray::{Compression, SavezOptions};
/// use ndarray::Array1;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-npz-writer-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("z.npz");
/// let mut archive = SavezOptions::new().compression(Compression::Deflate(9)).create(&path)?;
/// for year in 2020..2025 {
///     let rain = Array1::<f32>::zeros(365);
///     archive.add(format!("rain/{year}"), &rain)?;
/// }
/// archive.finish()?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[must_use = "there is no archive until `finish` is called"]
pub struct NpzWriter {
    path: PathBuf,
    options: SavezOptions,
    replacement: Replacement,
    tail: Tail,
    /// The bytes of the file that have their blocks.
    reserved: u64,
    names: Names,
    directory: Vec<u8>,
    count: u64,
    deflater: Deflater,
    /// Members whose data are not all written yet: while one is compressed the next can be read.
    open: VecDeque<Member>,
    broken: bool,
}

impl fmt::Debug for NpzWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("NpzWriter");
        debug.field("path", &self.path).field("options", &self.options);
        debug.finish_non_exhaustive()
    }
}

impl NpzWriter {
    /// With room for so many bytes.
    pub(super) fn new(path: &Path, options: &SavezOptions, reserve: u64) -> Result<NpzWriter> {
        let options = options.checked()?;
        let target = target_of(path);
        if std::fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
            let message = "an archive is not written from front to back, so it needs a file";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .expected("a regular file, or none")
                .found("a folder, a device or a pipe"));
        }
        let replacement = begin(&target, reserve)?;
        let file = replacement.file().try_clone();
        let tail = Tail::new(file.map_err(|error| Error::io("copy the descriptor", error))?);
        let level = match options.compression {
            Compression::Stored => 0,
            Compression::Deflate(level) => level,
        };
        let deflater = Deflater::new(level.into(), options.threads);
        Ok(NpzWriter {
            path: path.to_owned(),
            options,
            replacement,
            tail,
            reserved: reserve,
            names: Names::default(),
            directory: Vec::new(),
            count: 0,
            deflater,
            open: VecDeque::new(),
            broken: false,
        })
    }

    /// Adds an array under this name, to which `.npy` is appended as NumPy does: `x` is found as `x`
    /// and as `x.npy`. The array is not loaded as a whole.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] where the name is taken (by `x` for `x.npy`, too), holds a NUL or has
    /// more than 65,531 bytes; [`ErrorKind::Space`] where the disk is full; those of reading the
    /// array. After an error in writing or reading, the archive can only be given up.
    pub fn add(
        &mut self,
        name: impl AsRef<str>,
        array: &(impl MemberArray + ?Sized),
    ) -> Result<()> {
        let member = Prepared::new(name.as_ref(), array, &mut self.names);
        let member = member.map_err(|error| error.at_path(&self.path))?;
        self.write(&member)
    }

    /// Writes the directory, and puts the archive in its place when it is on the disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Space`] where the disk is full, [`ErrorKind::Io`] where an array could not be
    /// added or the file cannot be put there.
    pub fn finish(mut self) -> Result<()> {
        self.require_whole()?;
        self.close().map_err(|error| error.at_path(&self.path))?;
        let durability = self.options.durability;
        publish(self.replacement, durability).map(drop).map_err(|error| error.at_path(&self.path))
    }

    pub(super) fn write(&mut self, member: &Prepared<'_>) -> Result<()> {
        self.require_whole()?;
        self.broken = true;
        match self.options.compression {
            Compression::Stored => self.store(member),
            Compression::Deflate(_) => self.deflate(member),
        }
        .map_err(|error| member.named(error).at_path(&self.path))?;
        self.broken = false;
        Ok(())
    }

    fn require_whole(&self) -> Result<()> {
        if !self.broken {
            return Ok(());
        }
        let message = "the archive lacks a member that could not be written";
        Err(Error::new(ErrorKind::Io, message).at_path(&self.path))
    }

    fn store(&mut self, member: &Prepared<'_>) -> Result<()> {
        let mut entry = member.stored(self.tail.position(), self.options.align);
        let end = member.end(&entry);
        if end > self.reserved {
            reserve(self.tail.file(), end)?;
            self.reserved = end;
        }
        self.tail.write(&vec![0; entry.local_header_len()])?;
        let mut crc = Hasher::new();
        member.read(&mut |bytes| {
            crc.update(bytes);
            self.tail.write(bytes)
        })?;
        entry.crc = crc.finalize();
        self.close_member(entry)
    }

    fn deflate(&mut self, member: &Prepared<'_>) -> Result<()> {
        let size = member.size();
        // What does not compress becomes longer, by some bytes for each 16 KiB.
        let most = size.saturating_add(size / 64 + 1024);
        self.open.push_back(Member {
            name: member.name.clone(),
            method: Method::Deflated,
            crc: 0,
            compressed: 0,
            uncompressed: size,
            offset: 0,
            zip64: Member::needs_zip64(most),
            padding: (0, 1),
        });
        let mut crc = Hasher::new();
        member.read(&mut |mut bytes| {
            crc.update(bytes);
            while !bytes.is_empty() {
                bytes = self.deflater.push(bytes);
                while self.deflater.is_full() {
                    self.place()?;
                }
            }
            Ok(())
        })?;
        if let Some(entry) = self.open.back_mut() {
            entry.crc = crc.finalize();
        }
        self.deflater.end();
        while self.deflater.is_full() {
            self.place()?;
        }
        Ok(())
    }

    /// Writes the next block that was compressed. Whether there was one.
    fn place(&mut self) -> Result<bool> {
        let Some(block) = self.deflater.pull() else { return Ok(false) };
        let block = block?;
        let entry = self.open.front_mut().expect("every block belongs to an open member");
        if entry.compressed == 0 {
            entry.offset = self.tail.position();
            self.tail.write(&vec![0; entry.local_header_len()])?;
        }
        self.tail.write(&block.bytes)?;
        entry.compressed += block.bytes.len() as u64;
        if block.last
            && let Some(entry) = self.open.pop_front()
        {
            self.close_member(entry)?;
        }
        Ok(true)
    }

    fn close_member(&mut self, entry: Member) -> Result<()> {
        self.tail.overwrite(entry.offset, &entry.local_header())?;
        entry.write_record(&mut self.directory);
        self.count += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        while self.place()? {}
        let start = self.tail.position();
        self.tail.write(&self.directory)?;
        let directory = start..self.tail.position();
        self.tail.write(&zip::end_records(self.count, directory))?;
        self.tail.flush()?;
        // Where blocks cannot be reserved without moving the end, it may lie too far behind.
        let len = sys::set_len(self.tail.file(), self.tail.position());
        len.map_err(|error| Error::io("write the file", error))
    }
}

/// An array that is to become a member: all that can be known before it is read.
pub(super) struct Prepared<'a> {
    name: String,
    array: Lent<'a>,
    header: Vec<u8>,
    elements: Layout,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(
        key: &str,
        array: &'a (impl MemberArray + ?Sized),
        names: &mut Names,
    ) -> Result<Prepared<'a>> {
        let name = names.add(key)?;
        let parts = array.lend().and_then(|array| {
            require_plain(array.array().layout().dtype())?;
            let (header, elements) = npy_parts(array.array().layout())?;
            Ok((array, header, elements))
        });
        let (array, header, elements) = parts.map_err(|error| error.at_member(key))?;
        Ok(Prepared { name, array, header, elements })
    }

    /// Of the data, header included.
    fn size(&self) -> u64 {
        self.header.len() as u64 + self.elements.nbytes() as u64
    }

    /// The entry of a stored member from byte `at` on, its elements at a multiple of `align`.
    pub(super) fn stored(&self, at: u64, align: usize) -> Member {
        let size = self.size();
        let zip64 = Member::needs_zip64(size);
        let unpadded = zip::unpadded_header_len(self.name.len(), zip64) + self.header.len();
        let elements = at.saturating_add(unpadded as u64);
        Member {
            name: self.name.clone(),
            method: Method::Stored,
            crc: 0,
            compressed: size,
            uncompressed: size,
            offset: at,
            zip64,
            padding: (zip::padding(elements, align as u64), align as u64),
        }
    }

    /// The byte behind it.
    pub(super) fn end(&self, entry: &Member) -> u64 {
        let data = entry.offset.saturating_add(entry.local_header_len() as u64);
        data.saturating_add(self.size())
    }

    fn read(&self, work: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        work(&self.header)?;
        copy(&self.elements, self.array.array(), work)
    }

    /// Names the member in an error, unless that is about another file.
    fn named(&self, error: Error) -> Error {
        let key = self.name.strip_suffix(SUFFIX).unwrap_or(&self.name);
        if error.path().is_none() { error.at_member(key) } else { error }
    }
}

/// Gives the file's first `end` bytes their blocks.
fn reserve(file: &std::fs::File, end: u64) -> Result<()> {
    // What no file can have is for the system to refuse.
    let end = end.min(i64::MAX as u64);
    sys::reserve(file, end).map_err(|error| Error::io("make room for the array", error))
}

const SUFFIX: &str = ".npy";

/// The names that are taken.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Takes a name, and returns that of the member's file.
    fn add(&mut self, key: &str) -> Result<String> {
        let refuse = |message: &str| Err(Error::new(ErrorKind::Format, message).at_member(key));
        let name = format!("{key}{SUFFIX}");
        if key.contains('\0') {
            return refuse("readers of archives end the name of a member at a NUL")
                .map_err(|error| error.found(format!("{key:?}")));
        }
        if name.len() > zip::MAX_NAME {
            return refuse("the name of a member is too long").map_err(|error| {
                error
                    .expected(format!("at most {} bytes", zip::MAX_NAME - SUFFIX.len()))
                    .found(key.len())
            });
        }
        if self.0.contains(key) {
            return refuse("the archive has a member of this name already");
        }
        let alias = key.strip_suffix(SUFFIX).filter(|alias| self.0.contains(*alias));
        if let Some(other) = alias.or(self.0.get(&name).map(String::as_str)) {
            let message = format!("this member and '{other}' could not be told apart");
            return refuse(&message)
                .map_err(|error| error.hint("a member 'x' is found as 'x.npy', too"));
        }
        self.0.insert(key.to_owned());
        Ok(name)
    }
}
