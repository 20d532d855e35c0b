//! Arrays as tables, as CSV and as JSON.

mod common;

use std::path::Path;
use std::process::Command;

use common::{mapray, printed, refused, run, skip};
use mapray::{CreateOptions, DType};
use ndarray::{Array, Array2, arr1};
use serde_json::{Value, json};

fn saved(folder: &Path, name: &str, args: &[&str]) {
    printed(folder, [&["create", name][..], args].concat());
}

/// A file of records, each stored by its fields.
fn points(folder: &Path, n: usize) {
    let dtype =
        "[('t', '<M8[s]'), ('name', '<U12'), ('pos', [('x', '<f4'), ('y', '>f8')]), ('n', '<i2')]";
    saved(folder, "points.npy", &["--shape", &n.to_string(), "--dtype", dtype]);
    for (field, value) in [("t", "2024-02-29T12:00:00"), ("name", "all"), ("pos.y", "-2.5")] {
        printed(folder, ["set", "points.npy", "--field", field, value]);
    }
    printed(folder, ["set", "points.npy[1]", "--field", "name", "one, \"é\""]);
    printed(folder, ["set", "points.npy[-1]", "--field", "pos.x", "1e-3"]);
    printed(folder, ["set", "points.npy[-1]", "--field", "t", "NaT"]);
}

#[test]
fn records_are_tables_in_head_and_tail_and_text_in_slice() {
    let folder = tempfile::tempdir().unwrap();
    points(folder.path(), 3);
    let head = printed(folder.path(), ["head", "points.npy", "-n", "2"]);
    let expected = "   t                    name        pos.x    pos.y      n
   datetime64[s]        U12       float32  float64  int16
0  2024-02-29T12:00:00  all            0.     -2.5      0
1  2024-02-29T12:00:00  one, \"é\"       0.     -2.5      0\n";
    assert_eq!(head, expected);
    let tail = printed(folder.path(), ["tail", "points.npy", "-n", "1"]);
    assert!(tail.ends_with("\n2  NaT            all     0.001     -2.5      0\n"), "{tail}");
    let text = printed(folder.path(), ["slice", "points.npy[2:]"]);
    assert_eq!(text, "[('NaT', 'all', (0.001, -2.5), 0)]\n");
    let one = printed(folder.path(), ["slice", "points.npy[1]", "--table"]);
    assert!(one.contains("\n0  2024-02-29T12:00:00  one, \"é\""), "{one}");
}

#[test]
fn as_many_rows_are_shown_as_were_asked_for_and_slices_are_shortened() {
    let folder = tempfile::tempdir().unwrap();
    points(folder.path(), 3000);
    let lines = |args: &[&str]| printed(folder.path(), args).lines().count();
    assert_eq!(lines(&["head", "points.npy", "-n", "2500"]), 2 + 2500);
    assert_eq!(lines(&["tail", "points.npy"]), 2 + 10);
    assert_eq!(lines(&["head", "points.npy", "-n", "0"]), 2);
    let shortened = printed(folder.path(), ["slice", "points.npy", "--table"]);
    assert_eq!(shortened.lines().count(), 2 + 3 + 1 + 3 + 1, "{shortened}");
    assert!(
        shortened.contains("\n ...  ...") && shortened.ends_with("\n3000 rows\n"),
        "{shortened}"
    );
    assert_eq!(lines(&["slice", "points.npy", "--csv"]), 1 + 3000);
}

#[test]
fn columns_are_left_out_in_the_middle_until_the_table_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &Array::from_shape_fn((3, 300), |(i, j)| (i * 1000 + j) as u16)).unwrap();
    let table = |columns: &str| {
        let mut command = mapray(folder.path());
        command.args(["slice", "a.npy[:, :]", "--table"]).env("COLUMNS", columns);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let expected = "      0     1     2  ...   298   299
0     0     1     2  ...   298   299
1  1000  1001  1002  ...  1298  1299
2  2000  2001  2002  ...  2298  2299\n";
    assert_eq!(table("40"), expected);
    for columns in [20, 33, 80, 200] {
        let text = table(&columns.to_string());
        assert!(text.lines().all(|line| line.chars().count() <= columns), "{columns}\n{text}");
    }
    assert!(!table("4000").contains("..."));
    assert!(table("1").contains("  0"), "one column is always there");
}

#[test]
fn what_is_no_table_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    saved(folder.path(), "cube.npy", &["--shape", "2,3,4"]);
    for how in ["--table", "--csv"] {
        let message = refused(folder.path(), ["slice", "cube.npy", how]);
        assert!(message.contains("(2, 3, 4)") && message.contains("take a slice"), "{message}");
        printed(folder.path(), ["slice", "cube.npy[0]", how]);
    }
    let message = refused(folder.path(), ["slice", "cube.npy", "--csv", "--json"]);
    assert!(message.contains("cannot be used with"), "{message}");
    refused(folder.path(), ["slice", "cube.npy", "--csv", "-o", "out.npy"]);
}

#[test]
fn data_of_any_size_goes_by_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let dtype: DType = "u1".parse().unwrap();
    let path = folder.path().join("long.npy");
    CreateOptions::new([40 << 20]).sparse(true).file(&path, dtype).unwrap();
    for how in ["--csv", "--json"] {
        let output = Command::new("sh")
            .args(["-c", "ulimit -d 16384; \"$0\" slice long.npy \"$1\" | head -c 100"])
            .args([env!("CARGO_BIN_EXE_mapray"), how])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.stdout.len(), 100, "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn elements_without_bytes_do_not_print_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    saved(folder.path(), "none.npy", &["--shape", "1000000000000", "--dtype", "V0"]);
    saved(folder.path(), "empty.npy", &["--shape", "1000000000000,0"]);
    for how in ["--csv", "--json"] {
        let message = refused(folder.path(), ["slice", "none.npy", how]);
        assert!(message.contains("elements without bytes"), "{message}");
    }
    let found = printed(folder.path(), ["slice", "empty.npy", "--json"]);
    assert!(found.ends_with("\"data\":[]}\n"), "{found}");
}

#[test]
fn control_characters_do_not_reach_the_terminal_by_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let dtype = "[('s', 'S40')]";
    saved(folder.path(), "s.npy", &["--shape", "1", "--dtype", dtype]);
    printed(folder.path(), ["set", "s.npy", "--field", "s", "\u{1b}[31mred\nnext"]);
    let table = printed(folder.path(), ["head", "s.npy"]);
    assert!(table.contains("\\u{1b}[31mred\\nnext") && !table.contains('\u{1b}'), "{table}");
    printed(folder.path(), ["set", "s.npy", "--field", "s", &"x".repeat(39)]);
    assert!(printed(folder.path(), ["head", "s.npy"]).contains(&"x".repeat(39)));
}

#[test]
fn numbers_are_exact_in_json() {
    let folder = tempfile::tempdir().unwrap();
    mapray::save(folder.path().join("u.npy"), &arr1(&[u64::MAX, 0])).unwrap();
    mapray::save(folder.path().join("f.npy"), &arr1(&[0.1, 1e300, -0.0, f64::NAN])).unwrap();
    let data = |name: &str| printed(folder.path(), ["slice", name, "--json"]);
    assert!(data("u.npy").ends_with("\"data\":[18446744073709551615,0]}\n"));
    assert!(data("f.npy").ends_with("\"data\":[0.1,1e+300,-0.0,\"nan\"]}\n"));
    let none: Array2<f64> = Array2::zeros((2, 0));
    mapray::save(folder.path().join("none.npy"), &none).unwrap();
    let found: Value = serde_json::from_str(&data("none.npy")).unwrap();
    assert_eq!(found, json!({ "dtype": "<f8", "shape": [2, 0], "data": [[], []] }));
}

#[test]
fn json_and_csv_hold_what_numpy_reads() {
    const NAME: &str = "json_and_csv_hold_what_numpy_reads";
    let Some(python) = std::env::var_os("MAPRAY_PYTHON").filter(|path| !path.is_empty()) else {
        return skip(NAME, "MAPRAY_PYTHON does not name a Python with NumPy");
    };
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/data.py");
    let oracle = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(oracle.status.success(), "{}", String::from_utf8_lossy(&oracle.stderr));
    let (mut objects, mut tables, mut wrong) = (0, 0, Vec::new());
    for line in String::from_utf8(oracle.stdout).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let args: Vec<&str> =
            case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        let output = run(folder.path(), &args);
        let text = String::from_utf8_lossy(&output.stdout);
        let fits = if case["rows"].is_null() {
            objects += 1;
            let found: Value = serde_json::from_str(&text).unwrap_or_default();
            found["data"] == case["data"] && found["shape"] == case["shape"]
        } else {
            tables += 1;
            json!(rows_of(&text)) == case["rows"]
        };
        if !fits || !output.status.success() {
            let short = |text: &str| text.chars().take(600).collect::<String>();
            let message = String::from_utf8_lossy(&output.stderr);
            wrong.push(format!("{args:?}\n{}\n{}\n{message}", short(line), short(&text)));
        }
    }
    assert!(objects > 400 && tables > 100, "only {objects} and {tables} were compared");
    wrong.sort_by_key(String::len);
    let some = wrong.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differ (NumPy first):\n{some}", wrong.len());
}

/// The cells of each line, read by the rules of RFC 4180.
fn rows_of(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut is_quoted) = (vec![], vec![], String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if !is_quoted => is_quoted = true,
            '"' if characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = false,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}
