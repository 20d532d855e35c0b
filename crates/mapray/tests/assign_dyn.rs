//! Storing elements of a dtype known at run time: one everywhere, and another array's.

#![cfg(all(target_os = "linux", not(mapray_portable)))]

mod common;

use std::path::Path;

use mapray::{
    ArrayFile, CreateOptions, DType, DynLiveMap, DynView, ErrorKind, MapOptions, Mode, Npz, Order,
    Slice,
};
use ndarray::{Array, ArrayD, IxDyn};
use proptest::prelude::*;

fn dtype(text: &str) -> DType {
    text.parse().unwrap()
}

fn parsed(slice: &str) -> Slice {
    slice.parse().unwrap()
}

fn counting(shape: &[usize]) -> ArrayD<i32> {
    let n: usize = shape.iter().product();
    Array::from_shape_vec(IxDyn(shape), (1..=n as i32).collect()).unwrap()
}

fn made(folder: &Path, name: &str, shape: &[usize], dtype: &str, order: Order) -> DynLiveMap {
    let options = CreateOptions::new(shape.to_vec()).order(order);
    options.live_dyn(folder.join(name), self::dtype(dtype)).unwrap()
}

/// So many elements in memory, side by side.
fn side_by_side<'a>(bytes: &'a [u8], dtype: &str, n: usize) -> mapray::Result<DynView<'a>> {
    let dtype = self::dtype(dtype);
    DynView::new(bytes, mapray::Layout::contiguous(dtype, &[n], Order::C, 0)?)
}

/// Axes that are cut, turned round or left alone.
fn slices(ndim: usize) -> impl Strategy<Value = String> {
    let axis = prop_oneof![Just(":"), Just("::-1"), Just("1:"), Just("::2"), Just("-1:0:-2")];
    prop::collection::vec(axis, ndim).prop_map(|axes| format!("[{}]", axes.join(", ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// `ndarray` with the same slices is the model.
    #[test]
    fn assignment_is_that_of_ndarray(
        shape in prop::collection::vec(1_usize..6, 1..4),
        to in slices(3),
        from in slices(3),
        fortran in any::<[bool; 2]>(),
        swapped in any::<bool>(),
        ones in any::<[bool; 3]>(),
        dropped in 0_usize..3,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let order = |fortran| if fortran { Order::F } else { Order::C };
        let part = |text: &str, axes: usize| {
            let inner = &text[1..text.len() - 1];
            parsed(&format!("[{}]", inner.split(", ").take(axes).collect::<Vec<_>>().join(", ")))
        };
        let map = made(folder.path(), "a.npy", &shape, "<i4", order(fortran[0]));
        map.assign(&(counting(&shape) * -1)).unwrap();
        let target = map.slice(&part(&to, shape.len())).unwrap();

        // An array that can be broadcast to the target, itself a slice of a larger one.
        let mut own: Vec<usize> = target.shape().to_vec();
        own.iter_mut().zip(ones).for_each(|(n, one)| if one { *n = 1 });
        own.drain(..dropped.min(own.len()));
        let dtype = if swapped { ">i4" } else { "<i4" };
        let source = made(folder.path(), "b.npy", &own, dtype, order(fortran[1]));
        source.assign(&counting(&own)).unwrap();
        let is_reversed = from.contains("::-1") && !own.is_empty();
        let source = if is_reversed {
            source.slice(&parsed(&format!("[{}]", vec!["::-1"; own.len()].join(", ")))).unwrap()
        } else {
            source
        };

        let before = target.to_array::<i32, IxDyn>().unwrap();
        let expected = source.to_array::<i32, IxDyn>().unwrap();
        let expected = expected.broadcast(before.raw_dim()).unwrap().to_owned();
        target.assign_dyn(&source).unwrap();
        prop_assert_eq!(target.to_array::<i32, IxDyn>().unwrap(), expected);
        // The rest is as it was.
        let untouched: i64 = map.to_array::<i32, IxDyn>().unwrap().iter().filter(|&&v| v < 0).map(|&v| i64::from(v)).sum();
        let all: i64 = counting(&shape).iter().map(|&v| -i64::from(v)).sum();
        let overwritten: i64 = before.iter().map(|&v| i64::from(v)).sum();
        prop_assert_eq!(untouched, all - overwritten);
    }
}

#[test]
fn elements_of_the_other_byte_order_are_swapped_whatever_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..32).collect();
    for (to, from, unit) in [
        ("<f8", ">f8", 8),
        (">i2", "<i2", 2),
        ("<c8", ">c8", 4),
        (">c16", "<c16", 8),
        ("<U2", ">U2", 4),
        ("<M8[s]", ">M8[s]", 8),
    ] {
        let n = 32 / dtype(to).itemsize();
        let map = made(folder.path(), "a.npy", &[n], to, Order::C);
        let view = side_by_side(&bytes, from, n).unwrap();
        map.assign_dyn(&view).unwrap();
        let mut found = vec![0; 32];
        map.read_bytes(&mut found).unwrap();
        let expected: Vec<u8> =
            bytes.chunks(unit).flat_map(|unit| unit.iter().rev()).copied().collect();
        assert_eq!(found, expected, "{from} into {to}");
    }
}

#[test]
fn records_are_stored_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let map = made(folder.path(), "a.npy", &[3], "<i2,>f4", Order::C);
    let bytes: Vec<u8> = (0..18).collect();
    let view = side_by_side(&bytes, "<i2,>f4", 3).unwrap();
    map.assign_dyn(&view).unwrap();
    let mut found = vec![0; 18];
    map.read_bytes(&mut found).unwrap();
    assert_eq!(found, bytes);
    let swapped = side_by_side(&bytes, ">i2,<f4", 3).unwrap();
    assert_eq!(map.assign_dyn(&swapped).unwrap_err().kind(), ErrorKind::Dtype);
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let map = made(folder.path(), "a.npy", &[2, 3], "<f8", Order::C);
    let refused = |array: &ArrayD<f64>| {
        let view = DynView::from_array(array).unwrap();
        map.assign_dyn(&view).unwrap_err().kind()
    };
    for shape in [&[2][..], &[3, 2], &[1, 2, 3], &[2, 0]] {
        assert_eq!(refused(&ArrayD::ones(IxDyn(shape))), ErrorKind::Shape, "{shape:?}");
    }
    let floats = ndarray::arr1(&[1.0_f32; 3]);
    let view = DynView::from_array(&floats).unwrap();
    assert_eq!(map.assign_dyn(&view).unwrap_err().kind(), ErrorKind::Dtype);
    assert_eq!(map.fill_element(&[1; 4]).unwrap_err().kind(), ErrorKind::Dtype);
    assert_eq!(map.to_array::<f64, IxDyn>().unwrap(), ArrayD::<f64>::zeros(IxDyn(&[2, 3])));

    let path = folder.path().join("a.npy");
    drop(map);
    let read_only = ArrayFile::open(&path).unwrap().map_live_dyn(Mode::Read).unwrap();
    assert_eq!(read_only.fill_element(&[1; 8]).unwrap_err().kind(), ErrorKind::Mode);
    let one = ndarray::arr0(1.0);
    let one = DynView::from_array(&one).unwrap();
    assert_eq!(read_only.assign_dyn(&one).unwrap_err().kind(), ErrorKind::Mode);
}

#[test]
fn an_element_is_stored_everywhere_and_gaps_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw");
    let options = MapOptions::new().dtype(dtype(">i2")).mode(Mode::Write).shape((4, 4));
    let map = options.live_dyn(&path).unwrap();
    map.slice(&parsed("[1:3, ::2]")).unwrap().fill_element(&[1, 2]).unwrap();
    map.close().unwrap();
    let row = [1, 2, 0, 0, 1, 2, 0, 0];
    let expected = [&[0; 8][..], &row, &row, &[0; 8]].concat();
    assert_eq!(std::fs::read(&path).unwrap(), expected);
}

#[test]
fn the_checksum_of_a_member_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.npz");
    mapray::savez(&path, [("a", &counting(&[4, 5])), ("b", &counting(&[5]))]).unwrap();
    let npz = Npz::open(&path).unwrap();
    let map = npz.member("a").unwrap().map_live_dyn(Mode::ReadWrite).unwrap();
    map.assign_dyn(&npz.member("b").unwrap()).unwrap();
    map.close().unwrap();
    assert!(Npz::open(&path).unwrap().verify().unwrap().is_empty());
    let found = npz.member("a").unwrap().to_array::<i32, ndarray::Ix2>().unwrap();
    assert_eq!(found, counting(&[5]).broadcast((4, 5)).unwrap().into_dimensionality().unwrap());
}
