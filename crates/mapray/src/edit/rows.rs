//! Rows on their way to the end of a file.

use ndarray::{ArrayRef, Dimension};

use crate::array::{AnyArray, Stored};
use crate::cast::{Cast, Casting};
use crate::dtype::{DType, Endian, Kind};
use crate::edit::grow::GrowingFile;
use crate::edit::save::copy;
use crate::element::{Conversion, WritableElement, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, display_shape};
use crate::source::ReadAt;

/// How much is gathered before it is written.
const GATHERED: usize = 1 << 20;

/// Puts rows behind the end of the array in a file. Small ones are gathered; none counts before it is
/// flushed.
#[derive(Debug)]
pub(super) struct RowWriter {
    file: GrowingFile,
    /// The byte of the file behind what has been written.
    at: u64,
    gathered: Vec<u8>,
    /// How many rows there are with those on their way.
    len: usize,
}

/// What counts as rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    One,
    Several,
    Any,
}

impl RowWriter {
    pub(super) fn new(file: GrowingFile) -> RowWriter {
        let (at, len) = (file.end(), file.len());
        RowWriter { file, at, gathered: Vec::new(), len }
    }

    pub(super) fn file(&self) -> &GrowingFile {
        &self.file
    }

    /// The file, to be finished; what has not been flushed is gone.
    pub(super) fn into_file(self) -> GrowingFile {
        self.file
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn row_shape(&self) -> Vec<usize> {
        let mut shape = self.file.layout().shape().to_vec();
        shape.remove(self.file.axis());
        shape
    }

    fn dtype(&self) -> &DType {
        self.file.layout().dtype()
    }

    /// Takes rows of a known type: all of them, or none where there is an error.
    pub(super) fn take<T: WritableElement, D: Dimension>(
        &mut self,
        rows: &ArrayRef<T, D>,
        which: Rows,
    ) -> Result<()> {
        let n = self.count(rows.shape(), which)?;
        let conversion = conversion::<T>(self.dtype()).map_err(|error| match T::dtype().kind() {
            // It tells of the field that differs.
            Kind::Record(_) => error,
            _ => other_dtype(self.dtype(), &T::dtype()),
        });
        match conversion.map_err(|error| self.file.name(error))? {
            Conversion::Native => {
                let rows = Stored::new(rows)?;
                self.take_elements(n, rows.layout(), &rows, None)
            }
            Conversion::Swapped => {
                let swapped = rows.map(|value| value.swap_bytes());
                let rows = Stored::new(&swapped)?;
                self.take_elements(n, rows.layout(), &rows, None)
            }
        }
    }

    /// Takes rows of a dtype known at run time: all of them, or none where there is an error.
    pub(super) fn take_dyn(&mut self, rows: &impl AnyArray, which: Rows) -> Result<()> {
        let n = self.count(rows.layout().shape(), which)?;
        let (from, to) = (rows.layout().dtype(), self.dtype());
        if from == to {
            return self.take_elements(n, rows.layout(), rows, None);
        }
        let native = |dtype: &DType| dtype.with_endian(Endian::NATIVE);
        if native(from) != native(to) {
            return Err(self.file.name(other_dtype(to, from)));
        }
        let swap = Cast::new(from, to, Casting::Checked).map_err(|error| self.file.name(error))?;
        self.take_elements(n, rows.layout(), rows, Some(&swap))
    }

    /// How many rows an array of this shape is.
    fn count(&self, shape: &[usize], which: Rows) -> Result<usize> {
        let (row, axis) = (self.row_shape(), self.file.axis());
        if which != Rows::Several && shape == row {
            return Ok(1);
        }
        let mut other = shape.to_vec();
        let n = (axis < other.len()).then(|| other.remove(axis));
        if let Some(n) = n.filter(|_| which != Rows::One && other == row) {
            return Ok(n);
        }
        let one = display_shape(&row);
        let mut several: Vec<_> = row.iter().map(usize::to_string).collect();
        several.insert(axis, "n".to_owned());
        let comma = if several.len() == 1 { "," } else { "" };
        let several = format!("({}{comma})", several.join(", "));
        let error = Error::new(ErrorKind::Shape, "the rows do not fit the array");
        let error = error.expected(match which {
            Rows::One => format!("shape {one}"),
            Rows::Several => format!("shape {several}"),
            Rows::Any => format!("shape {one}, or {several}"),
        });
        Err(self.file.name(error.found(display_shape(shape))))
    }

    /// Takes `n` rows, which lie in `from` as the layout says, and as they are to lie in the file unless
    /// they are to be converted.
    fn take_elements(
        &mut self,
        n: usize,
        rows: &Layout,
        from: &(impl ReadAt + ?Sized),
        convert: Option<&Cast>,
    ) -> Result<()> {
        let too_long = || Error::new(ErrorKind::Shape, "the array would be too long");
        let len = self.len.checked_add(n).ok_or_else(|| self.file.name(too_long()))?;
        self.file.require_len(len)?;
        let nbytes = rows.nbytes();
        if nbytes > 0 {
            self.file.begin(self.file.len())?;
        }
        // The elements of a file in Fortran's order lie as those of its transposed array in C's.
        let rows = if self.file.axis() > 0 { rows.transposed() } else { rows.clone() };
        if self.gathered.len() + nbytes > GATHERED {
            self.write_out()?;
        }
        if nbytes <= GATHERED {
            let (before, gathered) = (self.gathered.len(), &mut self.gathered);
            let copied = converted(&rows, from, convert, &mut |bytes| {
                gathered.extend_from_slice(bytes);
                Ok(())
            });
            if copied.is_err() {
                self.gathered.truncate(before);
            }
            copied?;
        } else {
            let mut at = self.at;
            self.file.reserve(at..at + nbytes as u64)?;
            converted(&rows, from, convert, &mut |bytes| {
                self.file.write_behind(at, bytes)?;
                at += bytes.len() as u64;
                Ok(())
            })?;
            self.at = at;
        }
        self.len = len;
        Ok(())
    }

    /// Writes what is gathered, behind the end.
    fn write_out(&mut self) -> Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let end = self.at + self.gathered.len() as u64;
        self.file.reserve(self.at..end)?;
        self.file.write_behind(self.at, &self.gathered)?;
        self.at = end;
        self.gathered.clear();
        Ok(())
    }

    /// Makes all rows part of the array.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.write_out()?;
        self.file.claim(self.len)?;
        self.at = self.file.end();
        Ok(())
    }

    /// Flushes, and cuts off what could not be flushed, which is gone then.
    pub(super) fn finish(&mut self) -> Result<()> {
        let flushed = self.flush();
        if flushed.is_err() {
            self.gathered.clear();
            (self.at, self.len) = (self.file.end(), self.file.len());
        }
        let finished = self.file.finish();
        flushed.and(finished)
    }
}

/// Hands out copies of the elements in C order, piece by piece.
fn converted(
    rows: &Layout,
    from: &(impl ReadAt + ?Sized),
    convert: Option<&Cast>,
    work: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let Some(cast) = convert else { return copy(rows, from, work) };
    let mut out = Vec::new();
    copy(rows, from, &mut |bytes| {
        out.resize(bytes.len(), 0);
        cast.apply(bytes, &mut out).expect("every byte order holds every value");
        work(&out)
    })
}

fn other_dtype(expected: &DType, found: &DType) -> Error {
    Error::new(ErrorKind::Dtype, "the rows are of another dtype than the array in the file")
        .expected(format!("'{expected}'"))
        .found(format!("'{found}'"))
}
