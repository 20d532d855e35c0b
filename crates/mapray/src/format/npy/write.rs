//! Writing a header, byte for byte as NumPy does.

use super::Header;
use super::prelude::MAGIC;
use crate::dtype::{DType, MAX_DIMS, MAX_ITEMSIZE};
use crate::literal::Literal;
use crate::{Error, ErrorKind, Result};

/// The data starts at a multiple of so many bytes.
const ALIGNMENT: usize = 64;

/// So many characters are kept free for the length of the axis along which an array can grow: enough for the
/// length of any array, so that the header can be rewritten in place.
const GROWTH_DIGITS: usize = 21;

impl Header {
    /// The header that NumPy would write for such an array, in the oldest version that can hold it. The axes of a
    /// sub-array dtype become the last ones of the array.
    ///
    /// `fortran_order` is written as given; NumPy says `False` of arrays that are contiguous in both orders.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] for more than 64 axes or an axis beyond `i64::MAX`, [`ErrorKind::Dtype`] for a dtype
    /// larger than NumPy can hold.
    pub fn new(dtype: DType, mut shape: Vec<usize>, fortran_order: bool) -> Result<Header> {
        let (dtype, inner) = dtype.split_axes();
        shape.extend(inner);
        let mut header = Header { version: (1, 0), dtype, shape, fortran_order, data_offset: 0 };
        let bytes = header.to_bytes()?;
        header.version = (bytes[6], bytes[7]);
        header.data_offset = bytes.len() as u64;
        Ok(header)
    }

    /// The bytes of the header, from the magic to the line end before the data, in the oldest version of the
    /// format that can hold it; [`version`](Header::version) and [`data_offset`](Header::data_offset) do not count.
    ///
    /// # Errors
    ///
    /// As for [`Header::new`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.encode(None)
    }

    /// Like [`Header::to_bytes`], in a version of the caller's choice: 1.0 holds 65535 bytes of Latin-1, 2.0 holds
    /// 4 GiB of it, 3.0 as much UTF-8.
    ///
    /// # Errors
    ///
    /// As for [`Header::new`], and [`ErrorKind::Format`] where that version does not exist or cannot hold it.
    pub fn encode(&self, version: Option<(u8, u8)>) -> Result<Vec<u8>> {
        let mut dictionary = self.dictionary()?;
        let growing = if self.fortran_order { self.shape.last() } else { self.shape.first() };
        if let Some(axis) = growing {
            let slack = GROWTH_DIGITS.saturating_sub(axis.to_string().len());
            dictionary.extend(std::iter::repeat_n(' ', slack));
        }
        match version {
            Some(version) => wrap(&dictionary, version),
            None => wrap(&dictionary, (1, 0))
                .or_else(|_| wrap(&dictionary, (2, 0)))
                .or_else(|_| wrap(&dictionary, (3, 0))),
        }
    }

    /// The bytes of the header in its own version, with as many blanks as make them end at
    /// [`data_offset`](Header::data_offset): what is written over a header so that the data can stay
    /// where it is. `None` where that is too near.
    ///
    /// # Errors
    ///
    /// As for [`Header::encode`].
    pub(crate) fn encode_in_place(&self) -> Result<Option<Vec<u8>>> {
        let text = encoded(&self.dictionary()?, self.version)?;
        let prelude = MAGIC.len() as u64 + 2 + length_bytes(self.version)? as u64;
        let length = self.data_offset.checked_sub(prelude).and_then(|n| usize::try_from(n).ok());
        match length.filter(|&length| length > text.len()) {
            Some(length) => frame(text, self.version, length).map(Some),
            None => Ok(None),
        }
    }

    fn dictionary(&self) -> Result<String> {
        let mut shape = self.shape.clone();
        let (dtype, inner) = self.dtype.clone().split_axes();
        shape.extend(inner);
        if dtype.itemsize() > MAX_ITEMSIZE {
            return Err(Error::new(ErrorKind::Dtype, "the dtype is too large for NumPy")
                .expected(format!("at most {MAX_ITEMSIZE} bytes an element"))
                .found(dtype.itemsize()));
        }
        if shape.len() > MAX_DIMS {
            return Err(Error::new(ErrorKind::Shape, "the array has too many axes")
                .expected(format!("at most {MAX_DIMS}"))
                .found(shape.len()));
        }
        let axis = |&axis: &usize| match i64::try_from(axis) {
            Ok(axis) => Ok(Literal::Int(axis)),
            Err(_) => Err(Error::new(ErrorKind::Shape, "an axis is too long")
                .expected(format!("at most {}", i64::MAX))
                .found(axis)),
        };
        let axes = Literal::Tuple(shape.iter().map(axis).collect::<Result<_>>()?);
        let order = Literal::Bool(self.fortran_order);
        let descr = dtype.descr();
        Ok(format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {axes}, }}"))
    }
}

/// How many bytes tell the length of the dictionary.
fn length_bytes((major, minor): (u8, u8)) -> Result<usize> {
    match (major, minor) {
        (1, 0) => Ok(2),
        (2, 0) | (3, 0) => Ok(4),
        _ => Err(Error::new(ErrorKind::Format, "unknown version of the .npy format")
            .expected("1.0, 2.0 or 3.0")
            .found(format!("{major}.{minor}"))),
    }
}

/// The dictionary in the characters of the version.
fn encoded(dictionary: &str, version: (u8, u8)) -> Result<Vec<u8>> {
    if version == (3, 0) {
        return Ok(dictionary.as_bytes().to_vec());
    }
    let latin_1 = |character| {
        u8::try_from(character).map_err(|_| {
            let (major, minor) = version;
            let message = format!("version {major}.{minor} of the .npy format holds Latin-1 only");
            Error::new(ErrorKind::Format, message)
                .found(format!("the name of a field with {character:?}"))
                .hint("write version 3.0")
        })
    };
    dictionary.chars().map(latin_1).collect()
}

/// Puts magic, version and length before a dictionary, blanks and a line end after it, so that the
/// data is aligned.
fn wrap(dictionary: &str, version: (u8, u8)) -> Result<Vec<u8>> {
    let prelude = MAGIC.len() + 2 + length_bytes(version)?;
    let text = encoded(dictionary, version)?;
    let unpadded = text.len() + 1;
    let padding = ALIGNMENT - (prelude + unpadded) % ALIGNMENT;
    frame(text, version, unpadded + padding)
}

/// Puts magic, version and length before a text, and so many blanks and a line end after it that it
/// has `length` bytes, which are more than it has.
fn frame(text: Vec<u8>, version: (u8, u8), length: usize) -> Result<Vec<u8>> {
    let ((major, minor), length_bytes) = (version, length_bytes(version)?);
    let limit = if length_bytes == 2 { u64::from(u16::MAX) } else { u64::from(u32::MAX) };
    if length as u64 > limit {
        let message =
            format!("the header is too long for version {major}.{minor} of the .npy format");
        return Err(Error::new(ErrorKind::Format, message)
            .expected(format!("at most {limit} bytes"))
            .found(length));
    }
    let mut bytes = Vec::with_capacity(MAGIC.len() + 2 + length_bytes + length);
    bytes.extend(MAGIC);
    bytes.extend([major, minor]);
    bytes.extend(&(length as u64).to_le_bytes()[..length_bytes]);
    let blanks = length - text.len() - 1;
    bytes.extend(text);
    bytes.extend(std::iter::repeat_n(b' ', blanks));
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(dtype: &str, shape: &[usize], fortran_order: bool) -> Header {
        Header::new(dtype.parse().unwrap(), shape.to_vec(), fortran_order).unwrap()
    }

    /// The dictionary with blanks and line end, and the length that the header claims for it.
    fn parts(bytes: &[u8]) -> (String, usize) {
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        (String::from_utf8(bytes[10..].to_vec()).unwrap(), length)
    }

    #[test]
    fn the_text_is_that_of_numpy() {
        let bytes = header("<f4", &[2, 3], false).to_bytes().unwrap();
        let (text, length) = parts(&bytes);
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        assert_eq!((bytes.len(), length), (128, 118));
        assert_eq!(text.trim_end(), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
        assert!(text.ends_with(" \n"));
    }

    #[test]
    fn the_growing_axis_keeps_room_for_21_digits() {
        // The same length whatever the axis, so that it can grow in place: across the boundary of 64 too.
        for fields in 1..40 {
            let dtype = vec!["i1"; fields].join(",") + ",";
            for (short, long, order) in
                [([1, 7], [1 << 62, 7], false), ([7, 1], [7, 1 << 62], true)]
            {
                let offsets = [short, long].map(|shape| header(&dtype, &shape, order).data_offset);
                assert_eq!(offsets[0], offsets[1], "{fields} fields");
            }
        }
    }

    #[test]
    fn a_header_is_written_over_another_where_it_fits() {
        for (dtype, order) in [("<f4", false), ("i2,(3,)>f8", false), ("u1", true)] {
            let old = header(dtype, &[3, 4], order);
            let grown =
                |n| Header { shape: if order { vec![3, n] } else { vec![n, 4] }, ..old.clone() };
            for n in [0, 4, 1000, 1 << 60] {
                let fresh = header(dtype, &grown(n).shape, order);
                let bytes = grown(n).encode_in_place().unwrap().unwrap();
                assert_eq!(bytes, fresh.to_bytes().unwrap(), "{dtype} {n}");
            }
            // With a byte for the line end, without one.
            let text = old.dictionary().unwrap().len() as u64;
            let tight = |len| Header { data_offset: 10 + len, ..old.clone() }.encode_in_place();
            let bytes = tight(text + 1).unwrap().unwrap();
            let parsed = Header::parse(&bytes).unwrap();
            assert_eq!((bytes.len() as u64, parsed.shape), (10 + text + 1, vec![3, 4]));
            assert_eq!(tight(text).unwrap(), None);
            assert_eq!(tight(0).unwrap(), None);
        }
    }

    #[test]
    fn the_version_is_the_oldest_that_can_hold_it() {
        let named = |name: &str| {
            let field = crate::dtype::Field::new(name, "i4".parse().unwrap(), 0);
            let record = crate::dtype::Record::new(vec![field], 4).unwrap();
            Header::new(record.into(), vec![1], false).unwrap()
        };
        assert_eq!(named("a").version, (1, 0));
        assert_eq!(named("é").version, (1, 0));
        assert_eq!(named(&"é".repeat(65_536)).version, (2, 0));
        assert_eq!(named("整").version, (3, 0));
        let wide = named("整");
        assert!(wide.encode(Some((1, 0))).is_err() && wide.encode(Some((2, 0))).is_err());
        assert!(named(&"a".repeat(65_536)).encode(Some((1, 0))).is_err());
        assert!(wide.encode(Some((3, 1))).is_err());
        assert_eq!(wide.encode(Some((3, 0))).unwrap(), wide.to_bytes().unwrap());
    }

    #[test]
    fn what_no_header_can_say_is_an_error() {
        use crate::dtype::Kind;
        let refused =
            |dtype: DType, shape: Vec<usize>| Header::new(dtype, shape, false).unwrap_err().kind();
        assert_eq!(refused(Kind::Void(1 << 31).into(), vec![]), ErrorKind::Dtype);
        assert_eq!(refused(Kind::Int8.into(), vec![1; 65]), ErrorKind::Shape);
        assert_eq!(refused(Kind::Int8.into(), vec![usize::MAX]), ErrorKind::Shape);
    }

    #[test]
    fn axes_of_a_sub_array_join_those_of_the_array() {
        let header = header("(2,3)f4", &[5], false);
        assert_eq!(
            (header.dtype.to_string().as_str(), header.shape.as_slice()),
            ("<f4", &[5, 2, 3][..])
        );
        assert_eq!(Header::parse(&header.to_bytes().unwrap()).unwrap(), header);
    }
}
