//! Files without a header: the caller says what is in them, and the length says how much.

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{Content, Entry};
use crate::layout::{Layout, Order};

/// What a caller knows of a file without a header.
#[derive(Clone, Debug)]
pub(crate) struct RawArray<'a> {
    pub dtype: DType,
    pub shape: Option<&'a [usize]>,
    pub strides: Option<&'a [isize]>,
    pub order: Order,
    pub offset: u64,
}

impl RawArray<'_> {
    /// Where the elements lie in a file of `len` bytes. Without a shape: all that follow the
    /// offset, along one axis, as in NumPy. Whether a given shape fits is not checked.
    pub(crate) fn layout(&self, len: impl FnOnce() -> Result<u64>) -> Result<Layout> {
        let dtype = self.dtype.clone();
        match (self.shape, self.strides) {
            (Some(shape), Some(strides)) => Layout::strided(dtype, shape, strides, self.offset),
            (Some(shape), None) => Layout::contiguous(dtype, shape, self.order, self.offset),
            (None, Some(_)) => Err(Error::new(ErrorKind::Shape, "strides need a shape")
                .hint("say how many elements there are along each axis")),
            (None, None) => {
                let n = self.count(len()?)?;
                Layout::contiguous(dtype, &[n], self.order, self.offset)
            }
        }
    }

    fn count(&self, len: u64) -> Result<usize> {
        let itemsize = self.dtype.itemsize() as u64;
        if itemsize == 0 {
            return Err(Error::new(ErrorKind::Dtype, "elements of no bytes cannot be counted")
                .found(format!("dtype '{}'", self.dtype))
                .hint("give a shape"));
        }
        let bytes = len.checked_sub(self.offset).ok_or_else(|| {
            Error::new(ErrorKind::Shape, "the offset lies behind the end of the file")
                .expected(format!("at most {len}"))
                .found(self.offset)
        })?;
        if !bytes.is_multiple_of(itemsize) {
            // NumPy's words.
            let message = "size of available data is not a multiple of the data-type size";
            return Err(Error::new(ErrorKind::Shape, message)
                .at_offset(self.offset)
                .expected(format!("a multiple of {itemsize} bytes for dtype '{}'", self.dtype))
                .found(format!("{bytes} bytes"))
                .hint("give a shape to leave out the rest"));
        }
        Ok((bytes / itemsize) as usize)
    }
}

/// The entry of an array in a file without a header.
pub(crate) fn entry(layout: Layout, order: Order) -> Entry {
    Entry::new("raw", None, order, Content::Stored(layout))
}
