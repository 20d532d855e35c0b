//! Records as tuples, and the arrays in their fields as lists.

use mapray::dtype::{Record, SubArray};

use super::array::{EDGE_ITEMS, THRESHOLD};
use super::format::Format;
use super::items::{Items, count};

/// How a record is printed: each field by a format of its own.
pub struct RecordFormat {
    fields: Vec<FieldFormat>,
}

struct FieldFormat {
    offset: usize,
    size: usize,
    format: Format,
}

impl RecordFormat {
    pub fn new(record: &Record, items: &Items, scalar: bool) -> RecordFormat {
        let fields = record.fields().iter().map(|field| {
            let (offset, size) = (field.offset, field.dtype.itemsize());
            let format = Format::new(&field.dtype, &items.field(offset, size), scalar);
            FieldFormat { offset, size, format }
        });
        RecordFormat { fields: fields.collect() }
    }

    pub fn format(&self, bytes: &[u8]) -> String {
        let fields = self.fields.iter().map(|field| {
            let rest = bytes.get(field.offset..).unwrap_or(&[]);
            field.format.format(&rest[..field.size.min(rest.len())])
        });
        let fields: Vec<String> = fields.collect();
        match fields.as_slice() {
            [one] => format!("({one},)"),
            _ => format!("({})", fields.join(", ")),
        }
    }
}

/// How an array in a field is printed: on one line, shortened by its own size.
pub struct SubArrayFormat {
    shape: Vec<usize>,
    size: usize,
    format: Format,
    /// Whether a few bytes of header ask for more brackets than anyone wants to see.
    endless: bool,
}

impl SubArrayFormat {
    pub fn new(sub: &SubArray, items: &Items, scalar: bool) -> SubArrayFormat {
        let size = sub.dtype().itemsize();
        let elements = items.elements(count(sub.shape()), size);
        let format = Format::new(sub.dtype(), &elements, scalar);
        let has_bytes = size != 0 && !sub.shape().contains(&0);
        let shape = sub.shape().iter();
        let brackets = shape.fold(1_usize, |count, length| count.saturating_mul((*length).max(1)));
        let endless = !has_bytes && brackets > THRESHOLD;
        SubArrayFormat { shape: sub.shape().to_vec(), size, format, endless }
    }

    pub fn format(&self, bytes: &[u8]) -> String {
        if self.endless {
            return "[...]".to_owned();
        }
        let shortened = count(&self.shape) > THRESHOLD;
        self.list(bytes, &self.shape, shortened)
    }

    fn list(&self, bytes: &[u8], shape: &[usize], shortened: bool) -> String {
        let Some((length, inner)) = shape.split_first() else {
            return self.format.format(&bytes[..self.size.min(bytes.len())]);
        };
        let stride = count(inner).saturating_mul(self.size);
        let element = |index: usize| {
            let rest = bytes.get(index.saturating_mul(stride)..).unwrap_or(&[]);
            self.list(rest, inner, shortened)
        };
        let mut words = Vec::new();
        if shortened && *length > 2 * EDGE_ITEMS {
            words.extend((0..EDGE_ITEMS).map(element));
            words.push("...".to_owned());
            words.extend((length - EDGE_ITEMS..*length).map(element));
        } else {
            words.extend((0..*length).map(element));
        }
        format!("[{}]", words.join(", "))
    }
}
