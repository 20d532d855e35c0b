//! Arrays that grow where they lie, held against NumPy and against a naive model.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::oracle::{read_json, run};
use mapray::{AppendOptions, Appender, ArrayFile, Durability, Element, Order, Result};
use ndarray::{Array2, Axis, Ix1, Ix2, arr0, arr1, arr2, s};

/// A case of `append.py`.
struct Case {
    name: String,
    base: PathBuf,
    rows: PathBuf,
    /// What NumPy writes of both.
    grown: PathBuf,
    /// Whether the base is to have just these bytes in the end.
    same: bool,
}

/// The cases of `append.py`, in a folder of their own, and the interpreter that wrote them.
fn cases(test: &str) -> Option<(tempfile::TempDir, PathBuf, Vec<Case>)> {
    let Some(python) = common::python() else {
        common::skip(test, "no Python with NumPy");
        return None;
    };
    let folder = common::scratch();
    run(&python, "append.py", folder.path());
    let list = read_json(&folder.path().join("cases.json"));
    let cases = list.as_array().unwrap().iter().enumerate().map(|(n, case)| {
        let path = |what: &str| folder.path().join(format!("{n}.{what}.npy"));
        Case {
            name: case["name"].as_str().unwrap().to_owned(),
            base: path("base"),
            rows: path("rows"),
            grown: path("grown"),
            same: case["bytes"].as_bool().unwrap(),
        }
    });
    let cases: Vec<_> = cases.collect();
    assert!(cases.len() > 100);
    Some((folder, python, cases))
}

fn check(python: &Path, folder: &Path, cases: usize) {
    assert_eq!(run(python, "append_check.py", folder).trim(), cases.to_string());
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let litter: Vec<_> = names.filter(|name| name.as_encoded_bytes().starts_with(b".")).collect();
    assert!(litter.is_empty(), "{litter:?}");
}

#[test]
fn what_was_appended_to_is_byte_for_byte_what_numpy_writes_of_both() {
    let test = "what_was_appended_to_is_byte_for_byte_what_numpy_writes_of_both";
    let Some((folder, python, cases)) = cases(test) else { return };
    for Case { name, base, rows, grown, same } in &cases {
        let rows = ArrayFile::open(rows).unwrap();
        mapray::append_dyn(base, &rows).unwrap_or_else(|error| panic!("{name}: {error}"));
        if *same {
            assert!(fs::read(base).unwrap() == fs::read(grown).unwrap(), "{name}");
        }
    }
    check(&python, folder.path(), cases.len());
}

#[test]
fn an_appender_that_flushes_after_each_row_ends_with_the_same_bytes() {
    let test = "an_appender_that_flushes_after_each_row_ends_with_the_same_bytes";
    let Some((folder, python, cases)) = cases(test) else { return };
    for Case { name, base, rows, grown, same } in &cases {
        let rows = ArrayFile::open(rows).unwrap();
        let options = AppendOptions::new().durability(Durability::Buffered);
        let mut appender = options.open(base).unwrap();
        let before = appender.len();
        if rows.shape() == appender.row_shape() {
            appender.push_dyn(&rows).unwrap();
        } else {
            let axis = rows.entry().shape().len() - 1;
            let axis =
                if ArrayFile::open(base).unwrap().entry().order == Order::F { axis } else { 0 };
            let n = rows.shape()[axis];
            let step = (n / 50).max(1);
            for first in (0..n).step_by(step) {
                let part = format!("[{}{first}:{}]", ":, ".repeat(axis), n.min(first + step));
                appender.extend_dyn(&rows.slice(&part.parse().unwrap()).unwrap()).unwrap();
                appender.flush().unwrap();
                assert_eq!(appender.flushed_len(), before + n.min(first + step), "{name}");
                let seen = ArrayFile::open(base).unwrap();
                assert_eq!(seen.shape()[axis], appender.len(), "{name}");
            }
        }
        appender.close().unwrap();
        if *same {
            assert!(fs::read(base).unwrap() == fs::read(grown).unwrap(), "{name}");
        }
    }
    check(&python, folder.path(), cases.len());
}

/// What a file of these rows of `f8` is to hold, and a way to look at it.
fn file_of(rows: &Array2<f64>) -> (tempfile::TempDir, PathBuf) {
    let folder = common::scratch();
    let path = folder.path().join("a.npy");
    mapray::save(&path, rows).unwrap();
    (folder, path)
}

/// That the file is what `save` would write.
fn assert_is(path: &Path, rows: &Array2<f64>) {
    let expected = path.with_file_name("expected.npy");
    mapray::save(&expected, rows).unwrap();
    assert!(fs::read(path).unwrap() == fs::read(&expected).unwrap());
}

#[test]
fn rows_of_every_make_are_appended() {
    let all = Array2::from_shape_fn((40, 3), |(i, j)| (10 * i + j) as f64);
    let (_folder, path) = file_of(&all.slice(s![..2, ..]).to_owned());
    assert_eq!(mapray::append(&path, &all.row(2)).unwrap(), 3);
    // One that lies in another order, one with steps, one that runs backwards.
    let columns = all.slice(s![3..6, ..]).reversed_axes().as_standard_layout().into_owned();
    assert_eq!(mapray::append(&path, &columns.t()).unwrap(), 6);
    let spread =
        Array2::from_shape_fn(
            (8, 6),
            |(i, j)| if j % 2 == 0 { all[(6 + i / 2, j / 2)] } else { -1.0 },
        );
    assert_eq!(mapray::append(&path, &spread.slice(s![..;2, ..;2])).unwrap(), 10);
    let backwards = all.slice(s![10..20;-1, ..]).to_owned();
    assert_eq!(mapray::append(&path, &backwards.slice(s![..;-1, ..])).unwrap(), 20);
    // From files and maps, of itself too.
    let other = path.with_file_name("other.npy");
    mapray::save(&other, &all).unwrap();
    let file = ArrayFile::open(&other).unwrap();
    let part = |text: &str| file.slice(&text.parse().unwrap()).unwrap();
    assert_eq!(mapray::append_dyn(&path, &part("[20]")).unwrap(), 21);
    assert_eq!(mapray::append_dyn(&path, &part("[21:30]")).unwrap(), 30);
    assert_is(&path, &all.slice(s![..30, ..]).to_owned());
    assert_eq!(mapray::append_dyn(&path, &ArrayFile::open(&path).unwrap()).unwrap(), 60);
    let twice = all.slice(s![..30, ..]);
    assert_is(&path, &ndarray::concatenate![Axis(0), twice, twice]);
}

#[test]
fn numbers_in_the_other_byte_order_are_swapped() -> Result<()> {
    let folder = common::scratch();
    let path = folder.path().join("a.npy");
    let mut log = Appender::create(&path, ">i4".parse()?, &[2])?;
    log.push(&arr1(&[1, 2]))?;
    log.extend(&arr2(&[[3, 4], [-5, 6]]))?;
    assert_eq!((log.len(), log.flushed_len(), log.close()?), (3, 0, 3));
    let file = ArrayFile::open(&path)?;
    assert_eq!(file.dtype().to_string(), ">i4");
    assert_eq!(file.to_array::<i32, Ix2>()?, arr2(&[[1, 2], [3, 4], [-5, 6]]));
    Ok(())
}

#[test]
fn arrays_become_longer_by_zeros_and_shorter() -> Result<()> {
    let all = Array2::from_shape_fn((5, 3), |(i, j)| (1 + 10 * i + j) as f64);
    let (_folder, path) = file_of(&all);
    for (len, kept) in
        [(7, 5), (7, 5), (120, 5), (4, 4), (9, 4), (0, 0), (1, 0), (100_000, 0), (3, 0)]
    {
        mapray::resize(&path, len)?;
        let mut expected = Array2::zeros((len, 3));
        expected.slice_mut(s![..kept, ..]).assign(&all.slice(s![..kept, ..]));
        assert_is(&path, &expected);
    }
    let fortran = path.with_file_name("f.npy");
    mapray::save(&fortran, &all.t())?;
    mapray::resize(&fortran, 2)?;
    mapray::append(&fortran, &arr1(&[7.0, 8.0, 9.0]))?;
    mapray::resize(&fortran, 4)?;
    let file = ArrayFile::open(&fortran)?;
    assert_eq!((file.entry().order, file.shape()), (Order::F, &[3, 4][..]));
    let expected = arr2(&[[1.0, 11.0, 7.0, 0.0], [2.0, 12.0, 8.0, 0.0], [3.0, 13.0, 9.0, 0.0]]);
    assert_eq!(file.to_array::<f64, Ix2>()?, expected);
    Ok(())
}

#[test]
fn an_appender_gathers_rows_and_shows_them_when_it_is_flushed() -> Result<()> {
    let folder = common::scratch();
    let path = folder.path().join("log.npy");
    let mut log = Appender::create(&path, f64::dtype(), &[])?;
    assert!(log.is_empty() && log.row_shape().is_empty() && log.path() == path);
    let seen = || mapray::load::<f64, Ix1>(&path).map(|rows| rows.len());
    // Past what is gathered, so that some rows stand behind the end already.
    for i in 0..300_000 {
        log.push(&arr0(f64::from(i)))?;
    }
    assert_eq!((log.len(), log.flushed_len(), seen()?), (300_000, 0, 0));
    assert!(fs::metadata(&path).unwrap().len() > 1 << 20, "they are on their way");
    log.flush()?;
    assert_eq!((log.flushed_len(), seen()?), (300_000, 300_000));
    log.flush()?;
    log.extend(&arr1(&[1.5; 7]))?;
    drop(log);
    assert_eq!(seen()?, 300_007, "a drop flushes");
    let rows = mapray::load::<f64, Ix1>(&path)?;
    assert!(
        (0..300_000).all(|i| rows[i] == i as f64)
            && rows.slice(s![300_000..]).iter().all(|&x| x == 1.5)
    );
    let names: Vec<_> = fs::read_dir(&folder).unwrap().collect();
    assert_eq!(names.len(), 1, "no litter");
    Ok(())
}
