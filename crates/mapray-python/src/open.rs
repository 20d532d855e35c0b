//! The ways to get a map.

use std::fs::File;
use std::os::fd::{BorrowedFd, RawFd};
use std::path::PathBuf;

use mapray::{
    Archive, ArrayFile, CreateOptions, DType, Durability, DynLiveMap, MapOptions, Mode, Order,
    Origin, Result,
};
use pyo3::FromPyObject;

/// What Python names a file by.
#[derive(FromPyObject)]
pub enum Name {
    /// The number of an open file.
    Descriptor(RawFd),
    /// A path.
    Path(PathBuf),
}

impl Name {
    fn origin(self) -> std::io::Result<Origin> {
        match self {
            Name::Path(path) => Ok(path.into()),
            Name::Descriptor(number) => Ok(duplicated(number)?.into()),
        }
    }
}

/// The file of a descriptor that a Python object has.
fn duplicated(descriptor: RawFd) -> std::io::Result<File> {
    // SAFETY: Python's file object, which its caller holds, keeps the descriptor open.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    Ok(File::from(descriptor.try_clone_to_owned()?))
}

/// Maps bytes of a file, which is made long enough in the modes `r+` and `w+`.
pub fn raw(name: Name, mode: Mode, offset: u64, len: usize) -> pyo3::PyResult<DynLiveMap> {
    let options = MapOptions::new().mode(mode).offset(offset).shape(len).locks(false);
    options.live_dyn(name.origin()?).map_err(crate::error::raise)
}

/// Fills memory with bytes of a file from `offset` on.
pub fn read(name: Name, offset: u64, bytes: &mut [u8]) -> pyo3::PyResult<()> {
    let options = MapOptions::new().offset(offset).shape(bytes.len());
    let file = options.file(name.origin()?);
    file.and_then(|file| file.read_bytes(bytes)).map_err(crate::error::raise)
}

/// Maps the array in a file with a header.
pub fn headed(path: PathBuf, mode: Mode) -> Result<(DynLiveMap, Order)> {
    let file = ArrayFile::open(path)?.without_locks()?;
    Ok((file.map_live_dyn(mode)?, file.entry().order))
}

/// Maps the array in a `.npy` file.
pub fn npy(path: PathBuf, mode: Mode) -> Result<Option<(DynLiveMap, Order)>> {
    let file = ArrayFile::open(path)?;
    if file.entry().format != "npy" {
        return Ok(None);
    }
    let file = file.without_locks()?;
    Ok(Some((file.map_live_dyn(mode)?, file.entry().order)))
}

/// Reads the directory of an archive that is open.
pub fn archive(descriptor: RawFd) -> pyo3::PyResult<Archive> {
    Archive::from_file(duplicated(descriptor)?).map_err(crate::error::raise)
}

/// Maps a stored member of an archive.
pub fn member(path: PathBuf, name: &str, mode: Mode) -> Result<(DynLiveMap, Order)> {
    let file = Archive::open(path)?.member(name)?.without_locks()?;
    Ok((file.map_live_dyn(mode)?, file.entry().order))
}

/// Makes a `.npy` file of zeros beside its place, puts it there, and maps it.
pub fn created(
    path: PathBuf,
    descr: &str,
    shape: &[usize],
    order: Order,
    version: Option<(u8, u8)>,
) -> Result<DynLiveMap> {
    let mut options =
        CreateOptions::new(shape).order(order).locks(false).durability(Durability::Buffered);
    if let Some((major, minor)) = version {
        options = options.version(major, minor);
    }
    options.live_dyn(path, DType::parse_descr(descr)?)
}

/// Makes memory that other processes can map.
pub fn shared(name: &str, len: usize) -> Result<DynLiveMap> {
    DynLiveMap::memfd(name, DType::parse_descr("'|u1'")?, &[len])
}
