//! Parts of arrays on stdout: as NumPy prints them, as tables, as CSV and as JSON.

mod table;

use std::process::ExitCode;

use mapray::layout::Index;
use mapray::{DType, Slice};
use serde_json::Value;

use crate::describe::dtype_json;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output;
use crate::render::{self, Elements, Lists, columns, csv, element_json};

/// How `head`, `tail` and `slice` print.
#[derive(clap::Args, Clone, Debug)]
#[group(multiple = false)]
pub struct How {
    /// Print a table with an index: one or two axes, columns left out until it fits the width
    #[arg(long)]
    table: bool,
    /// Print comma-separated values, all of them: records under the names of their fields, else a
    /// line for each row
    #[arg(long)]
    csv: bool,
    /// Print one JSON object on one line: dtype, shape, data
    #[arg(long)]
    json: bool,
}

/// What is said of the data in JSON, in the help of each.
pub const JSON: &str = "\
In JSON: dtype, shape, and data, nested lists as those of NumPy's tolist: records as objects,
complex numbers as [real, imaginary], text as strings, dates in ISO 8601, spans of time as counts of
their unit, void in hexadecimal. What JSON has no number for is \"nan\", \"inf\", \"-inf\" or \"NaT\".";

/// The part of an array that is printed.
pub struct Part<'a> {
    pub array: &'a Opened,
    /// What was taken of the array in the file, if that was said.
    pub slice: Option<&'a Slice>,
    /// The number of its first row, where it is the end of a larger array.
    pub first_row: usize,
    /// Whether so many rows were asked for that all are to be shown.
    pub all_rows: bool,
}

/// Prints the part; records as a table, if they are to be `tables` where nothing else is said.
pub fn show(part: &Part<'_>, how: &How, tables: bool) -> Result<ExitCode, Failure> {
    let array = part.array;
    if how.json || how.csv {
        require_printable(array)?;
    }
    if how.json {
        json(array)
    } else if how.csv {
        csv(array)
    } else if how.table || tables && array.shape().len() == 1 && is_record(array.dtype()) {
        output::print_styled(&table::text(part)?)
    } else {
        output::print(&numpy(array, part.slice)?)
    }
}

fn is_record(dtype: &DType) -> bool {
    matches!(dtype.kind(), mapray::dtype::Kind::Record(_))
}

/// What NumPy's `str` gives for the result of this slice.
fn numpy(array: &Opened, slice: Option<&Slice>) -> Result<String, Failure> {
    // An index for every axis takes an element out of the array, unless an ellipsis keeps it one.
    let is_element = array.shape().is_empty()
        && slice.is_some_and(|slice| !slice.indices().contains(&Index::Ellipsis));
    if is_element { render::element_str(array) } else { render::file_str(array) }
}

/// Elements without bytes cost a file nothing, so a few bytes could ask for endless text; and of large
/// ones each is in memory.
fn require_printable(array: &Opened) -> Result<(), Failure> {
    const MOST_EMPTY: usize = 1 << 20;
    let (size, count) = (array.dtype().itemsize(), array.layout().len());
    if size == 0 && count > MOST_EMPTY {
        return Err(format!(
            "elements without bytes: expected at most {MOST_EMPTY}, found {count}; take a smaller slice"
        )
        .into());
    }
    if size > render::MOST_BYTES {
        let most = render::MOST_BYTES;
        return Err(format!(
            "an element is too large: expected at most {most} bytes, found {size}"
        )
        .into());
    }
    Ok(())
}

fn json(array: &Opened) -> Result<ExitCode, Failure> {
    let dtype = array.dtype();
    output::stream(|out| {
        let (descr, shape) = (dtype_json(dtype), Value::from(array.shape()));
        let head = format!("{{\"dtype\":{descr},\"shape\":{shape},\"data\":");
        out.write_all(head.as_bytes()).map_err(Failure::Output)?;
        let mut lists = Lists::new(array.shape().to_vec());
        for_each_element(array, &mut |element| {
            lists.push(out, &element_json(dtype, element)).map_err(Failure::Output)
        })?;
        lists.finish(out).and_then(|()| out.write_all(b"}\n")).map_err(Failure::Output)
    })
}

fn csv(array: &Opened) -> Result<ExitCode, Failure> {
    let (dtype, shape) = (array.dtype(), array.shape());
    let Some(columns) = columns(dtype, true) else {
        return Err("CSV takes no more than 10000 columns: take a field or a slice"
            .to_owned()
            .into());
    };
    let per_line = match shape {
        _ if shape.len() > 2 || shape.len() == 2 && is_record(dtype) => {
            return Err(format!(
                "CSV has lines and columns only: expected two axes, or one of records, found shape {}; \
                 take a slice",
                crate::describe::shape_text(shape)
            )
            .into());
        }
        [_, columns] => *columns,
        _ => 1,
    };
    output::stream(|out| {
        let mut write = |line: String| writeln!(out, "{line}").map_err(Failure::Output);
        if is_record(dtype) {
            write(csv::line(columns.iter().map(|column| column.name.clone())))?;
        }
        let mut cells = Vec::new();
        let mut elements = 0;
        for_each_element(array, &mut |element| {
            cells.extend(csv::cells(&columns, element));
            elements += 1;
            if elements == per_line {
                elements = 0;
                write(csv::line(cells.drain(..)))?;
            }
            Ok(())
        })
    })
}

/// The elements in C order.
fn for_each_element(
    array: &Opened,
    work: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let size = array.dtype().itemsize();
    if size == 0 {
        return (0..array.layout().len()).try_for_each(|_| work(&[]));
    }
    let _progress = array.progress("reading");
    array.in_order(&mut |elements| elements.chunks_exact(size).try_for_each(&mut *work))
}
