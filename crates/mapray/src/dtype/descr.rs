//! The descr: a dtype as it stands in the header of an `.npy` file.

use std::fmt;

use super::parse::with_size;
use super::{DType, Endian, Field, Kind, Record};
use crate::literal::{self, Literal};
use crate::{Error, ErrorKind, Result};

impl DType {
    /// The dtype that a header's descr stands for, by the rules of NumPy's `numpy.lib.format.descr_to_dtype`: any
    /// spelling that [`DType::from_str`](std::str::FromStr::from_str) takes, `(descr, shape)` for a sub-array,
    /// or a list of `(name, descr)` and `(name, descr, shape)`, where an untitled `V` without a name is padding
    /// and `(title, name)` gives a title.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where it is none of these.
    ///
    /// ```
    /// use mapray::dtype::{DType, Literal};
    ///
    /// let field = |name: &str, descr: &str| {
    ///     Literal::Tuple(vec![Literal::Str(name.into()), Literal::Str(descr.into())])
    /// };
    /// let descr = Literal::List(vec![field("a", "|i1"), field("", "|V3"), field("b", "<i4")]);
    /// let dtype = DType::from_descr(&descr)?;
    /// assert_eq!(dtype.itemsize(), 8);
    /// assert_eq!(dtype.descr_literal(), descr);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn from_descr(descr: &Literal) -> Result<DType> {
        match descr {
            Literal::Str(text) => text.parse(),
            Literal::Tuple(parts) => match parts.as_slice() {
                [dtype, size @ (Literal::Int(_) | Literal::Tuple(_) | Literal::List(_))] => {
                    if is_fields(size) {
                        return Err(refuse("a dtype cannot be given the fields of another here")
                            .hint("write the fields alone"));
                    }
                    with_size(DType::from_descr(dtype)?, size)
                }
                _ => Err(refuse("not a dtype").expected("(dtype, shape)").found(descr.describe())),
            },
            Literal::List(fields) => record(fields),
            _ => {
                let expected = "a dtype such as '<f4', a list of fields or a tuple (dtype, shape)";
                Err(refuse("not a dtype").expected(expected).found(descr.describe()))
            }
        }
    }

    /// Reads a descr as it is written in a header: the fields of a record, or a dtype in quotes.
    ///
    /// ```
    /// use mapray::DType;
    ///
    /// let dtype = DType::parse_descr("[('time', '<M8[us]'), ('value', '>f4', (3,))]")?;
    /// assert_eq!(dtype.itemsize(), 20);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`DType::from_descr`]; where the text is no Python literal, with the character in it.
    pub fn parse_descr(text: &str) -> Result<DType> {
        let parsed = literal::parse(text, false).map_err(|error| {
            let character = text[..error.offset].chars().count();
            let refused = refuse("cannot read the dtype");
            refused.expected(error.expected).found(error.found).at_character(text, character)
        })?;
        DType::from_descr(&parsed.literal)
    }

    /// The descr as NumPy writes it into the header of an `.npy` file (`repr(dtype_to_descr(dtype))`), quotes
    /// included.
    ///
    /// ```
    /// use mapray::DType;
    ///
    /// assert_eq!("float32".parse::<DType>()?.descr(), "'<f4'");
    /// assert_eq!("i1,2U3".parse::<DType>()?.descr(), "[('f0', '|i1'), ('f1', '<U3', (2,))]");
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn descr(&self) -> String {
        self.descr_literal().to_string()
    }

    /// The descr as a value: text, for a record a list of tuples, for a sub-array a tuple.
    pub fn descr_literal(&self) -> Literal {
        match self.kind() {
            Kind::Record(record) => Literal::List(fields(record)),
            Kind::SubArray(array) => {
                let base = array.dtype().descr_literal();
                let nest =
                    |inner, shape: &[usize]| Literal::Tuple(vec![inner, shape_literal(shape)]);
                array.levels().rev().fold(base, nest)
            }
            _ => Literal::Str(self.type_string()),
        }
    }

    /// NumPy's `dtype.str` of what is neither record nor sub-array.
    fn type_string(&self) -> String {
        let order = match self.endian() {
            None => '|',
            Some(Endian::Little) => '<',
            Some(Endian::Big) => '>',
        };
        let code = match self.kind() {
            Kind::Bool => 'b',
            Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => 'i',
            Kind::UInt8 | Kind::UInt16 | Kind::UInt32 | Kind::UInt64 => 'u',
            Kind::Float16 | Kind::Float32 | Kind::Float64 | Kind::LongDouble => 'f',
            Kind::Complex64 | Kind::Complex128 | Kind::ComplexLongDouble => 'c',
            Kind::Bytes(_) => 'S',
            Kind::Void(_) | Kind::Record(_) | Kind::SubArray(_) => 'V',
            Kind::Str(characters) => return format!("{order}U{characters}"),
            Kind::DateTime(unit) => return format!("{order}M8{unit}"),
            Kind::TimeDelta(unit) => return format!("{order}m8{unit}"),
            Kind::Object => return "|O".to_owned(),
        };
        format!("{order}{code}{}", self.itemsize())
    }
}

impl fmt::Display for DType {
    /// The [`descr`](DType::descr) without quotes around a simple one: `<f4`, `[('x', '<f4')]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.descr_literal() {
            Literal::Str(text) => f.pad(&text),
            list => f.pad(&list.to_string()),
        }
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Dtype, message)
}

/// Whether a list holds fields rather than the lengths of axes.
fn is_fields(literal: &Literal) -> bool {
    let tuple = |item: &Literal| matches!(item, Literal::Tuple(_));
    matches!(literal, Literal::List(items) if items.iter().any(tuple))
}

fn shape_literal(shape: &[usize]) -> Literal {
    // An axis of a sub-array fits into 31 bits.
    Literal::Tuple(
        shape.iter().map(|&axis| Literal::Int(i64::try_from(axis).unwrap_or(i64::MAX))).collect(),
    )
}

fn padding(bytes: usize) -> Literal {
    Literal::Tuple(vec![Literal::Str(String::new()), Literal::Str(format!("|V{bytes}"))])
}

fn fields(record: &Record) -> Vec<Literal> {
    let mut out = Vec::new();
    let mut end = 0;
    for field in record.fields() {
        if field.offset > end {
            out.push(padding(field.offset - end));
        }
        end = field.offset + field.dtype.itemsize();
        let name = Literal::Str(field.name.clone());
        let name = match &field.title {
            Some(title) => Literal::Tuple(vec![Literal::Str(title.clone()), name]),
            None => name,
        };
        out.push(Literal::Tuple(match field.dtype.descr_literal() {
            // The outermost shape of a field stands beside its dtype, not in a tuple with it.
            Literal::Tuple(parts) => std::iter::once(name).chain(parts).collect(),
            descr => vec![name, descr],
        }));
    }
    if record.itemsize() > end {
        out.push(padding(record.itemsize() - end));
    }
    out
}

fn record(literals: &[Literal]) -> Result<DType> {
    let mut fields = Vec::new();
    let mut offset = 0usize;
    for (index, literal) in literals.iter().enumerate() {
        let parts = match literal {
            Literal::Tuple(parts) | Literal::List(parts) => parts.as_slice(),
            _ => &[],
        };
        let (name, descr, size) = match parts {
            [name, descr] => (name, descr, None),
            [name, descr, size] => (name, descr, Some(size)),
            _ => {
                return Err(refuse(format!("field {index} of the record is none"))
                    .expected("(name, dtype) or (name, dtype, shape)")
                    .found(literal.describe()));
            }
        };
        let dtype = DType::from_descr(descr)?;
        let dtype = match size {
            Some(size) => with_size(dtype, size)?,
            None => dtype,
        };
        let size = dtype.itemsize();
        let field = named(index, name, dtype, offset)?;
        offset = offset.saturating_add(size);
        let plain_name = matches!(name, Literal::Str(_));
        if !(plain_name && field.looks_like_padding()) {
            fields.push(field);
        }
    }
    Record::new(fields, offset).map(DType::from)
}

fn named(index: usize, name: &Literal, dtype: DType, offset: usize) -> Result<Field> {
    let wrong = || {
        Err(refuse(format!("field {index} of the record has a wrong name"))
            .expected("a text or a tuple (title, name) of two texts")
            .found(name))
    };
    let (title, name) = match name {
        Literal::Tuple(pair) => match pair.as_slice() {
            [Literal::Str(title), name] => (Some(title.clone()), name),
            [Literal::None, name] => (None, name),
            _ => return wrong(),
        },
        name => (None, name),
    };
    match name {
        Literal::Str(name) => Ok(Field { name: name.clone(), title, dtype, offset }),
        _ => wrong(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::literal;

    fn read(descr: &str) -> Result<DType> {
        DType::from_descr(&literal::parse(descr, false).unwrap().literal)
    }

    #[test]
    fn what_numpy_writes_is_read_and_written_alike() {
        for descr in [
            "'<f4'",
            "'|b1'",
            "'>M8[25us]'",
            "'|O'",
            "[]",
            "[('', '|V8')]",
            "[('f0', '|i1'), ('', '|V7'), ('f1', '<i8')]",
            "[(('Title', 'a'), '<i4'), ('b', '<f4')]",
            "[('a', '<i4', (2, 3)), ('b', [('c', '|u1'), ('d', '|S3')])]",
            "[('a', [('b', [('c', '|V0')], (2,))], (1, 1))]",
            "[('a', ('<f4', (2,)), (3,))]",
            "('<f4', (2,))",
            "[('', '<i4'), ('\\n', '|b1')]",
        ] {
            assert_eq!(read(descr).unwrap().descr(), descr);
        }
    }

    #[test]
    fn what_numpy_reads_but_would_not_write_becomes_what_it_writes() {
        for (descr, wanted) in [
            (
                "[['a', 'f4,i4'], ('b', '3f4', 2)]",
                "[('a', [('f0', '<f4'), ('f1', '<i4')]), ('b', ('<f4', (3,)), (2,))]",
            ),
            ("('S', 5)", "'|S5'"),
            ("[('a', 'U', 5)]", "[('a', '<U5')]"),
            (
                "[('a', '<f4', ()), ('b', '<f4', 1), ('c', '<f4', [2])]",
                "[('a', '<f4'), ('b', '<f4', (1,)), ('c', '<f4', (2,))]",
            ),
            ("[('', 'V3'), ('', 'f4', (2,)), ('a', 'i1')]", "[('', '|V11'), ('a', '|i1')]"),
            ("[((None, 'a'), 'i1')]", "[('a', '|i1')]"),
        ] {
            assert_eq!(read(descr).unwrap().descr(), wanted);
        }
    }

    #[test]
    fn what_is_no_descr_is_refused() {
        for descr in [
            "None",
            "3",
            "{'a': 1}",
            "()",
            "('<f4',)",
            "('<f4', None)",
            "('<f4', 'f4')",
            "('<f4', {})",
            "('<i4', [('a', 'i2'), ('b', 'i2')])",
            "('S', (5,))",
            "('S', -1)",
            "('<f4', (True,))",
            "('<f4', (-1,))",
            "['ab']",
            "[('a',)]",
            "[('a', 'i4', 2, 3)]",
            "[(['t', 'a'], 'i4')]",
            "[(('t', 'a', 'b'), 'i4')]",
            "[((1, 'a'), 'i4')]",
            "[(3, 'i4')]",
            "[('a', None)]",
            "[('a', 'i4'), ('a', 'i4')]",
            "[('', 'i4'), ('', 'i4')]",
            "[(('a', 'a'), 'i4')]",
            "[('a', 'V2147483647'), ('b', 'i4')]",
        ] {
            assert!(read(descr).is_err(), "{descr}");
        }
    }
}
