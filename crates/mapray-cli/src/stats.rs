//! `mapray stats`: what the elements are like.

use std::ffi::OsString;

use mapray::dtype::Kind;
use mapray::{DType, Scalar, Summaries, Summary, summaries, summary};
use serde_json::{Map, Value};

use crate::address::Address;
use crate::failure::Failure;
use crate::number::{element_text, float_text, index_text, json_value};
use crate::raw::RawArgs;
use crate::render::Elements;

/// More groups than this are not all printed for people: this many of either end are.
const EDGE: usize = 20;

/// Print extremes, mean and standard deviation of an array, and count its NaN and infinities
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray stats data.npy
  mapray stats 'data.npy[:, 3]' --json
  mapray stats archive.npz::weights
  mapray stats data.npy --axis -1

With --axis, there is a row for each index that is left; reduced are the axes that are named,
counted from the end where negative. People are shown the first and the last 20 rows.

In JSON: count (of all elements), nan, inf, min, max, mean, std (with ddof 0). NaN is left out of
the last four, which are null where nothing is left. Numbers that are not finite are the strings
\"inf\", \"-inf\" and \"nan\"; times are counts of their unit, and NaT is counted with NaN. With
--axis each of these keys has a list, in C order, and before them come axis, the axes as given,
and shape, that of the result.")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// Reduce along these axes only, and print a row for each index of the others
    #[arg(long, value_name = "N,...", value_delimiter = ',', allow_hyphen_values = true)]
    axis: Vec<isize>,
    /// Read past the page cache: for what is larger than memory, or is looked at once
    #[arg(long)]
    direct: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// The statistics, for people or for programs.
pub fn run(args: &Args) -> Result<String, Failure> {
    let array = Address::new(&args.address, &args.raw)?.open()?;
    let array = if args.direct { array.direct()? } else { array };
    if !args.axis.is_empty() {
        let found = array.with(|array| summaries(array, &args.axis))?;
        return Ok(match args.json {
            true => json_lists(&found, &args.axis),
            false => table(&found, array.dtype()),
        });
    }
    let summary = array.with(|array| summary(array))?;
    Ok(if args.json { json_text(&summary) } else { human_text(&summary, array.dtype()) })
}

/// The interface that scripts rely on.
fn json_text(summary: &Summary) -> String {
    Value::Object(keys(summary).into_iter().map(|(key, value)| (key.into(), value)).collect())
        .to_string()
}

/// The same, of each group.
fn json_lists(found: &Summaries, axis: &[isize]) -> String {
    let mut object = Map::new();
    object.insert("axis".into(), axis.into());
    object.insert("shape".into(), found.shape.clone().into());
    let mut lists = keys(&Summary::default()).map(|(key, _)| (key, Vec::new()));
    for summary in &found.values {
        for ((_, list), (_, value)) in lists.iter_mut().zip(keys(summary)) {
            list.push(value);
        }
    }
    object.extend(lists.into_iter().map(|(key, list)| (key.to_owned(), Value::Array(list))));
    Value::Object(object).to_string()
}

fn keys(summary: &Summary) -> [(&'static str, Value); 7] {
    let or_null = |value: Option<Scalar>| value.map_or(Value::Null, json_value);
    [
        ("count", summary.count.into()),
        ("nan", summary.nan.into()),
        ("inf", summary.inf.into()),
        ("min", or_null(summary.min)),
        ("max", or_null(summary.max)),
        ("mean", or_null(summary.mean.map(Scalar::Float))),
        ("std", or_null(summary.std.map(Scalar::Float))),
    ]
}

/// A row for each group, under the names of the columns.
fn table(found: &Summaries, dtype: &DType) -> String {
    let n = found.values.len();
    let mut shown: Vec<Option<usize>> = (0..n).map(Some).collect();
    if n > 2 * EDGE + 1 {
        shown.splice(EDGE..n - EDGE, [None]);
    }
    let row = |group: Option<usize>| match group {
        None => vec!["...".to_owned(); 8],
        Some(group) => {
            let cells = cells(&found.values[group], dtype).map(|(_, cell)| cell);
            [vec![index_text(&index_of(group, &found.shape))], cells.to_vec()].concat()
        }
    };
    let heads = cells(&Summary::default(), dtype).map(|(key, _)| key.to_owned());
    let mut rows = vec![[vec!["index".to_owned()], heads.to_vec()].concat()];
    rows.extend(shown.into_iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The index of a group, which is counted in C order.
fn index_of(mut group: usize, shape: &[usize]) -> Vec<usize> {
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&n| {
            let at = group % n;
            group /= n;
            at
        })
        .collect();
    index.reverse();
    index
}

fn human_text(summary: &Summary, dtype: &DType) -> String {
    let is_time = matches!(dtype.kind(), Kind::DateTime(_) | Kind::TimeDelta(_));
    let line = |(key, text): (&str, String)| match key {
        "mean" | "std" if is_time && text != NONE => {
            format!("{key:<6} {text} (as a count of {})", dtype.name())
        }
        _ => format!("{key:<6} {text}"),
    };
    cells(summary, dtype).map(line).join("\n")
}

/// What stands where nothing is left.
const NONE: &str = "none";

fn cells(summary: &Summary, dtype: &DType) -> [(&'static str, String); 7] {
    let element = |value: Option<Scalar>| {
        value.map_or_else(|| NONE.to_owned(), |value| element_text(value, dtype))
    };
    let real = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), float_text);
    [
        ("count", summary.count.to_string()),
        ("nan", summary.nan.to_string()),
        ("inf", summary.inf.to_string()),
        ("min", element(summary.min)),
        ("max", element(summary.max)),
        ("mean", real(summary.mean)),
        ("std", real(summary.std)),
    ]
}
