//! What an element is, and in which byte order.

use super::{Record, SubArray, TimeUnit};

/// The order of the bytes of a number.
///
/// ```
/// use mapray::dtype::Endian;
///
/// assert_eq!(Endian::Little.swapped(), Endian::Big);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endian {
    /// Least significant byte first, NumPy's `<`.
    Little,
    /// Most significant byte first, NumPy's `>`.
    Big,
}

impl Endian {
    /// The byte order of this machine.
    pub const NATIVE: Endian =
        if cfg!(target_endian = "little") { Endian::Little } else { Endian::Big };

    /// The other byte order.
    pub fn swapped(self) -> Endian {
        match self {
            Endian::Little => Endian::Big,
            Endian::Big => Endian::Little,
        }
    }
}

/// What an element is, its byte order aside.
///
/// ```
/// use mapray::dtype::{DType, Endian, Kind};
///
/// assert_eq!(DType::new(Kind::Str(3), Endian::Big), ">U3".parse()?);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// One byte, 0 or 1; NumPy takes every other value for true.
    Bool,
    /// `i8`.
    Int8,
    /// `i16`.
    Int16,
    /// `i32`.
    Int32,
    /// `i64`.
    Int64,
    /// `u8`.
    UInt8,
    /// `u16`.
    UInt16,
    /// `u32`.
    UInt32,
    /// `u64`.
    UInt64,
    /// IEEE half precision.
    Float16,
    /// `f32`.
    Float32,
    /// `f64`.
    Float64,
    /// C's `long double` in 16 bytes: kept and moved, never computed with.
    LongDouble,
    /// Two `f32`: real, imaginary.
    Complex64,
    /// Two `f64`: real, imaginary.
    Complex128,
    /// Two `long double`, 32 bytes.
    ComplexLongDouble,
    /// `S`: so many bytes of text, padded with NUL.
    Bytes(usize),
    /// `U`: so many characters of UCS-4, four bytes each, padded with NUL.
    Str(usize),
    /// `V`: so many bytes without a meaning.
    Void(usize),
    /// `M8`: an `i64` count of units since 1970-01-01; `i64::MIN` is NaT.
    DateTime(TimeUnit),
    /// `m8`: an `i64` count of units; `i64::MIN` is NaT.
    TimeDelta(TimeUnit),
    /// Named fields side by side.
    Record(Record),
    /// A small array in each element; outside of records, see [`DType::split_axes`].
    SubArray(SubArray),
    /// `O`: Python objects. A file holds them as a pickle, which cannot be mapped.
    Object,
}

/// What one element of an array is: a [`Kind`] and, where it matters, a byte order.
///
/// It is read from any of NumPy's spellings, and prints as NumPy prints it.
///
/// ```
/// use mapray::DType;
///
/// let dtype: DType = "float32, (2,3)>i2".parse()?;
/// assert_eq!(dtype.to_string(), "[('f0', '<f4'), ('f1', '>i2', (2, 3))]");
/// assert_eq!(dtype.itemsize(), 16);
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DType {
    kind: Kind,
    /// `Endian::NATIVE` where the kind has no byte order, so that equality is that of meaning.
    endian: Endian,
}

impl DType {
    /// A dtype of this kind and byte order; the order is ignored where the kind has none.
    pub fn new(kind: Kind, endian: Endian) -> DType {
        let endian = if has_endian(&kind) { endian } else { Endian::NATIVE };
        DType { kind, endian }
    }

    /// A dtype of this kind in the byte order of this machine.
    pub fn native(kind: Kind) -> DType {
        DType::new(kind, Endian::NATIVE)
    }

    /// What the element is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What the element is, taken out.
    pub fn into_kind(self) -> Kind {
        self.kind
    }

    /// Its byte order; `None` where one byte, text of bytes, a record (its fields have their own).
    pub fn endian(&self) -> Option<Endian> {
        has_endian(&self.kind).then_some(self.endian)
    }

    /// Whether every number in it has the byte order of this machine.
    pub fn is_native(&self) -> bool {
        match &self.kind {
            Kind::Record(record) => record.fields().iter().all(|field| field.dtype.is_native()),
            Kind::SubArray(array) => array.dtype().is_native(),
            _ => self.endian == Endian::NATIVE,
        }
    }

    /// The same with every byte order in it reversed, fields included; NumPy's `newbyteorder('S')`.
    #[must_use]
    pub fn swapped(&self) -> DType {
        self.map_endian(&Endian::swapped)
    }

    /// The same with every byte order in it this one, fields included; NumPy's `newbyteorder('<')`.
    #[must_use]
    pub fn with_endian(&self, endian: Endian) -> DType {
        self.map_endian(&|_| endian)
    }

    fn map_endian(&self, change: &dyn Fn(Endian) -> Endian) -> DType {
        let inside = |dtype: &DType| dtype.map_endian(change);
        let kind = match &self.kind {
            Kind::Record(record) => Kind::Record(record.map_dtypes(inside)),
            Kind::SubArray(array) => Kind::SubArray(array.map_dtype(inside)),
            kind => kind.clone(),
        };
        DType::new(kind, change(self.endian))
    }
}

impl From<Kind> for DType {
    /// In the byte order of this machine.
    fn from(kind: Kind) -> DType {
        DType::native(kind)
    }
}

impl From<Record> for DType {
    fn from(record: Record) -> DType {
        DType::native(Kind::Record(record))
    }
}

impl From<SubArray> for DType {
    fn from(array: SubArray) -> DType {
        DType::native(Kind::SubArray(array))
    }
}

fn has_endian(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Bool
            | Kind::Int8
            | Kind::UInt8
            | Kind::Bytes(_)
            | Kind::Void(_)
            | Kind::Record(_)
            | Kind::SubArray(_)
            | Kind::Object
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_orders_are_reversed_at_every_level() {
        let dtype: DType = ">i2,(2,)<U3,u1".parse().unwrap();
        let swapped: DType = "<i2,(2,)>U3,u1".parse().unwrap();
        assert_eq!(dtype.swapped(), swapped);
        assert_eq!(dtype.with_endian(Endian::Big), ">i2,(2,)>U3,u1".parse().unwrap());
        assert!(!dtype.is_native());
        assert!(dtype.with_endian(Endian::NATIVE).is_native());
    }

    #[test]
    fn the_byte_order_of_what_has_none_does_not_count() {
        assert_eq!(DType::new(Kind::UInt8, Endian::Big), DType::new(Kind::UInt8, Endian::Little));
        assert_eq!(DType::new(Kind::Bytes(3), Endian::Big).endian(), None);
    }
}
