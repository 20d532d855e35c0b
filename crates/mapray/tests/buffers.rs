//! Arrays over memory that the caller has, against `numpy.frombuffer` and `numpy.ndarray`: over a
//! slice, over a map that lends one, and over a live map, which does not.

mod common;

use std::fs;

use common::oracle::{dtype, hex, lengths, read_json};
use mapray::{
    AnyArray, Bytes, DynLiveMap, DynView, DynViewMut, Error, ErrorKind, Layout, Map, MapOptions,
    Mode, Order, Result,
};
use ndarray::{Ix1, Ix2, arr1, arr2, s};
use serde_json::Value as Json;

/// What came of it, by NumPy or by us.
#[derive(Debug, PartialEq)]
struct Outcome {
    shape: Vec<usize>,
    strides: Vec<isize>,
    elements: Vec<u8>,
}

impl Outcome {
    fn new(layout: &Layout, elements: Vec<u8>) -> Outcome {
        let (shape, strides) = (layout.shape().to_vec(), layout.strides().to_vec());
        Outcome { shape, strides, elements }
    }

    fn of(view: &DynView) -> Outcome {
        let mut elements = vec![0xee; view.layout().nbytes()];
        view.read_bytes(&mut elements).unwrap();
        Outcome::new(view.layout(), elements)
    }
}

/// A call of NumPy's, and what came of it.
struct Case<'a>(&'a Json);

impl Case<'_> {
    fn buffer(&self) -> Vec<u8> {
        hex(&self.0["buffer"])
    }

    /// The offset; `None` for a negative one.
    fn offset(&self) -> Option<usize> {
        self.0["offset"].as_i64().unwrap_or(0).try_into().ok()
    }

    fn expected(&self) -> Option<Outcome> {
        let result = &self.0["result"];
        result.get("error").is_none().then(|| Outcome {
            shape: lengths(&result["shape"]).unwrap(),
            strides: integers(&result["strides"]).unwrap(),
            elements: hex(&result["elements"]),
        })
    }

    /// Checks that ours is as NumPy's; whether it is an array.
    fn compare(&self, way: &str, ours: Result<Outcome>) -> bool {
        match (self.expected(), ours) {
            // NumPy takes the bytes for the addresses of objects, and crashes at the first look.
            (Some(_), Err(error)) if self.0["dtype"] == "|O" => {
                assert_eq!(error.kind(), ErrorKind::Dtype, "{error}");
                false
            }
            (Some(theirs), Ok(ours)) => {
                assert_eq!(theirs, ours, "{way} {}", self.0);
                true
            }
            (None, Err(error)) => {
                assert_eq!(error.kind(), self.kind(), "{way}: {error} {}", self.0);
                false
            }
            (_, ours) => panic!("{way}: {ours:?} {}", self.0),
        }
    }

    /// What kind of error ours is.
    fn kind(&self) -> ErrorKind {
        match self.0["result"]["text"].as_str().unwrap() {
            "itemsize cannot be zero in type" => ErrorKind::Dtype,
            _ => ErrorKind::Shape,
        }
    }
}

fn integers(list: &Json) -> Option<Vec<isize>> {
    let integers = list.as_array()?.iter();
    Some(integers.map(|n| n.as_i64().unwrap().try_into().unwrap()).collect())
}

/// What the oracle wrote into this file, or `None` where the test is skipped.
fn cases(test: &str, file: &str) -> Option<Vec<Json>> {
    let Some(python) = common::python() else {
        common::skip(test, "MAPRAY_PYTHON names no interpreter with NumPy");
        return None;
    };
    let folder = common::scratch();
    common::oracle::run(&python, "raw.py", folder.path());
    read_json(&folder.path().join(file)).as_array().cloned()
}

#[test]
fn runs_of_a_buffer_are_those_of_frombuffer() {
    let test = "runs_of_a_buffer_are_those_of_frombuffer";
    let Some(cases) = cases(test, "frombuffer.json") else { return };
    let (mut alike, mut refused) = (0, 0);
    for case in cases.iter().map(Case) {
        let mut buffer = case.buffer();
        // NumPy takes every negative count for "all".
        let count = case.0["count"].as_i64().and_then(|n| usize::try_from(n).ok());
        let Some(offset) = case.offset() else {
            assert_eq!(case.expected(), None, "our offsets are not negative: {}", case.0);
            continue;
        };
        let dtype = || dtype(&case.0["dtype"]);
        let view = DynView::from_buffer(&buffer, dtype(), count, offset);
        let is_array = case.compare("a view", view.map(|view| Outcome::of(&view)));
        let view = DynViewMut::from_buffer(&mut buffer, dtype(), count, offset);
        case.compare("a view to write", view.map(|view| Outcome::of(&view.as_view())));
        *(if is_array { &mut alike } else { &mut refused }) += 1;
    }
    assert!(alike >= 700 && refused >= 2000, "{alike} alike, {refused} refused");
}

/// Everything that gives an array of this case over its buffer.
fn ways(case: &Case, offset: usize, shape: &[usize]) -> Vec<(&'static str, Result<Outcome>)> {
    let dtype = || dtype(&case.0["dtype"]);
    let strides = integers(&case.0["strides"]);
    let order: Order = case.0["order"].as_str().map_or(Order::C, |text| text.parse().unwrap());
    let layout = || match &strides {
        Some(strides) => Layout::strided(dtype(), shape, strides, offset as u64),
        None => Layout::contiguous(dtype(), shape, order, offset as u64),
    };
    let options = MapOptions::new().dtype(dtype()).shape(shape).offset(offset as u64).order(order);
    let options = match &strides {
        Some(strides) => options.strides(&strides[..]),
        None => options,
    };
    let mut buffer = case.buffer();
    let of = |view: DynView| Outcome::of(&view);
    let of_mut = |view: DynViewMut| Outcome::of(&view.as_view());
    vec![
        ("a layout", layout().and_then(|layout| DynView::new(&buffer, layout)).map(of)),
        ("options", options.view(&buffer).map(of)),
        ("a layout to write", {
            layout().and_then(|layout| DynViewMut::new(&mut buffer, layout)).map(of_mut)
        }),
        ("options to write", options.view_mut(&mut buffer).map(of_mut)),
    ]
}

/// The same over a map of the buffer in a file, where it starts at byte 7.
fn ways_over_a_map(
    case: &Case,
    offset: usize,
    shape: &[usize],
    live: &DynLiveMap,
) -> Vec<(&'static str, Result<Outcome>)> {
    let dtype = || dtype(&case.0["dtype"]);
    let strides = integers(&case.0["strides"]);
    // SAFETY: nobody writes the file.
    let map = unsafe { live.clone().assume_stable() }.unwrap();
    let map: Map<u8, Ix1> = map.into_typed().unwrap();
    let layout = match &strides {
        Some(strides) => Layout::strided(dtype(), shape, strides, offset as u64),
        None => Layout::contiguous(dtype(), shape, Order::C, offset as u64),
    };
    let view = layout.and_then(|layout| DynView::new(map.as_slice().unwrap(), layout));
    let of_live = |view: DynLiveMap| Outcome::new(view.layout(), common::live::bytes_of(&view));
    vec![
        ("a map's slice", view.map(|view| Outcome::of(&view))),
        ("a live map", live.view(dtype(), shape, offset, strides.as_deref()).map(of_live)),
    ]
}

#[test]
fn arrays_over_a_buffer_are_those_of_ndarray() {
    let test = "arrays_over_a_buffer_are_those_of_ndarray";
    let Some(cases) = cases(test, "ndarray.json") else { return };
    let folder = common::scratch();
    let (mut alike, mut refused, mut before, mut mapped) = (0, 0, 0, 0);
    for case in cases.iter().map(Case) {
        let Some(shape) = lengths(&case.0["shape"]) else {
            // Our lengths are not negative; what NumPy takes -1 for is what no shape stands for.
            if let Some(theirs) = case.expected() {
                assert_eq!(case.0["shape"], serde_json::json!([-1]), "{}", case.0);
                let options = MapOptions::new().dtype(dtype(&case.0["dtype"]));
                assert_eq!(Outcome::of(&options.view(&case.buffer()).unwrap()), theirs);
            }
            continue;
        };
        let Some(offset) = case.offset() else {
            // NumPy takes it, and reads what lies in memory before the buffer. Our offsets are not
            // negative.
            before += usize::from(case.expected().is_some());
            continue;
        };
        for (way, ours) in ways(&case, offset, &shape) {
            let is_array = case.compare(way, ours);
            *(if is_array { &mut alike } else { &mut refused }) += 1;
        }
        if case.0["order"] == "F" {
            continue;
        }
        let buffer = case.buffer();
        let path = folder.path().join(format!("{}.bin", buffer.len()));
        fs::write(&path, [&[0xcc; 7], &buffer[..], &[0xdd; 40]].concat()).unwrap();
        let options = MapOptions::new().mode(Mode::Read).offset(7).shape(buffer.len());
        let live = options.live_dyn(&path).unwrap();
        for (way, ours) in ways_over_a_map(&case, offset, &shape, &live) {
            mapped += usize::from(case.compare(way, ours));
        }
    }
    assert!(alike >= 4 * 650 && refused >= 4 * 1200, "{alike} alike, {refused} refused");
    assert!(mapped >= 2 * 500, "{mapped} over maps");
    assert!(before >= 50, "{before} before the buffer");
}

fn i2(shape: &[usize], strides: &[isize], offset: u64) -> Layout {
    Layout::strided("<i2".parse().unwrap(), shape, strides, offset).unwrap()
}

#[test]
fn errors_about_buffers_say_what_was_expected_and_found() {
    let buffer = [0; 27];
    let run = |dtype: &str, count, offset| {
        DynView::from_buffer(&buffer, dtype.parse().unwrap(), count, offset).unwrap_err()
    };
    let text = |error: Error| error.to_string();
    // NumPy: "offset must be non-negative and no greater than buffer length (27)".
    assert_eq!(
        text(run("u1", None, 28)),
        "the offset lies behind the end of the buffer: expected at most 27, found 28"
    );
    // NumPy: "buffer size must be a multiple of element size".
    assert_eq!(
        text(run("<i2", None, 0)),
        "the buffer is no whole number of elements: expected a multiple of 2 bytes, found 27"
    );
    // NumPy: "buffer is smaller than requested size".
    assert_eq!(
        text(run("<f8", Some(4), 1)),
        "the buffer is too small for the array: expected at least 33 bytes, found 27"
    );
    // NumPy: "itemsize cannot be zero in type".
    assert_eq!(
        text(run("V0", None, 0)),
        "elements of no bytes cannot be counted: found dtype '|V0'"
    );
    // NumPy: "cannot create an OBJECT array from memory buffer".
    assert_eq!(
        text(run("O", None, 3)),
        "Python objects cannot be read or mapped: found dtype |O; they are stored as a pickle, and \
         unpickling runs code that the file brings along"
    );
    // NumPy: "strides is incompatible with shape of requested array and size of buffer".
    let error = DynView::new(&buffer, i2(&[3], &[13], 0)).unwrap_err();
    assert_eq!(
        text(error),
        "the buffer is too small for the array: expected at least 28 bytes, found 27"
    );
}

#[test]
fn a_view_for_writing_changes_its_elements_and_nothing_between() {
    let mut bytes = [0xee; 16];
    let mut view = DynViewMut::new(&mut bytes, i2(&[2, 2], &[-8, 5], 9)).unwrap();
    for (n, index) in [[0, 0], [0, 1], [1, 0], [1, 1]].iter().enumerate() {
        view.set(index, n as i16).unwrap();
    }
    assert_eq!(view.as_view().to_array::<i16, Ix2>().unwrap(), arr2(&[[0, 1], [2, 3]]));
    let error = view.set(&[0, 2], 0_i16).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Index);
    assert_eq!(view.set(&[0, 0], 0_u16).unwrap_err().kind(), ErrorKind::Dtype);
    let mut expected = [0xee; 16];
    for (at, n) in [(9, 0), (14, 1), (1, 2), (6, 3)] {
        expected[at] = n;
        expected[at + 1] = 0;
    }
    assert_eq!(bytes, expected);
}

#[test]
fn typed_views_run_backwards_and_never_share_what_they_write() {
    let mut values = [0_i16, 1, 2, 3, 4, 5];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
    let view = DynView::new(bytes, i2(&[2, 3], &[6, -2], 4)).unwrap();
    assert_eq!(view.typed::<i16, Ix2>().unwrap(), arr2(&[[2, 1, 0], [5, 4, 3]]));
    let twice = DynView::new(bytes, i2(&[2, 3], &[0, 2], 0)).unwrap();
    assert_eq!(twice.typed::<i16, Ix2>().unwrap(), arr2(&[[0, 1, 2], [0, 1, 2]]));
    let odd = DynView::new(bytes, i2(&[2], &[3], 0)).unwrap();
    assert_eq!(odd.typed::<i16, Ix1>().unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(odd.to_array::<i16, Ix1>().unwrap(), arr1(&[0, 0x200]));

    let reversed = DynViewMut::new(bytes, i2(&[2, 3], &[6, -2], 4)).unwrap();
    reversed.typed::<i16, Ix2>().unwrap().assign(&arr2(&[[7, 8, 9], [10, 11, 12]]));
    let twice = DynViewMut::new(bytes, i2(&[2, 3], &[0, 2], 0)).unwrap();
    let error = twice.typed::<i16, Ix2>().unwrap_err();
    assert!(error.to_string().starts_with("elements share bytes"), "{error}");
    assert_eq!(values, [9, 8, 7, 12, 11, 10]);
}

#[test]
fn elements_of_no_bytes_are_viewed_in_any_number() {
    for strides in [[0, 0], [3, 1], [-3, -1]] {
        let layout = Layout::strided("S0".parse().unwrap(), &[2, 3], &strides, 8).unwrap();
        let view = DynView::new(&[0; 16], layout.clone()).unwrap();
        assert_eq!(view.typed::<Bytes<0>, Ix2>().unwrap().len(), 6);
        let mut buffer = [0; 16];
        let mut view = DynViewMut::new(&mut buffer, layout).unwrap();
        view.set(&[1, 2], Bytes([])).unwrap();
        view.typed::<Bytes<0>, Ix2>().unwrap().fill(Bytes([]));
    }
}

#[test]
fn an_array_over_a_live_map_writes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw.bin");
    fs::write(&path, [0; 20]).unwrap();
    let live = MapOptions::new().offset(3).shape(16).live_dyn(&path).unwrap();
    let view = live.view("u1".parse().unwrap(), &[4], 2, None).unwrap();
    common::live::store(&view, &[]).unwrap();
    let part = live.view(">u2".parse().unwrap(), &[2], 4, Some(&[6])).unwrap();
    if common::live::WORKS {
        part.assign(&arr1(&[0x0102_u16, 0x0304])).unwrap();
        let mut expected = [0; 20];
        expected[7..9].copy_from_slice(&[1, 2]);
        expected[13..15].copy_from_slice(&[3, 4]);
        assert_eq!(fs::read(&path).unwrap(), expected);
    }
    for (shape, strides) in [(&[8], None), (&[3], Some(&[6][..])), (&[2], Some(&[-5]))] {
        let error = live.view(">u2".parse().unwrap(), shape, 4, strides).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Shape, Some(&*path)));
        assert!(error.to_string().contains("the view reaches outside the map"), "{error}");
    }
    for dtype in ["O", "i1,O"] {
        let error = live.view(dtype.parse().unwrap(), &[1], 0, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dtype);
        let error = DynLiveMap::zeros(dtype.parse().unwrap(), &[1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dtype);
    }
}

/// What the library asks an array for can be asked from outside too, through the bound.
fn read_at<A: AnyArray>(array: &A, offset: u64, buffer: &mut [u8]) {
    array.read_at(offset, buffer).unwrap();
}

#[test]
fn what_lies_between_or_beyond_the_elements_of_a_view_is_never_read() {
    let table = arr2(&[[1_u8, 9], [2, 9], [3, 9]]);
    let column = table.slice(s![..;-1, 0]);
    let view = DynView::from_array(&column).unwrap();
    assert_eq!(view.get::<u8>(&[0]).unwrap(), 3);
    let span = view.layout().span();
    for (first, expected) in [(0, [1, 0xee, 2, 0xee, 3]), (1, [0xee, 2, 0xee, 3, 0xee])] {
        let len = 5 - first;
        let mut buffer = [0xee; 5];
        read_at(&view, span.start + first as u64, &mut buffer[..len]);
        assert_eq!(buffer, expected);
    }
    for offset in [span.end, span.end - 1, span.start.wrapping_sub(1), u64::MAX] {
        let beyond = std::panic::catch_unwind(|| read_at(&view, offset, &mut [0; 2]));
        assert!(beyond.is_err(), "{offset}");
    }
}
