//! Words in columns.

use unicode_width::UnicodeWidthStr;

use crate::style::{BAD, HEAD};

/// Rows under a head, the first of them, with two spaces between columns. A row with fewer cells than the
/// head ends with something that is as long as it is: why there is no more to say.
pub fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let whole = rows.iter().filter(|row| row.len() == columns || column == 0);
        whole.filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |(number, row): (usize, &Vec<String>)| {
        let last = row.len().saturating_sub(1);
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let padding = if column == last { 0 } else { width.saturating_sub(cell.width()) };
            let padded = format!("{cell}{:padding$}", "");
            match number {
                0 => format!("{HEAD}{padded}{HEAD:#}"),
                _ if row.len() < columns && column == last => format!("{BAD}{padded}{BAD:#}"),
                _ => padded,
            }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}
