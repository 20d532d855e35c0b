//! The columns of a table of records: their fields, those of records inside too.

use mapray::DType;
use mapray::dtype::Kind;

use super::items::count;

/// More than any program takes.
const MOST_COLUMNS: usize = 10_000;

/// A field, and where it lies in each record.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub dtype: DType,
    pub offset: usize,
}

/// The columns of elements of this dtype: one, without a name, where they are no records. Arrays in
/// fields are one column, or are split into one for each element. `None` where there are too many.
pub fn columns(dtype: &DType, split: bool) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    collect(dtype, String::new(), 0, split, &mut columns)?;
    Some(columns)
}

fn collect(
    dtype: &DType,
    name: String,
    offset: usize,
    split: bool,
    columns: &mut Vec<Column>,
) -> Option<()> {
    match dtype.kind() {
        Kind::Record(record) => {
            for field in record.fields() {
                let dot = if name.is_empty() { "" } else { "." };
                let name = format!("{name}{dot}{}", field.name);
                collect(&field.dtype, name, offset + field.offset, split, columns)?;
            }
        }
        Kind::SubArray(sub) if split => {
            let (elements, size) = (count(sub.shape()), sub.dtype().itemsize());
            if elements > MOST_COLUMNS - columns.len().min(MOST_COLUMNS) {
                return None;
            }
            for i in 0..elements {
                let name = format!("{name}[{}]", index_text(i, sub.shape()));
                collect(sub.dtype(), name, offset + i * size, split, columns)?;
            }
        }
        _ => columns.push(Column { name, dtype: dtype.clone(), offset }),
    }
    (columns.len() <= MOST_COLUMNS).then_some(())
}

/// The index of element number `i` in C order.
fn index_text(mut i: usize, shape: &[usize]) -> String {
    let mut index: Vec<String> = Vec::new();
    for &n in shape.iter().rev() {
        index.push((i % n).to_string());
        i /= n;
    }
    index.reverse();
    index.join(",")
}
