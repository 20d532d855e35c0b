//! The dtype tree.

/// The order of the bytes of a number.
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
    /// A small array in each element; only inside records.
    SubArray(SubArray),
    /// `O`: Python objects. A file holds them as a pickle, which cannot be mapped.
    Object,
}

/// The unit of a datetime or timedelta, as in `M8[25us]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// No unit given: `M8`.
    Generic,
    /// So many of a unit.
    Every(u32, Unit),
}

/// NumPy's units of time, from `Y` to `as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Picosecond,
    Femtosecond,
    Attosecond,
}

/// A structured dtype: fields at rising offsets, with gaps where there is padding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub(super) fields: Vec<Field>,
    pub(super) itemsize: usize,
}

impl Record {
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
}

/// One field of a [`Record`].
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

/// An array of fixed shape in the place of one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubArray {
    pub(super) dtype: Box<DType>,
    pub(super) shape: Vec<usize>,
}

impl SubArray {
    /// What each of its elements is; never a sub-array itself.
    pub fn dtype(&self) -> &DType {
        &self.dtype
    }

    /// Its shape, in C order.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
}

/// What one element of an array is: a [`Kind`] and, where it matters, a byte order.
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

    /// Its byte order; `None` where one byte, text of bytes, a record (its fields have their own).
    pub fn endian(&self) -> Option<Endian> {
        has_endian(&self.kind).then_some(self.endian)
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
