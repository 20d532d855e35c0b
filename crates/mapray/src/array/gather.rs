//! Rows of an array by a list of indices.

mod batch;
mod rows;
mod threads;

use bytemuck::NoUninit;
use ndarray::{Array, ArrayRef, Dimension};

use crate::array::AnyArray;
use crate::array::read::{new_array_of_bytes, require_shape, swap};
use crate::dtype::DType;
use crate::element::{Conversion, Element, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Order;
use batch::Batch;
use rows::Rows;

/// Rows of an array by a list of indices, batch after batch: NumPy's `array[indices]`, with a list or an
/// array of integers, and `numpy.take(array, indices, axis=0)`.
///
/// A row is all that one index of the first axis leads to: an element of a line, a line of a table. An
/// index below zero counts from the end. Rows are copied as they lie, in the order of the indices; one
/// that is asked for twice comes twice.
///
/// Rows that are on the disk are asked for all at once, in the order of the file, before the first one is
/// copied, so that the disk works on many at a time, and reads no more than their pages. No advice stays
/// on a map: the sweep leaves nothing for the system's own read-ahead to do, and other readers of the map
/// keep theirs. Rows that are in memory are copied at once, on several threads where they are large.
///
/// [`prefetch`](Gather::prefetch) asks for the next batch while the caller is at work on this one:
///
/// ```
/// use mapray::{ArrayFile, Gather};
/// use ndarray::{Array, Array2, Ix2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-gather-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("samples.npy");
/// mapray::save(&path, &Array::from_shape_fn((1000, 4), |(i, j)| (4 * i + j) as f32))?;
/// let mut samples = Gather::new(ArrayFile::open(&path)?)?;
/// assert_eq!(samples.rows::<f32, Ix2>(&[3, -1])?.row(1).to_vec(), [3996.0, 3997.0, 3998.0, 3999.0]);
///
/// let batches = [[17, 3, 998], [4, 500, -7], [0, 1, 1]];
/// let mut batch = Array2::<f32>::zeros((3, 4));
/// let mut sum = 0.0;
/// for (now, indices) in batches.iter().enumerate() {
///     samples.read_into(indices, &mut batch)?;
///     if let Some(next) = batches.get(now + 1) {
///         samples.prefetch(next)?;
///     }
///     sum += batch.sum(); // while the disk is at work
/// }
/// assert_eq!(sum, 40_326.0);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// | what | error |
/// |---|---|
/// | an index beyond the axis | [`ErrorKind::Index`], in the words of NumPy's `IndexError` |
/// | an array without axes | [`ErrorKind::Index`] |
/// | an output of another size or shape | [`ErrorKind::Shape`] |
/// | elements of another type | [`ErrorKind::Dtype`] |
/// | a file that was cut short | [`ErrorKind::Truncated`] |
/// | a disk that fails | [`ErrorKind::Io`] |
///
/// After an error an output holds some of the rows.
#[derive(Debug)]
pub struct Gather<A> {
    array: A,
    rows: Rows,
    /// Where the rows of the batch at work begin.
    starts: Vec<u64>,
    /// Those of the batch that the disk was asked for.
    ahead: Vec<u64>,
}

impl<A: AnyArray> Gather<A> {
    /// Gathers of this array: of an [`ArrayFile`](crate::ArrayFile), a live or a stable map, a
    /// [`DynView`](crate::DynView), or a reference to one. Of a [`Map`](crate::Map) it takes
    /// [`as_dyn`](crate::Map::as_dyn).
    ///
    /// ```
    /// use mapray::{Gather, Map};
    /// use ndarray::{Ix1, arr1};
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-gather-new-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// mapray::save(&path, &arr1(&[0.0, 0.5, 1.0, 1.5]))?;
    /// // SAFETY: nobody else knows this file.
    /// let map = unsafe { Map::<f64, Ix1>::open(&path)? };
    /// let mut gather = Gather::new(map.as_dyn())?;
    /// assert_eq!(gather.rows::<f64, Ix1>(&[3, 3, 0])?.to_vec(), [1.5, 1.5, 0.0]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] for an array without axes.
    pub fn new(array: A) -> Result<Gather<A>> {
        let rows = Rows::new(array.layout())?;
        Ok(Gather { array, rows, starts: Vec::new(), ahead: Vec::new() })
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        self.array.layout().dtype()
    }

    /// The number of elements along each axis of a batch of so many rows.
    ///
    /// ```
    /// use mapray::{DynView, Gather};
    ///
    /// let table = ndarray::Array3::<u8>::zeros((10, 2, 3));
    /// assert_eq!(Gather::new(DynView::from_array(&table)?)?.shape(4), [4, 2, 3]);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn shape(&self, rows: usize) -> Vec<usize> {
        let mut shape = self.array.layout().shape().to_vec();
        shape[0] = rows;
        shape
    }

    /// How many bytes a row has.
    ///
    /// ```
    /// use mapray::{DynView, Gather};
    ///
    /// let table = ndarray::Array2::<f32>::zeros((10, 3));
    /// assert_eq!(Gather::new(DynView::from_array(&table)?)?.row_bytes(), 12);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn row_bytes(&self) -> usize {
        self.rows.nbytes
    }

    /// Asks the disk for these rows, and does not wait: what gathers the same indices next finds them in
    /// memory, or on their way. It costs some microseconds a row that is on the disk, and next to nothing
    /// where the rows are in memory.
    ///
    /// ```
    /// use mapray::{ArrayFile, Gather};
    /// use ndarray::Ix1;
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-ahead-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// mapray::save(&path, &ndarray::arr1(&[1_u8, 2, 3]))?;
    /// let mut gather = Gather::new(ArrayFile::open(&path)?)?;
    /// gather.prefetch(&[2, 0])?;
    /// assert_eq!(gather.rows::<u8, Ix1>(&[2, 0])?.to_vec(), [3, 1]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] for an index beyond the axis.
    pub fn prefetch(&mut self, indices: &[i64]) -> Result<()> {
        self.rows.find(indices, &mut self.ahead)?;
        let batch = Batch::new(&self.array, &self.rows);
        if batch.are_in_memory(&self.ahead) {
            // They may be gone until they are wanted.
            self.ahead.clear();
        } else {
            batch.read_ahead(&self.ahead);
        }
        Ok(())
    }

    /// Copies the rows as they lie, each in C order, one behind the other.
    ///
    /// ```
    /// use mapray::{DynView, Gather};
    ///
    /// let table = ndarray::arr2(&[[1_u8, 2], [3, 4], [5, 6]]);
    /// let mut bytes = [0; 4];
    /// Gather::new(DynView::from_array(&table)?)?.read_bytes(&[-1, 0], &mut bytes)?;
    /// assert_eq!(bytes, [5, 6, 1, 2]);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] for an index beyond the axis, [`ErrorKind::Shape`] where the buffer does not
    /// have the size of so many rows; those of the array when it is read.
    pub fn read_bytes(&mut self, indices: &[i64], out: &mut [u8]) -> Result<()> {
        let wanted = indices.len().checked_mul(self.rows.nbytes).ok_or_else(|| {
            Error::new(ErrorKind::Shape, "the rows are more than can be addressed")
        })?;
        require_shape(&[wanted], &[out.len()])?;
        self.rows.find(indices, &mut self.starts)?;
        let is_ahead = !self.starts.is_empty() && self.starts == self.ahead;
        self.ahead.clear();
        Batch::new(&self.array, &self.rows).copy(&self.starts, is_ahead, out)
    }

    /// The rows as a new array in main memory, in the byte order of this machine.
    ///
    /// ```
    /// use mapray::{DynView, Gather};
    /// use ndarray::{Ix2, arr2};
    ///
    /// let table = arr2(&[[1, 2], [3, 4], [5, 6]]);
    /// let mut gather = Gather::new(DynView::from_array(&table)?)?;
    /// assert_eq!(gather.rows::<i32, Ix2>(&[2, 0])?, arr2(&[[5, 6], [1, 2]]));
    /// let error = gather.rows::<i32, Ix2>(&[3]).unwrap_err();
    /// assert!(error.to_string().starts_with("index 3 is out of bounds for axis 0 with size 3"));
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read_bytes`](Gather::read_bytes); [`ErrorKind::Dtype`] where `T` is not what the elements are,
    /// [`ErrorKind::Shape`] where `D` has another number of axes.
    pub fn rows<T: Element, D: Dimension>(&mut self, indices: &[i64]) -> Result<Array<T, D>> {
        let (dtype, shape) = (self.dtype().clone(), self.shape(indices.len()));
        new_array_of_bytes(&dtype, &shape, Order::C, 0, |bytes| self.read_bytes(indices, bytes))
    }

    /// Copies the rows into an array, in the byte order of this machine. Where it is in C order they are
    /// copied there at once.
    ///
    /// ```
    /// use mapray::{DynView, Gather};
    /// use ndarray::{arr1, s};
    ///
    /// let line = arr1(&[10, 20, 30]);
    /// let mut out = arr1(&[0; 4]);
    /// let mut gather = Gather::new(DynView::from_array(&line)?)?;
    /// gather.read_into(&[-1, 0], &mut out.slice_mut(s![..;2]))?;
    /// assert_eq!(out.to_vec(), [30, 0, 10, 0]);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`rows`](Gather::rows), and [`ErrorKind::Shape`] where the array has not the shape of so many
    /// rows.
    pub fn read_into<T: Element + NoUninit, D: Dimension>(
        &mut self,
        indices: &[i64],
        out: &mut ArrayRef<T, D>,
    ) -> Result<()> {
        require_shape(&self.shape(indices.len()), out.shape())?;
        let conversion = conversion::<T>(self.dtype())?;
        let Some(elements) = out.as_slice_mut() else {
            out.assign(&self.rows::<T, D>(indices)?);
            return Ok(());
        };
        self.read_bytes(indices, bytemuck::cast_slice_mut(elements))?;
        if conversion == Conversion::Swapped {
            swap(elements);
        }
        Ok(())
    }
}
