//! How large a dtype is, how it is aligned, and what it is called.

use super::{DType, Kind};

/// The largest dtype that NumPy can hold: a C `int`.
pub(crate) const MAX_ITEMSIZE: usize = i32::MAX as usize;

/// The most axes that NumPy's arrays have.
pub(crate) const MAX_DIMS: usize = 64;

/// How deep the brackets of a descr may nest: below what the reader of a header takes, and what any tree can
/// have, so that walking one cannot exhaust the stack.
pub(super) const MAX_DEPTH: usize = 60;

impl DType {
    /// The size of one element in bytes.
    ///
    /// At most 2147483647 for every dtype that a spelling or a header can give; one put together by hand,
    /// `Kind::Str(usize::MAX)` say, ends at `usize::MAX`.
    ///
    /// ```
    /// assert_eq!("U3".parse::<mapray::DType>()?.itemsize(), 12);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn itemsize(&self) -> usize {
        match self.kind() {
            Kind::Bool | Kind::Int8 | Kind::UInt8 => 1,
            Kind::Int16 | Kind::UInt16 | Kind::Float16 => 2,
            Kind::Int32 | Kind::UInt32 | Kind::Float32 => 4,
            Kind::Int64 | Kind::UInt64 | Kind::Float64 | Kind::Complex64 => 8,
            Kind::DateTime(_) | Kind::TimeDelta(_) | Kind::Object => 8,
            Kind::LongDouble | Kind::Complex128 => 16,
            Kind::ComplexLongDouble => 32,
            Kind::Bytes(bytes) | Kind::Void(bytes) => *bytes,
            Kind::Str(characters) => characters.saturating_mul(4),
            Kind::Record(record) => record.itemsize(),
            Kind::SubArray(array) => array
                .shape()
                .iter()
                .fold(array.dtype().itemsize(), |bytes, axis| bytes.saturating_mul(*axis)),
        }
    }

    /// The alignment in bytes that NumPy asks for on x86-64 (`dtype.alignment`): what its `aligned` flag
    /// means. A record has 1, whatever is in it.
    ///
    /// ```
    /// assert_eq!("c8".parse::<mapray::DType>()?.alignment(), 4);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn alignment(&self) -> usize {
        match self.kind() {
            Kind::Complex64 | Kind::Str(_) => 4,
            Kind::Complex128 => 8,
            Kind::ComplexLongDouble => 16,
            Kind::Bytes(_) | Kind::Void(_) | Kind::Record(_) => 1,
            Kind::SubArray(array) => array.dtype().alignment(),
            _ => self.itemsize(),
        }
    }

    /// Whether it is or holds Python objects, which no file can hold but as a pickle.
    ///
    /// ```
    /// assert!("i4,O".parse::<mapray::DType>()?.has_objects());
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn has_objects(&self) -> bool {
        match self.kind() {
            Kind::Object => true,
            Kind::Record(record) => record.fields().iter().any(|field| field.dtype.has_objects()),
            Kind::SubArray(array) => array.dtype().has_objects(),
            _ => false,
        }
    }

    /// What NumPy calls it (`dtype.name`): `float32`, `datetime64[ns]`, `str96`, `void56`; sizes in bits, and
    /// nothing said of the byte order.
    ///
    /// ```
    /// assert_eq!(">f4".parse::<mapray::DType>()?.name(), "float32");
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn name(&self) -> String {
        let stem = match self.kind() {
            Kind::Bool => return "bool".to_owned(),
            Kind::Object => return "object".to_owned(),
            Kind::DateTime(unit) => return format!("datetime64{unit}"),
            Kind::TimeDelta(unit) => return format!("timedelta64{unit}"),
            Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => "int",
            Kind::UInt8 | Kind::UInt16 | Kind::UInt32 | Kind::UInt64 => "uint",
            Kind::Float16 | Kind::Float32 | Kind::Float64 | Kind::LongDouble => "float",
            Kind::Complex64 | Kind::Complex128 | Kind::ComplexLongDouble => "complex",
            Kind::Bytes(_) => "bytes",
            Kind::Str(_) => "str",
            Kind::Void(_) | Kind::Record(_) | Kind::SubArray(_) => "void",
        };
        match self.itemsize() {
            0 => stem.to_owned(),
            bytes => format!("{stem}{}", bytes.saturating_mul(8)),
        }
    }

    /// Whether it is `S`, `U` or `V` of no size, in which NumPy sees a size that is still to come.
    pub(super) fn is_unsized(&self) -> bool {
        match self.kind() {
            Kind::Bytes(_) | Kind::Str(_) | Kind::Void(_) | Kind::SubArray(_) => {
                self.itemsize() == 0
            }
            _ => false,
        }
    }

    /// How deep the brackets of its descr nest.
    pub(super) fn depth(&self) -> usize {
        match self.kind() {
            Kind::Record(record) => {
                let inside = record.fields().iter().map(|field| field.dtype.depth());
                2 + inside.max().unwrap_or(0).max(1)
            }
            Kind::SubArray(array) => array.levels().count() + array.dtype().depth().max(1),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_alignments_are_those_of_numpy_on_x86_64() {
        for (text, itemsize, alignment, name) in [
            ("?", 1, 1, "bool"),
            ("i8", 8, 8, "int64"),
            ("f2", 2, 2, "float16"),
            ("g", 16, 16, "float128"),
            ("F", 8, 4, "complex64"),
            ("D", 16, 8, "complex128"),
            ("G", 32, 16, "complex256"),
            ("S7", 7, 1, "bytes56"),
            ("S", 0, 1, "bytes"),
            ("U3", 12, 4, "str96"),
            ("V5", 5, 1, "void40"),
            ("M8[25us]", 8, 8, "datetime64[25us]"),
            ("m8", 8, 8, "timedelta64"),
            ("O", 8, 8, "object"),
            ("i1,i8", 9, 1, "void72"),
            ("3f8", 24, 8, "void192"),
        ] {
            let dtype: DType = text.parse().unwrap();
            assert_eq!(dtype.itemsize(), itemsize, "{text}");
            assert_eq!(dtype.alignment(), alignment, "{text}");
            assert_eq!(dtype.name(), name, "{text}");
        }
    }

    #[test]
    fn no_size_wraps_around() {
        assert_eq!(DType::from(Kind::Str(usize::MAX)).itemsize(), usize::MAX);
    }

    #[test]
    fn objects_are_found_at_every_level() {
        let found = |text: &str| text.parse::<DType>().unwrap().has_objects();
        assert!(found("O") && found("2O") && found("i4,(2,)O"));
        assert!(!found("i4,(2,)f4"));
    }
}
