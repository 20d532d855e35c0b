//! What a format says of one array.

use std::ops::Range;

use crate::dtype::DType;
use crate::layout::{Layout, Order};
use crate::source::Upkeep;

/// What a file says of one array in it: where it lies, or why it does not lie there plainly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The format's name: `npy` (members of an `.npz` too), `safetensors` or `raw`.
    pub format: &'static str,
    /// The format's version, where it has one.
    pub version: Option<(u8, u8)>,
    /// The order of the axes that the header tells.
    pub order: Order,
    /// What the array is called in its archive; `None` where the file holds one array.
    pub name: Option<String>,
    /// What else the file says of the array. `logical_type` names a number type that NumPy knows as
    /// plain bytes only, in the words of `ml_dtypes`: `bfloat16`, say.
    pub attributes: Vec<(String, String)>,
    /// The elements.
    pub content: Content,
    /// What elsewhere in the file depends on the elements.
    pub upkeep: Upkeep,
}

/// The elements of an array in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// They lie there as they are.
    Stored(Layout),
    /// They must be decoded before they can be used.
    Encoded {
        /// What encoded them.
        codec: Codec,
        /// The encoded bytes.
        range: Range<u64>,
        /// What each element is, decoded.
        dtype: DType,
        /// The number of elements along each axis.
        shape: Vec<usize>,
    },
}

/// An encoding of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// Python's pickle, which holds objects. Decoding it runs code that the file brings along, so
    /// mapray does not.
    Pickle,
    /// Deflate, as zip archives hold it.
    Deflate {
        /// How many decoded bytes come before the elements: those of the `.npy` header.
        skip: u64,
        /// How many bytes come out in all.
        len: u64,
        /// Their CRC-32.
        crc: u32,
    },
    /// Elements of so many bits, fewer than eight, packed. mapray does not unpack them.
    Bits(u8),
}

impl Entry {
    /// The array of a file that holds one.
    pub(crate) fn new(
        format: &'static str,
        version: Option<(u8, u8)>,
        order: Order,
        content: Content,
    ) -> Entry {
        let (name, attributes, upkeep) = Default::default();
        Entry { format, version, order, name, attributes, content, upkeep }
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        match &self.content {
            Content::Stored(layout) => layout.dtype(),
            Content::Encoded { dtype, .. } => dtype,
        }
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        match &self.content {
            Content::Stored(layout) => layout.shape(),
            Content::Encoded { shape, .. } => shape,
        }
    }

    /// The byte of the file at which the elements start, encoded or not.
    pub fn offset(&self) -> u64 {
        match &self.content {
            Content::Stored(layout) => layout.offset(),
            Content::Encoded { range, .. } => range.start,
        }
    }

    /// The bytes of the elements, decoded: their number times the bytes of one.
    pub fn nbytes(&self) -> u64 {
        match &self.content {
            Content::Stored(layout) => layout.nbytes() as u64,
            Content::Encoded { dtype, shape, .. } => {
                let itemsize = dtype.itemsize() as u64;
                shape.iter().fold(itemsize, |size, &n| size.saturating_mul(n as u64))
            }
        }
    }

    /// Whether the elements can be mapped where they lie.
    pub fn is_mappable(&self) -> bool {
        matches!(self.content, Content::Stored(_))
    }

    /// Whether they start at a multiple of what NumPy calls the alignment of their dtype.
    pub fn is_aligned(&self) -> bool {
        self.offset().is_multiple_of(self.dtype().alignment() as u64)
    }
}
