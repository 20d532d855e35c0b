//! Archives, written member by member.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::edit::member::MemberArray;
use crate::edit::member_writer::MemberWriter;
use crate::edit::prepared::{Names, Prepared};
use crate::edit::replace::{begin, publish};
use crate::edit::savez::SavezOptions;
use crate::edit::tail::Tail;
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::write as zip;
use crate::source::{Replacement, target_of};
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
