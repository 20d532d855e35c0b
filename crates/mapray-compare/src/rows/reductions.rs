//! Reductions: each by a process of its own, so that it is the first to touch the pages.

use super::Size;
use crate::input::Input;
use crate::row::{Row, State};
use crate::subject::Subject::{
    self, ArrayFile, Command, CopyAll, Direct, DirectFile, LiveMap, Mapray, NdarrayNpy, NumPy,
    Package, ReadAll, Released,
};

const USUAL: [Subject; 3] = [NumPy, Mapray, ReadAll];

/// How many MiB of private memory a reduction may take, whatever the array.
const OWN_CAP: u32 = 64;

/// Dtypes, how many MiB of them, and what is done with them.
const WHOLE: [(&str, u64, &[&str]); 7] = [
    ("<f4", 2048, &["sum", "mean", "min", "max", "std", "argmax"]),
    ("<f8", 1024, &["sum", "mean", "min", "max", "std", "argmax"]),
    ("<i2", 1024, &["sum", "mean", "min", "max", "std", "argmax"]),
    ("|u1", 1024, &["sum", "mean", "min", "max", "std", "argmax"]),
    ("<f2", 1024, &["sum", "mean", "min", "max", "std", "argmax"]),
    ("|b1", 1024, &["count_nonzero", "sum"]),
    (">f4", 1024, &["sum", "mean", "min", "max", "std", "argmax"]),
];

pub fn rows(size: Size) -> Vec<Row> {
    let mut rows = Vec::new();
    for (dtype, mib, ops) in WHOLE {
        let input = Input::line(dtype, size.mib(mib));
        rows.extend(ops.iter().map(|op| whole(&input, dtype, op)));
        if dtype == "<f4" {
            rows.extend(tiers(&input));
            rows.push(accumulated("f4-sum-f8", "sum of f4 in f8", &input, "sum"));
            rows.push(released(&input));
            rows.push(command(&input));
        }
    }
    rows.extend(along_axes(size));
    rows.push(cold(size));
    rows
}

fn short(dtype: &str) -> String {
    match dtype.strip_prefix('>') {
        Some(dtype) => format!("big-endian-{dtype}"),
        None => dtype[1..].to_owned(),
    }
}

fn reduction(name: &str, title: &str, input: &Input, op: &str) -> Row {
    let row = Row::new(name, title, input.clone(), "reduce").option("op", op);
    row.option("own-cap", OWN_CAP)
}

fn whole(input: &Input, dtype: &str, op: &str) -> Row {
    let short = short(dtype);
    let row = reduction(&format!("{short}-{op}"), &format!("{op} of {short}"), input, op);
    let peer = matches!(dtype, "<f4" | "<f8") && matches!(op, "sum" | "mean" | "std");
    let row = row.option("dtype", dtype).subjects(&USUAL).subjects(&[Package]);
    if peer { row.subjects(&[NdarrayNpy]) } else { row }
}

/// The types that anybody may use on any file, against copying.
fn tiers(input: &Input) -> Vec<Row> {
    let tier = |op: &str| {
        reduction(&format!("tiers-f4-{op}"), &format!("{op} of f4 without promises"), input, op)
            .subjects(&[NumPy, Mapray, ArrayFile, LiveMap, CopyAll])
    };
    ["sum", "std"].map(tier).into()
}

/// NumPy told to compute in `f8`, as mapray always does.
fn accumulated(name: &str, title: &str, input: &Input, op: &str) -> Row {
    reduction(name, title, input, op).option("accumulate", "f8").subjects(&USUAL)
}

/// With the pages behind the reader given back, so that no more of the file than a slab is in the memory
/// of the process.
fn released(input: &Input) -> Row {
    let title = "sum of f4 by slabs of 256 MiB, each given back";
    reduction("released-f4-sum", title, input, "sum").subjects(&[NumPy, Mapray, Released, ReadAll])
}

fn command(input: &Input) -> Row {
    Row {
        command: vec!["stats", "--json"],
        note: Some("the command's figure holds the start of its process, NumPy's does not"),
        ..Row::new("stats-f4", "min, max, mean, std, NaN and infinities", input.clone(), "summary")
            .subjects(&[NumPy, Mapray, Command, ReadAll])
    }
}

fn along_axes(size: Size) -> Vec<Row> {
    let table = Input::table(size.mib(2048), false);
    let fortran = Input::table(size.mib(1024), true);
    let mut rows = Vec::new();
    for axis in [0, 1] {
        for op in ["sum", "mean", "min", "std"] {
            let title = format!("{op} along axis {axis}");
            let row = reduction(&format!("axis{axis}-{op}"), &title, &table, op);
            let row = row.option("axis", axis).option("dtype", "<f4").subjects(&USUAL);
            let peer = matches!(op, "sum" | "mean");
            rows.push(if peer { row.subjects(&[NdarrayNpy]) } else { row });
        }
        let (name, title) =
            (format!("axis{axis}-mean-f8"), format!("mean along axis {axis} in f8"));
        rows.push(accumulated(&name, &title, &table, "mean").option("axis", axis));
    }
    for (view, axis) in [("step", None), ("step", Some(0)), ("transposed", Some(0))] {
        rows.push(viewed(&table, view, axis));
    }
    rows.push(reduction("fortran-sum", "sum of a Fortran file", &fortran, "sum").subjects(&USUAL));
    for axis in [0, 1] {
        let title = format!("mean of a Fortran file along axis {axis}");
        let row = reduction(&format!("fortran-axis{axis}-mean"), &title, &fortran, "mean");
        rows.push(row.option("axis", axis).subjects(&USUAL));
    }
    rows
}

fn viewed(table: &Input, view: &'static str, axis: Option<usize>) -> Row {
    let along = axis.map_or(String::new(), |axis| format!(" along axis {axis}"));
    let slice = if view == "step" { "[::2]" } else { "[:, 256:768].T" };
    let name =
        format!("{view}-{}", axis.map_or("sum".to_owned(), |axis| format!("axis{axis}-sum")));
    let row = reduction(&name, &format!("sum of {slice}{along}"), table, "sum");
    let row = Row { bytes: row.bytes / 2, ..row.option("view", view).subjects(&USUAL) };
    match axis {
        Some(axis) => row.option("axis", axis),
        None => row,
    }
}

fn cold(size: Size) -> Row {
    let input = Input::line("<f4", size.mib(4096));
    let row = reduction("cold-sum", "sum of f4 from the disk", &input, "sum");
    Row { state: State::Cold, ..row.subjects(&[NumPy, Mapray, ArrayFile, DirectFile, Direct]) }
}
