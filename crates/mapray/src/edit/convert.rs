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
use crate::layout::{Layout, Order, Tiles, display_shape, for_each_tile, index_in, tiles};
use crate::source::{Durability, target_of};
use crate::{sys, threads};

/// How many bytes of an array are worked on at once, by all threads, in no more than two buffers.
const TILES: usize = 16 << 20;

/// How many bytes are worked on at once where elements are converted, but keep their order: few enough for
/// the last cache, and enough for the kernel to keep them in one piece.
const PIECE: usize = 2 << 20;

/// How many bytes are written at once where nothing but a copy is to be made.
const BLOCK: usize = 8 << 20;

/// More threads than these wait for each other, since they write one file.
const MOST_THREADS: usize = 16;

/// How many times longer than the runs that are read from memory those should be that are written to a
/// file: a call is dearer than a jump.
const LONGER: usize = 256;

/// What an array is to become when it is saved: another dtype, another byte order, another order of
/// its axes. What is not said stays as it is.
///
/// Elements of the one dtype that do not become those of the other are an error, and so is an
/// element that does not fit: the error names the first one in C order, and its value.
///
/// The array is not loaded as a whole: it is read and written in tiles that are compact in both
/// orders, on several threads, in some 30 MiB of memory, so that an array larger than memory is
/// transposed at the pace of the disk.
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
                let (file, start) = (replacement.file(), header.len() as u64);
                misfit = !self.write_tiles(array, file, start, durability)?;
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
        let n = (BLOCK / from.max(to)).max(1);
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
        durability: Durability,
    ) -> Result<bool> {
        if self.target.nbytes() == 0 {
            return Ok(true);
        }
        let axes = self.target.axes_in(self.order);
        let (tiles, threads) = self.tiles(array, &axes);
        let out = Out { file, start, hurries: durability == Durability::Synced };
        let state = || (TileReader::default(), Vec::new());
        let written = threads::for_each(threads, tiles, state, |(reader, converted), tile| {
            let place = self.target.tile(&tile);
            let mut fits = true;
            reader.lend(array, &tile, &axes, &mut |bytes| {
                let Some(cast) = &self.cast else { return out.write(&place, bytes) };
                converted.resize(place.nbytes(), 0);
                fits = cast.apply(bytes, converted).is_ok();
                if fits { out.write(&place, converted) } else { Ok(()) }
            })?;
            if fits { Ok(()) } else { Err(Failure::Misfit) }
        });
        match written {
            Ok(()) => Ok(true),
            Err(Failure::Misfit) => Ok(false),
            Err(Failure::Error(error)) => Err(error),
        }
    }

    /// The parts in which the elements are written, and how many threads are to do that.
    fn tiles(&self, array: &dyn AnyArray, axes: &[usize]) -> (Tiles, usize) {
        let source = array.layout();
        let is_lent = array.in_memory(source).is_some();
        let threads = match self.target.nbytes() > threads::WORTHWHILE {
            true => threads::count().min(MOST_THREADS),
            false => 1,
        };
        let (bytes, threads) = match source.permuted(axes).is_contiguous(Order::C) {
            true if self.cast.is_some() => (PIECE, threads),
            // All that is left is the kernel's copy, and that lets in one at a time.
            true if is_lent => (BLOCK, 1),
            _ if is_lent => ((TILES / threads).min(BLOCK), threads),
            // What is read needs a buffer of its own.
            _ => ((TILES / 2 / threads).min(BLOCK), threads),
        };
        let times = if is_lent { LONGER } else { 1 };
        (tiles([source, &self.target], self.most(bytes), times), threads)
    }

    /// How many elements have so many bytes.
    fn most(&self, bytes: usize) -> usize {
        let sizes = self.cast.as_ref().map(|cast| cast.from().itemsize().max(cast.to().itemsize()));
        (bytes / sizes.unwrap_or(self.target.itemsize()).max(1)).max(1)
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
        for_each_tile([source, &in_c], self.most(BLOCK), &mut |tile| {
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

/// Why a tile was not written.
enum Failure {
    Misfit,
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

/// A file whose elements begin at some byte.
struct Out<'a> {
    file: &'a File,
    start: u64,
    /// Whether the disk is to begin with what is written, since all of it will be waited for.
    hurries: bool,
}

impl Out<'_> {
    /// Writes elements, which lie side by side, where a part of the target has them.
    fn write(&self, place: &Layout, bytes: &[u8]) -> Result<()> {
        /// Less is left to the end, when the disk can sort it.
        const RUN: u64 = 1 << 20;
        let mut rest = bytes;
        place.for_each_range(0, &mut |range| {
            let (now, later) = rest.split_at((range.end - range.start) as usize);
            rest = later;
            let range = self.start + range.start..self.start + range.end;
            sys::write_all_at(self.file, range.start, now).map_err(cannot_write)?;
            if self.hurries && range.end - range.start >= RUN {
                // Where that cannot be, or fails, the sync at the end does all of it, or fails.
                let _ = sys::start_write_back(self.file, range);
            }
            Ok(())
        })
    }
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::io("write the file", error)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Ix2};

    use super::*;
    use crate::array::{ArrayFile, DynView};
    use crate::edit::SaveOptions;

    #[test]
    fn a_file_is_the_same_however_many_threads_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let array = Array2::from_shape_fn((1031, 1777), |(i, j)| (i * 1777 + j) as f32);
        crate::save(folder.path().join("a.npy"), &array).unwrap();
        let file = ArrayFile::open(folder.path().join("a.npy")).unwrap();
        let view = DynView::from_array(&array).unwrap();
        let wide = Conversion::new().dtype(">f8".parse().unwrap());
        for conversion in [Conversion::new(), wide.clone(), wide.order(Order::F)] {
            let mut written = Vec::new();
            for (threads, durability) in
                [(1, Durability::Buffered), (2, Durability::Buffered), (7, Durability::Synced)]
            {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let options = SaveOptions::new().durability(durability);
                let options = options.conversion(conversion.clone());
                for source in [&view as &dyn AnyArray, &file] {
                    let path = folder.path().join("out.npy");
                    pool.install(|| options.save_dyn(&path, &Whole(source))).unwrap();
                    written.push(std::fs::read(&path).unwrap());
                }
            }
            assert!(written.iter().all(|bytes| *bytes == written[0]));
            let found = ArrayFile::open(folder.path().join("out.npy")).unwrap();
            if conversion.dtype.is_some() {
                assert_eq!(found.to_array::<f64, Ix2>().unwrap(), array.mapv(f64::from));
            } else {
                assert_eq!(found.to_array::<f32, Ix2>().unwrap(), array);
            }
        }
    }

    /// An array of any kind.
    struct Whole<'a>(&'a dyn AnyArray);

    impl crate::source::ReadAt for Whole<'_> {
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
            self.0.read_at(offset, buffer)
        }

        fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
            self.0.in_memory(layout)
        }
    }

    impl AnyArray for Whole<'_> {
        fn layout(&self) -> &Layout {
            self.0.layout()
        }
    }

    #[test]
    fn the_first_misfit_is_named_whichever_thread_meets_it() {
        let mut array = Array2::<f64>::zeros((1031, 1777));
        array[(1030, 5)] = 0.5;
        array[(7, 1700)] = 1.5;
        let folder = tempfile::tempdir().unwrap();
        for order in [Order::C, Order::F] {
            let conversion = Conversion::new().dtype("i2".parse().unwrap()).order(order);
            let options = SaveOptions::new().conversion(conversion);
            let error = options.save(folder.path().join("a.npy"), &array).unwrap_err();
            assert!(error.to_string().contains("(7, 1700)"), "{error}");
        }
    }
}
