//! Archives, written member by member.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::array::AnyArray;
use crate::edit::convert::{Conversion, Plan};
use crate::edit::member::{Lent, MemberArray};
use crate::edit::member_writer::MemberWriter;
use crate::edit::prepared::{Names, Prepared};
use crate::edit::replace::{begin, publish};
use crate::edit::savez::SavezOptions;
use crate::edit::tail::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::write as zip;
use crate::layout::Layout;
use crate::source::{Durability, ReadAt, Replacement, target_of};
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
    names: Names,
    writer: MemberWriter,
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
        let file = file.map_err(|error| Error::io("copy the descriptor", error))?;
        let writer = MemberWriter::new(&options, Tail::new(file, 0, reserve));
        let (path, names) = (path.to_owned(), Names::default());
        Ok(NpzWriter { path, options, replacement, names, writer })
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
        let name = self.names.add(name.as_ref());
        let member = name.and_then(|name| Prepared::new(name, array));
        self.write(&member.map_err(|error| error.at_path(&self.path))?)
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
        let name = self.names.add(name.as_ref());
        let member = name.and_then(|name| Prepared::of(name, Lent::Array(source), cast));
        let member = member.map_err(|error| error.at_path(&self.path))?;
        let written = self.write(&member);
        if member.misfits() { Err(misfit()) } else { written }
    }

    /// The array as a file beside the archive, which goes away with it; `None` where an element
    /// does not fit.
    fn reordered(&self, array: &dyn AnyArray, plan: &Plan) -> Result<Option<Scratch>> {
        let file = begin(&target_of(&self.path), plan.target.nbytes() as u64)?;
        let fits = plan.write_tiles(array, file.file(), 0, Durability::Buffered)?;
        Ok(fits.then(|| Scratch { file, layout: plan.target.clone() }))
    }

    /// Writes the directory, and puts the archive in its place when it is on the disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Space`] where the disk is full, [`ErrorKind::Io`] where an array could not be
    /// added or the file cannot be put there.
    pub fn finish(mut self) -> Result<()> {
        self.close().map_err(|error| error.at_path(&self.path))?;
        let durability = self.options.durability;
        publish(self.replacement, durability).map(drop).map_err(|error| error.at_path(&self.path))
    }

    pub(super) fn write(&mut self, member: &Prepared<'_>) -> Result<()> {
        self.writer.write(member).map_err(|error| error.at_path(&self.path))
    }

    fn close(&mut self) -> Result<()> {
        let mut directory = Vec::new();
        let members = self.writer.written()?;
        members.iter().for_each(|member| member.write_record(&mut directory));
        let count = members.len() as u64;
        let tail = self.writer.tail();
        let start = tail.position();
        tail.write(&directory)?;
        tail.write(&zip::end_records(count, start..tail.position(), &[]))?;
        tail.flush()?;
        // Where blocks cannot be reserved without moving the end, it may lie too far behind.
        let len = sys::set_len(tail.file(), tail.position());
        len.map_err(|error| Error::io("write the file", error))
    }
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
