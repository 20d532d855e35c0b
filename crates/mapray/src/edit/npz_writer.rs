//! Archives, written member by member.

use std::cell::Cell;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use crate::array::{AnyArray, require_plain};
use crate::edit::convert::{Conversion, Plan};
use crate::edit::deflate::Deflater;
use crate::edit::member::{Lent, MemberArray};
use crate::edit::replace::{begin, publish};
use crate::edit::save::{copy, npy_parts};
use crate::edit::savez::{Compression, SavezOptions};
use crate::edit::tail::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::write::{self as zip, Member, Method};
use crate::layout::Layout;
use crate::source::{ReadAt, Replacement, target_of};
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

    /// As [`add`](NpzWriter::add), for what becomes of the array. Where its axes change their order,
    /// the member is first written beside the archive.
    ///
    /// # Errors
    ///
    /// As [`add`](NpzWriter::add), and those of [`Conversion`].
    pub fn add_converted(
        &mut self,
        name: impl AsRef<str>,
        array: &(impl MemberArray + ?Sized),
        conversion: &Conversion,
    ) -> Result<()> {
        let lent = array.lend()?;
        let array = lent.array();
        let plan = conversion.plan(array.layout(), array.layout().save_order())?;
        let scratch = if plan.keeps_order(array.layout()) {
            None
        } else {
            let reordered = self.reordered(array, &plan).map_err(|error| error.at_path(&self.path));
            match reordered? {
                Some(scratch) => Some(scratch),
                None => return Err(plan.misfit(array)),
            }
        };
        let misfit = || plan.misfit(array);
        let (source, cast): (&dyn AnyArray, _) = match &scratch {
            Some(scratch) => (scratch, None),
            None => (array, plan.cast.is_some().then_some(&plan)),
        };
        let member = Prepared::of(name.as_ref(), Lent::Array(source), cast, &mut self.names);
        let member = member.map_err(|error| error.at_path(&self.path))?;
        let written = self.write(&member);
        if member.misfits.get() { Err(misfit()) } else { written }
    }

    /// The array as a file beside the archive, which goes away with it; `None` where an element
    /// does not fit.
    fn reordered(&self, array: &dyn AnyArray, plan: &Plan) -> Result<Option<Scratch>> {
        let file = begin(&target_of(&self.path), plan.target.nbytes() as u64)?;
        let fits = plan.write_tiles(array, file.file(), 0)?;
        Ok(fits.then(|| Scratch { file, layout: plan.target.clone() }))
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
    /// Where it changes on the way.
    plan: Option<&'a Plan>,
    /// Whether an element was found that its new dtype cannot hold.
    misfits: Cell<bool>,
    header: Vec<u8>,
    elements: Layout,
    size: u64,
}

/// An array in a file of its own that is never given a name.
struct Scratch {
    file: Replacement,
    layout: Layout,
}

impl ReadAt for Scratch {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file.file().read_at(offset, buffer)
    }
}

impl AnyArray for Scratch {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl<'a> Prepared<'a> {
    pub(super) fn new(
        key: &str,
        array: &'a (impl MemberArray + ?Sized),
        names: &mut Names,
    ) -> Result<Prepared<'a>> {
        let array = array.lend().map_err(|error| error.at_member(key))?;
        Prepared::of(key, array, None, names)
    }

    /// As [`new`](Prepared::new), for what a plan that keeps the order of the elements makes of
    /// them.
    fn of(
        key: &str,
        array: Lent<'a>,
        plan: Option<&'a Plan>,
        names: &mut Names,
    ) -> Result<Prepared<'a>> {
        let name = names.add(key)?;
        let layout = array.array().layout();
        let parts = require_plain(layout.dtype()).and_then(|()| {
            let (_, elements) = npy_parts(layout)?;
            let target = plan.map_or(layout, |plan| &plan.target);
            let (header, _) = npy_parts(target)?;
            Ok((header, elements, target.nbytes() as u64))
        });
        let (header, elements, nbytes) = parts.map_err(|error| error.at_member(key))?;
        let size = header.len() as u64 + nbytes;
        Ok(Prepared { name, array, plan, misfits: Cell::new(false), header, elements, size })
    }

    /// Of the data, header included.
    fn size(&self) -> u64 {
        self.size
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
        let array = self.array.array();
        let Some(plan) = self.plan else { return copy(&self.elements, array, work) };
        copy(&self.elements, array, &mut |bytes| {
            if plan.convert(bytes, work)? {
                return Ok(());
            }
            self.misfits.set(true);
            Err(Error::new(ErrorKind::Dtype, "an element does not fit its new dtype"))
        })
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
