//! What the code that `#[derive(Record)]` writes calls. Not for anybody else: it may change any day.

pub use bytemuck;

pub use super::record::{Gapless, RecordField, WritableField};
use super::{NoPadding, record};
use crate::DType;
use crate::dtype::{Field, Kind, Record};

/// One field of a struct, seen from the dtype.
pub struct Part {
    name: &'static str,
    title: Option<&'static str>,
    offset: usize,
    dtype: fn() -> DType,
    views: fn(&DType) -> bool,
}

impl Part {
    /// A field of type `T`.
    pub const fn new<T: RecordField>(
        name: &'static str,
        title: Option<&'static str>,
        offset: usize,
    ) -> Part {
        Part { name, title, offset, dtype: T::field_dtype, views: record::views::<T> }
    }
}

/// Compiles where `T` can be a field.
pub const fn is_field<T: RecordField>() {}

/// The value of a field in the other byte order.
#[inline]
pub fn swapped<T: RecordField>(value: T) -> T {
    value.field_swapped()
}

/// The dtype of a struct of `size` bytes.
///
/// # Panics
///
/// If NumPy has no such dtype: see the derive.
pub fn dtype(size: usize, parts: &[Part]) -> DType {
    let field = |part: &Part| {
        let field = Field::new(part.name, (part.dtype)(), part.offset);
        part.title.into_iter().fold(field, Field::with_title)
    };
    let record = Record::new(parts.iter().map(field).collect(), size);
    record.expect("the fields of a struct make a record that NumPy can hold").into()
}

/// Whether records of `dtype` lie as the struct does: names, offsets, sizes and byte orders. Titles
/// do not count.
pub fn views(dtype: &DType, size: usize, parts: &[Part]) -> bool {
    let Kind::Record(record) = dtype.kind() else { return false };
    let mut pairs = record.fields().iter().zip(parts);
    record.itemsize() == size
        && record.fields().len() == parts.len()
        && pairs.all(|(field, part)| {
            (&*field.name, field.offset) == (part.name, part.offset) && (part.views)(&field.dtype)
        })
}

/// Whether a struct is as long as its fields together, so that no byte of it lies between them.
#[diagnostic::on_unimplemented(
    message = "the record has padding, so its memory cannot be lent for writing",
    note = "`set`, `fill`, `assign` and `save` store it by value, its padding as zeros; with \
            `#[repr(C, packed)]` or a field marked `#[record(padding)]` there is none"
)]
pub trait HasNoGaps {}

/// `YES` where the sizes say so.
pub struct Gaps<const NONE: bool>;

impl HasNoGaps for Gaps<true> {}

/// `Probe::<T>::PROOF` is the proof that no byte of `T` is padding where there is one: the constant
/// of the type goes before the one of the trait, but exists only for some types.
pub struct Probe<T>(T);

impl<T: bytemuck::NoUninit> Probe<T> {
    /// There is one.
    pub const PROOF: Option<NoPadding<T>> = Some(NoPadding::PROVED);
}

/// The other case of [`Probe`].
pub trait Unproved {
    /// What is probed.
    type Of;

    /// There is none.
    const PROOF: Option<NoPadding<Self::Of>> = None;
}

impl<T> Unproved for Probe<T> {
    type Of = T;
}
