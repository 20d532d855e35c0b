//! Rows by a list of indices in no order.

use super::Size;
use crate::input::Input;
use crate::row::{Row, State};
use crate::subject::Subject::{
    ArrayFile, CopyAll, CopyOne, LiveMap, Mapray, NumPy, NumPyTake, Package, Scattered,
};

pub fn rows(size: Size) -> Vec<Row> {
    let short = size.mib(256) / 1024;
    let short = Input::Array { dtype: "<f4", shape: vec![short, 256], fortran: false };
    let warm = [NumPy, NumPyTake, Mapray, ArrayFile, LiveMap, Package];
    let cold = [NumPy, Mapray, ArrayFile, LiveMap, Package, Scattered];
    let filled = "NumPy makes a new array of each batch, mapray fills one again and again";
    let warm = |name, input, rows| Row {
        note: Some(filled),
        ..gather(name, "from memory", input, rows).option("batches", 100).subjects(&warm)
    };
    let cold = |name, rows| Row {
        state: State::Cold,
        ..gather(name, "from the disk", Input::table(size.mib(4096), false), rows).subjects(&cold)
    };
    vec![
        warm("gather-small-warm", short, 256).subjects(&[CopyOne]),
        warm("gather-warm", Input::table(size.mib(1024), false), 4096).subjects(&[CopyAll]),
        cold("gather-cold", 256),
        cold("gather-cold-4096", 4096),
    ]
}

fn gather(name: &str, from: &str, input: Input, rows: u64) -> Row {
    let Input::Array { shape, .. } = &input else { unreachable!("rows of an array") };
    let row = shape[1] * 4;
    let title = format!("{rows} rows of {row} bytes {from}");
    let row = Row { bytes: rows * row, ..Row::new(name, &title, input, "gather") };
    row.option("rows", rows)
}
