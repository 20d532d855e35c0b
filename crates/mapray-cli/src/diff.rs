//! `mapray diff`: where two arrays differ.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use mapray::{Archive, DType, Difference, Differing, compare};
use serde_json::{Map, Value, json};

use crate::address::Address;
use crate::describe::shape_text;
use crate::failure::Failure;
use crate::number::{float_text, index_text, json_element, json_value};
use crate::opened::Opened;
use crate::raw::RawArgs;
use crate::render::{Elements, scalar_str};
use crate::{output, progress};

/// Compare two arrays, or all arrays of two archives, element by element
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray diff data.npy other.npy
  mapray diff 'data.npy[:10]' other.npy --rtol 1e-5 --atol 0.5 --equal-nan
  mapray diff archive.npz compressed.npz
  mapray diff 'data.npy[0, :32]' archive.npz::bias --ignore-dtype --json

The exit code is 0 where they are the same, and nothing is printed, 1 where they differ, and 2
where they cannot be read. Shapes that differ are a difference, and so are dtypes, but for the
byte order; with --ignore-dtype only values count. Numbers are compared across dtypes and exactly,
times by the time they stand for, text without the NULs at its end, records field by field, raw
bytes and long double by their bytes. The order of the elements in the file never matters.

With --rtol and --atol, numbers are equal where |A - B| <= atol + rtol * |B|, as in numpy.isclose.
Of two archives, arrays of the same name are compared; one that only one of them has is a
difference.

In JSON: same, dtypes and shapes (a pair where they differ, else null), comparable, compared,
differing, first and largest (each null, or index, field, a, b and distance). Of two archives:
same, only_in_a, only_in_b, and members with these keys by name.")]
pub struct Args {
    /// The one: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'; or ARCHIVE, for all in it
    #[arg(value_name = "A")]
    a: OsString,
    /// The other
    #[arg(value_name = "B")]
    b: OsString,
    /// How far numbers may be apart, relative to those of B
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_negative_numbers = true)]
    rtol: f64,
    /// How far numbers may be apart
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_negative_numbers = true)]
    atol: f64,
    /// NaN is equal to NaN, and NaT to NaT
    #[arg(long)]
    equal_nan: bool,
    /// Dtypes may differ: only the values count
    #[arg(long)]
    ignore_dtype: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// Prints the differences; the exit code tells whether there are any.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (a, b) = (Address::new(&args.a, &args.raw)?, Address::new(&args.b, &args.raw)?);
    let (text, same) = match (whole_archive(&a)?, whole_archive(&b)?) {
        (Some(x), Some(y)) => archives(args, &x, &y)?,
        _ => {
            let pair = Pair::new(args, &a.open()?, &b.open()?)?;
            let text = if args.json { pair.json().to_string() } else { pair.text("") };
            (text, pair.same)
        }
    };
    if args.json || !same {
        output::print(&text)?;
    }
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The archive, where all of it is meant.
fn whole_archive(address: &Address) -> Result<Option<Archive>, Failure> {
    match (&address.member, &address.slice) {
        (None, None) => address.archive(),
        _ => Ok(None),
    }
}

/// Compares the arrays of the same names.
fn archives(args: &Args, a: &Archive, b: &Archive) -> Result<(String, bool), Failure> {
    let (in_a, in_b) = (a.names(), b.names());
    let missing = |names: &[String], others: &[String]| -> Vec<String> {
        let others: BTreeSet<&String> = others.iter().collect();
        names.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    let (only_in_a, only_in_b) = (missing(&in_a, &in_b), missing(&in_b, &in_a));
    let mut same = only_in_a.is_empty() && only_in_b.is_empty();
    let only = |archive: &OsStr, names: &[String]| {
        let line = |name: &String| {
            format!("only in {}: {}", archive.to_string_lossy(), name.escape_debug())
        };
        names.iter().map(line).collect::<Vec<_>>()
    };
    let mut lines = [only(&args.a, &only_in_a), only(&args.b, &only_in_b)].concat();
    let mut members = Map::new();
    for name in in_a.iter().filter(|name| !only_in_a.contains(name)) {
        let pair = Pair::new(args, &Opened::member(a, name)?, &Opened::member(b, name)?)?;
        same &= pair.same;
        if !pair.same {
            lines.push(pair.text(&format!("{}: ", name.escape_debug())));
        }
        members.insert(name.clone(), pair.json());
    }
    let object = json!({
        "same": same, "only_in_a": only_in_a, "only_in_b": only_in_b, "members": members,
    });
    Ok((if args.json { object.to_string() } else { lines.join("\n") }, same))
}

/// Two arrays, and how they differ.
struct Pair {
    dtypes: (DType, DType),
    found: Difference,
    same: bool,
}

impl Pair {
    fn new(args: &Args, a: &Opened, b: &Opened) -> Result<Pair, Failure> {
        let dtypes = (a.dtype().clone(), b.dtype().clone());
        let (x, y) = (a.array()?, b.array()?);
        let comparison = compare(&x, &y).rtol(args.rtol).atol(args.atol).equal_nan(args.equal_nan);
        let bytes = a.layout().nbytes().saturating_add(b.layout().nbytes());
        let _progress = progress::start("comparing", bytes);
        let found = comparison.difference()?;
        let same = if args.ignore_dtype { found.is_same_in_value() } else { found.is_same() };
        Ok(Pair { dtypes, found, same })
    }

    /// A line for each difference.
    fn text(&self, prefix: &str) -> String {
        let found = &self.found;
        let mut lines = Vec::new();
        if let Some((a, b)) = &found.shapes {
            lines.push(format!("shape   {} and {}", shape_text(a), shape_text(b)));
        }
        if let Some((a, b)) = &found.dtypes {
            let not = if found.comparable { "" } else { ", which do not compare" };
            lines.push(format!("dtype   '{a}' and '{b}'{not}"));
        }
        if found.differing > 0 {
            lines.push(format!("differ  {} of {} elements", found.differing, found.compared));
        }
        for (name, place) in [("first", &found.first), ("largest", &found.largest)] {
            if let Some(place) = place {
                lines.push(format!("{name:<7} {}", self.place_text(place)));
            }
        }
        lines.iter().map(|line| format!("{prefix}{line}")).collect::<Vec<_>>().join("\n")
    }

    fn place_text(&self, place: &Differing) -> String {
        let field = place.field.as_ref().map(|field| format!(", field '{field}'"));
        let apart = place.distance.map(|distance| format!(", {} apart", float_text(distance)));
        format!(
            "{}{}: {} and {}{}",
            index_text(&place.index),
            field.unwrap_or_default(),
            scalar_str(&self.dtypes.0, &place.a),
            scalar_str(&self.dtypes.1, &place.b),
            apart.unwrap_or_default()
        )
    }

    /// The interface that scripts rely on.
    fn json(&self) -> Value {
        let found = &self.found;
        let dtypes = found.dtypes.as_ref().map(|(a, b)| [a.to_string(), b.to_string()]);
        let place = |place: &Option<Differing>| {
            place.as_ref().map(|place| {
                json!({
                    "index": place.index,
                    "field": place.field,
                    "a": json_element(&self.dtypes.0, &place.a),
                    "b": json_element(&self.dtypes.1, &place.b),
                    "distance": place.distance.map(|it| json_value(mapray::Scalar::Float(it))),
                })
            })
        };
        json!({
            "same": self.same,
            "dtypes": dtypes,
            "shapes": found.shapes.as_ref().map(|(a, b)| [a, b]),
            "comparable": found.comparable,
            "compared": found.compared,
            "differing": found.differing,
            "first": place(&found.first),
            "largest": place(&found.largest),
        })
    }
}
