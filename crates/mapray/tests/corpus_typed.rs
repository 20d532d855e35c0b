//! Every kind of `.npy` file that NumPy writes or takes, as every Rust type that its elements can be:
//! their values, worked out apart from the library, and edits through each tier and mode.

mod common;

use std::fs;
use std::path::Path;

use common::corpus::{Known, MODES, assert_covers, corpus};
use common::live;
use common::oracle::indices;
use common::values::Value;
use mapray::element::Packable;
use mapray::{
    ArrayFile, Big, Bool8, Bytes, Complex, ComplexLongDouble, DateTime64, DynMapMut, ErrorKind,
    Little, LongDouble, Map, MapMut, Mode, Packed, Text, TimeDelta64, Void, f16,
};
use ndarray::{Array1, Dimension, Ix0, Ix1, Ix2, Ix3, IxDyn};

/// Everything about a file as elements `T`, which have this byte order, or any.
fn check<T: Value>(known: &Known, order: Option<bool>, work: &Path) {
    let (name, path, big_endian) = (known.name(), known.copy(work), known.is_big_endian());
    let same = |what: &str, values: &mut dyn Iterator<Item = T>| {
        let values: Vec<T> = values.collect();
        assert_eq!(values.len(), known.len(), "{name}: {what}");
        for (i, (value, bytes)) in values.iter().zip(known.each()).enumerate() {
            assert!(value.is(bytes, big_endian), "{name}: {what}, element {i}");
        }
    };
    let file = ArrayFile::open(&path).unwrap();
    let values = file.to_array::<T, IxDyn>().unwrap();
    assert_eq!(values.shape(), known.shape, "{name}");
    same("copied", &mut values.iter().copied());
    for mode in MODES.into_iter().filter(|_| live::WORKS) {
        let live = file.map_live::<T, IxDyn>(mode).unwrap();
        same("live", &mut live.to_array().unwrap().into_iter());
        let each = indices(&known.shape).into_iter().map(|index| live.get(index).unwrap());
        same("live, one by one", &mut each.collect::<Vec<_>>().into_iter());
    }

    // Another value for each element, and the bytes of the file with these.
    let each = known.each();
    let next = |i: usize| (i + 1) % known.len();
    let values: Vec<T> = values.iter().copied().collect();
    let moved: Vec<T> = (0..values.len()).map(|i| values[next(i)]).collect();
    let moved = Array1::from_vec(moved).into_shape_with_order(&known.shape[..]).unwrap();
    let moved_bytes: Vec<u8> = (0..each.len()).flat_map(|i| each[next(i)].to_vec()).collect();
    let expected = known.file_with(&moved_bytes);
    let before = fs::read(&path).unwrap();

    if live::WORKS {
        let live = file.map_live::<T, IxDyn>(Mode::Read).unwrap();
        assert_eq!(live.assign(&moved).unwrap_err().kind(), ErrorKind::Mode, "{name}");
        file.map_live::<T, IxDyn>(Mode::CopyOnWrite).unwrap().assign(&moved).unwrap();
        assert!(fs::read(&path).unwrap() == before, "{name}: mode c wrote the file");
        file.map_live::<T, IxDyn>(Mode::ReadWrite).unwrap().assign(&moved).unwrap();
        assert!(fs::read(&path).unwrap() == expected, "{name}: assigned");
    }
    fs::copy(&known.path, &path).unwrap();

    // SAFETY: nobody else knows the copy, and no other map of it is looked at meanwhile.
    let map = unsafe { Map::<T, IxDyn>::open(&path) };
    let in_order = order.is_none_or(|order| order == big_endian);
    if !in_order || known.nbytes > 0 && !known.offset.is_multiple_of(align_of::<T>() as u64) {
        let error = map.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dtype, "{name}");
        let reason = if in_order { "not aligned" } else { "in the other byte order" };
        let text = error.to_string();
        assert!(text.contains(reason) && text.contains(name), "{text}");
        // The advice is one of the types for which this very check passes, see `check_packed`.
        let native = big_endian == cfg!(target_endian = "big");
        let packed = if big_endian { "Big>`" } else { "Little>`" };
        let in_place =
            native && (known.nbytes == 0 || known.offset.is_multiple_of(known.alignment as u64));
        assert_eq!(text.contains("use `Packed<") && text.contains(packed), !in_place, "{text}");
        return;
    }
    same("mapped", &mut map.unwrap().iter().copied());
    match known.shape.len() {
        0 => check_fixed::<T, Ix0>(known, &path),
        1 => check_fixed::<T, Ix1>(known, &path),
        2 => check_fixed::<T, Ix2>(known, &path),
        _ => check_fixed::<T, Ix3>(known, &path),
    }
    // SAFETY: as above.
    let mut copied = unsafe { MapMut::<T, IxDyn>::open(&path, Mode::CopyOnWrite) }.unwrap();
    copied.assign(&moved);
    same("edited, and back", &mut {
        let mut back: Vec<T> = copied.iter().copied().collect();
        back.rotate_right(1.min(known.len()));
        back.into_iter()
    });
    copied.flush().unwrap();
    assert!(fs::read(&path).unwrap() == before, "{name}: mode c wrote the file");
    // SAFETY: as above.
    let mut map = unsafe { DynMapMut::open(&path, Mode::ReadWrite) }.unwrap();
    map.typed_mut::<T, IxDyn>().unwrap().assign(&moved);
    map.flush().unwrap();
    assert!(fs::read(&path).unwrap() == expected, "{name}: edited in place");
    for (index, value) in indices(&known.shape).iter().zip(&values) {
        map.view_mut().set(index, *value).unwrap();
    }
    assert!(fs::read(&path).unwrap() == before, "{name}: set one by one");
}

/// With the number of axes known when compiling.
fn check_fixed<T: Value, D: Dimension>(known: &Known, path: &Path) {
    // SAFETY: nobody writes the file while the map lives.
    let map = unsafe { Map::<T, D>::open(path) };
    if D::NDIM != Some(known.shape.len()) {
        assert_eq!(map.unwrap_err().kind(), ErrorKind::Shape, "{}", known.name());
        return;
    }
    let map = map.unwrap();
    for (value, bytes) in map.iter().zip(known.each()) {
        assert!(value.is(bytes, known.is_big_endian()), "{}", known.name());
    }
    assert_eq!((map.len(), map.shape()), (known.len(), &known.shape[..]), "{}", known.name());
}

fn check_packed<T: Packable + Value>(known: &Known, work: &Path) {
    check::<T>(known, Some(cfg!(target_endian = "big")), work);
    check::<Packed<T, Big>>(known, Some(true), work);
    check::<Packed<T, Little>>(known, Some(false), work);
}

/// Checks a file as every Rust type that its elements can be; false where there is none.
fn check_typed(known: &Known, work: &Path) -> bool {
    let (check_bytes, check_records): (fn(_, _, _), fn(_, _, _)) = match known.itemsize {
        0 => (check::<Bytes<0>>, check::<Void<0>>),
        1 => (check::<Bytes<1>>, check::<Void<1>>),
        3 => (check::<Bytes<3>>, check::<Void<3>>),
        5 => (check::<Bytes<5>>, check::<Void<5>>),
        7 => (check::<Bytes<7>>, check::<Void<7>>),
        15 => (check::<Bytes<15>>, check::<Void<15>>),
        28 => (check::<Bytes<28>>, check::<Void<28>>),
        277 => (check::<Bytes<277>>, check::<Void<277>>),
        _ => (|_, _, _| panic!("no such bytes"), |_, _, _| ()),
    };
    let Some(descr) = known.descr.as_str() else {
        check_records(known, None, work);
        return [0, 1, 3, 5, 15, 28, 277].contains(&known.itemsize);
    };
    match descr[1..].split('[').next().unwrap() {
        "b1" => check::<Bool8>(known, None, work),
        "i1" => check::<i8>(known, None, work),
        "u1" => check::<u8>(known, None, work),
        "i2" => check_packed::<i16>(known, work),
        "u2" => check_packed::<u16>(known, work),
        "i4" => check_packed::<i32>(known, work),
        "u4" => check_packed::<u32>(known, work),
        "i8" => check_packed::<i64>(known, work),
        "u8" => check_packed::<u64>(known, work),
        "f2" => check_packed::<f16>(known, work),
        "f4" => check_packed::<f32>(known, work),
        "f8" => check_packed::<f64>(known, work),
        "f16" => check_packed::<LongDouble>(known, work),
        "c8" => check_packed::<Complex<f32>>(known, work),
        "c16" => check_packed::<Complex<f64>>(known, work),
        "c32" => check_packed::<ComplexLongDouble>(known, work),
        "M8" => check_packed::<DateTime64>(known, work),
        "m8" => check_packed::<TimeDelta64>(known, work),
        "U0" => check_packed::<Text<0>>(known, work),
        "U1" => check_packed::<Text<1>>(known, work),
        "U2" => check_packed::<Text<2>>(known, work),
        "U3" => check_packed::<Text<3>>(known, work),
        text if text.starts_with('S') => check_bytes(known, None, work),
        void if void.starts_with('V') => check_records(known, None, work),
        other => panic!("no Rust type for {other}"),
    }
    true
}

#[test]
fn elements_have_their_values_as_every_rust_type_that_fits() {
    let test = "elements_have_their_values_as_every_rust_type_that_fits";
    let Some(corpus) = corpus(test) else { return };
    let work = common::scratch();
    let checked: Vec<&Known> =
        corpus.plain.iter().filter(|known| check_typed(known, work.path())).collect();
    assert_covers(checked, 1500, 130);
}
