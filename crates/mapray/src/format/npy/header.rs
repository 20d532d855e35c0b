//! Reading a header.

use std::borrow::Cow;

use super::prelude::{MAX_HEADER_SIZE, Prelude, too_long, truncated};
use crate::dtype::{DType, Kind, MAX_DIMS};
use crate::literal::{self, Literal};
use crate::{Error, ErrorKind, Result};

/// What the header of an `.npy` file says.
///
/// ```
/// use mapray::format::npy::Header;
///
/// let header = Header::new(">i2".parse()?, vec![2, 3], false)?;
/// let bytes = header.to_bytes()?;
/// assert_eq!(Header::parse(&bytes)?, header);
/// assert_eq!(header.data_offset, 128);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Major and minor version of the format: 1.0, 2.0 or 3.0.
    pub version: (u8, u8),
    /// What one element is; never a sub-array, whose axes are the last ones of `shape` instead.
    pub dtype: DType,
    /// The length of each axis, in elements.
    pub shape: Vec<usize>,
    /// Whether the first axis varies fastest in the file (Fortran order) and not the last.
    pub fortran_order: bool,
    /// Where the data starts, in bytes from the start of the file.
    pub data_offset: u64,
}

impl Header {
    /// Reads a header from the start of a file: at least the first [`Prelude::data_offset`] bytes of it.
    ///
    /// Everything is taken that NumPy takes: keys in any order, any spelling of the dtype, blanks and comments,
    /// headers that are not padded or aligned, integers such as `3L` in versions 1.0 and 2.0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Truncated`] where bytes are missing, [`ErrorKind::Format`] with the byte in the file where
    /// the header is wrong or has more than [`MAX_HEADER_SIZE`] characters.
    pub fn parse(bytes: &[u8]) -> Result<Header> {
        Header::parse_limited(bytes, MAX_HEADER_SIZE)
    }

    /// Like [`Header::parse`], with another limit than [`MAX_HEADER_SIZE`] on the characters of the dictionary
    /// and the blanks after it.
    ///
    /// # Errors
    ///
    /// As for [`Header::parse`].
    pub fn parse_limited(bytes: &[u8], max_header_size: usize) -> Result<Header> {
        let prelude = Prelude::parse(bytes)?;
        prelude.check_size(max_header_size)?;
        let data_offset = prelude.data_offset();
        let start = prelude.prelude_len();
        let end = usize::try_from(data_offset).unwrap_or(usize::MAX);
        let raw =
            bytes.get(start..end).ok_or_else(|| truncated(bytes.len() as u64, data_offset))?;
        let text = Text::decode(raw, prelude.version(), start)?;
        let characters = text.text.chars().count();
        if characters > max_header_size {
            return Err(too_long(characters, max_header_size));
        }
        let Dictionary { dtype, shape, fortran_order } = dictionary(&text)?;
        Ok(Header { version: prelude.version(), dtype, shape, fortran_order, data_offset })
    }
}

/// The dictionary of a header, decoded.
struct Text<'a> {
    text: Cow<'a, str>,
    version: (u8, u8),
    /// Where it starts in the file.
    start: usize,
}

impl Text<'_> {
    fn decode(raw: &[u8], version: (u8, u8), start: usize) -> Result<Text<'_>> {
        let text = if version == (3, 0) {
            let text = std::str::from_utf8(raw).map_err(|error| {
                Error::new(
                    ErrorKind::Format,
                    "the .npy header is not UTF-8, which version 3.0 asks for",
                )
                .at_offset((start + error.valid_up_to()) as u64)
            })?;
            text.into()
        } else if let (true, Ok(text)) = (raw.is_ascii(), std::str::from_utf8(raw)) {
            text.into()
        } else {
            raw.iter().map(|&byte| char::from(byte)).collect::<String>().into()
        };
        Ok(Text { text, version, start })
    }

    /// An error about the character at this byte of the decoded text.
    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let bytes = if self.version == (3, 0) { before.len() } else { before.chars().count() };
        Error::new(ErrorKind::Format, message).at_offset((self.start + bytes) as u64)
    }
}

struct Dictionary {
    dtype: DType,
    shape: Vec<usize>,
    fortran_order: bool,
}

const KEYS: &str = "the keys 'descr', 'fortran_order' and 'shape'";

fn dictionary(text: &Text) -> Result<Dictionary> {
    match plain(&text.text) {
        Some(found) => Ok(found),
        None => any_dictionary(text),
    }
}

/// What is in a header as NumPy itself writes it of plain elements, which nearly all are: it is there
/// before a parser of literals would have made its first value. `None` for every other.
fn plain(text: &str) -> Option<Dictionary> {
    let rest = text.strip_prefix("{'descr': '")?;
    let (descr, rest) = rest.split_once('\'')?;
    let rest = rest.strip_prefix(", 'fortran_order': ")?;
    if !(descr.starts_with(['<', '>', '|'])
        && descr[1..].bytes().all(|c| c.is_ascii_alphanumeric()))
    {
        return None;
    }
    let (order, rest) = rest.split_once(',')?;
    let rest = rest.strip_prefix(" 'shape': (")?;
    let fortran_order = match order {
        "True" => true,
        "False" => false,
        _ => return None,
    };
    let (axes, rest) = rest.split_once(')')?;
    if !rest.strip_prefix(", }")?.bytes().all(|c| matches!(c, b' ' | b'\n')) {
        return None;
    }
    let axis = |axis: &str| {
        let is_plain = !axis.is_empty() && axis.bytes().all(|c| c.is_ascii_digit());
        // As far as the literals of a header go.
        let length: i64 = axis.parse().ok()?;
        let is_plain = is_plain && (axis == "0" || !axis.starts_with('0'));
        usize::try_from(length).ok().filter(|_| is_plain)
    };
    let shape: Vec<usize> = match (axes, axes.strip_suffix(',')) {
        ("", _) => Vec::new(),
        // A number in brackets is no tuple.
        (_, Some(one)) => vec![axis(one)?],
        (several, None) if several.contains(',') => {
            several.split(", ").map(axis).collect::<Option<_>>()?
        }
        _ => return None,
    };
    // The other way tells what is wrong.
    let dtype: DType = descr.parse().ok()?;
    let is_plain = !matches!(dtype.kind(), Kind::SubArray(_) | Kind::Record(_));
    (is_plain && shape.len() <= MAX_DIMS).then_some(Dictionary { dtype, shape, fortran_order })
}

fn any_dictionary(text: &Text) -> Result<Dictionary> {
    // Python 2 wrote long integers as 3L; version 3.0 is younger than that.
    let parsed = literal::parse(&text.text, text.version != (3, 0)).map_err(|error| {
        text.error(error.offset, "cannot read the .npy header")
            .expected(error.expected)
            .found(error.found)
    })?;
    let Literal::Dict(entries) = &parsed.literal else {
        let error = text.error(0, "the .npy header is not a dictionary");
        return Err(error
            .expected("{'descr': ..., 'fortran_order': ..., 'shape': ...}")
            .found(parsed.literal.describe()));
    };
    let (mut descr, mut order, mut shape) = (None, None, None);
    for ((key, value), at) in entries.iter().zip(parsed.value_offsets) {
        // As in Python, the last of several equal keys counts.
        match key {
            Literal::Str(key) if key == "descr" => descr = Some((value, at)),
            Literal::Str(key) if key == "fortran_order" => order = Some((value, at)),
            Literal::Str(key) if key == "shape" => shape = Some((value, at)),
            other => {
                let error = text.error(at, "the .npy header has a key that it must not have");
                return Err(error.expected(KEYS).found(other.describe()));
            }
        }
    }
    let missing =
        |key: &str| text.error(0, format!("the .npy header lacks the key '{key}'")).expected(KEYS);
    let dtype = dtype(text, descr.ok_or_else(|| missing("descr"))?)?;
    let fortran_order = match order.ok_or_else(|| missing("fortran_order"))? {
        (Literal::Bool(order), _) => *order,
        (other, at) => {
            let error = text.error(at, "the 'fortran_order' of the .npy header is wrong");
            return Err(error.expected("True or False").found(other.describe()));
        }
    };
    let (literal, at) = shape.ok_or_else(|| missing("shape"))?;
    let mut shape = axes(text, (literal, at))?;
    let (dtype, inner) = dtype.split_axes();
    shape.extend(inner);
    if shape.len() > MAX_DIMS {
        let error = text.error(at, "the array has too many axes");
        return Err(error.expected(format!("at most {MAX_DIMS}")).found(shape.len()));
    }
    Ok(Dictionary { dtype, shape, fortran_order })
}

fn dtype(text: &Text, (descr, at): (&Literal, usize)) -> Result<DType> {
    DType::from_descr(descr).map_err(|error| {
        let error = error.without_text();
        let reason = match error.expected_value() {
            Some(_) => error.to_string(),
            None => format!("{error}: {}", descr.describe()),
        };
        text.error(at, format!("the 'descr' of the .npy header is no dtype: {reason}"))
    })
}

fn axes(text: &Text, (shape, at): (&Literal, usize)) -> Result<Vec<usize>> {
    let wrong = |found: &Literal| {
        let error = text.error(at, "the 'shape' of the .npy header is wrong");
        error.expected("a tuple of integers from 0 on, such as (3,)").found(found.describe())
    };
    let Literal::Tuple(axes) = shape else { return Err(wrong(shape)) };
    let axis = |axis: &Literal| match axis {
        Literal::Int(length) => usize::try_from(*length).map_err(|_| wrong(axis)),
        other => Err(wrong(other)),
    };
    axes.iter().map(axis).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, dictionary: &[u8]) -> Vec<u8> {
        let mut file = [&b"\x93NUMPY"[..], &[version, 0]].concat();
        match version {
            1 => file.extend(u16::try_from(dictionary.len()).unwrap().to_le_bytes()),
            _ => file.extend(u32::try_from(dictionary.len()).unwrap().to_le_bytes()),
        }
        file.extend(dictionary);
        file
    }

    fn read(dictionary: &str) -> Result<Header> {
        Header::parse(&file(1, dictionary.as_bytes()))
    }

    #[test]
    fn headers_of_numpy_itself_are_read_as_any_other() {
        let both = |descr: &str, order: &str, shape: &str, end: &str| {
            let text =
                format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}{end}");
            let parts = |found: Dictionary| (found.dtype, found.shape, found.fortran_order);
            let quick = plain(&text).map(parts);
            let slow =
                any_dictionary(&Text { text: text.into(), version: (1, 0), start: 10 }).map(parts);
            (quick, slow.ok())
        };
        for descr in ["<f4", "|S5", ">M8[us]", "<U0", "|O", "<f", "3f4", "<x4", "f4", ""] {
            for order in ["True", "False", "1", "None"] {
                for shape in [
                    "()",
                    "(3,)",
                    "(2, 3)",
                    "(0, 10, 1)",
                    "(18446744073709551615,)",
                    "(3)",
                    "(03,)",
                    "(,)",
                    "(2,3)",
                    "(2, 3, )",
                    "(2, 3,)",
                    "(99999999999999999999,)",
                    "3",
                ] {
                    for end in [", }", ", }   \n", "}", ", } x", ", 'shape': (4,), }"] {
                        let (quick, slow) = both(descr, order, shape, end);
                        assert!(quick.is_none() || quick == slow, "{descr} {order} {shape}{end}");
                    }
                }
            }
        }
        for shape in ["()", "(3,)", "(2, 3)", "(0, 10, 1)"] {
            assert!(both("<f4", "True", shape, ", }   \n").0.is_some());
        }
    }

    #[test]
    fn headers_are_read_in_every_dress_that_numpy_takes() {
        for dictionary in [
            "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
            "{'shape': (2, 3), 'descr': '<f4', 'fortran_order': True}",
            "\n{\"shape\":(0x2,3L),'descr':'float32',\n'fortran_order':True} # made by hand\n\n",
            "{'shape': (1,), 'shape': (2, 3), 'descr': 'f', 'fortran_order': True}",
            "({u'descr': '<' 'f4', 'fortran_order': (True), 'shape': (2, 3)})",
            "{'descr': ('<f4', (3,)), 'fortran_order': True, 'shape': (2,)}",
        ] {
            let header = read(dictionary).unwrap();
            assert_eq!(header.dtype, "<f4".parse().unwrap(), "{dictionary}");
            assert_eq!(header.shape, [2, 3], "{dictionary}");
            assert!(header.fortran_order, "{dictionary}");
            assert_eq!(header.data_offset, 10 + dictionary.len() as u64, "{dictionary}");
        }
    }

    #[test]
    fn the_suffix_of_python_2_ends_with_version_2() {
        let dictionary = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3L,)}";
        assert_eq!(Header::parse(&file(2, dictionary)).unwrap().shape, [3]);
        let error = Header::parse(&file(3, dictionary)).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Format, Some(12 + 51)));
    }

    #[test]
    fn text_is_latin_1_and_from_version_3_on_utf_8() {
        let name = |version: u8, name: &[u8]| {
            let dictionary =
                [&b"{'descr': [('"[..], name, b"', '<f4')], 'fortran_order': False, 'shape': ()}"]
                    .concat();
            Header::parse(&file(version, &dictionary)).map(|header| header.dtype.to_string())
        };
        assert_eq!(name(1, b"\xe9").unwrap(), "[('é', '<f4')]");
        assert_eq!(name(2, "é".as_bytes()).unwrap(), "[('Ã©', '<f4')]");
        assert_eq!(name(3, "é".as_bytes()).unwrap(), "[('é', '<f4')]");
        let error = name(3, b"\xe9").unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Format, Some(12 + 13)));
    }

    #[test]
    fn an_error_names_the_byte_in_the_file() {
        for (dictionary, at) in [
            ("{'descr': '<f4', 'fortran_order': false, 'shape': ()}", 34),
            ("{'descr': '<f1', 'fortran_order': False, 'shape': ()}", 10),
            ("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", 34),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", 50),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 50),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}", 50),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", 51),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2*3,)}", 52),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", 59),
            ("{'descr': '<f4', 'fortran_order': False}", 0),
            ("['descr']", 0),
            ("{'descr': [('\u{7f}', 'x')], 'shape': 1}", 10),
            ("", 0),
        ] {
            let error = read(dictionary).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Format, "{error}");
            assert_eq!(error.offset(), Some(10 + at), "{dictionary}: {error}");
        }
    }

    #[test]
    fn axes_are_at_most_64_with_those_of_the_dtype() {
        let read = |descr: &str, axes: usize| {
            let shape = "1, ".repeat(axes);
            read(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape})}}"))
        };
        assert_eq!(read("'f4'", 64).unwrap().shape.len(), 64);
        assert!(read("'f4'", 65).is_err());
        assert!(read("('f4', (1,))", 64).is_err());
    }

    #[test]
    fn the_limit_counts_characters_and_can_be_lifted() {
        let dictionary = |blanks: usize| {
            let text = "{'descr': '<f4', 'fortran_order': False, 'shape': ()}";
            file(3, format!("{text}#é{}", " ".repeat(blanks - text.len() - 2)).as_bytes())
        };
        assert!(Header::parse(&dictionary(10_000)).is_ok());
        let error = Header::parse(&dictionary(10_001)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format);
        assert!(error.to_string().ends_with("`Header::parse_limited(_, 10001)`"), "{error}");
        assert!(Header::parse_limited(&dictionary(10_001), 10_001).is_ok());
    }

    #[test]
    fn a_header_cut_anywhere_is_truncated() {
        let whole = file(1, b"{'descr': '<f4', 'fortran_order': False, 'shape': ()}\n");
        for cut in 0..whole.len() {
            assert_eq!(
                Header::parse(&whole[..cut]).unwrap_err().kind(),
                ErrorKind::Truncated,
                "{cut}"
            );
        }
        assert!(Header::parse(&whole).is_ok());
    }
}
