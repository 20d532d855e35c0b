//! NumPy's archives.

use std::fs::File;
use std::path::Path;

use ndarray::{Array, Dimension};

use crate::array::{Archive, ArrayFile, DecodedArray};
use crate::element::Element;
use crate::error::Result;
use crate::format::zip::Directory;
use crate::format::{Contents, Entry};
use crate::source::Source;

/// NumPy's `.npz`, a zip archive of arrays: [`Archive`] with what only a zip archive has.
///
/// Members that `numpy.savez` wrote are mapped where they lie, by [`member`](Npz::member), in the modes
/// `r`, `c` and `r+`. They are hardly ever aligned; [`Packed`](crate::Packed) views them in place, and
/// access by value does not mind. Those that `numpy.savez_compressed` wrote are inflated into memory,
/// by [`read`](Npz::read) or [`decode`](Npz::decode).
///
/// Opening costs what the directory costs; nothing is read of a member until it is asked for. Names are
/// names only, and nothing is unpacked to the disk.
///
/// ```
/// use mapray::{Mode, Npz};
/// use ndarray::Ix2;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-npz-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let (path, npy) = (folder.join("data.npz"), folder.join("image.npy"));
/// # mapray::save(&npy, &ndarray::arr2(&[[0.0_f32, 2.0], [3.0, 4.0]]))?;
/// # let data = std::fs::read(&npy).unwrap();
/// # let numbers = |of: &[u32]| of.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
/// # let sizes = numbers(&[crc32fast::hash(&data), data.len() as u32, data.len() as u32]);
/// # let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &sizes, &[9, 0, 0, 0]].concat();
/// # let member = [b"PK\x03\x04", &common[..], b"image.npy", &data].concat();
/// # let directory = [b"PK\x01\x02\x14\0", &common[..], &[0; 14], b"image.npy"].concat();
/// # let end = numbers(&[0, 1 << 16 | 1, directory.len() as u32, member.len() as u32]);
/// # let file = [&member[..], &directory, b"PK\x05\x06", &end, &[0, 0]].concat();
/// # std::fs::write(&path, file).unwrap();
/// let npz = Npz::open(&path)?;
/// let image = npz.member("image")?;
/// // SAFETY: nobody else knows this file.
/// let mut map = unsafe { image.map_live_dyn(Mode::ReadWrite)?.assume_stable_mut()? };
/// map.view_mut().set(&[0, 0], 1.5_f32)?;
/// map.close()?; // the checksum in the archive is right again
/// assert!(npz.verify()?.is_empty());
/// assert_eq!(npz.read::<f32, Ix2>("image")?[(0, 0)], 1.5);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Npz {
    archive: Archive,
}

impl Npz {
    /// Opens a zip archive. Bytes in front of it, as a self-extracting archive has them, do not
    /// matter.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the file cannot be read,
    /// [`ErrorKind::Format`](crate::ErrorKind::Format) where it is no zip archive or its directory is
    /// wrong.
    pub fn open(path: impl AsRef<Path>) -> Result<Npz> {
        Ok(Npz { archive: Archive::of_zip(Source::open(path.as_ref())?.settled()?)? })
    }

    /// As [`open`](Npz::open), for a file that is open already. Its position is ignored.
    ///
    /// # Errors
    ///
    /// As [`open`](Npz::open).
    pub fn from_file(file: File) -> Result<Npz> {
        Ok(Npz { archive: Archive::of_zip(Source::from_file(file)?.settled()?)? })
    }

    pub(crate) fn directory(&self) -> &Directory {
        match self.archive.contents() {
            Contents::Zip(directory) => directory,
            Contents::Listing(_) => unreachable!("it was opened as a zip archive"),
        }
    }

    /// The same as an archive of any format.
    pub fn as_archive(&self) -> &Archive {
        &self.archive
    }

    /// The path it was opened by; `None` where the file has no name.
    pub fn path(&self) -> Option<&Path> {
        self.archive.path()
    }

    /// [`Archive::names`].
    pub fn names(&self) -> Vec<String> {
        self.archive.names()
    }

    /// [`Archive::entry`].
    ///
    /// # Errors
    ///
    /// As [`Archive::entry`].
    pub fn entry(&self, name: &str) -> Result<Entry> {
        self.archive.entry(name)
    }

    /// [`Archive::member`].
    ///
    /// # Errors
    ///
    /// As [`Archive::member`].
    pub fn member(&self, name: &str) -> Result<ArrayFile> {
        self.archive.member(name)
    }

    /// [`Archive::read`].
    ///
    /// # Errors
    ///
    /// As [`Archive::read`].
    pub fn read<T: Element, D: Dimension>(&self, name: &str) -> Result<Array<T, D>> {
        self.archive.read(name)
    }

    /// [`Archive::decode`].
    ///
    /// # Errors
    ///
    /// As [`Archive::read`].
    pub fn decode(&self, name: &str) -> Result<DecodedArray> {
        self.archive.decode(name)
    }

    /// [`Archive::decode_all`].
    ///
    /// # Errors
    ///
    /// As [`Archive::decode_all`].
    pub fn decode_all(&self) -> Result<Vec<(String, DecodedArray)>> {
        self.archive.decode_all()
    }
}
