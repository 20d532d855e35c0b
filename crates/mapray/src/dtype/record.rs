//! Structured dtypes.

use std::collections::HashSet;

use super::size::{MAX_DEPTH, MAX_ITEMSIZE};
use super::{DType, Kind};
use crate::{Error, ErrorKind, Result};

/// A structured dtype: fields at rising offsets, with gaps where there is padding.
///
/// ```
/// use mapray::dtype::{DType, Field, Kind, Record};
///
/// // C's `struct { char kind; double value; }`, its padding included.
/// let fields = vec![
///     Field::new("kind", Kind::Int8.into(), 0),
///     Field::new("value", Kind::Float64.into(), 8),
/// ];
/// let dtype = DType::from(Record::new(fields, 16)?);
/// assert_eq!(dtype.descr(), "[('kind', '|i1'), ('', '|V7'), ('value', '<f8')]");
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    fields: Vec<Field>,
    itemsize: usize,
}

impl Record {
    /// A record of `itemsize` bytes with these fields, in the order of their offsets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where fields overlap, stand out of order or beyond the record; where two have the
    /// same name or title; where the record is larger than 2147483647 bytes or nested deeper than a header
    /// can say. (NumPy can hold overlapping fields in memory, but has no way to write them either.)
    pub fn new(fields: Vec<Field>, itemsize: usize) -> Result<Record> {
        if itemsize > MAX_ITEMSIZE {
            return Err(too_large(itemsize));
        }
        let mut taken = HashSet::new();
        let mut end = 0usize;
        for field in &fields {
            let Field { name, title, dtype, offset } = field;
            let refuse =
                |message: &str| Error::new(ErrorKind::Dtype, format!("field {name:?} {message}"));
            if !taken.insert(name.as_str()) {
                return Err(refuse("has a name that is taken as a name or title"));
            }
            if title.as_deref().is_some_and(|title| !taken.insert(title)) {
                return Err(refuse("has a title that is taken as a name or title"));
            }
            if *offset < end {
                return Err(refuse("overlaps the field before it or stands out of order")
                    .expected(format!("an offset of at least {end} bytes"))
                    .found(offset));
            }
            end = offset.saturating_add(dtype.itemsize());
            if end > itemsize {
                return Err(refuse("does not fit into the record")
                    .expected(format!("an end within {itemsize} bytes"))
                    .found(end));
            }
            if dtype.depth() + 2 > MAX_DEPTH {
                return Err(refuse("is nested deeper than the header of a file can say"));
            }
        }
        Ok(Record { fields, itemsize })
    }

    /// A record of these names and dtypes without gaps.
    ///
    /// # Errors
    ///
    /// As for [`Record::new`].
    pub fn packed<N: Into<String>>(fields: impl IntoIterator<Item = (N, DType)>) -> Result<Record> {
        let mut end = 0usize;
        let place = |(name, dtype): (N, DType)| {
            let offset = end;
            end = end.saturating_add(dtype.itemsize());
            Field::new(name, dtype, offset)
        };
        let fields = fields.into_iter().map(place).collect();
        Record::new(fields, end)
    }

    /// The fields, in the order of their offsets.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of this name or title.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let titled = |field: &&Field| field.title.as_deref() == Some(name);
        let named = self.fields.iter().find(|field| field.name == name);
        named.or_else(|| self.fields.iter().find(titled))
    }

    /// Its size in bytes, gaps included.
    pub fn itemsize(&self) -> usize {
        self.itemsize
    }

    /// The same with other dtypes of the same sizes.
    pub(super) fn map_dtypes(&self, change: impl Fn(&DType) -> DType) -> Record {
        let changed = |field: &Field| Field { dtype: change(&field.dtype), ..field.clone() };
        Record { fields: self.fields.iter().map(changed).collect(), itemsize: self.itemsize }
    }
}

/// One field of a [`Record`].
///
/// ```
/// use mapray::dtype::{Field, Kind};
///
/// let field = Field::new("mass", Kind::Float32.into(), 4).with_title("Mass in kg");
/// assert_eq!((field.offset, field.title.as_deref()), (4, Some("Mass in kg")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name, unique in the record.
    pub name: String,
    /// NumPy's second name for it.
    pub title: Option<String>,
    /// What it holds.
    pub dtype: DType,
    /// Where it starts, in bytes from the start of the record.
    pub offset: usize,
}

impl Field {
    /// A field without a title, `offset` bytes from the start of its record.
    pub fn new(name: impl Into<String>, dtype: DType, offset: usize) -> Field {
        Field { name: name.into(), title: None, dtype, offset }
    }

    /// The same with a second name.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Field {
        self.title = Some(title.into());
        self
    }

    /// Whether it can be told from padding in a header, where padding is an untitled `V` without a name.
    pub(super) fn looks_like_padding(&self) -> bool {
        let void = matches!(self.dtype.kind(), Kind::Void(_) | Kind::SubArray(_));
        self.name.is_empty() && self.title.is_none() && void
    }
}

fn too_large(itemsize: usize) -> Error {
    Error::new(ErrorKind::Dtype, "the dtype is too large")
        .expected(format!("at most {MAX_ITEMSIZE} bytes an element"))
        .found(format!("{itemsize} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(name: &str, offset: usize) -> Field {
        Field::new(name, Kind::Int32.into(), offset)
    }

    #[test]
    fn fields_rise_fit_and_have_their_own_names() {
        assert!(Record::new(vec![at("a", 0), at("b", 6)], 12).is_ok());
        for fields in [
            vec![at("a", 0), at("b", 3)],
            vec![at("a", 4), at("b", 0)],
            vec![at("a", 9)],
            vec![at("a", usize::MAX)],
            vec![at("a", 0), at("a", 4)],
            vec![at("a", 0), at("b", 4).with_title("a")],
            vec![at("a", 0).with_title("b"), at("b", 4)],
            vec![at("a", 0).with_title("a")],
        ] {
            let error = Record::new(fields, 12).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Dtype, "{error}");
        }
    }

    #[test]
    fn sizes_end_where_numpys_do() {
        let fields = |size| [("a", Kind::Void(size).into()), ("b", DType::from(Kind::Int8))];
        assert_eq!(Record::packed(fields(2_147_483_646)).unwrap().itemsize(), 2_147_483_647);
        assert!(Record::packed(fields(2_147_483_647)).is_err());
        assert!(Record::packed(fields(usize::MAX)).is_err());
        assert!(Record::packed([("a", Kind::Str(usize::MAX).into())]).is_err());
    }

    #[test]
    fn nesting_ends_with_an_error_and_what_is_below_can_be_read_back() {
        let mut dtype = DType::from(Kind::Int8);
        let error = loop {
            let field = Field::new("a", dtype.clone(), 0).with_title("b");
            match Record::new(vec![field], 1) {
                Ok(record) => dtype = record.into(),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Dtype);
        let header = crate::format::npy::Header::new(dtype, vec![1], false).unwrap();
        let read = crate::format::npy::Header::parse(&header.to_bytes().unwrap());
        assert_eq!(read.unwrap(), header);
    }

    #[test]
    fn a_field_is_found_by_name_and_by_title() {
        let record = Record::new(vec![at("a", 0).with_title("A"), at("b", 4)], 8).unwrap();
        assert_eq!(record.field("A").map(|field| field.name.as_str()), Some("a"));
        assert_eq!(record.field("b").map(|field| field.offset), Some(4));
        assert_eq!(record.field("c"), None);
    }
}
