//! The loops of reductions against plain ones in exact arithmetic: every length, alignment and byte
//! order; tables along each axis; and any number of threads.

use mapray::{AnyArray, ArrayFile, DynView, Layout, Order, Reduced, Result, Scalar, reduce};
use num_traits::ToPrimitive;

const OPS: [&str; 6] = ["sum", "mean", "std", "min", "argmax", "count_nonzero"];

fn run(array: &impl AnyArray, axis: Option<isize>, skip_nan: bool, op: &str) -> Result<Reduced> {
    let reduction = reduce(array).skip_nan(skip_nan);
    let reduction = axis.map_or(reduction.clone(), |axis| reduction.axis(axis));
    match op {
        "sum" => reduction.sum(),
        "mean" => reduction.mean(),
        "std" => reduction.std(),
        "min" => reduction.min(),
        "argmax" => reduction.argmax(),
        _ => reduction.count_nonzero(),
    }
}

fn number(scalar: Scalar) -> f64 {
    match scalar {
        Scalar::Int(value) => value.to_f64().unwrap(),
        Scalar::UInt(value) => value.to_f64().unwrap(),
        Scalar::Float(value) => value,
        other => panic!("{other:?}"),
    }
}

/// Values of a dtype and what they are worth: the bytes in the order that the dtype asks for.
fn values(dtype: &str, n: usize, seed: usize, wide: bool) -> (Vec<u8>, Vec<f64>) {
    let whole = |i: usize| {
        let x = (i + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        (x % 241) as f64 - if dtype.contains('u') { 0.0 } else { 120.0 }
    };
    let scale = |i: usize| if wide { 2.0_f64.powi(-((i % 29) as i32)) } else { 1.0 };
    let (mut bytes, mut worth) = (Vec::new(), Vec::new());
    for i in 0..n {
        let value = whole(i) * scale(i);
        let little: Vec<u8> = match &dtype[1..] {
            "f2" => half::f16::from_f64(value).to_le_bytes().into(),
            "f4" => (value as f32).to_le_bytes().into(),
            "f8" => value.to_le_bytes().into(),
            "i1" => (value as i8).to_le_bytes().into(),
            "i2" => (value as i16).to_le_bytes().into(),
            "i4" => (value as i32).to_le_bytes().into(),
            "i8" => (value as i64).to_le_bytes().into(),
            "u1" => (value as u8).to_le_bytes().into(),
            "u2" => (value as u16).to_le_bytes().into(),
            "u4" => (value as u32).to_le_bytes().into(),
            dtype => panic!("{dtype}"),
        };
        if dtype.starts_with('>') {
            bytes.extend(little.iter().rev());
        } else {
            bytes.extend(little);
        }
        worth.push(value);
    }
    (bytes, worth)
}

/// What a plain loop says of numbers that are multiples of 2⁻³⁰ and small: all of it is exact.
fn plain(values: &[f64], op: &str) -> f64 {
    let fixed = |value: f64| (value * 2.0_f64.powi(30)) as i128;
    let n = values.len() as f64;
    let sum: i128 = values.iter().map(|&value| fixed(value)).sum();
    match op {
        "sum" => sum as f64 / 2.0_f64.powi(30),
        "mean" => sum as f64 / 2.0_f64.powi(30) / n,
        "std" => {
            let squares: i128 = values.iter().map(|&value| fixed(value).pow(2)).sum();
            let count = values.len() as i128;
            ((count * squares - sum * sum) as f64 / 2.0_f64.powi(60)).sqrt() / n
        }
        "min" => values.iter().copied().fold(f64::INFINITY, f64::min),
        "argmax" => {
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            values.iter().position(|&value| value == most).unwrap() as f64
        }
        _ => values.iter().filter(|&&value| value != 0.0).count() as f64,
    }
}

/// Equal, but for the rounding of the result's own dtype.
fn same(found: f64, expected: f64, dtype: &str) -> bool {
    let places = match &dtype[1..] {
        "f2" => 10,
        "f4" => 23,
        _ => 51,
    };
    (found - expected).abs() <= expected.abs() * 2.0_f64.powi(-places)
}

const DTYPES: [&str; 12] =
    ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "|i1", "<i2", ">i2", "<i4", "|u1", "<u2"];

#[test]
fn every_length_and_alignment_gives_what_a_plain_loop_does() {
    let lengths = (1..=257).chain(2040..2056).chain([4095, 4096, 4097, 8200]);
    for (case, n) in lengths.enumerate() {
        for dtype in DTYPES {
            let is_float = dtype.contains('f') && !dtype.contains("f2");
            let (bytes, worth) = values(dtype, n, case, is_float && case % 2 == 1);
            let shift = case % 8;
            let shifted = [vec![0xff; shift], bytes].concat();
            let layout = Layout::contiguous(dtype.parse().unwrap(), &[n], Order::C, shift as u64);
            let view = DynView::new(&shifted, layout.unwrap()).unwrap();
            for op in OPS {
                let found = number(run(&view, None, false, op).unwrap().scalars()[0]);
                let expected = plain(&worth, op);
                assert!(same(found, expected, dtype), "{op} of {n} {dtype}: {found}, {expected}");
            }
        }
    }
}

/// A table of more blocks than one thread gets at once, and of more columns than one panel has.
const SHAPE: [usize; 2] = [300, 5003];

fn column(worth: &[f64], axis: isize, index: usize) -> Vec<f64> {
    match axis {
        0 => worth.iter().skip(index).step_by(SHAPE[1]).copied().collect(),
        _ => worth[index * SHAPE[1]..(index + 1) * SHAPE[1]].to_vec(),
    }
}

#[test]
fn tables_give_along_each_axis_what_a_plain_loop_does() {
    for (dtype, wide) in [("<f4", false), ("<f4", true), (">f8", true), ("<i2", false)] {
        let (bytes, worth) = values(dtype, SHAPE[0] * SHAPE[1], 7, wide);
        let layout = Layout::contiguous(dtype.parse().unwrap(), &SHAPE, Order::C, 0).unwrap();
        let view = DynView::new(&bytes, layout).unwrap();
        for axis in [0, 1] {
            for op in OPS {
                let found = run(&view, Some(axis), false, op).unwrap();
                for (index, &found) in found.scalars().iter().enumerate().step_by(37) {
                    let expected = plain(&column(&worth, axis, index), op);
                    let found = number(found);
                    assert!(
                        same(found, expected, dtype),
                        "{op} of {dtype} along {axis}, {index}: {found}, {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn nan_and_infinities_in_a_table_stay_in_their_columns() {
    let (_, mut worth) = values("<f4", SHAPE[0] * SHAPE[1], 3, false);
    worth[100 * SHAPE[1] + 17] = f64::NAN;
    worth[200 * SHAPE[1] + 4999] = f64::INFINITY;
    let bytes: Vec<u8> = worth.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect();
    let layout = Layout::contiguous("<f4".parse().unwrap(), &SHAPE, Order::C, 0).unwrap();
    let view = DynView::new(&bytes, layout).unwrap();
    for op in ["sum", "mean", "std", "min"] {
        let found = run(&view, Some(0), false, op).unwrap();
        let skipped = run(&view, Some(0), true, op).unwrap();
        for index in 0..SHAPE[1] {
            let [found, skipped] = [&found, &skipped].map(|all| number(all.scalars()[index]));
            let values = column(&worth, 0, index);
            let known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            match index {
                17 => {
                    assert!(found.is_nan(), "{op}");
                    assert!(same(skipped, plain(&known, op), "<f4"), "{op}");
                }
                4999 if op == "std" => assert!(found.is_nan() && skipped.is_nan()),
                4999 if op != "min" => assert_eq!((found, skipped), (f64::INFINITY, f64::INFINITY)),
                4999 => {}
                _ if index % 41 == 0 => {
                    let expected = plain(&values, op);
                    assert!(same(found, expected, "<f4") && same(skipped, expected, "<f4"), "{op}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_long_table_of_halves_sums_exactly() {
    // One block: its plain sums in `f64` would be too large for the last place of the small values.
    const ROWS: usize = 1 << 15;
    let small = |row: usize| (32_000..32_004).contains(&row);
    let value = |row| if small(row) { half::f16::from_bits(1) } else { half::f16::MAX };
    let bytes: Vec<u8> = (0..ROWS).flat_map(|row| [value(row); 16]).flat_map(f16_bytes).collect();
    let layout = Layout::contiguous("<f2".parse().unwrap(), &[ROWS, 16], Order::C, 0).unwrap();
    let sums = reduce(&DynView::new(&bytes, layout).unwrap()).axis(0).sum().unwrap();
    let expected = (ROWS - 4) as f64 * 65504.0 + 2.0_f64.powi(-22);
    assert_eq!(sums.scalars(), [Scalar::Float(expected); 16]);
}

fn f16_bytes(value: half::f16) -> [u8; 2] {
    value.to_le_bytes()
}

#[test]
fn a_file_that_is_read_in_pieces_goes_to_the_places_that_memory_goes_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    for shape in [[1, 300_001], [300_001, 1]] {
        let (bytes, _) = values("<f4", 300_001, 5, true);
        let layout = Layout::contiguous("<f4".parse().unwrap(), &shape, Order::C, 0).unwrap();
        let view = DynView::new(&bytes, layout).unwrap();
        mapray::save_dyn(&path, &view).unwrap();
        let file = ArrayFile::open(&path).unwrap();
        for axis in [None, Some(0), Some(1)] {
            for op in OPS {
                let [found, expected] =
                    [run(&file, axis, false, op), run(&view, axis, false, op)].map(Result::unwrap);
                assert!(found == expected, "{op} of {shape:?} along {axis:?}");
            }
        }
    }
}

#[test]
fn one_true_element_is_found_wherever_it_is() {
    let mut bytes = vec![0_u8; 24 << 20];
    let len = bytes.len();
    for at in [0, 5 << 20, len / 2, len - 1] {
        bytes[at] = 1;
        let layout = Layout::contiguous("|b1".parse().unwrap(), &[len], Order::C, 0).unwrap();
        let view = DynView::new(&bytes, layout).unwrap();
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| reduce(&view).any().unwrap());
            assert_eq!(found.scalars(), [Scalar::Bool(true)], "{at}, {threads} threads");
        }
        bytes[at] = 0;
    }
}

/// More results than one thread merges alone, in one range and in many.
#[test]
fn each_of_many_results_is_merged_where_it_belongs() {
    for (shape, axis) in [
        ([1, 3, 200_000], 1),
        ([200_000, 3, 1], 1),
        ([40, 3, 5000], 1),
        ([3, 40, 5000], 0),
        // A row of results is in the work of several threads.
        ([1, 600, 2100], 1),
        // Work ends amid a row of results, and the next one goes on from there.
        ([3, 1000, 550], 2),
    ] {
        for order in [Order::C, Order::F] {
            let dtype = "i4".parse().unwrap();
            let layout = Layout::contiguous(dtype, &shape, order, 0).unwrap();
            let (mut bytes, mut expected) =
                (vec![0; layout.nbytes()], vec![0; layout.len() / shape[axis]]);
            for (index, value) in (0..layout.len()).map(|i| (i, (i * i % 100_003) as i32)) {
                let i =
                    [index / shape[2] / shape[1], index / shape[2] % shape[1], index % shape[2]];
                let at = layout.element(&i).unwrap() as usize;
                bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
                let kept = |at: usize| at != axis;
                let slot =
                    (0..3).filter(|&at| kept(at)).fold(0, |slot, at| slot * shape[at] + i[at]);
                expected[slot] += i64::from(value);
            }
            let view = DynView::new(&bytes, layout).unwrap();
            for threads in [1, 2, 7] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let sums = pool.install(|| reduce(&view).axis(axis as isize).sum().unwrap());
                let found = sums.scalars().iter().map(|&sum| match sum {
                    Scalar::Int(sum) => sum,
                    other => panic!("{other:?}"),
                });
                assert!(
                    found.eq(expected.iter().copied()),
                    "{shape:?} {order:?}, {threads} threads"
                );
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads_nor_on_where_the_array_lies() {
    let folder = tempfile::tempdir().unwrap();
    for (dtype, wide) in [("<f4", true), (">i2", false)] {
        let (bytes, _) = values(dtype, SHAPE[0] * SHAPE[1], 11, wide);
        for order in [Order::C, Order::F] {
            let layout = Layout::contiguous(dtype.parse().unwrap(), &SHAPE, order, 0).unwrap();
            let view = DynView::new(&bytes, layout).unwrap();
            let path = folder.path().join("a.npy");
            mapray::save_dyn(&path, &view).unwrap();
            let file = ArrayFile::open(&path).unwrap();
            for (axis, op) in [None, Some(0), Some(1)]
                .into_iter()
                .flat_map(|axis| ["sum", "std", "argmax"].map(|op| (axis, op)))
            {
                let of = |threads| {
                    let pool =
                        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    pool.install(|| run(&view, axis, false, op))
                };
                let bits = |reduced: Result<Reduced>| -> Vec<u64> {
                    reduced.unwrap().scalars().iter().map(|&it| number(it).to_bits()).collect()
                };
                let one = bits(run(&view, axis, false, op));
                for threads in [1, 2, 7] {
                    let found = bits(of(threads));
                    assert!(found == one, "{op} of {dtype} along {axis:?} on {threads} threads");
                }
                let found = bits(run(&file, axis, false, op));
                assert!(found == one, "{op} of {dtype} along {axis:?} of a file");
            }
        }
    }
}
