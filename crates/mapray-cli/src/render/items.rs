//! Items of one size at regular places in a buffer: elements, or one field of each.

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
