//! `mapray hist`: how often values lie in which range.

use std::ffi::OsString;

use clap::builder::NonEmptyStringValueParser;
use mapray::dtype::Kind;
use mapray::{Counts, DType, Scalar, histogram};
use serde_json::json;

use crate::address::Address;
use crate::failure::Failure;
use crate::number::{element_text, float_text, json_value};
use crate::raw::RawArgs;
use crate::render::Elements;

/// What bars are made of: eighths of a character, and a whole one.
const EIGHTHS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];

/// The width where none is known.
const WIDTH: usize = 80;

/// Count how many values of an array lie in which range, and draw bars
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray hist data.npy
  mapray hist 'data.npy[:, 3]' --bins 40 --log
  mapray hist archive.npz::weights --range -1,1 --json

Edges and counts are those of numpy.histogram: bins of equal width, a value on an edge is in the
bin above it, and the last edge belongs to the last bin. Without --range, it is that of the finite
values, which are then read twice. NaN is counted apart, and so is what is below or above the
range.

In JSON: count (of all elements), nan, below, above, edges (one more than bins), counts. Edges of
times are counts of their unit.")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// How many bins
    #[arg(long, default_value_t = 10, value_name = "N")]
    bins: usize,
    /// The first and the last edge [default: the least and the greatest finite value]
    #[arg(long, value_name = "LO,HI", allow_hyphen_values = true)]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    range: Option<String>,
    /// Bars as long as the logarithm of the counts
    #[arg(long)]
    log: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// The histogram, for people or for programs.
pub fn run(args: &Args) -> Result<String, Failure> {
    let range = args.range.as_deref().map(range).transpose()?;
    let array = Address::new(&args.address, &args.raw)?.open()?;
    let found = array.with(|array| {
        let histogram = histogram(array).bins(args.bins);
        match range {
            Some((first, last)) => histogram.range(first, last).count(),
            None => histogram.count(),
        }
    })?;
    Ok(match args.json {
        true => json_text(&found),
        false => human_text(&found, array.dtype(), args.log, width()),
    })
}

/// Two numbers with a comma between them.
pub fn range(text: &str) -> Result<(f64, f64), Failure> {
    let wrong =
        || format!("--range '{text}': expected two numbers with a comma between them").into();
    let (first, last) = text.split_once(',').ok_or_else(wrong)?;
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) => Ok((first, last)),
        _ => Err(wrong()),
    }
}

/// The interface that scripts rely on.
fn json_text(found: &Counts) -> String {
    let edges: Vec<_> = found.edges.iter().map(|&edge| json_value(Scalar::Float(edge))).collect();
    let inside: u64 = found.counts.iter().sum();
    json!({
        "count": inside + found.nan + found.below + found.above,
        "nan": found.nan,
        "below": found.below,
        "above": found.above,
        "edges": edges,
        "counts": found.counts,
    })
    .to_string()
}

/// How wide a line may be.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size_of(std::io::stdout());
    columns.or_else(|| terminal().map(|(width, _)| width.0.into())).unwrap_or(WIDTH)
}

fn human_text(found: &Counts, dtype: &DType, log: bool, width: usize) -> String {
    let edges = edge_texts(&found.edges, dtype);
    let counts: Vec<String> = found.counts.iter().map(u64::to_string).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max();
    let edge_width = widest(&edges).unwrap_or(0);
    let count_width = widest(&counts).unwrap_or(0);
    // Two edges, "[, ) " around them, and a blank before the count.
    let room = width.saturating_sub(2 * edge_width + count_width + 6).max(1);
    let length = |count: u64| if log { (count as f64).ln_1p() } else { count as f64 };
    let longest = found.counts.iter().copied().map(length).fold(0.0, f64::max);
    let last = counts.len() - 1;
    let mut lines: Vec<String> = (0..counts.len())
        .map(|bin| {
            let close = if bin == last { "]" } else { ")" };
            let share = if longest > 0.0 { length(found.counts[bin]) / longest } else { 0.0 };
            let mut eighths = (share * (8 * room) as f64).round() as usize;
            if found.counts[bin] > 0 {
                eighths = eighths.max(1);
            }
            let bar = EIGHTHS[8].repeat(eighths / 8) + EIGHTHS[eighths % 8];
            let (low, high, count) = (&edges[bin], &edges[bin + 1], &counts[bin]);
            format!("[{low:>edge_width$}, {high:>edge_width$}{close} {count:>count_width$} {bar}")
                .trim_end()
                .to_owned()
        })
        .collect();
    for (name, count) in [("below", found.below), ("above", found.above), ("nan", found.nan)] {
        if count > 0 {
            lines.push(format!("{name:<5} {count}"));
        }
    }
    lines.join("\n")
}

/// The edges, rounded to a power of ten that places them to a hundredth of a bin.
fn edge_texts(edges: &[f64], dtype: &DType) -> Vec<String> {
    if matches!(dtype.kind(), Kind::DateTime(_) | Kind::TimeDelta(_)) {
        let count = |edge: &f64| element_text(Scalar::Int(edge.round() as i64), dtype);
        return edges.iter().map(count).collect();
    }
    let step = (edges[edges.len() - 1] - edges[0]) / (edges.len() - 1) as f64;
    let power = 10_f64.powf((step / 50.0).log10().floor().abs());
    let round = |edge: f64| match step < 50.0 {
        true => (edge * power).round() / power,
        false => (edge / power).round() * power,
    };
    let near = edges.iter().map(|&edge| {
        // No negative zero. Far from 1 the power may be none.
        let rounded = round(edge) + 0.0;
        if (rounded - edge).abs() <= step / 100.0 { rounded } else { edge }
    });
    near.map(float_text).collect()
}
