//! What a `.npy` file holds.

use super::prelude::truncated;
use super::{Header, MAX_HEADER_SIZE, Prelude};
use crate::error::Result;
use crate::format::{Codec, Content, Entry};
use crate::layout::{Layout, Order};

/// The array of a file of `len` bytes that starts with `first`; `read` fetches more of it.
pub(crate) fn entry(
    mut first: Vec<u8>,
    len: u64,
    read: impl FnOnce(u64, &mut [u8]) -> Result<()>,
) -> Result<Entry> {
    let prelude = Prelude::parse(&first)?;
    if prelude.data_offset() > len {
        return Err(truncated(len, prelude.data_offset()));
    }
    prelude.check_size(MAX_HEADER_SIZE)?;
    let have = first.len();
    if prelude.data_offset() > have as u64 {
        first.resize(prelude.data_offset() as usize, 0);
        read(have as u64, &mut first[have..])?;
    }
    let header = Header::parse(&first)?;
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
    Entry::new("npy", Some(version), order, Content::Stored(layout))
}
