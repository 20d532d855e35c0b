//! The header of a `.npy` file.

use mapray::format::npy::{Header, MAGIC, Prelude};
use mapray::layout::Order;
use mapray::{ErrorKind, Layout};

/// Reads the bytes as the start of a file, and once more with a length that takes in all of them, so
/// that not every insertion is an error.
pub fn check(bytes: &[u8]) {
    read(bytes);
    let length = match bytes.get(6) {
        Some(1) => 8..10,
        _ => 8..12,
    };
    if bytes.starts_with(&MAGIC) && bytes.len() >= length.end && bytes.len() < 1 << 16 {
        let mut fitting = bytes.to_vec();
        let dictionary_len = (bytes.len() - length.end).to_le_bytes();
        fitting[length.clone()].copy_from_slice(&dictionary_len[..length.len()]);
        read(&fitting);
    }
}

fn read(bytes: &[u8]) {
    let header = match Header::parse(bytes) {
        Ok(header) => header,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Format | ErrorKind::Truncated), "{error}");
            assert!(error.offset().is_some_and(|at| at <= bytes.len() as u64), "{error}");
            return;
        }
    };
    assert!(header.data_offset <= bytes.len() as u64);
    assert_eq!(Prelude::parse(bytes).unwrap().data_offset(), header.data_offset);
    super::dtype::check_parsed(&header.dtype);

    let written = header.to_bytes().unwrap();
    let again = Header::parse_limited(&written, usize::MAX).unwrap();
    assert_eq!(again.data_offset, written.len() as u64);
    assert_eq!(again.dtype.descr(), header.dtype.descr());
    assert_eq!((&again.shape, again.fortran_order), (&header.shape, header.fortran_order));
    check_layout(&header);
}

/// A layout lies where the numbers of its header say, or there is none.
fn check_layout(header: &Header) {
    let order = if header.fortran_order { Order::F } else { Order::C };
    let Header { dtype, shape, data_offset, .. } = header;
    let layout = Layout::contiguous(dtype.clone(), shape, order, *data_offset);
    let itemsize = dtype.itemsize() as u128;
    let nonzero = shape.iter().filter(|&&n| n > 0);
    let most = nonzero.fold(itemsize.max(1), |bytes, &n| bytes.saturating_mul(n as u128));
    if most.saturating_add((*data_offset).into()) > i64::MAX as u128 {
        // An empty array may begin anywhere.
        assert!(layout.is_err() || shape.contains(&0) && most <= i64::MAX as u128, "{header:?}");
        return;
    }
    let layout = layout.unwrap();
    let bytes = if shape.contains(&0) || itemsize == 0 { 0 } else { most as u64 };
    assert_eq!(layout.span(), *data_offset..data_offset + bytes);
    assert_eq!(layout.nbytes() as u64, bytes);
    if let Some(last) = shape.iter().map(|n| n.checked_sub(1)).collect::<Option<Vec<_>>>() {
        let last = layout.element(&last).unwrap();
        assert_eq!(last + itemsize as u64, layout.span().end);
    }
}
