//! Which rows and columns of an array a table shows, and how wide it may be.

use std::io::IsTerminal;
use std::ops::Range;

use mapray::layout::Index;
use mapray::{DType, Slice};

use super::Part;
use crate::describe::{count, shape_text};
use crate::failure::Failure;
use crate::opened::Opened;
use crate::render::{
    Cells, EDGE_ITEMS, Elements, MOST_BYTES, THRESHOLD, Table, columns, part as part_of,
};
use crate::style::FAINT;

/// Where neither a terminal nor COLUMNS says how wide.
const WIDTH: usize = 80;

/// The table of a part, and what was left out of it.
pub fn text(part: &Part<'_>) -> Result<String, Failure> {
    let (array, width) = (part.array, width());
    let (rows, across) = match *array.shape() {
        [] => (1, None),
        [rows] => (rows, None),
        [rows, columns] if !super::is_record(array.dtype()) => (rows, Some(columns)),
        ref shape => {
            return Err(format!(
                "a table has rows and columns only: expected two axes, or one of records, found shape \
                 {}; take a slice",
                shape_text(shape)
            )
            .into());
        }
    };
    let fields = columns(array.dtype(), false).unwrap_or_default();
    let cells = rows.saturating_mul(across.unwrap_or(fields.len()));
    let rows = if cells > THRESHOLD && !part.all_rows {
        Picked::ends(rows, EDGE_ITEMS)
    } else {
        Picked::ends(rows, usize::MAX)
    };
    // No column is narrower than one character and the gap before it.
    let across = across.map(|columns| Picked::ends(columns, width / 3 + 1));
    let shown = across.as_ref().map_or(1, |across| across.len());
    let bytes = rows.len().saturating_mul(shown).saturating_mul(array.dtype().itemsize());
    if bytes > MOST_BYTES {
        return Err(format!(
            "the table is too large: expected at most {MOST_BYTES} bytes, found {bytes}; take fewer \
             rows, or write them to a file with --csv"
        )
        .into());
    }
    let table = Table {
        index: rows.indices().map(|row| (part.first_row + row).to_string()).collect(),
        columns: match &across {
            None => by_field(array, &rows)?,
            Some(across) => by_column(array, &rows, across)?,
        },
        row_gap: rows.gap(),
        column_gap: across.as_ref().and_then(Picked::gap),
    };
    let mut text = table.render(width);
    if rows.gap().is_some() {
        text += &format!("\n{FAINT}{}{FAINT:#}", count(rows.all as u64, "row"));
    }
    Ok(text)
}

/// The beginning and the end of an axis.
struct Picked {
    all: usize,
    runs: [Range<usize>; 2],
}

impl Picked {
    /// So many at each end, or all.
    fn ends(all: usize, edge: usize) -> Picked {
        let runs = if all > edge.saturating_mul(2) {
            [0..edge, all - edge..all]
        } else {
            [0..all, all..all]
        };
        Picked { all, runs }
    }

    fn len(&self) -> usize {
        self.runs.iter().map(Range::len).sum()
    }

    fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        self.runs.iter().cloned().flatten()
    }

    /// How many are shown before something is left out.
    fn gap(&self) -> Option<usize> {
        (self.len() < self.all).then(|| self.runs[0].len())
    }

    /// Those with something in them.
    fn runs(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.runs.iter().filter(|run| !run.is_empty()).cloned()
    }
}

fn index(range: Range<usize>) -> Index {
    Index::range(range.start as i64, range.end as i64, None)
}

/// Columns of records, or the one of other elements.
fn by_field(array: &Opened, rows: &Picked) -> Result<Vec<Cells>, Failure> {
    let mut bytes = Vec::new();
    if array.shape().is_empty() {
        bytes = array.part(&Slice::all())?;
    } else {
        for run in rows.runs() {
            bytes.extend(array.part(&Slice::new([index(run)]))?);
        }
    }
    let size = array.dtype().itemsize();
    let too_many =
        || "a table takes no more than 10000 columns: take a field or a slice".to_owned();
    let fields = columns(array.dtype(), false).ok_or_else(too_many)?;
    let column = |dtype: &DType, offset| -> Vec<u8> {
        let elements = (0..rows.len()).map(|row| part_of(&bytes, row * size, size));
        elements.flat_map(|element| part_of(element, offset, dtype.itemsize())).copied().collect()
    };
    Ok(fields
        .iter()
        .map(|field| {
            let cells = column(&field.dtype, field.offset);
            Cells::new(&field.name, &field.dtype, &cells, rows.len())
        })
        .collect())
}

/// Columns along the second axis, by their number.
fn by_column(array: &Opened, rows: &Picked, across: &Picked) -> Result<Vec<Cells>, Failure> {
    let (dtype, size) = (array.dtype(), array.dtype().itemsize());
    let mut columns: Vec<Vec<u8>> = vec![Vec::new(); across.len()];
    for down in rows.runs() {
        let mut first = 0;
        for run in across.runs() {
            let bytes = array.part(&Slice::new([index(down.clone()), index(run.clone())]))?;
            for row in 0..down.len() {
                for (column, cells) in columns[first..first + run.len()].iter_mut().enumerate() {
                    cells.extend(part_of(&bytes, (row * run.len() + column) * size, size));
                }
            }
            first += run.len();
        }
    }
    let cells = across.indices().zip(&columns);
    let cells = cells.map(|(column, bytes)| {
        Cells::new(&column.to_string(), dtype, bytes, rows.len()).without_unit()
    });
    Ok(cells.collect())
}

/// How many characters a line has room for.
fn width() -> usize {
    let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    match terminal {
        Some((terminal_size::Width(width), _)) if width > 0 => width.into(),
        _ => {
            let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
            said.filter(|&width| width > 0).unwrap_or(WIDTH)
        }
    }
}
