//! Reductions against exact arithmetic and against NumPy.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Command;

use mapray::{
    AnyArray, ArrayFile, DynMap, DynMapMut, DynView, ErrorKind, Layout, Mode, Reduced, Reduction,
    Result, Scalar, Slice, Summary, reduce, summary,
};
use ndarray::{Ix1, Ix2, arr1, arr2};
use num_complex::Complex;
use serde_json::Value;

/// Whether this system reads live maps.
const LIVE: bool = cfg!(all(target_os = "linux", not(mapray_portable)));

fn run(reduction: &Reduction<'_>, op: &str) -> Result<Reduced> {
    match op {
        "sum" => reduction.sum(),
        "mean" => reduction.mean(),
        "var" => reduction.var(),
        "std" => reduction.std(),
        "min" => reduction.min(),
        "max" => reduction.max(),
        "argmin" => reduction.argmin(),
        "argmax" => reduction.argmax(),
        "count_nonzero" => reduction.count_nonzero(),
        "any" => reduction.any(),
        "all" => reduction.all(),
        _ => panic!("{op}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A case of the oracle's.
struct Case(Value);

impl Case {
    fn reduction<'a>(&self, array: &'a impl AnyArray) -> Reduction<'a> {
        let reduction = reduce(array)
            .keepdims(self.0["keepdims"].as_bool().unwrap())
            .skip_nan(self.0["skip"].as_bool().unwrap())
            .ddof(self.0["ddof"].as_f64().unwrap());
        match &self.0["axes"] {
            Value::Array(axes) => {
                let axes: Vec<_> =
                    axes.iter().map(|axis| axis.as_i64().unwrap() as isize).collect();
                if let [axis] = axes[..] { reduction.axis(axis) } else { reduction.axes(&axes) }
            }
            _ => reduction,
        }
    }

    fn run(&self, array: &impl AnyArray) -> Result<Reduced> {
        run(&self.reduction(array), text(&self.0["op"]))
    }

    /// Compares a result with what the oracle says. Sums that do not fit must say so, and wrap on
    /// request.
    fn check(&self, array: &impl AnyArray, found: Result<Reduced>) -> Result<(), String> {
        if let Some(expected) = self.0["error"].as_str() {
            return match found {
                Err(error) if error.kind() == ErrorKind::Dtype && expected == "dtype" => Ok(()),
                Err(error) if error.to_string().starts_with(expected) => Ok(()),
                other => Err(format!("{other:?}")),
            };
        }
        let values = self.0["values"].as_array().unwrap().iter().map(text);
        let overflows = |value: &str| match value.split_at(2) {
            ("i:", value) => value.parse().is_ok_and(|value: i128| i64::try_from(value).is_err()),
            ("u:", value) => value.parse::<u64>().is_err(),
            _ => false,
        };
        let found = if values.clone().any(overflows) {
            let error = found.err().ok_or("an overflow is not reported")?;
            if error.kind() != ErrorKind::Dtype || !error.to_string().contains("64 bits") {
                return Err(error.to_string());
            }
            self.reduction(array).wrapping(true).sum()
        } else {
            found
        };
        let found = found.map_err(|error| error.to_string())?;
        let shape: Vec<_> = self.0["shape"].as_array().unwrap().iter().map(Value::as_u64).collect();
        let found_shape: Vec<_> = found.shape().iter().map(|&n| Some(n as u64)).collect();
        if found.dtype().to_string() != text(&self.0["dtype"]) || found_shape != shape {
            return Err(format!("dtype or shape of {found:?}"));
        }
        if found.scalars().len() != values.len() {
            return Err(format!("{found:?}"));
        }
        let slack = self.0["slack"].as_f64().unwrap_or(0.0);
        let slack = if ["sum", "mean"].contains(&text(&self.0["op"])) { slack } else { 0.0 };
        let differs = |(found, value): &(&Scalar, &str)| !equals(found, value, slack);
        match found.scalars().iter().zip(values).find(differs) {
            Some((found, value)) => Err(format!("{found:?}, expected {value}")),
            None => Ok(()),
        }
    }
}

fn bits(text: &str) -> f64 {
    f64::from_bits(text.parse().unwrap())
}

/// Equality of bits, but for the sign of zero, what is in a NaN, and `slack`.
fn same(a: f64, b: f64, slack: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= slack
}

fn equals(found: &Scalar, expected: &str, slack: f64) -> bool {
    let (kind, expected) = expected.split_at(2);
    match *found {
        Scalar::Bool(found) => kind == "b:" && found == (expected == "1"),
        Scalar::Int(found) => kind == "i:" && expected.parse::<i128>().unwrap() as i64 == found,
        Scalar::UInt(found) => kind == "u:" && expected.parse::<u128>().unwrap() as u64 == found,
        Scalar::Float(found) => kind == "f:" && same(found, bits(expected), slack),
        Scalar::Complex(found) => {
            let (re, im) = expected.split_once(',').unwrap();
            let (re, im) = (bits(re), bits(im));
            // Among several complex NaN it depends on the order in memory which one comes first.
            let nan = |re: f64, im: f64| re.is_nan() || im.is_nan();
            kind == "c:"
                && (same(found.re, re, slack) && same(found.im, im, slack)
                    || nan(found.re, found.im) && nan(re, im))
        }
    }
}

#[test]
fn every_reduction_is_exact_or_numpys_of_every_dtype_order_and_axis_in_files_maps_and_memory() {
    let Some(python) = common::python() else {
        return common::skip("statistics", "MAPRAY_PYTHON names no interpreter with NumPy");
    };
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/reductions.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let cases = fs::File::open(folder.path().join("cases.json")).unwrap();
    let mut by_array = BTreeMap::<(String, String), Vec<Case>>::new();
    for line in BufReader::new(cases).lines() {
        let case: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let key = (text(&case["file"]).to_owned(), text(&case["slice"]).to_owned());
        by_array.entry(key).or_default().push(Case(case));
    }
    let mut wrong = Vec::new();
    let mut ran = 0;
    for ((stem, slice), cases) in &by_array {
        let slice: Slice = slice.parse().unwrap();
        for order in ["c", "f"] {
            let path = folder.path().join(format!("{stem}-{order}.npy"));
            let file = ArrayFile::open(&path).unwrap().slice(&slice).unwrap();
            let live = file.map_live_dyn(Mode::Read).unwrap();
            // SAFETY: nobody else knows these files.
            let map = unsafe { live.clone().assume_stable() }.unwrap();
            for case in cases {
                ran += 1;
                let found = case.run(&file);
                // Compared as text, in which NaN is equal to NaN.
                let shown = format!("{found:?}");
                assert_eq!(format!("{:?}", case.run(&map)), shown);
                if LIVE {
                    assert_eq!(format!("{:?}", case.run(&live)), shown);
                }
                if let Err(message) = case.check(&file, found) {
                    let mut case = case.0.clone();
                    case.as_object_mut().unwrap().remove("values");
                    wrong.push(format!("{case} ({order}): {message}"));
                }
            }
            summary_is_that_of_reductions(&file);
        }
    }
    let first = &wrong[..wrong.len().min(20)];
    assert!(wrong.is_empty(), "{} of {ran} wrong:\n{}", wrong.len(), first.join("\n"));
    assert!(ran > 10_000, "{ran}");
}

/// A summary says of an array what the reductions say of it without its NaN.
fn summary_is_that_of_reductions(array: &ArrayFile) {
    let reduce = array.reduce().skip_nan(true);
    let summary = match summary(array) {
        Ok(summary) => summary,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Dtype);
            return assert!(array.dtype().to_string().contains('c'), "{error}");
        }
    };
    assert_eq!(summary.count, array.layout().len() as u64);
    if summary.count == summary.nan {
        let Summary { min, max, mean, std, .. } = summary;
        return assert_eq!((min, max, mean, std), (None, None, None, None));
    }
    let same = |a: f64, b: f64| same(a, b, 0.0);
    let scalar = |reduced: Result<Reduced>| Some(reduced.unwrap().scalars()[0]);
    assert_eq!((summary.min, summary.max), (scalar(reduce.min()), scalar(reduce.max())));
    if reduce.var().is_ok() {
        assert!(
            same(summary.mean.unwrap(), reduce.mean().unwrap().value().unwrap()),
            "{summary:?}"
        );
        assert!(same(summary.std.unwrap(), reduce.std().unwrap().value().unwrap()), "{summary:?}");
    }
}

#[test]
fn a_hundred_million_floats_are_summed_to_the_last_bit() {
    // Whole numbers of 2^-23, so that the sum in 64 bits is exact. The rows are one and the same.
    const ROWS: u64 = 10_000;
    let steps = |i: u64| (1 << 23) + i * 7919 % (1 << 23);
    let row: Vec<f32> = (0..10_000).map(|i| steps(i) as f32 / 8_388_608.0).collect();
    let exact = ROWS * (0..10_000).map(steps).sum::<u64>();
    let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
    let shape = [ROWS as usize, row.len()];
    let layout = Layout::strided("<f4".parse().unwrap(), &shape, &[0, 4], 0).unwrap();
    let view = DynView::new(&bytes, layout).unwrap();
    let sum = reduce(&view).sum().unwrap();
    let expected = exact as f64 / 8_388_608.0;
    assert_eq!(sum.value::<f64>().unwrap(), expected);
    assert_eq!(sum.value::<f32>().unwrap(), expected as f32);
}

#[test]
fn sums_of_numbers_that_cancel_keep_what_is_left() {
    let sum = |values: &[f64]| DynView::from_array(&arr1(values)).unwrap().sum::<f64>().unwrap();
    assert_eq!(sum(&[1e16, 1.0, -1e16]), 1.0);
    // As far as 106 bits reach.
    assert_eq!(sum(&[1.0, 1e25, 1.0, -1e25].repeat(10_000)), 20_000.0);
    assert_eq!(sum(&[1e16, 1.0, -1e16, 1e-10].repeat(5_000)), 5_000.0 + 5_000.0 * 1e-10);
    let single = arr1(&[3e38_f32, 1e-30, -3e38].repeat(100));
    let sum = DynView::from_array(&single).unwrap().sum::<f64>().unwrap();
    assert!((sum - 100.0 * f64::from(1e-30_f32)).abs() < 1e-40, "{sum}");
}

#[test]
fn a_spread_far_from_zero_or_with_the_first_far_from_the_rest_is_not_lost() {
    let var = |values: &[f64]| DynView::from_array(&arr1(values)).unwrap().var().unwrap();
    assert_eq!(var(&[1e15, 1e15 + 1.0, 1e15 + 2.0, 1e15 + 1.0].repeat(1000)), 0.5);
    assert_eq!(var(&[0.1; 5000]), 0.0);
    // n * var = D^2 (n - 1) / n + what the others make, which is 1 / 2^20 of it in the last place.
    let mut values = [0.0, 1.0].repeat(50_000);
    values[0] = 1e8;
    let (n, first, second) = (1e5_f64, 1e8 + 50_000.0, 1e16 + 50_000.0);
    assert_eq!(var(&values), (second - first * (first / n)) / n);
}

#[test]
fn single_numbers_as_far_from_zero_as_they_can_be_told_apart_keep_their_spread() {
    // Neighbours of 24 bits, half of them one: the variance is 1 / 4 whatever they are counted from.
    let values = arr1(&[16_777_214.0_f32, 16_777_215.0].repeat(10_000));
    assert_eq!(
        reduce(&DynView::from_array(&values).unwrap()).var().unwrap().value::<f64>().unwrap(),
        0.25
    );
    let table = ndarray::Array2::from_shape_fn((2000, 40), |(i, _)| values[i]);
    let found = reduce(&DynView::from_array(&table).unwrap()).axis(0).var().unwrap();
    assert_eq!(found.scalars(), [Scalar::Float(0.25); 40]);
}

#[test]
fn integers_are_exact_and_an_overflow_is_reported_or_wraps() {
    let unsigned = arr1(&[u64::MAX, 1, 2]);
    let view = DynView::from_array(&unsigned).unwrap();
    let error = view.sum::<u64>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dtype);
    assert_eq!(
        error.to_string(),
        "the sum does not fit in 64 bits: expected 0 to 18446744073709551615, found \
         18446744073709551618; `wrapping(true)` gives its lowest 64 bits, as NumPy does; the mean is exact"
    );
    assert_eq!(view.reduce().wrapping(true).sum().unwrap().value::<u64>().unwrap(), 2);
    assert_eq!(view.mean::<f64>().unwrap(), 2.0_f64.powi(64) / 3.0);
    let signed = arr1(&[i64::MIN, -1, i64::MAX]);
    let view = DynView::from_array(&signed).unwrap();
    assert_eq!(view.sum::<i64>().unwrap(), -2);
    assert_eq!(view.reduce().axis(0).sum().unwrap().dtype().to_string(), "<i8");
    // 2^53 + 1 is no f64, but the sum and the extremes are what they are.
    let odd = arr1(&[(1_i64 << 53) + 1, 0]);
    let view = DynView::from_array(&odd).unwrap();
    assert_eq!((view.sum::<i64>().unwrap(), view.max::<i64>().unwrap()), (odd[0], odd[0]));
    let time = DynView::from_array(&odd).unwrap();
    assert_eq!(summary(&time).unwrap().max, Some(Scalar::Int(odd[0])));
}

#[test]
fn whole_arrays_are_reduced_in_one_word_through_every_kind_of_array() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &arr2(&[[3_i16, -7, 0], [5, 5, 1]])).unwrap();
    macro_rules! check {
        ($array:expr) => {{
            let array = $array;
            assert_eq!(array.sum::<i64>().unwrap(), 7);
            assert_eq!(array.mean::<f64>().unwrap(), 7.0 / 6.0);
            assert_eq!(array.var().unwrap(), 605.0 / 36.0);
            assert!((array.std().unwrap() - array.var().unwrap().sqrt()).abs() < 1e-15);
            assert_eq!(array.min::<i16>().unwrap(), -7);
            assert_eq!(array.max::<f32>().unwrap(), 5.0);
            assert_eq!((array.argmin().unwrap(), array.argmax().unwrap()), (1, 3));
            assert_eq!(array.count_nonzero().unwrap(), 5);
            assert_eq!((array.any().unwrap(), array.all().unwrap()), (true, false));
            let rows = array.reduce().axis(1).max().unwrap().to_array::<i16, Ix1>().unwrap();
            assert_eq!(rows, arr1(&[3, 5]));
        }};
    }
    let file = ArrayFile::open(&path).unwrap();
    check!(&file);
    // SAFETY: nobody else knows this file.
    let map = unsafe { DynMap::open(&path) }.unwrap();
    check!(&map);
    check!(map.view());
    // SAFETY: nobody else knows this file.
    check!(unsafe { DynMapMut::open(&path, Mode::CopyOnWrite) }.unwrap());
    if LIVE {
        check!(file.map_live_dyn(Mode::Read).unwrap());
        check!(file.map_live::<i16, Ix2>(Mode::Read).unwrap());
    }
}

#[test]
fn results_are_had_as_any_number_of_their_kind_and_nothing_simpler() {
    let halves = arr1(&[1.0, 2048.5].map(mapray::f16::from_f64));
    let sum = reduce(&DynView::from_array(&halves).unwrap()).sum().unwrap();
    assert_eq!(sum.dtype().to_string(), "<f2");
    assert_eq!(sum.value::<mapray::f16>().unwrap().to_f32(), 2048.0);
    assert_eq!(sum.value::<f64>().unwrap(), 2049.0);
    assert_eq!(sum.to_bytes(), mapray::f16::from_f32(2048.0).to_le_bytes());
    assert_eq!(sum.value::<Complex<f32>>().unwrap(), Complex::new(2049.0, 0.0));
    assert_eq!(sum.value::<mapray::Packed<f32, mapray::Big>>().unwrap().get(), 2049.0);
    assert_eq!(sum.value::<i64>().unwrap_err().kind(), ErrorKind::Dtype);
    let rows = reduce(&DynView::from_array(&arr2(&[[1_u8, 2], [200, 100]])).unwrap()).axis(1).sum();
    let rows = rows.unwrap();
    assert_eq!(rows.get::<u16>(&[1]).unwrap(), 300);
    assert_eq!(rows.get::<u8>(&[1]).unwrap_err().kind(), ErrorKind::Dtype);
    assert_eq!(rows.get::<u8>(&[0]).unwrap(), 3);
    assert_eq!(rows.get::<u16>(&[2]).unwrap_err().kind(), ErrorKind::Index);
    assert_eq!(rows.value::<u16>().unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(rows.to_array::<u64, Ix2>().unwrap_err().kind(), ErrorKind::Shape);
}
