//! Text of bytes and text of characters.

use crate::dtype::{DType, Endian, Kind};

/// The characters (or bytes) of an element of `S` or `U`, without the NULs at its end.
pub(crate) fn characters(dtype: &DType, bytes: &[u8]) -> Vec<u32> {
    let big = dtype.endian() == Some(Endian::Big);
    let mut text: Vec<u32> = match dtype.kind() {
        Kind::Str(_) => {
            let (characters, _) = bytes.as_chunks::<4>();
            let read = if big { u32::from_be_bytes } else { u32::from_le_bytes };
            characters.iter().map(|&character| read(character)).collect()
        }
        _ => bytes.iter().map(|&byte| byte.into()).collect(),
    };
    text.truncate(text.iter().rposition(|&character| character != 0).map_or(0, |last| last + 1));
    text
}

/// Whether the text fits into an element, which is all zero; as much of it is stored as fits where
/// it may be `cut`. Bytes hold ASCII only where they come from characters.
pub(super) fn store(from: &DType, text: &[u32], to: &DType, out: &mut [u8], cut: bool) -> bool {
    let big = to.endian() == Some(Endian::Big);
    let ascii = matches!((from.kind(), to.kind()), (Kind::Str(_), Kind::Bytes(_)))
        || matches!((from.kind(), to.kind()), (Kind::Bytes(_), Kind::Str(_)));
    if ascii && text.iter().any(|&character| character > 127) {
        return false;
    }
    let (places, _) = out.as_chunks_mut::<4>();
    let length = match to.kind() {
        Kind::Str(_) => {
            for (place, &character) in places.iter_mut().zip(text) {
                *place = if big { character.to_be_bytes() } else { character.to_le_bytes() };
            }
            places.len()
        }
        _ => {
            out.iter_mut().zip(text).for_each(|(place, &byte)| *place = byte as u8);
            out.len()
        }
    };
    cut || text.len() <= length
}
