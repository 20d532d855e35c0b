//! What conversions, comparisons, histograms and checksums promise beyond NumPy.

mod common;

use std::fs;

use common::child::{is_child, rerun};
use common::scratch;
use mapray::dtype::Endian;
use mapray::{
    Algorithm, AnyArray, ArrayFile, Casting, Conversion, CreateOptions, Difference, DynView,
    ErrorKind, Layout, Npz, Order, SaveOptions, SavezOptions, Scalar, Summary, checksum, compare,
    histogram, save_raw, summaries, summary,
};
use ndarray::{Array, Array2, ArrayD, Axis, Dimension, Ix2, IxDyn, arr1, arr2};

fn view<'a>(bytes: &'a [u8], dtype: &str, shape: &[usize]) -> DynView<'a> {
    let layout = Layout::contiguous(dtype.parse().unwrap(), shape, Order::C, 0).unwrap();
    DynView::new(bytes, layout).unwrap()
}

fn difference(a: &impl AnyArray, b: &impl AnyArray) -> Difference {
    compare(a, b).difference().unwrap()
}

#[test]
fn the_first_element_in_c_order_is_the_one_that_an_error_names() {
    let folder = scratch();
    let (path, out) = (folder.path().join("a.npy"), folder.path().join("out"));
    fs::write(&out, "old").unwrap();
    // Wide enough for several tiles, of which a later one in the file's order has the first misfit.
    let mut array = Array2::<i64>::zeros((700, 2000));
    for at in [(699, 0), (70, 1990), (70, 1995), (500, 3)] {
        array[at] = 1000 + at.1 as i64;
    }
    let fortran = array.t().as_standard_layout().reversed_axes().to_owned();
    for array in [&array, &fortran] {
        mapray::save(&path, array).unwrap();
        let file = ArrayFile::open(&path).unwrap();
        for order in [None, Some(Order::C), Some(Order::F)] {
            let mut conversion = Conversion::new().dtype("u1".parse().unwrap());
            if let Some(order) = order {
                conversion = conversion.order(order);
            }
            let options = SaveOptions::new().conversion(conversion.clone());
            let mut archive = SavezOptions::new().create(folder.path().join("z.npz")).unwrap();
            for error in [
                options.save_dyn(&out, &file).unwrap_err(),
                options.save_raw(&out, &file).unwrap_err(),
                archive.add_converted("x", &file, &conversion).unwrap_err(),
            ] {
                let message = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Dtype);
                assert!(message.contains("the element at (70, 1990)"), "{message}");
                assert!(message.contains("found 2990"), "{message}");
                assert!(error.path().is_none(), "it is about what was read: {message}");
            }
        }
    }
    assert_eq!(fs::read(&out).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no file is left behind");
}

#[test]
fn members_of_archives_are_converted_as_files_are() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    let array = Array::from_shape_fn((40, 30, 3), |(i, j, k)| (100 * i + 10 * j + k) as i64);
    mapray::save(at("a.npy"), &array).unwrap();
    let file = ArrayFile::open(at("a.npy")).unwrap();
    for conversion in [
        Conversion::new(),
        Conversion::new().dtype(">f4".parse().unwrap()),
        Conversion::new().order(Order::F).byte_order(Endian::Big),
        Conversion::new().order(Order::F).dtype("c16".parse().unwrap()),
        Conversion::new().dtype("u1".parse().unwrap()).casting(Casting::Wrap),
    ] {
        let options = SaveOptions::new().conversion(conversion.clone());
        options.save_dyn(at("b.npy"), &file).unwrap();
        for options in
            [SavezOptions::new(), SavezOptions::new().compression(mapray::Compression::Deflate(1))]
        {
            let mut archive = options.create(at("z.npz")).unwrap();
            archive.add_converted("x", &file, &conversion).unwrap();
            archive.add("y", &file).unwrap();
            archive.finish().unwrap();
            let npz = Npz::open(at("z.npz")).unwrap();
            assert!(npz.verify().unwrap().is_empty());
            let (found, expected) =
                (npz.decode("x").unwrap(), ArrayFile::open(at("b.npy")).unwrap());
            assert_eq!(npz.entry("x").unwrap().order, expected.entry().order);
            assert!(difference(&found, &expected).is_same(), "{conversion:?}");
            assert_eq!(found.dtype(), expected.dtype());
        }
    }
}

#[test]
fn large_arrays_are_transposed_and_copied_element_by_element() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    // Of every size of element that has a copy of its own, and of one that has none.
    for (dtype, shape) in [
        ("u1", vec![901, 1499]),
        ("<u2", vec![700, 2, 400]),
        ("<f4", vec![90, 70, 80]),
        ("<c8", vec![521, 619]),
        ("<c16", vec![700, 800]),
        ("S3", vec![700, 900]),
    ] {
        let layout = Layout::contiguous(dtype.parse().unwrap(), &shape, Order::C, 0).unwrap();
        let bytes: Vec<u8> = (0..layout.nbytes()).map(|i| (i * 7 + i / 251) as u8).collect();
        fs::write(at("a.raw"), &bytes).unwrap();
        let raw = mapray::MapOptions::new().dtype(layout.dtype().clone()).shape(shape.clone());
        let file = raw.file(at("a.raw")).unwrap();
        let fortran = SaveOptions::new().conversion(Conversion::new().order(Order::F));
        fortran.save_raw(at("f.raw"), &file).unwrap();
        let expected = DynView::new(&bytes, layout.clone()).unwrap();
        let found = raw.clone().order(Order::F).file(at("f.raw")).unwrap();
        // Spot checks by index, apart from what the library compares and copies with.
        let itemsize = layout.itemsize();
        let written = fs::read(at("f.raw")).unwrap();
        let mut index = vec![0; shape.len()];
        for step in 0..5000 {
            for (i, n) in index.iter_mut().zip(&shape) {
                *i = (*i * 31 + step * 17 + 5) % n;
            }
            let place = index.iter().zip(&shape).rev().fold(0, |at, (i, n)| at * n + i);
            let element = &written[place * itemsize..][..itemsize];
            assert_eq!(element, expected.element(&index).unwrap(), "{dtype} {index:?}");
        }
        assert!(compare(&found, &expected).equal_nan(true).difference().unwrap().is_same());
        save_raw(at("back.raw"), &found).unwrap();
        assert!(fs::read(at("back.raw")).unwrap() == bytes, "{dtype}");
    }
}

#[test]
fn memory_is_bounded_however_large_the_array() {
    let test = "memory_is_bounded_however_large_the_array";
    if !cfg!(target_os = "linux") {
        return;
    }
    if !is_child(test) {
        return rerun(test, "");
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let sparse = |name: &str, shape: (usize, usize), order, dtype: &str| {
        let options = CreateOptions::new(shape).sparse(true).order(order);
        options.file(at(name), dtype.parse().unwrap()).unwrap()
    };
    let peak = || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
    };
    let before = peak();
    let c = sparse("c.npy", (2_000, 1_500), Order::C, "S64");
    let f = sparse("f.npy", (2_000, 1_500), Order::F, "S64");
    assert!(difference(&c, &f).is_same());
    checksum(&f, Algorithm::Crc32, None).unwrap();
    let reordered = Conversion::new().order(Order::C);
    SaveOptions::new().conversion(reordered).save_dyn(at("t.npy"), &f).unwrap();
    let numbers = sparse("n.npy", (1_000, 1_000), Order::C, "f4");
    let transposed = Conversion::new().order(Order::F).dtype("c16".parse().unwrap());
    SaveOptions::new().conversion(transposed).save_dyn(at("t.npy"), &numbers).unwrap();
    assert_eq!(histogram(&numbers).bins(3).count().unwrap().counts, [0, 1_000_000, 0]);
    assert_eq!(summaries(&numbers, &[0]).unwrap().values.len(), 1_000);
    let used = peak() - before;
    println!("\nmeasured {used} MiB at the most");
    assert!(used < 64, "{used} MiB");
}

#[test]
fn arrays_compare_wherever_and_however_they_lie() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    for shape in [&[][..], &[1], &[0, 4], &[3, 4, 5], &[2, 3, 2, 3]] {
        let array =
            ArrayD::from_shape_fn(IxDyn(shape), |i| i.slice().iter().fold(1, |a, i| 7 * a + i));
        let array = array.mapv(|value| value as i32);
        mapray::save(at("a.npy"), &array).unwrap();
        mapray::save(at("f.npy"), &array.t().as_standard_layout().reversed_axes()).unwrap();
        mapray::savez_compressed(at("z.npz"), [("x", &array.mapv(f64::from))]).unwrap();
        let swapped = Conversion::new().byte_order(Endian::NATIVE.swapped());
        let (a, f) = (ArrayFile::open(at("a.npy")).unwrap(), ArrayFile::open(at("f.npy")).unwrap());
        SaveOptions::new().conversion(swapped).save_dyn(at("s.npy"), &a).unwrap();
        let z = Npz::open(at("z.npz")).unwrap().decode("x").unwrap();
        let s = ArrayFile::open(at("s.npy")).unwrap();
        assert!(difference(&a, &f).is_same());
        assert!(difference(&f, &s).is_same(), "the byte order is no difference");
        let found = difference(&a, &z);
        assert!(!found.is_same() && found.is_same_in_value() && found.dtypes.is_some());
        assert_eq!(found.compared, array.len() as u64);
        if shape.len() < 2 || array.is_empty() {
            continue;
        }
        let reversed = a.slice(&"[::-1, ::-1]".parse().unwrap()).unwrap();
        let again = reversed.slice(&"[::-1, ::-1]".parse().unwrap()).unwrap();
        assert!(difference(&again, &f).is_same());
        let found = difference(&reversed, &z);
        let naive: Vec<(Vec<usize>, i32)> = array
            .indexed_iter()
            .filter_map(|(index, &value)| {
                let mut other = index.slice().to_vec();
                (0..2).for_each(|axis| other[axis] = shape[axis] - 1 - other[axis]);
                let distance = (array[&other[..]] - value).abs();
                (distance > 0).then(|| (index.slice().to_vec(), distance))
            })
            .collect();
        assert_eq!(found.differing, naive.len() as u64);
        assert_eq!(found.first.unwrap().index, naive[0].0);
        let most = naive.iter().map(|(_, distance)| *distance).max().unwrap();
        let largest = found.largest.unwrap();
        let expected = naive.iter().find(|(_, distance)| *distance == most).unwrap();
        assert_eq!((&largest.index, largest.distance), (&expected.0, Some(f64::from(most))));
        assert_eq!(largest.b, z.view().element(&largest.index).unwrap());
    }
}

#[test]
fn records_compare_field_by_field_and_not_between() {
    // `i1`, a gap of a byte, `<i2`.
    let aligned =
        "{'names': ['a', 'b'], 'formats': ['i1', '<i2'], 'offsets': [0, 2], 'itemsize': 4}";
    let aligned: mapray::DType = mapray::DType::parse_descr(aligned)
        .or_else(|_| mapray::DType::parse_descr("[('a', 'i1'), ('', 'V1'), ('b', '<i2')]"))
        .unwrap();
    let layout = Layout::contiguous(aligned, &[2], Order::C, 0).unwrap();
    let bytes = [1, 0xaa, 2, 0, 3, 0xbb, 4, 1];
    let a = DynView::new(&bytes, layout).unwrap();
    let packed = mapray::DType::parse_descr("[('a', '<f4'), ('b', '>i2')]").unwrap();
    let other = [1.0_f32.to_le_bytes(), 3.0_f32.to_le_bytes()];
    let other = [&other[0][..], &[0, 2], &other[1], &[1, 5]].concat();
    let layout = Layout::contiguous(packed, &[2], Order::C, 0).unwrap();
    let b = DynView::new(&other, layout).unwrap();
    let found = difference(&a, &b);
    assert_eq!((found.comparable, found.differing), (true, 1));
    let first = found.first.unwrap();
    assert_eq!((first.index, first.field.as_deref()), (vec![1], Some("b")));
    assert_eq!((first.a, first.distance), (bytes[4..].to_vec(), Some(1.0)));
    let renamed = mapray::DType::parse_descr("[('a', '<f4'), ('c', '>i2')]").unwrap();
    let renamed = Layout::contiguous(renamed, &[2], Order::C, 0).unwrap();
    let found = difference(&a, &DynView::new(&other, renamed).unwrap());
    assert_eq!((found.comparable, found.compared, found.is_same_in_value()), (false, 0, false));
}

#[test]
fn what_has_no_common_measure_is_said_and_not_compared() {
    let bytes = [0; 64];
    for (a, b, comparable) in [
        ("<f8", "S8", false),
        ("<i8", "M8[s]", false),
        ("M8[s]", "m8[s]", false),
        ("m8[M]", "m8[D]", false),
        ("m8[M]", "m8[Y]", true),
        ("m8", "m8[D]", true),
        ("S4", "<U1", false),
        ("V4", "S4", false),
        ("V4", "V4", true),
        ("<f16", ">f16", true),
        ("<f16", "<f8", false),
        ("i2,i2", "V4", false),
        ("i2,i2", "<u4,<c8", true),
    ] {
        let n = |dtype: &str| 64 / dtype.parse::<mapray::DType>().unwrap().itemsize();
        let n = n(a).min(n(b));
        let found = difference(&view(&bytes, a, &[n]), &view(&bytes, b, &[n]));
        assert_eq!(found.comparable, comparable, "{a} {b}");
        assert_eq!(found.compared, if comparable { n as u64 } else { 0 }, "{a} {b}");
        assert_eq!(found.is_same_in_value(), comparable, "{a} {b}");
    }
    let found = difference(&view(&bytes, "u1", &[4, 2]), &view(&bytes, "u1", &[2, 4]));
    assert_eq!(found.shapes, Some((vec![4, 2], vec![2, 4])));
    assert!(!found.is_same_in_value() && found.compared == 0);
    let array = view(&bytes, "u1", &[4]);
    for tolerance in [-1.0, f64::NAN] {
        assert!(compare(&array, &array).rtol(tolerance).difference().is_err());
        assert!(compare(&array, &array).atol(tolerance).difference().is_err());
    }
}

#[test]
fn long_doubles_and_raw_bytes_are_equal_where_their_bytes_are() {
    let mut bytes: Vec<u8> = (0..32).collect();
    let swapped: Vec<u8> = bytes.chunks(16).flat_map(|one| one.iter().rev().copied()).collect();
    let found = difference(&view(&bytes, "<f16", &[2]), &view(&swapped, ">f16", &[2]));
    assert!(found.is_same());
    bytes[20] ^= 1;
    let found = difference(&view(&bytes, "<f16", &[2]), &view(&swapped, ">f16", &[2]));
    assert_eq!((found.differing, found.first.unwrap().distance), (1, None));
    assert!(found.largest.is_none());
}

#[test]
fn histograms_leave_nothing_out() {
    let values = [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0, 0.5, 1.0, 1.5, f64::INFINITY];
    let array = arr1(&values);
    let array = DynView::from_array(&array).unwrap();
    let found = histogram(&array).bins(2).range(0.0, 1.0).count().unwrap();
    assert_eq!((found.counts, found.below, found.above, found.nan), (vec![1, 2], 2, 2, 1));
    let found = histogram(&array).bins(5).count().unwrap();
    assert_eq!((found.edges[0], found.edges[5]), (-1.0, 1.5), "that of the finite values");
    assert_eq!((found.below, found.above), (1, 1));

    // Integers that no f64 is equal to, on either side of an edge.
    let edge = 1_u64 << 60;
    let array = arr1(&[edge - 1, edge, edge + 1]);
    let array = DynView::from_array(&array).unwrap();
    let found = histogram(&array).bins(2).range(0.0, 2.0 * edge as f64).count().unwrap();
    assert_eq!(found.counts, [1, 2]);
    let found = histogram(&array).bins(1).range(edge as f64, 2.0 * edge as f64).count().unwrap();
    assert_eq!((found.below, found.counts), (1, vec![2]));
    let found = histogram(&array).bins(1).range(0.0, edge as f64).count().unwrap();
    assert_eq!((found.above, found.counts), (1, vec![2]));

    for (bins, range) in [
        (0, (0.0, 1.0)),
        (3, (1.0, 0.0)),
        (3, (f64::NAN, 1.0)),
        (3, (0.0, f64::INFINITY)),
        (3, (f64::MIN, f64::MAX)),
        (usize::MAX, (0.0, 1.0)),
        (1 << 20, (1.0, 1.0 + 1e-12)),
    ] {
        let error = histogram(&array).bins(bins).range(range.0, range.1).count().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape, "{bins} {range:?}: {error}");
    }
    let text = view(b"abcd", "S2", &[2]);
    assert_eq!(histogram(&text).count().unwrap_err().kind(), ErrorKind::Dtype);
}

#[test]
fn a_summary_of_a_group_is_that_of_the_group_alone() {
    let mut array =
        Array::from_shape_fn((4, 3, 5), |(i, j, k)| ((i * 31 + j * 17 + k * 7) % 13) as f32);
    (array[[1, 2, 3]], array[[1, 1, 1]]) = (f32::NAN, f32::INFINITY);
    // NaN is like NaN here.
    let text = |summary: &Summary| format!("{summary:?}");
    let whole = DynView::from_array(&array).unwrap();
    for axis in 0..3 {
        let found = summaries(&whole, &[axis - 3]).unwrap();
        let lanes = array.lanes(Axis(axis as usize));
        assert_eq!(found.values.len(), lanes.into_iter().len());
        for (found, lane) in found.values.iter().zip(array.lanes(Axis(axis as usize))) {
            assert_eq!(text(found), text(&summary(&DynView::from_array(&lane).unwrap()).unwrap()));
        }
    }
    let found = summaries(&whole, &[0, -1]).unwrap();
    assert_eq!(found.shape, [3]);
    for (found, part) in found.values.iter().zip(array.axis_iter(Axis(1))) {
        assert_eq!(text(found), text(&summary(&DynView::from_array(&part).unwrap()).unwrap()));
    }
    assert_eq!(summaries(&whole, &[]).unwrap().shape, [4, 3, 5]);
    assert_eq!(summaries(&whole, &[3]).unwrap_err().kind(), ErrorKind::Index);
    let empty = Array2::<u8>::zeros((0, 2));
    let found = summaries(&DynView::from_array(&empty).unwrap(), &[0]).unwrap();
    assert_eq!((found.shape, found.values[0].min), (vec![2], None));
    let times = view(&[1, 0, 0, 0, 0, 0, 0, 0], "M8[D]", &[1]);
    assert_eq!(summaries(&times, &[0]).unwrap().values[0].max, Some(Scalar::Int(1)));
}

#[test]
fn a_checksum_is_that_of_the_elements_however_they_lie() {
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);
    let array = Array2::from_shape_fn((300, 200), |(i, j)| (i * j) as u16);
    mapray::save(at("c.npy"), &array).unwrap();
    mapray::save(at("f.npy"), &array.t().as_standard_layout().reversed_axes()).unwrap();
    mapray::savez_compressed(at("z.npz"), [("x", &array)]).unwrap();
    let c = ArrayFile::open(at("c.npy")).unwrap();
    let f = ArrayFile::open(at("f.npy")).unwrap();
    assert_eq!(f.entry().order, Order::F);
    let z = Npz::open(at("z.npz")).unwrap().decode("x").unwrap();
    save_raw(at("raw"), &c).unwrap();
    let raw = fs::read(at("raw")).unwrap();
    let big = Conversion::new().byte_order(Endian::Big);
    SaveOptions::new().conversion(big).save_dyn(at("big.npy"), &f).unwrap();
    let big = ArrayFile::open(at("big.npy")).unwrap();
    for algorithm in [Algorithm::Crc32, Algorithm::Sha256, Algorithm::Xxh3] {
        let expected = checksum(&view(&raw, "u1", &[raw.len()]), algorithm, None).unwrap();
        assert_eq!(expected.to_string().len(), algorithm.digits());
        for found in [
            checksum(&c, algorithm, None),
            checksum(&f, algorithm, None),
            checksum(&z, algorithm, Some(Endian::Little)),
            checksum(&big, algorithm, Some(Endian::Little)),
        ] {
            assert_eq!(found.unwrap(), expected);
        }
        assert_ne!(checksum(&big, algorithm, None).unwrap(), expected, "as it is stored");
    }
    // Known from elsewhere: of nothing, and of "abc".
    let of = |bytes: &[u8], algorithm| {
        checksum(&view(bytes, "u1", &[bytes.len()]), algorithm, None).unwrap().to_string()
    };
    assert_eq!(of(b"", Algorithm::Xxh3), "99aa06d3014798d86001c324468d497f");
    assert!(of(b"abc", Algorithm::Sha256).starts_with("ba7816bf8f01cfea414140de5dae2223"));
    assert_eq!(of(b"123456789", Algorithm::Crc32), "cbf43926");
}

#[test]
fn a_box_is_an_array_like_what_is_in_it() {
    let array = arr2(&[[1_u8, 2], [3, 4]]);
    let boxed: Box<dyn AnyArray + '_> = Box::new(DynView::from_array(&array).unwrap());
    assert_eq!(summary(&boxed).unwrap().count, 4);
    let folder = scratch();
    let mut archive = SavezOptions::new().create(folder.path().join("z.npz")).unwrap();
    archive.add("x", &boxed).unwrap();
    archive.finish().unwrap();
    let npz = Npz::open(folder.path().join("z.npz")).unwrap();
    assert_eq!(npz.read::<u8, Ix2>("x").unwrap(), array);
}
