//! Zip archives, from bytes and to bytes.

mod write;

pub(crate) use write::{
    MAX_ALIGNMENT, MAX_NAME, Member, Method, end_records, padding, unpadded_header_len,
};
