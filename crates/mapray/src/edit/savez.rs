//! Several arrays in one file: `.npz` archives.

use std::path::Path;
use std::thread;

use crate::edit::member::MemberArray;
use crate::edit::npz_writer::NpzWriter;
use crate::edit::prepared::{Names, Prepared};
use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::write as zip;
use crate::source::Durability;

/// How the members of an archive are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// As they are, so that they can be mapped where they lie.
    #[default]
    Stored,
    /// Deflated, with a level from 1 (quick) to 9 (small), or 0, which makes nothing smaller. They
    /// can be read, but not mapped.
    Deflate(u8),
}

/// How to write a `.npz` archive: [`savez`] and [`savez_compressed`] with more to say.
///
/// ```
/// use mapray::{Compression, MemberArray, SavezOptions};
/// use ndarray::{arr1, arr2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-savez-options-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("z.npz");
/// // Arrays of any types together, each with its elements at the start of a page.
/// let (weights, names) = (arr2(&[[1.5_f32, 2.5]]), arr1(&[7_u8, 8, 9]));
/// let members: [(&str, &dyn MemberArray); 2] = [("weights", &weights), ("names", &names)];
/// SavezOptions::new().align(4096).save(&path, members)?;
///
/// SavezOptions::new().compression(Compression::Deflate(1)).threads(2).save(&path, members)?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SavezOptions {
    pub(super) compression: Compression,
    pub(super) align: usize,
    pub(super) threads: usize,
    pub(super) durability: Durability,
}

impl Default for SavezOptions {
    fn default() -> SavezOptions {
        SavezOptions::new()
    }
}

impl SavezOptions {
    /// Members stored, their elements aligned to 64 bytes.
    pub fn new() -> SavezOptions {
        SavezOptions {
            compression: Compression::Stored,
            align: 64,
            threads: 0,
            durability: Durability::Synced,
        }
    }

    /// How the members are written.
    pub fn compression(mut self, compression: Compression) -> SavezOptions {
        self.compression = compression;
        self
    }

    /// The elements of every stored member start at a multiple of so many bytes of the file: a power
    /// of two up to 16,384. 1 wastes nothing, 4096 is a page on most systems.
    pub fn align(mut self, bytes: usize) -> SavezOptions {
        self.align = bytes;
        self
    }

    /// How many threads compress at once, each with about 2 MB of memory; 0, the default, means as
    /// many as the system can run. The file is the same for any number of them.
    pub fn threads(mut self, threads: usize) -> SavezOptions {
        self.threads = threads;
        self
    }

    /// What is sure to be on the disk when the archive is finished.
    pub fn durability(mut self, durability: Durability) -> SavezOptions {
        self.durability = durability;
        self
    }

    /// Writes an archive of these arrays: as [`savez`].
    ///
    /// # Errors
    ///
    /// As [`savez`], and [`ErrorKind::Unsupported`] for a level or an alignment that cannot be had.
    pub fn save<'a, N: AsRef<str>, A: MemberArray + ?Sized + 'a>(
        &self,
        path: impl AsRef<Path>,
        members: impl IntoIterator<Item = (N, &'a A)>,
    ) -> Result<()> {
        let path = path.as_ref();
        let mut names = Names::default();
        let members: Vec<Prepared<'_>> = members
            .into_iter()
            .map(|(name, array)| Prepared::new(names.add(name.as_ref())?, array))
            .collect::<Result<_>>()
            .map_err(|error| error.at_path(path))?;
        let len = self.stored_len(&members).min(i64::MAX as u64);
        let archive = NpzWriter::new(path, self, len);
        let mut archive = archive.map_err(|error| error.at_path(path))?;
        members.iter().try_for_each(|member| archive.write(member))?;
        archive.finish()
    }

    /// Begins an archive, to which arrays are added one by one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the folder cannot be written, [`ErrorKind::Unsupported`] for a level
    /// or an alignment that cannot be had, and where something other than a file is at the path.
    pub fn create(&self, path: impl AsRef<Path>) -> Result<NpzWriter> {
        let path = path.as_ref();
        NpzWriter::new(path, self, 0).map_err(|error| error.at_path(path))
    }

    /// The bytes of the whole archive, where they can be known in advance.
    fn stored_len(&self, members: &[Prepared<'_>]) -> u64 {
        if self.compression != Compression::Stored || self.checked().is_err() {
            return 0;
        }
        let (mut at, mut directory) = (0, Vec::new());
        for member in members {
            let entry = member.stored(at, self.align);
            entry.write_record(&mut directory);
            at = member.end(&entry);
        }
        let end = at.saturating_add(directory.len() as u64);
        end.saturating_add(zip::end_records(members.len() as u64, at..end, &[]).len() as u64)
    }

    /// The same with everything filled in.
    pub(super) fn checked(&self) -> Result<SavezOptions> {
        let refuse = |message: &str| Error::new(ErrorKind::Unsupported, message);
        if let Compression::Deflate(level @ 10..) = self.compression {
            let error = refuse("there is no such level of compression");
            return Err(error.expected("0 to 9").found(level));
        }
        if !self.align.is_power_of_two() || self.align as u64 > zip::MAX_ALIGNMENT {
            let error = refuse("members cannot be aligned to that");
            let most = zip::MAX_ALIGNMENT;
            return Err(error.expected(format!("a power of two up to {most}")).found(self.align));
        }
        let mut options = self.clone();
        if options.threads == 0 {
            options.threads = thread::available_parallelism().map_or(1, usize::from);
        }
        Ok(options)
    }
}

/// Writes arrays into one archive, as `np.savez` does: each can be mapped where it lies. `np.load`,
/// `zipfile` and `unzip` read it. (The path is taken as it is; NumPy appends `.npz`.)
///
/// Each member is a `.npy` file, byte for byte NumPy's, under its name with `.npy` appended. Unlike in
/// NumPy's archives its elements are aligned, to 64 bytes, which takes a few zeros in front of it. The
/// same arrays give the same bytes: all dates are 1980-01-01, as NumPy's.
///
/// The file is written beside its place and put there when it is complete and on the disk: whatever
/// goes wrong, an old file there is as it was. Saving onto the archive that a member is mapped from
/// works; the map keeps the old one.
///
/// ```
/// use ndarray::{Array, Ix2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-savez-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("z.npz");
/// let a: Array<f64, Ix2> = Array::zeros((3, 4));
/// let b: Array<f64, Ix2> = Array::ones((2, 2));
/// mapray::savez(&path, [("a", &a), ("b", &b)])?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// Arrays of different types, in memory and in files, go together as `&dyn` [`MemberArray`];
/// [`SavezOptions`] has more to say, and an [`NpzWriter`] takes one array after the other.
///
/// # Errors
///
/// [`ErrorKind::Format`] where two members could not be told apart (`x` and `x.npy` cannot), or a name
/// holds a NUL or has more than 65,531 bytes; [`ErrorKind::Space`] where the disk is full;
/// [`ErrorKind::Io`] where the folder cannot be written; [`ErrorKind::Unsupported`] where something
/// other than a file is at the path; those of reading the arrays.
pub fn savez<'a, N: AsRef<str>, A: MemberArray + ?Sized + 'a>(
    path: impl AsRef<Path>,
    members: impl IntoIterator<Item = (N, &'a A)>,
) -> Result<()> {
    SavezOptions::new().save(path, members)
}

/// As [`savez`], with the members deflated (at level 6, on all processors), as `np.savez_compressed`
/// does. They can be read, but not mapped.
///
/// ```
/// use std::collections::BTreeMap;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-savez-compressed-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("z.npz");
/// let arrays = BTreeMap::from([("a", ndarray::Array1::<u16>::zeros(1000))]);
/// mapray::savez_compressed(&path, &arrays)?;
/// assert!(std::fs::metadata(&path).unwrap().len() < 500);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// As [`savez`].
pub fn savez_compressed<'a, N: AsRef<str>, A: MemberArray + ?Sized + 'a>(
    path: impl AsRef<Path>,
    members: impl IntoIterator<Item = (N, &'a A)>,
) -> Result<()> {
    SavezOptions::new().compression(Compression::Deflate(6)).save(path, members)
}
