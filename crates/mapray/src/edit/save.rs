//! Whole arrays into files, and out of them.

use std::path::Path;

use ndarray::{Array, ArrayRef, Dimension};

use crate::array::{AnyArray, ArrayFile, Stored, read_bytes};
use crate::edit::convert::Conversion;
use crate::element::{Element, WritableElement};
use crate::error::Result;
use crate::format::npy;
use crate::layout::{Layout, Order};
use crate::source::{Durability, ReadAt};

/// How much is copied at once.
const CHUNK: usize = 4 << 20;

/// How to write an array to a file of its own: [`save`], [`save_dyn`] and [`save_raw`] with more to say.
///
/// ```
/// use mapray::{Durability, SaveOptions};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-save-options-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// // As quick as NumPy, and as little to rely on after a power cut.
/// SaveOptions::new().durability(Durability::Buffered).save(&path, &ndarray::arr1(&[1.5, 2.5]))?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SaveOptions {
    durability: Durability,
    conversion: Conversion,
}

impl SaveOptions {
    /// The file is on the disk when the call returns.
    pub fn new() -> SaveOptions {
        SaveOptions::default()
    }

    /// What is sure to be on the disk when the call returns.
    pub fn durability(mut self, durability: Durability) -> SaveOptions {
        self.durability = durability;
        self
    }

    /// What the array becomes: another dtype, byte order or order of its axes.
    pub fn conversion(mut self, conversion: Conversion) -> SaveOptions {
        self.conversion = conversion;
        self
    }

    /// As [`save`].
    ///
    /// # Errors
    ///
    /// As [`save`], and where the array is [converted](Conversion).
    pub fn save<T: WritableElement, D: Dimension>(
        &self,
        path: impl AsRef<Path>,
        array: &ArrayRef<T, D>,
    ) -> Result<()> {
        self.save_dyn(path, &Stored::new(array)?)
    }

    /// As [`save_dyn`].
    ///
    /// # Errors
    ///
    /// As [`save_dyn`], and where the array is [converted](Conversion).
    pub fn save_dyn(&self, path: impl AsRef<Path>, array: &impl AnyArray) -> Result<()> {
        let (path, layout) = (path.as_ref(), array.layout());
        let plan = self.conversion.plan(layout, layout.save_order())?;
        let (header, _) = npy_parts(&plan.target).map_err(|error| error.at_path(path))?;
        plan.write(path, &header, array, self.durability)
    }

    /// As [`save_raw`].
    ///
    /// # Errors
    ///
    /// As [`save_raw`], and where the array is [converted](Conversion).
    pub fn save_raw(&self, path: impl AsRef<Path>, array: &impl AnyArray) -> Result<()> {
        let plan = self.conversion.plan(array.layout(), Order::C)?;
        plan.write(path.as_ref(), &[], array, self.durability)
    }
}

/// Writes an array as `.npy`, as `np.save` would, byte for byte: in C order, or in Fortran's where
/// the array lies so. (The path is taken as it is; NumPy appends `.npy`.)
///
/// The file is written beside its place and put there when it is complete and on the disk: whatever
/// goes wrong, an old file there is as it was. Saving onto the file that the array is mapped from
/// works; the map keeps the old one.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("mapray-save-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &ndarray::arr2(&[[1.5, 2.5], [3.5, 4.5]]))?;
/// assert_eq!(mapray::load::<f64, ndarray::Ix2>(&path)?.sum(), 12.0);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Space`](crate::ErrorKind::Space) where the disk is full,
/// [`ErrorKind::Io`](crate::ErrorKind::Io) where the folder cannot be written.
pub fn save<T: WritableElement, D: Dimension>(
    path: impl AsRef<Path>,
    array: &ArrayRef<T, D>,
) -> Result<()> {
    SaveOptions::new().save(path, array)
}

/// As [`save`], for an array of a dtype known at run time; it is not loaded as a whole.
///
/// # Errors
///
/// As [`save`], and those of reading the array.
pub fn save_dyn(path: impl AsRef<Path>, array: &impl AnyArray) -> Result<()> {
    SaveOptions::new().save_dyn(path, array)
}

/// Writes the elements alone, without a header, in C order: NumPy's `tofile`.
///
/// # Errors
///
/// As [`save_dyn`].
pub fn save_raw(path: impl AsRef<Path>, array: &impl AnyArray) -> Result<()> {
    SaveOptions::new().save_raw(path, array)
}

/// The header of the array's `.npy` file, and the layout whose elements, in C order, follow it.
pub(super) fn npy_parts(layout: &Layout) -> Result<(Vec<u8>, Layout)> {
    let order = layout.save_order();
    let (dtype, shape) = (layout.dtype().clone(), layout.shape().to_vec());
    let header = npy::Header::new(dtype, shape, order == Order::F)?.to_bytes()?;
    let elements = match order {
        Order::C => layout.clone(),
        Order::F => layout.transposed(),
    };
    Ok((header, elements))
}

/// Reads the array in a file with a header into main memory: `np.load`.
///
/// # Errors
///
/// As [`ArrayFile::open`] and [`ArrayFile::to_array`].
pub fn load<T: Element, D: Dimension>(path: impl AsRef<Path>) -> Result<Array<T, D>> {
    ArrayFile::open(path)?.to_array()
}

/// Hands out copies of the elements in C order, piece by piece.
pub(super) fn copy(
    layout: &Layout,
    from: &(impl ReadAt + ?Sized),
    work: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut buffer = Vec::new();
    in_order(layout, 0, &mut |part| {
        buffer.resize(part.nbytes(), 0);
        read_bytes(from, part, &mut buffer)?;
        work(&buffer)
    })
}

/// Hands out the array in parts of about [`CHUNK`] bytes, in C order, cut along the axes from
/// `axis` on.
fn in_order(
    layout: &Layout,
    axis: usize,
    work: &mut impl FnMut(&Layout) -> Result<()>,
) -> Result<()> {
    if layout.nbytes() <= CHUNK || axis == layout.ndim() {
        return if layout.nbytes() == 0 { Ok(()) } else { work(layout) };
    }
    let n = layout.shape()[axis];
    let step = (CHUNK / (layout.nbytes() / n)).max(1);
    for first in (0..n).step_by(step) {
        in_order(&layout.narrowed(axis, first..n.min(first + step)), axis + 1, work)?;
    }
    Ok(())
}
