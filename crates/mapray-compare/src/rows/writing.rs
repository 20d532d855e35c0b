//! Copies: into memory, into files, into archives, into other dtypes and orders.

use super::{MIB, Size};
use crate::input::Input;
use crate::row::{Row, State, Value};
use crate::subject::Subject::{
    ArrayFile, CopyAll, Direct, DirectFile, LiveMap, Mapray, Msync, NdarrayNpy, Npyz, NumExpr,
    NumPy, NumPyMaps, Package, Pwrite,
};

pub fn rows(size: Size) -> Vec<Row> {
    let line = Input::line("<f4", size.mib(2048));
    [
        line_rows(&line),
        loads(size),
        archives(size),
        conversions(size),
        transposes(size),
        vec![flush(size)],
    ]
    .concat()
}

fn loads(size: Size) -> Vec<Row> {
    let load = |mib: u64, name: &str, title: &str, state: State| {
        let row = Row::new(name, title, Input::line("<f4", size.mib(mib)), "load");
        Row { fresh: row.bytes, state, ..row }.subjects(&[NumPy, Mapray, ArrayFile])
    };
    let warm = |mib, name| load(mib, name, "load: a copy in fresh memory", State::Warm);
    vec![
        load(1024, "load-cold", "load from the disk", State::Cold).subjects(&[DirectFile, Direct]),
        warm(1024, "load").subjects(&[LiveMap, Package, NdarrayNpy, CopyAll]),
        warm(128, "load-128").subjects(&[LiveMap, Package, NdarrayNpy, Npyz, CopyAll]),
    ]
}

fn line_rows(line: &Input) -> Vec<Row> {
    let bytes = line.bytes();
    let save = |name: &str, title: &str, synced: u8| {
        let row = Row::new(name, title, line.clone(), "save").option("synced", synced);
        row.writes(bytes, bytes).subjects(&[NumPy, Mapray, Package, NdarrayNpy, Pwrite])
    };
    vec![
        save("save", "save into the page cache", 0),
        save("save-synced", "save and sync", 1),
        Row::new("multiply", "half of each element, map to map", line.clone(), "multiply")
            .writes(bytes, 0)
            .subjects(&[NumPyMaps, Mapray, NumExpr, Pwrite, CopyAll]),
    ]
}

fn archives(size: Size) -> Vec<Row> {
    let savez = |name: &str, title: &str, input: Input, members: u32, compressed: u8| {
        let bytes = input.bytes();
        Row::new(name, title, input, "savez")
            .option("members", members)
            .option("compressed", compressed)
            .writes(bytes, bytes)
            .subjects(&[NumPy, Mapray, Package, NdarrayNpy])
    };
    let large = Input::line("<f4", size.mib(1024));
    // NumPy deflates 10 MB a second.
    let middling = Input::line("<f4", if size == Size::Small { 16 } else { 32 } * MIB);
    let stored = savez("savez", "savez of 4 arrays", large, 4, 0);
    let small = Input::line("<f4", MIB);
    let loaded = Input::Archive { members: 4, length: 8 * MIB, compressed: true };
    let load = Row::new("load-compressed", "load 4 deflated arrays", loaded, "load-members");
    vec![
        stored.subjects(&[Pwrite]),
        savez("savez-1000", "savez of 1,000 arrays of 1 KiB", small, 1000, 0),
        savez("savez-compressed", "savez_compressed of 4 arrays", middling, 4, 1),
        Row { fresh: load.bytes, ..load }.subjects(&[NumPy, Mapray, Package, NdarrayNpy]),
    ]
}

/// Names, dtypes, how many MiB, and how much longer the result is.
const CONVERSIONS: [(&str, &str, &str, u64, u64); 4] = [
    ("convert-f2-f4", "<f2", "<f4", 512, 2),
    ("convert-f4-f8", "<f4", "<f8", 512, 2),
    ("convert-i2-i4", "<i2", "<i4", 512, 2),
    ("convert-byte-swap", ">f4", "<f4", 1024, 1),
];

fn conversions(size: Size) -> Vec<Row> {
    let convert = |(name, from, to, mib, growth): (&str, &'static str, &str, u64, u64)| {
        let input = Input::line(from, size.mib(mib));
        let bytes = growth * input.bytes();
        let title = format!("{from} to {to}, file to file");
        Row::new(name, &title, input, "convert")
            .option("dtype", to)
            .writes(bytes, bytes)
            .subjects(&[NumPy, NumPyMaps, Mapray, Pwrite, CopyAll])
    };
    CONVERSIONS.map(convert).into()
}

fn transposes(size: Size) -> Vec<Row> {
    let transpose = |(name, mib): (&str, u64)| {
        let rows = size.mib(mib) / 4 / 8192;
        let input = Input::Array { dtype: "<f4", shape: vec![rows, 8192], fortran: false };
        let bytes = input.bytes();
        let row = Row::new(name, "C order to Fortran order, file to file", input, "convert");
        let row = row.option("order", "F").option("cap", 64).writes(bytes, 0);
        let row = row.subjects(&[NumPyMaps, Mapray, Pwrite, CopyAll]);
        Row { note: Some("private memory is capped at 64 MiB, the page cache is not"), ..row }
    };
    [("transpose", 256), ("transpose-8192", 8192)].map(transpose).into()
}

fn flush(size: Size) -> Row {
    let input = Input::table(size.mib(4096), false);
    let title = "flush 256 rows of a map with one dirty page in 16 of its second half";
    let row = Row::new("flush-slice", title, input, "flush").subjects(&[NumPy, Mapray, Msync]);
    Row { bytes: 0, value: Value::Result, ..row }
}
