//! Arrays into files of another dtype, byte order or order of axes.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::array::{AnyArray, TileReader, require_plain};
use crate::cast::{Cast, Casting, Misfit};
use crate::dtype::{DType, Endian, Kind};
use crate::edit::replace::{begin, is_written_in_place, publish, replace};
use crate::edit::save::copy;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, Order, display_shape, for_each_tile, index_in};
use crate::source::{Durability, target_of};
use crate::sys;

/// How many bytes of an array are worked on at once; some three times as much memory is used.
const TILE: usize = 8 << 20;

/// What an array is to become when it is saved: another dtype, another byte order, another order of
/// its axes. What is not said stays as it is.
///
/// Elements of the one dtype that do not become those of the other are an error, and so is an
/// element that does not fit: the error names the first one in C order, and its value.
///
/// The array is not loaded as a whole: it is read and written in tiles that are compact in both
/// orders, in some 30 MiB of memory, so that an array larger than memory is transposed at the pace
/// of the disk.
///
/// ```
/// use mapray::{ArrayFile, Casting, Conversion, Order, SaveOptions};
/// use ndarray::{Ix2, arr2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-convert-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let (path, out) = (folder.join("a.npy"), folder.join("b.npy"));
/// mapray::save(&path, &arr2(&[[1.0, -2.0], [3.0, 400.0]]))?;
/// let file = ArrayFile::open(&path)?;
/// let bytes = Conversion::new().dtype("i1".parse()?).order(Order::F);
/// let options = SaveOptions::new().conversion(bytes.clone());
/// let error = options.save_dyn(&out, &file).unwrap_err();
/// assert!(error.to_string().contains("(1, 1)") && error.to_string().contains("400"));
///
/// let options = SaveOptions::new().conversion(bytes.casting(Casting::Clip));
/// options.save_dyn(&out, &file)?;
/// assert_eq!(mapray::load::<i8, Ix2>(&out)?, arr2(&[[1, -2], [3, 127]]));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Conversion {
    dtype: Option<DType>,
    endian: Option<Endian>,
    order: Option<Order>,
    casting: Casting,
}

impl Conversion {
    /// Nothing changes.
    pub fn new() -> Conversion {
        Conversion::default()
    }

    /// The dtype: of numbers for numbers, of times for times (in another unit) and for integers
    /// (their counts), of text for text; of records, field by field in their order. As in NumPy,
    /// text without a size gets that of the array's, and a time without a unit the array's unit.
    pub fn dtype(self, dtype: DType) -> Conversion {
        Conversion { dtype: Some(dtype), ..self }
    }

    /// The byte order of everything that has one, whatever the dtype says.
    pub fn byte_order(self, endian: Endian) -> Conversion {
        Conversion { endian: Some(endian), ..self }
    }

    /// The order in which the elements lie in the file. Otherwise a `.npy` file and a member keep
    /// the array's as NumPy does, and a file without a header is in C order.
    pub fn order(self, order: Order) -> Conversion {
        Conversion { order: Some(order), ..self }
    }

    /// What becomes of values that the dtype cannot hold.
    pub fn casting(self, casting: Casting) -> Conversion {
        Conversion { casting, ..self }
    }

    /// What becomes of an array, which is written in this order if nothing else is asked for.
    pub(super) fn plan(&self, layout: &Layout, order: Order) -> Result<Plan> {
        require_plain(layout.dtype())?;
        let dtype = match &self.dtype {
            Some(dtype) => resolved(dtype, layout.dtype()),
            None => layout.dtype().clone(),
        };
        let dtype = match self.endian {
            Some(endian) => dtype.with_endian(endian),
            None => dtype,
        };
        require_plain(&dtype)?;
        let cast = match dtype == *layout.dtype() {
            true => None,
            false => Some(Cast::new(layout.dtype(), &dtype, self.casting)?),
        };
        let target = Layout::contiguous(dtype, layout.shape(), self.order.unwrap_or(order), 0)?;
        // One order as good as the other is C's, as in NumPy.
        let order = target.save_order();
        Ok(Plan { cast, target, order })
    }
}

/// What NumPy makes of a dtype that leaves something to be found in the array.
fn resolved(dtype: &DType, from: &DType) -> DType {
    use crate::dtype::TimeUnit::Generic;
    match (dtype.kind(), from.kind()) {
        (Kind::Bytes(0), Kind::Str(length)) => DType::from(Kind::Bytes(*length)),
        (Kind::Str(0), Kind::Bytes(length)) => DType::from(Kind::Str(*length)),
        (Kind::Bytes(0), Kind::Bytes(_))
        | (Kind::Str(0), Kind::Str(_))
        | (Kind::DateTime(Generic), Kind::DateTime(_))
        | (Kind::TimeDelta(Generic), Kind::TimeDelta(_)) => from.clone(),
        _ => dtype.clone(),
    }
}

/// What an array becomes.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where the elements change.
    pub cast: Option<Cast>,
    /// Where they lie behind the header.
    pub target: Layout,
    pub order: Order,
}

impl Plan {
    /// Whether `np.save` would write the array in the same order, so that it can be copied from
    /// front to back.
    pub(super) fn keeps_order(&self, layout: &Layout) -> bool {
        self.order == layout.save_order()
    }

    /// Writes a file of this header and what the elements become.
    pub(super) fn write(
        &self,
        path: &Path,
        header: &[u8],
        array: &dyn AnyArray,
        durability: Durability,
    ) -> Result<()> {
        let len = header.len() as u64 + self.target.nbytes() as u64;
        let mut misfit = false;
        let written = if is_written_in_place(path) {
            replace(path, len, durability, |out| {
                out.write_all(header).map_err(cannot_write)?;
                misfit = !self.stream(array, out)?;
                Ok(())
            })
        } else {
            let mut write = || {
                let replacement = begin(&target_of(path), len)?;
                sys::write_all_at(replacement.file(), 0, header).map_err(cannot_write)?;
                misfit = !self.write_tiles(array, replacement.file(), header.len() as u64)?;
                if misfit { Ok(()) } else { publish(replacement, durability).map(drop) }
            };
            write().map_err(|error| error.at_path(path))
        };
        written?;
        if misfit { Err(self.misfit(array)) } else { Ok(()) }
    }

    /// Writes the elements from front to back. Whether all of them fit.
    fn stream(&self, array: &dyn AnyArray, out: &mut dyn Write) -> Result<bool> {
        let elements = array.layout().permuted(&array.layout().axes_in(self.order));
        let mut fits = true;
        copy(&elements, array, &mut |bytes| {
            fits = fits
                && self.convert(bytes, &mut |bytes| out.write_all(bytes).map_err(cannot_write))?;
            Ok(())
        })?;
        Ok(fits)
    }

    /// Hands on what becomes of elements side by side, piece by piece. Whether all of them fit.
    pub(super) fn convert(
        &self,
        bytes: &[u8],
        work: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<bool> {
        let Some(cast) = &self.cast else { return work(bytes).map(|()| true) };
        let (from, to) = (cast.from().itemsize().max(1), cast.to().itemsize());
        let n = (TILE / from.max(to)).max(1);
        let mut converted = Vec::new();
        for piece in bytes.chunks(n * from) {
            converted.resize(piece.len() / from * to, 0);
            if cast.apply(piece, &mut converted).is_err() {
                return Ok(false);
            }
            work(&converted)?;
        }
        Ok(true)
    }

    /// Writes the elements, the first one at byte `start` of the file, tile by tile. Whether all of
    /// them fit.
    pub(super) fn write_tiles(
        &self,
        array: &dyn AnyArray,
        file: &File,
        start: u64,
    ) -> Result<bool> {
        if self.target.nbytes() == 0 {
            return Ok(true);
        }
        let axes = self.target.axes_in(self.order);
        let (mut reader, mut fits) = (TileReader::default(), true);
        for_each_tile([array.layout(), &self.target], self.most(), &mut |tile| {
            if fits {
                let bytes = reader.read(array, tile, &axes)?;
                let place = self.target.tile(tile);
                fits = self.convert(bytes, &mut |bytes| write_runs(file, start, &place, bytes))?;
            }
            Ok(())
        })?;
        Ok(fits)
    }

    /// How many elements are worked on at once.
    fn most(&self) -> usize {
        let sizes = self.cast.as_ref().map(|cast| cast.from().itemsize().max(cast.to().itemsize()));
        (TILE / sizes.unwrap_or(self.target.itemsize()).max(1)).max(1)
    }

    /// The error that names the first element that does not fit.
    pub(super) fn misfit(&self, array: &dyn AnyArray) -> Error {
        let found = self.first_misfit(array);
        let changed = || Error::new(ErrorKind::Changed, "the array was changed while it was read");
        let (index, misfit) = match found {
            Ok(Some(found)) => found,
            Ok(None) => return changed(),
            Err(error) => return error,
        };
        let field = match &*misfit.field {
            "" => String::new(),
            field => format!(" in field '{field}'"),
        };
        let message = format!(
            "the element at {}{field} does not fit dtype '{}'",
            display_shape(&index),
            self.target.dtype()
        );
        Error::new(ErrorKind::Dtype, message).found(misfit.value).hint(
            match self.cast.as_ref().map(Cast::casting) {
                Some(Casting::Checked) => {
                    "another casting says what becomes of such values: truncate, clip or wrap"
                }
                _ => "this casting has nothing that it could become",
            },
        )
    }

    /// The first element in C order that does not fit, if there still is one.
    fn first_misfit(&self, array: &dyn AnyArray) -> Result<Option<(Vec<usize>, Misfit)>> {
        let Some(cast) = &self.cast else { return Ok(None) };
        let source = array.layout();
        let in_c = Layout::contiguous(source.dtype().clone(), source.shape(), Order::C, 0)?;
        let mut first: Option<(Vec<usize>, Misfit)> = None;
        let axes = source.axes_in(Order::C);
        let (mut reader, mut converted) = (TileReader::default(), Vec::new());
        let (from, to) = (cast.from().itemsize(), cast.to().itemsize());
        for_each_tile([source, &in_c], self.most(), &mut |tile| {
            let start = tile.iter().map(|range| range.start);
            if first.as_ref().is_some_and(|(index, _)| index.iter().copied().lt(start)) {
                return Ok(());
            }
            let read = reader.read(array, tile, &axes)?;
            let mut n = tile.iter().map(|range| range.len()).product::<usize>();
            converted.resize(n * to, 0);
            // An earlier element may fail at a later step of the way.
            while let Err(misfit) = cast.apply(&read[..n * from], &mut converted[..n * to]) {
                n = misfit.element;
                let index = index_in(tile, n);
                if first.as_ref().is_none_or(|(other, _)| index < *other) {
                    first = Some((index, misfit));
                }
            }
            Ok(())
        })?;
        Ok(first)
    }
}

/// Writes elements, which lie side by side, where a part of the target has them.
fn write_runs(file: &File, start: u64, place: &Layout, bytes: &[u8]) -> Result<()> {
    let mut rest = bytes;
    place.for_each_range(0, &mut |range| {
        let (now, later) = rest.split_at((range.end - range.start) as usize);
        rest = later;
        sys::write_all_at(file, start + range.start, now).map_err(cannot_write)
    })
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::io("write the file", error)
}
