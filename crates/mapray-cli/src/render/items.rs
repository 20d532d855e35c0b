//! Items of one size at regular places in a buffer: elements, or one field of each.

use mapray::DType;
use mapray::dtype::Kind;

/// The size of an element in bytes.
// TODO: `DType::itemsize` takes its place; this one misses padding at the end of a record.
pub fn itemsize(dtype: &DType) -> usize {
    match dtype.kind() {
        Kind::Bool | Kind::Int8 | Kind::UInt8 => 1,
        Kind::Int16 | Kind::UInt16 | Kind::Float16 => 2,
        Kind::Int32 | Kind::UInt32 | Kind::Float32 => 4,
        Kind::LongDouble | Kind::Complex128 => 16,
        Kind::ComplexLongDouble => 32,
        Kind::Bytes(size) | Kind::Void(size) => *size,
        Kind::Str(characters) => characters.saturating_mul(4),
        Kind::Record(record) => {
            let end =
                |field: &mapray::dtype::Field| field.offset.saturating_add(itemsize(&field.dtype));
            record.fields().iter().map(end).max().unwrap_or(0)
        }
        Kind::SubArray(sub) => count(sub.shape()).saturating_mul(itemsize(sub.dtype())),
        // The other numbers and times, and an object's pointer.
        _ => 8,
    }
}

/// How many elements an array of this shape has; `usize::MAX` if they cannot be counted.
pub fn count(shape: &[usize]) -> usize {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().fold(1, |count, length| count.saturating_mul(*length))
}

/// The items. Without axes, one item.
#[derive(Clone)]
pub struct Items<'a> {
    bytes: &'a [u8],
    start: usize,
    size: usize,
    /// Count and stride of each axis, the slowest first.
    axes: Vec<(usize, usize)>,
}

impl<'a> Items<'a> {
    /// The one item that all these bytes are.
    pub fn one(bytes: &'a [u8]) -> Items<'a> {
        Items { bytes, start: 0, size: bytes.len(), axes: Vec::new() }
    }

    /// `count` items of `size` bytes side by side.
    pub fn many(bytes: &'a [u8], count: usize, size: usize) -> Items<'a> {
        Items { bytes, start: 0, size, axes: vec![(count, size)] }
    }

    /// A part of each item.
    pub fn field(&self, offset: usize, size: usize) -> Items<'a> {
        Items { start: self.start.saturating_add(offset), size, ..self.clone() }
    }

    /// The items of the arrays that these items are.
    pub fn elements(&self, count: usize, size: usize) -> Items<'a> {
        let mut items = Items { size, ..self.clone() };
        items.axes.push((count, size));
        items
    }

    /// Whether these are the items of an array, not a single value.
    pub fn is_array(&self) -> bool {
        !self.axes.is_empty()
    }

    /// The bytes of each item.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + Clone + '_ {
        let count =
            self.axes.iter().fold(1_usize, |product, (count, _)| product.saturating_mul(*count));
        (0..count).map(|mut index| {
            let mut at = self.start;
            for (count, stride) in self.axes.iter().rev() {
                at += index % count * stride;
                index /= count;
            }
            self.bytes.get(at..).map_or(&[][..], |rest| &rest[..self.size.min(rest.len())])
        })
    }
}
