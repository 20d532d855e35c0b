//! What a `.npy` file holds.

use super::prelude::truncated;
use super::{Header, MAX_HEADER_SIZE, Prelude};
use crate::error::Result;
use crate::format::{Codec, Content, Entry, Growth};
use crate::layout::{Layout, Order};

/// The array of a file of `len` bytes that starts with `first`; where that is not all of the header,
/// `read` fetches the rest, which is put behind it.
pub(crate) fn entry(
    first: &mut Vec<u8>,
    len: u64,
    read: impl FnOnce(u64, &mut [u8]) -> Result<()>,
) -> Result<Entry> {
    let prelude = Prelude::parse(first)?;
    if prelude.data_offset() > len {
        return Err(truncated(len, prelude.data_offset()));
    }
    prelude.check_size(MAX_HEADER_SIZE)?;
    let have = first.len();
    if prelude.data_offset() > have as u64 {
        first.resize(prelude.data_offset() as usize, 0);
        read(have as u64, &mut first[have..])?;
    }
    let header = Header::parse(first)?;
    let order = if header.fortran_order { Order::F } else { Order::C };
    let Header { dtype, shape, data_offset, version, .. } = header;
    if dtype.has_objects() {
        let range = data_offset..len;
        let content = Content::Encoded { codec: Codec::Pickle, range, dtype, shape };
        return Ok(Entry::new("npy", Some(version), order, content));
    }
    Ok(stored(version, Layout::contiguous(dtype, &shape, order, data_offset)?, order))
}

/// An array whose elements lie side by side behind the header.
pub(crate) fn stored(version: (u8, u8), layout: Layout, order: Order) -> Entry {
    let growing = layout.ndim().checked_sub(1).map(|last| if order == Order::F { last } else { 0 });
    let header = 0..layout.offset();
    let mut entry = Entry::new("npy", Some(version), order, Content::Stored(layout));
    entry.upkeep.growth = growing.map(|axis| Growth { axis, header });
    entry
}

/// What the header of the array says when the axis along which it grows is `len` long.
pub(crate) fn header_of(entry: &Entry, len: usize) -> Header {
    let mut shape = entry.shape().to_vec();
    if let Some(growth) = &entry.upkeep.growth {
        shape[growth.axis] = len;
    }
    Header {
        version: entry.version.unwrap_or((1, 0)),
        dtype: entry.dtype().clone(),
        shape,
        fortran_order: entry.order == Order::F,
        data_offset: entry.offset(),
    }
}
