//! Rows behind the last one of the array in a file.

use std::path::Path;

use ndarray::{ArrayRef, Dimension};

use crate::array::AnyArray;
use crate::dtype::DType;
use crate::edit::CreateOptions;
use crate::edit::grow::{GrowingFile, resize_file};
use crate::edit::rows::{RowWriter, Rows};
use crate::element::WritableElement;
use crate::error::Result;
use crate::source::Durability;

/// How to make the array in a `.npy` file longer or shorter where it lies: [`append`], [`resize`] and
/// [`Appender`] with more to say.
///
/// ```
/// use mapray::{AppendOptions, Durability};
/// use ndarray::{arr1, arr2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-append-options-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &arr2(&[[1.0, 2.0]]))?;
/// let quick = AppendOptions::new().durability(Durability::Buffered);
/// quick.append(&path, &arr2(&[[3.0, 4.0], [5.0, 6.0]]))?;
/// quick.append(&path, &arr1(&[7.0, 8.0]))?;
/// quick.resize(&path, 3)?;
/// let all = mapray::load::<f64, ndarray::Ix2>(&path)?;
/// assert_eq!(all, arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AppendOptions {
    durability: Durability,
    without_locks: bool,
    cut_trailing: bool,
    sparse: bool,
}

impl AppendOptions {
    /// What was appended is on the disk when the call returns; the file is locked meanwhile.
    pub fn new() -> AppendOptions {
        AppendOptions::default()
    }

    /// What is sure to be on the disk when a call returns: all that it appended, or nothing.
    pub fn durability(mut self, durability: Durability) -> AppendOptions {
        self.durability = durability;
        self
    }

    /// Whether the file is locked exclusively meanwhile: as
    /// [`MapOptions::locks`](crate::MapOptions::locks). Without, nobody else may write it.
    pub fn locks(mut self, locks: bool) -> AppendOptions {
        self.without_locks = !locks;
        self
    }

    /// Whether bytes that follow the array in the file go. By default they are an error: they may be
    /// another array. (What an append that was killed left behind goes anyway.)
    pub fn cut_trailing(mut self, cut: bool) -> AppendOptions {
        self.cut_trailing = cut;
        self
    }

    /// Does not reserve blocks for the zeros of [`resize`](AppendOptions::resize): quick at any size,
    /// but a full disk then shows only when a page is stored to.
    pub fn sparse(mut self, sparse: bool) -> AppendOptions {
        self.sparse = sparse;
        self
    }

    /// As [`append`].
    ///
    /// # Errors
    ///
    /// As [`append`].
    pub fn append<T: WritableElement, D: Dimension>(
        &self,
        path: impl AsRef<Path>,
        rows: &ArrayRef<T, D>,
    ) -> Result<usize> {
        let mut appender = self.open(path)?;
        appender.rows.take(rows, Rows::Any)?;
        appender.close()
    }

    /// As [`append_dyn`].
    ///
    /// # Errors
    ///
    /// As [`append_dyn`].
    pub fn append_dyn(&self, path: impl AsRef<Path>, rows: &impl AnyArray) -> Result<usize> {
        let mut appender = self.open(path)?;
        appender.rows.take_dyn(rows, Rows::Any)?;
        appender.close()
    }

    /// As [`resize`].
    ///
    /// # Errors
    ///
    /// As [`resize`].
    pub fn resize(&self, path: impl AsRef<Path>, len: usize) -> Result<()> {
        let mut file = self.growing(path.as_ref())?;
        let resized = resize_file(&mut file, len, self.sparse, None);
        let finished = file.finish();
        resized.and(finished)
    }

    /// As [`Appender::open`].
    ///
    /// # Errors
    ///
    /// As [`Appender::open`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Appender> {
        Ok(Appender { rows: RowWriter::new(self.growing(path.as_ref())?) })
    }

    /// As [`Appender::create`].
    ///
    /// # Errors
    ///
    /// As [`Appender::create`].
    pub fn create(
        &self,
        path: impl AsRef<Path>,
        dtype: DType,
        row_shape: &[usize],
    ) -> Result<Appender> {
        let shape = [&[0], row_shape].concat();
        let options = CreateOptions::new(&*shape).durability(self.durability);
        options.file(path.as_ref(), dtype)?;
        self.open(path)
    }

    fn growing(&self, path: &Path) -> Result<GrowingFile> {
        GrowingFile::open(path, !self.without_locks, self.durability, self.cut_trailing)
    }
}

/// Puts rows behind the last one of the array in a `.npy` file, where it lies: one row, or an array of
/// several. In Fortran order it is the last axis that grows, and a row is one column. Returns how many
/// there are now.
///
/// The array is as long as before until all of them are on the disk, and whatever goes wrong meanwhile
/// it stays so: killed or cut off, the next append clears up. The header ends up as NumPy would have
/// written it. Other programs may read the file at the same time, and see the one length or the other.
///
/// ```
/// use ndarray::{arr1, arr2};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-append-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &arr2(&[[1, 2, 3]]))?;
/// assert_eq!(mapray::append(&path, &arr1(&[4, 5, 6]))?, 2);
/// assert_eq!(mapray::append(&path, &arr2(&[[7, 8, 9], [10, 11, 12]]))?, 4);
/// assert_eq!(mapray::ArrayFile::open(&path)?.shape(), [4, 3]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Shape`](crate::ErrorKind::Shape) where the rows do not fit, or the array has no axis; [`ErrorKind::Dtype`](crate::ErrorKind::Dtype) where
/// they are of another dtype (in the other byte order they are swapped);
/// [`ErrorKind::Format`](crate::ErrorKind::Format) where something else follows the array in the file
/// ([`AppendOptions::cut_trailing`]); [`ErrorKind::Member`](crate::ErrorKind::Member) for an archive; [`ErrorKind::Locked`](crate::ErrorKind::Locked) where
/// somebody else writes the file; [`ErrorKind::Space`](crate::ErrorKind::Space) where the disk has no room;
/// [`ErrorKind::Io`](crate::ErrorKind::Io) where the file or its folder cannot be written.
pub fn append<T: WritableElement, D: Dimension>(
    path: impl AsRef<Path>,
    rows: &ArrayRef<T, D>,
) -> Result<usize> {
    AppendOptions::new().append(path, rows)
}

/// As [`append`], for rows of a dtype known at run time; they are not loaded as a whole.
///
/// # Errors
///
/// As [`append`], and those of reading the rows.
pub fn append_dyn(path: impl AsRef<Path>, rows: &impl AnyArray) -> Result<usize> {
    AppendOptions::new().append_dyn(path, rows)
}

/// Makes the array in a `.npy` file `len` rows long, where it lies: zeros are put behind the last one,
/// or the last ones are cut off. In Fortran order it is the last axis that changes.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("mapray-resize-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &ndarray::arr1(&[1, 2, 3]))?;
/// mapray::resize(&path, 5)?;
/// mapray::resize(&path, 4)?;
/// assert_eq!(mapray::load::<i32, ndarray::Ix1>(&path)?.to_vec(), [1, 2, 3, 0]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
///
/// # Errors
///
/// As [`append`].
pub fn resize(path: impl AsRef<Path>, len: usize) -> Result<()> {
    AppendOptions::new().resize(path, len)
}

/// A `.npy` file that rows are put at the end of, one after the other: a log, a recording, samples.
///
/// Rows are gathered, and count when [`flush`](Appender::flush) or [`close`](Appender::close) returns:
/// then they are on the disk, and in the array that others see. A process that is killed in between
/// leaves the array as it was at the last flush. An appender that is dropped closes the file, but
/// cannot tell of an error.
///
/// The file is locked while the appender lives: no other appends to it, and no map writes it. Readers
/// open it whenever they like, and see the rows that have been flushed;
/// [`ArrayFile::refresh`](crate::ArrayFile::refresh) takes one to those flushed since.
///
/// ```
/// use mapray::{Appender, Element};
/// use ndarray::{arr0, arr1};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-appender-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("log.npy");
/// let mut log = Appender::create(&path, f64::dtype(), &[])?;
/// for i in 0..1000 {
///     log.push(&arr0(f64::from(i).sqrt()))?;
///     if i % 100 == 0 {
///         log.flush()?;
///     }
/// }
/// log.extend(&arr1(&[1.5, 2.5]))?;
/// assert_eq!(log.close()?, 1002);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Debug)]
pub struct Appender {
    rows: RowWriter,
}

impl Appender {
    /// Opens the `.npy` file at this path, to put rows behind its last one.
    ///
    /// # Errors
    ///
    /// As [`append`].
    pub fn open(path: impl AsRef<Path>) -> Result<Appender> {
        AppendOptions::new().open(path)
    }

    /// Makes a `.npy` file without rows, each of which is to be an array of this shape: `&[]` for rows
    /// of one element. A file that is there is replaced, as by [`save`](crate::save).
    ///
    /// # Errors
    ///
    /// As [`CreateOptions::live_dyn`].
    pub fn create(path: impl AsRef<Path>, dtype: DType, row_shape: &[usize]) -> Result<Appender> {
        AppendOptions::new().create(path, dtype, row_shape)
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        self.rows.file().source().path().expect("it was opened by its path")
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        self.rows.file().layout().dtype()
    }

    /// The number of elements along each axis of a row.
    pub fn row_shape(&self) -> Vec<usize> {
        self.rows.row_shape()
    }

    /// The number of rows, with those that have not been flushed.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of rows that others see.
    pub fn flushed_len(&self) -> usize {
        self.rows.file().len()
    }

    /// Takes one row.
    ///
    /// # Errors
    ///
    /// As [`append`]; the row has not been taken then, and all that were before still are.
    pub fn push<T: WritableElement, D: Dimension>(&mut self, row: &ArrayRef<T, D>) -> Result<()> {
        self.rows.take(row, Rows::One)
    }

    /// As [`push`](Appender::push), for a row of a dtype known at run time.
    ///
    /// # Errors
    ///
    /// As [`push`](Appender::push), and those of reading the row.
    pub fn push_dyn(&mut self, row: &impl AnyArray) -> Result<()> {
        self.rows.take_dyn(row, Rows::One)
    }

    /// Takes several rows: an array with as many axes as that in the file.
    ///
    /// # Errors
    ///
    /// As [`push`](Appender::push); all of them are taken or none.
    pub fn extend<T: WritableElement, D: Dimension>(
        &mut self,
        rows: &ArrayRef<T, D>,
    ) -> Result<()> {
        self.rows.take(rows, Rows::Several)
    }

    /// As [`extend`](Appender::extend), for rows of a dtype known at run time.
    ///
    /// # Errors
    ///
    /// As [`push_dyn`](Appender::push_dyn).
    pub fn extend_dyn(&mut self, rows: &impl AnyArray) -> Result<()> {
        self.rows.take_dyn(rows, Rows::Several)
    }

    /// Makes all rows so far part of the array in the file: when it returns they are on the disk
    /// ([`Durability`]), and others see them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Space`](crate::ErrorKind::Space) where the disk has no room; flush again when there is some.
    /// [`ErrorKind::Changed`](crate::ErrorKind::Changed) where another file has taken the place of this one.
    pub fn flush(&mut self) -> Result<()> {
        self.rows.flush()
    }

    /// [Flushes](Appender::flush), lets the file go, and returns how many rows it has.
    ///
    /// # Errors
    ///
    /// As [`flush`](Appender::flush). What could not be flushed is gone then.
    pub fn close(mut self) -> Result<usize> {
        self.rows.finish()?;
        Ok(self.len())
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        // Who wants to know of errors calls `close`, after which nothing is left to do here.
        let _ = self.rows.finish();
    }
}
