//! Bins of arrays: against a naive count of the same, in every order and dtype, and over holes.

use std::io::{Seek, SeekFrom, Write};

use mapray::{Bin, CreateOptions, DynView, ErrorKind, Layout, Order, Slice, binned};
use ndarray::{Array1, Array2, Ix2, arr0, arr1, arr2};

/// The bins of an array of two axes, element by element.
fn naive(array: &Array2<f64>, bins: [usize; 2]) -> Vec<(u64, u64, f64, f64, f64)> {
    let (rows, columns) = array.dim();
    let mut found = vec![(0, 0, f64::INFINITY, f64::NEG_INFINITY, 0.0); bins[0] * bins[1]];
    for ((i, j), &value) in array.indexed_iter() {
        let bin = &mut found[i * bins[0] / rows * bins[1] + j * bins[1] / columns];
        if value.is_nan() {
            bin.1 += 1;
            continue;
        }
        *bin = (bin.0 + 1, bin.1, bin.2.min(value), bin.3.max(value), bin.4 + value);
    }
    found
}

#[track_caller]
fn assert_like(found: &[Bin], expected: &[(u64, u64, f64, f64, f64)]) {
    assert_eq!(found.len(), expected.len());
    for (bin, &(finite, nan, min, max, sum)) in found.iter().zip(expected) {
        assert_eq!((bin.finite, bin.nan, bin.min, bin.max), (finite, nan, min, max));
        let mean = if finite > 0 { sum / finite as f64 } else { 0.0 };
        assert!((bin.mean - mean).abs() <= 1e-12 * mean.abs().max(1.0), "{} {mean}", bin.mean);
    }
}

#[test]
fn bins_are_those_of_a_naive_count_in_every_order() {
    let array = Array2::from_shape_fn((37, 1013), |(i, j)| match (i * 1013 + j) % 97 {
        13 => f64::NAN,
        k => k as f64 - i as f64,
    });
    for bins in [[1, 1], [5, 7], [37, 1013], [40, 3], [2, 2000]] {
        let expected = naive(&array, bins);
        let fortran = array.t().as_standard_layout().into_owned();
        assert_like(&binned(&DynView::from_array(&array).unwrap(), &bins).unwrap(), &expected);
        let turned = fortran.t();
        assert_like(&binned(&DynView::from_array(&turned).unwrap(), &bins).unwrap(), &expected);
        let backwards = array.slice(ndarray::s![..;-1, ..;-1]).to_owned();
        let again = backwards.slice(ndarray::s![..;-1, ..;-1]);
        assert_like(&binned(&DynView::from_array(&again).unwrap(), &bins).unwrap(), &expected);
    }
}

#[test]
fn thin_arrays_have_the_same_bins() {
    let array = Array2::from_shape_fn((3001, 3), |(i, j)| (i * 7 % 101) as f64 - (j * 50) as f64);
    for bins in [[1, 1], [40, 3], [17, 2], [4000, 1]] {
        let expected = naive(&array, bins);
        assert_like(&binned(&DynView::from_array(&array).unwrap(), &bins).unwrap(), &expected);
        let fortran = array.t().as_standard_layout().into_owned();
        let turned = fortran.t();
        assert_like(&binned(&DynView::from_array(&turned).unwrap(), &bins).unwrap(), &expected);
    }
}

#[test]
fn a_file_has_the_bins_of_memory_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let number = |i: usize| 1.0 / (i.wrapping_mul(0x9e37_79b9) % 100_003 + 1) as f64;
    let array = Array1::from_shape_fn(400_009, number);
    mapray::save(&path, &array).unwrap();
    let file = mapray::ArrayFile::open(&path).unwrap();
    let view = DynView::from_array(&array).unwrap();
    for bins in [1, 3, 7] {
        assert_eq!(binned(&file, &[bins]).unwrap(), binned(&view, &[bins]).unwrap());
    }
}

#[test]
fn every_number_is_taken_for_what_it_is() {
    let of = |descr: &str, bytes: &[u8]| {
        let dtype: mapray::DType = descr.parse().unwrap();
        let len = bytes.len() / dtype.itemsize();
        let layout = Layout::contiguous(dtype, &[len], Order::C, 0).unwrap();
        binned(&DynView::new(bytes, layout).unwrap(), &[1]).map(|bins| bins[0])
    };
    let range = |descr: &str, bytes: &[u8]| {
        let bin = of(descr, bytes).unwrap();
        (bin.min, bin.max)
    };
    assert_eq!(range("?", &[0, 1, 1]), (0.0, 1.0));
    assert_eq!(range("i1", &[0xff, 3]), (-1.0, 3.0));
    assert_eq!(range(">i2", &[1, 0, 0, 2]), (2.0, 256.0));
    assert_eq!(range("<u8", &u64::MAX.to_le_bytes()), (2_f64.powi(64), 2_f64.powi(64)));
    assert_eq!(range(">f2", &[0x3c, 0, 0xc0, 0]), (-2.0, 1.0));
    let complex = [3.0_f64, 4.0, f64::NAN, 0.0, f64::NEG_INFINITY, 1.0];
    let bin = of("<c16", &complex.map(f64::to_le_bytes).concat()).unwrap();
    assert_eq!((bin.min, bin.max, bin.finite, bin.nan, bin.above), (5.0, 5.0, 1, 1, 1));
    let times = [i64::MIN, 20, 10].map(i64::to_be_bytes).concat();
    let bin = of(">M8[D]", &times).unwrap();
    assert_eq!((bin.min, bin.max, bin.mean, bin.nan), (10.0, 20.0, 15.0, 1));
    for descr in ["S4", "V4", "<U1", "<f16"] {
        let error = of(descr, &[0; 16]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dtype, "{error}");
    }
}

#[test]
fn infinities_are_counted_and_huge_numbers_have_a_mean() {
    let array = arr1(&[f64::INFINITY, f64::MAX, f64::MAX, f64::NEG_INFINITY, f64::NEG_INFINITY]);
    let bin = binned(&DynView::from_array(&array).unwrap(), &[1]).unwrap()[0];
    assert_eq!((bin.finite, bin.above, bin.below, bin.mean), (2, 1, 2, f64::MAX));
    let array = Array1::from_elem(1000, f64::MIN);
    let bin = binned(&DynView::from_array(&array).unwrap(), &[1]).unwrap()[0];
    assert_eq!(bin.mean, f64::MIN);
}

#[test]
fn wrong_bins_are_errors() {
    let array = arr2(&[[1.0, 2.0]]);
    let view = DynView::from_array(&array).unwrap();
    for bins in [&[][..], &[1], &[0, 1], &[1, 1, 1], &[1 << 62, 1 << 40]] {
        assert_eq!(binned(&view, bins).unwrap_err().kind(), ErrorKind::Shape, "{bins:?}");
    }
    let error = binned(&DynView::from_array(&arr0(1.0)).unwrap(), &[1]).unwrap_err();
    assert!(error.to_string().contains("take a slice"), "{error}");
    let empty = Array1::<f64>::zeros(0);
    let found = binned(&DynView::from_array(&empty).unwrap(), &[3]).unwrap();
    assert!(found.len() == 3 && found.iter().all(|bin| bin.finite == 0));
}

#[test]
fn holes_are_zeros_and_what_lies_between_them_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse.npy");
    let shape = (1 << 12, 1 << 12);
    let dtype = "<f4".parse().unwrap();
    let file = CreateOptions::new(shape).sparse(true).file(&path, dtype).unwrap();
    let mut raw = std::fs::File::options().write(true).open(&path).unwrap();
    for (row, column, value) in [(3000, 17, -2.0_f32), (3001, 4095, f32::NAN)] {
        let at = file.layout().offset() + (row * (1 << 12) + column) * 4;
        raw.seek(SeekFrom::Start(at)).unwrap();
        raw.write_all(&value.to_le_bytes()).unwrap();
    }
    for slice in ["[:, :]", "[::-1, ::-1]", "[1::3, ::5]", "[2900:3100]", "[3000:, 17:]"] {
        let part = file.slice(&slice.parse::<Slice>().unwrap()).unwrap();
        let array = part.to_array::<f32, Ix2>().unwrap().mapv(f64::from);
        let (rows, columns) = array.dim();
        let bins = [rows.min(50), columns.min(60)];
        assert_like(&binned(&part, &bins).unwrap(), &naive(&array, bins));
    }
    // A file that is cut has no holes behind its end.
    std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 20).unwrap();
    assert_eq!(binned(&file, &[10, 10]).unwrap_err().kind(), ErrorKind::Truncated);
}
