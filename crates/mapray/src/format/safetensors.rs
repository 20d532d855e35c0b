//! [`safetensors`](https://github.com/huggingface/safetensors): many arrays behind a header in JSON.
//!
//! FORMAT.md draws it byte by byte. As in the original, the arrays must fill the file without gaps.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::dtype::{DType, Endian, Kind};
use crate::error::{Error, ErrorKind, Result, shown};
use crate::format::{Codec, Content, Entry, Listing};
use crate::layout::{Layout, MAX_NDIM, Order};
use crate::source::ReadAt;

const NAME: &str = "safetensors";

/// The length of the header stands before it.
const PREFIX: u64 = 8;

/// The most bytes of a header, as in the original.
const MAX_HEADER_LEN: u64 = 100_000_000;

/// The one name in the header that is not that of an array.
const METADATA: &str = "__metadata__";

/// Whether a file of `len` bytes that starts with `first` may be one: there are no magic bytes.
pub(super) fn is_likely(first: &[u8], len: u64) -> bool {
    match first.first_chunk() {
        Some(prefix) => {
            let header_len = u64::from_le_bytes(*prefix);
            // A file that was cut meanwhile is shorter than what was read of it.
            let room = len.saturating_sub(PREFIX);
            header_len <= MAX_HEADER_LEN.min(room) && first.get(8) == Some(&b'{')
        }
        None => false,
    }
}

/// The arrays in a file of `len` bytes, in the order in which they lie there.
///
/// # Errors
///
/// [`ErrorKind::Format`] where the header is wrong, [`ErrorKind::Truncated`] where the file ends
/// before the arrays do, [`ErrorKind::Unsupported`] for unknown types of numbers.
pub(super) fn listing(source: &(impl ReadAt + ?Sized), len: u64) -> Result<Listing> {
    let wrong = |at: u64, message: &str| Error::new(ErrorKind::Format, message).at_offset(at);
    let Some(room) = len.checked_sub(PREFIX) else {
        return Err(wrong(len, "the file ends before the length of the header does"));
    };
    let mut prefix = [0; PREFIX as usize];
    source.read_at(0, &mut prefix)?;
    let header_len = u64::from_le_bytes(prefix);
    if header_len > MAX_HEADER_LEN.min(room) {
        return Err(wrong(0, "the header is longer than the file, or than is allowed")
            .expected(format!("at most {} bytes", MAX_HEADER_LEN.min(room)))
            .found(header_len));
    }
    let mut text = vec![0; header_len as usize];
    source.read_at(PREFIX, &mut text)?;
    let header: Header<'_> = serde_json::from_slice(&text).map_err(|error| {
        let lines = text.split_inclusive(|&byte| byte == b'\n').take(error.line().max(1) - 1);
        let at = lines.map(<[u8]>::len).sum::<usize>() + error.column().max(1) - 1;
        wrong(PREFIX + at as u64, &format!("the header is not as it must be: {error}"))
    })?;
    let Header { metadata, mut tensors } = header;
    let mut seen = HashSet::new();
    if let Some((name, _)) = tensors.iter().find(|(name, _)| !seen.insert(name)) {
        return Err(wrong(PREFIX, "two arrays have one name").found(format!("'{}'", shown(name))));
    }
    tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);
    let data = PREFIX + header_len;
    let mut end = 0;
    let mut entries = Vec::new();
    for (name, tensor) in tensors {
        let entry = tensor.entry(data, &mut end).map_err(|error| error.at_member(&name))?;
        entries.push(Entry { name: Some(name.into_owned()), ..entry });
    }
    if end != len - data {
        let kind = if end > len - data { ErrorKind::Truncated } else { ErrorKind::Format };
        return Err(Error::new(kind, "the arrays do not fill the file")
            .at_offset(data)
            .expected(format!("{end} bytes, the end of the last array"))
            .found(len - data));
    }
    Ok(Listing { format: NAME, attributes: metadata, entries })
}

/// The header as it is written.
struct Header<'a> {
    metadata: Vec<(String, String)>,
    tensors: Vec<(Cow<'a, str>, Tensor<'a>)>,
}

#[derive(serde::Deserialize)]
struct Tensor<'a> {
    #[serde(borrow)]
    dtype: Cow<'a, str>,
    shape: Shape,
    data_offsets: (u64, u64),
}

/// The number of elements along each axis, of as many axes as an array may have.
struct Shape(Vec<usize>);

impl Tensor<'_> {
    /// The array, which must start where the last one ended.
    fn entry(&self, data: u64, end: &mut u64) -> Result<Entry> {
        let (start, stop) = self.data_offsets;
        if start != *end || stop < start {
            return Err(Error::new(ErrorKind::Format, "the arrays leave a gap or overlap")
                .at_offset(data.saturating_add(start))
                .expected(format!("data_offsets from {end} on"))
                .found(format!("[{start}, {stop}]")));
        }
        *end = stop;
        let Some((kind, bits, logical)) = number_type(&self.dtype) else {
            return Err(Error::new(ErrorKind::Unsupported, "the type of the numbers is unknown")
                .found(format!("'{}'", shown(&self.dtype))));
        };
        let shape = &self.shape.0;
        let count = shape.iter().try_fold(1_u64, |count, &n| count.checked_mul(n as u64));
        let size = count.and_then(|count| count.checked_mul(bits));
        if size.is_none_or(|size| size % 8 != 0 || size / 8 != stop - start) {
            let message = "the array has another size than its shape and type say";
            return Err(Error::new(ErrorKind::Format, message)
                .at_offset(data.saturating_add(start))
                .expected(size.map_or("less".into(), |size| format!("{} bytes", size.div_ceil(8))))
                .found(stop - start));
        }
        let dtype = DType::new(kind, Endian::Little);
        let Some(offset) = data.checked_add(start) else {
            return Err(Error::new(ErrorKind::Format, "an array lies beyond every file"));
        };
        let content = if bits < 8 {
            let range = offset..offset.saturating_add(stop - start);
            let codec = Codec::Bits(bits as u8);
            Content::Encoded { codec, range, dtype, shape: shape.clone() }
        } else {
            Content::Stored(Layout::contiguous(dtype, shape, Order::C, offset)?)
        };
        let mut entry = Entry::new(NAME, None, Order::C, content);
        entry.attributes.extend(logical.map(|name| ("logical_type".into(), name.into())));
        Ok(entry)
    }
}

/// NumPy's kind, the bits of a number, and what `ml_dtypes` calls it where NumPy has no such kind.
fn number_type(dtype: &str) -> Option<(Kind, u64, Option<&'static str>)> {
    let bytes = |bits: u64, name| (Kind::Void(bits.div_ceil(8) as usize), bits, Some(name));
    Some(match dtype {
        "BOOL" => (Kind::Bool, 8, None),
        "U8" => (Kind::UInt8, 8, None),
        "I8" => (Kind::Int8, 8, None),
        "U16" => (Kind::UInt16, 16, None),
        "I16" => (Kind::Int16, 16, None),
        "F16" => (Kind::Float16, 16, None),
        "U32" => (Kind::UInt32, 32, None),
        "I32" => (Kind::Int32, 32, None),
        "F32" => (Kind::Float32, 32, None),
        "U64" => (Kind::UInt64, 64, None),
        "I64" => (Kind::Int64, 64, None),
        "F64" => (Kind::Float64, 64, None),
        "C64" => (Kind::Complex64, 64, None),
        "BF16" => bytes(16, "bfloat16"),
        "F8_E4M3" => bytes(8, "float8_e4m3fn"),
        "F8_E5M2" => bytes(8, "float8_e5m2"),
        "F8_E8M0" => bytes(8, "float8_e8m0fnu"),
        "F8_E4M3FNUZ" => bytes(8, "float8_e4m3fnuz"),
        "F8_E5M2FNUZ" => bytes(8, "float8_e5m2fnuz"),
        "F6_E2M3" => bytes(6, "float6_e2m3fn"),
        "F6_E3M2" => bytes(6, "float6_e3m2fn"),
        "F4" => bytes(4, "float4_e2m1fn"),
        _ => return None,
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Header<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header<'a>, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Header<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object that has an array under each name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header<'de>, A::Error> {
                let mut header = Header { metadata: Vec::new(), tensors: Vec::new() };
                while let Some(Name(name)) = map.next_key()? {
                    if name == METADATA {
                        header.metadata = map.next_value::<Metadata>()?.0;
                    } else {
                        header.tensors.push((name, map.next_value()?));
                    }
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(Names)
    }
}

/// A text that is borrowed from the header where it can be.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Texts under names, in their order.
struct Metadata(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Metadata, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = Metadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object that has a text under each name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = map.next_entry()? {
                    texts.push(text);
                }
                Ok(Metadata(texts))
            }
        }

        deserializer.deserialize_map(Texts)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shape, D::Error> {
        struct Axes;

        impl<'de> Visitor<'de> for Axes {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MAX_NDIM} lengths")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut lengths: A) -> Result<Shape, A::Error> {
                let mut shape = Vec::new();
                while let Some(n) = lengths.next_element()? {
                    if shape.len() == MAX_NDIM {
                        return Err(A::Error::invalid_length(MAX_NDIM + 1, &self));
                    }
                    shape.push(n);
                }
                Ok(Shape(shape))
            }
        }

        deserializer.deserialize_seq(Axes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_after_its_first_bytes_were_read_is_not_likely_one() {
        let first = [&2_u64.to_le_bytes()[..], b"{}"].concat();
        assert!(is_likely(&first, 10));
        for len in 0..10 {
            assert!(!is_likely(&first, len));
        }
    }
}
