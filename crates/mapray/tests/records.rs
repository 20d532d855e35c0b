//! Structs as records: NumPy's files read as them, and theirs byte for byte as NumPy's.

mod common;

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::process::Command;

use mapray::format::npy::Header;
use mapray::{
    ArrayFile, Be, Bool8, Bytes, DType, DateTime64, DynView, DynViewMut, Element, ErrorKind,
    Layout, Map, MapMut, Mode, Order, Record, Text, WritableElement,
};
use ndarray::{Array, Array1, Array2, Ix1, Ix2};

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Packed {
    id: u16,
    x: f64,
    ok: Bool8,
    name: Bytes<4>,
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C)]
struct Aligned {
    kind: i8,
    value: f64,
    n: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Point {
    x: f32,
    y: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Pair {
    a: u8,
    b: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Nested {
    pos: Point,
    when: DateTime64,
    tags: [[i16; 3]; 2],
    pair: [Pair; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Mixed {
    big: Be<f32>,
    little: i32,
    text: Be<Text<3>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C)]
struct Titled {
    #[record(title = "Mass in kg")]
    mass: f32,
    #[record(rename = "class")]
    class_number: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Gaps {
    a: u8,
    #[record(padding)]
    before: [u8; 7],
    b: f32,
    #[record(padding)]
    behind: [u8; 4],
}

/// What element `i` is in the oracle's arrays.
trait Numbered: WritableElement + PartialEq + Debug {
    fn number(i: usize) -> Self;
}

impl Numbered for Packed {
    fn number(i: usize) -> Packed {
        let name = Bytes::new(format!("n{i}").as_bytes()).unwrap();
        Packed { id: i as u16, x: i as f64 / 2.0, ok: i.is_multiple_of(2).into(), name }
    }
}

impl Numbered for Aligned {
    fn number(i: usize) -> Aligned {
        let (kind, n) = (i as i8, i as u16);
        Aligned { kind: kind.wrapping_sub(2), value: i as f64 * 1.5, n: n.wrapping_add(1000) }
    }
}

impl Numbered for Nested {
    fn number(i: usize) -> Nested {
        let n = i as i16;
        Nested {
            pos: Point { x: i as f32, y: -(i as f32) },
            when: DateTime64(i as i64),
            tags: [[n, n + 1, n + 2], [-n, 0, 1]],
            pair: [
                Pair { a: i as u8, b: 70000 + i as u32 },
                Pair { a: i as u8 + 1, b: (i as u32).wrapping_neg() },
            ],
        }
    }
}

impl Numbered for Mixed {
    fn number(i: usize) -> Mixed {
        let text = Text::try_from(format!("ä{i}").as_str()).unwrap();
        Mixed { big: Be::new(i as f32 / 4.0), little: -(i as i32), text: Be::new(text) }
    }
}

impl Numbered for Titled {
    fn number(i: usize) -> Titled {
        Titled { mass: i as f32 / 8.0, class_number: 2 * i as i32 }
    }
}

impl Numbered for Gaps {
    fn number(i: usize) -> Gaps {
        Gaps { a: i as u8, before: [0; 7], b: i as f32 / 16.0, behind: [0; 4] }
    }
}

fn values<T: Numbered>() -> Array2<T> {
    Array::from_shape_fn((2, 3), |(i, j)| T::number(3 * i + j))
}

/// NumPy's files, or `None` where there is no NumPy.
fn numpys_files(test: &str) -> Option<tempfile::TempDir> {
    let Some(python) = common::python() else {
        common::skip(test, "MAPRAY_PYTHON is not set");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/records.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

#[test]
fn numpys_records_are_structs_and_theirs_are_numpys_byte_for_byte() {
    let test = "numpys_records_are_structs_and_theirs_are_numpys_byte_for_byte";
    let Some(folder) = numpys_files(test) else { return };
    fn check<T: Numbered>(folder: &Path, name: &str) {
        let path = folder.join(format!("{name}.npy"));
        let file = ArrayFile::open(&path).unwrap();
        assert_eq!(file.to_array::<T, Ix2>().unwrap(), values::<T>(), "{name}");
        assert_eq!(file.get::<T>(&[1, 2]).unwrap(), T::number(5), "{name}");
        // SAFETY: nobody else knows the file.
        let map = unsafe { Map::<T, Ix2>::open(&path).unwrap() };
        assert_eq!(&*map, values::<T>(), "{name}");

        let ours = folder.join("ours.npy");
        mapray::save(&ours, &values::<T>()).unwrap();
        // The type of a time has no unit, so what is saved has none, where NumPy's file has `ns`.
        if name != "nested" {
            assert_eq!(fs::read(&ours).unwrap(), fs::read(&path).unwrap(), "{name}");
        }
    }
    check::<Packed>(folder.path(), "packed");
    check::<Aligned>(folder.path(), "aligned");
    check::<Nested>(folder.path(), "nested");
    check::<Mixed>(folder.path(), "mixed");
    check::<Titled>(folder.path(), "titled");
    check::<Gaps>(folder.path(), "gaps");
}

#[test]
fn records_of_the_other_byte_order_are_swapped_by_value_and_not_viewed() {
    let test = "records_of_the_other_byte_order_are_swapped_by_value_and_not_viewed";
    let Some(folder) = numpys_files(test) else { return };
    let path = folder.path().join("foreign.npy");
    let file = ArrayFile::open(&path).unwrap();
    assert_eq!(file.to_array::<Packed, Ix2>().unwrap(), values::<Packed>());
    let bytes = fs::read(&path).unwrap();
    let start = file.layout().offset();
    let mut copy = vec![0; bytes.len()];
    let layout = Layout::contiguous(file.dtype().clone(), &[2, 3], Order::C, start).unwrap();
    let mut view = DynViewMut::new(&mut copy, layout).unwrap();
    for i in 0..6 {
        view.set(&[i / 3, i % 3], Packed::number(i)).unwrap();
    }
    let error = view.as_view().typed::<Packed, Ix2>().unwrap_err().to_string();
    assert!(error.starts_with("the elements are in the other byte order"), "{error}");
    assert_eq!(copy[start as usize..], bytes[start as usize..]);
}

/// The dtype that a header's descr stands for.
fn dtype_of(descr: &str) -> DType {
    let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n");
    let length = (text.len() as u16).to_le_bytes();
    let header = [b"\x93NUMPY\x01\0", &length[..], text.as_bytes()].concat();
    Header::parse(&header).unwrap().dtype
}

#[test]
fn a_struct_that_does_not_fit_is_refused_with_the_field_and_both_sides() {
    fn refused<T: Element + Debug>(dtype: &str) -> String {
        let dtype = dtype_of(dtype);
        let bytes = vec![0; dtype.itemsize()];
        let layout = Layout::contiguous(dtype, &[1], Order::C, 0).unwrap();
        let view = DynView::new(&bytes, layout).unwrap();
        let error = view.get::<T>(&[0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dtype);
        assert_eq!(view.typed::<T, Ix1>().unwrap_err().to_string(), error.to_string());
        error.to_string()
    }
    assert_eq!(
        refused::<Point>("[('x', '<f4'), ('z', '<f4')]"),
        "field 1 of the records has another name: expected 'y', found 'z'; `#[record(rename = \
         \"z\")]` gives it this one"
    );
    assert_eq!(
        refused::<Point>("[('x', '<f4'), ('y', '>f4')]"),
        "field 'y' of the records is in the other byte order: expected '<f4', found '>f4'; use \
         `Packed<f32, Big>`"
    );
    assert_eq!(
        refused::<Point>("[('x', '<f4'), ('y', '<f8')]"),
        "field 'y' of the records is of another dtype: expected '<f4', found '<f8'; use `f64`"
    );
    assert_eq!(
        refused::<Point>("[('x', '<f4'), ('y', '<f4', (2, 3))]"),
        "field 'y' of the records is of another dtype: expected '<f4', found ('<f4', (2, 3)); use \
         `[[f32; 3]; 2]`"
    );
    assert_eq!(
        refused::<Point>("[('x', '<f4')]"),
        "the records have another number of fields: expected 2 ('x', 'y'), found 1 ('x')"
    );
    assert_eq!(
        refused::<Point>("[('x', '<f4'), ('', '|V4'), ('y', '<f4')]"),
        "field 'y' lies at another place: expected byte 4 of the record, found byte 8; the file's \
         have padding: use `#[repr(C)]`, or fields for it marked `#[record(padding)]`"
    );
    assert_eq!(
        refused::<Point>("[('x', '<f4'), ('y', '<f4'), ('', '|V4')]"),
        "the records have another size: expected 8 bytes, found 12 bytes; the file's have padding: \
         use `#[repr(C)]`, or fields for it marked `#[record(padding)]`"
    );
    assert_eq!(
        refused::<Aligned>("[('kind', '|i1'), ('value', '<f8'), ('n', '<u2')]"),
        "field 'value' lies at another place: expected byte 8 of the record, found byte 1; the \
         file's have no padding: use `#[repr(C, packed)]`"
    );
    let nested = Nested::dtype().descr();
    assert_eq!(
        refused::<Nested>(&nested.replace("('y', '<f4')", "('y', '<i4')")),
        "field 'pos.y' of the records is of another dtype: expected '<f4', found '<i4'; use `i32`"
    );
    assert_eq!(
        refused::<Nested>(&nested.replace("('y', '<f4')", "('Y', '<f4')")),
        "field 1 of the records in field 'pos' has another name: expected 'y', found 'Y'; \
         `#[record(rename = \"Y\")]` gives it this one"
    );
    assert_eq!(
        refused::<Nested>(&nested.replace("(2, 3)", "(3, 2)")),
        "field 'tags' of the records is of another dtype: expected ('<i2', (2, 3)), found ('<i2', \
         (3, 2)); use `[[i16; 2]; 3]`"
    );
    assert_eq!(
        refused::<Point>("'<f8'"),
        "the elements are not of the type asked for: expected dtype '[('x', '<f4'), ('y', '<f4')]', \
         found '<f8'; use `f64`"
    );
    assert_eq!(
        refused::<f64>("[('x', '<f4'), ('y', '<f4')]"),
        "the elements are not of the type asked for: expected dtype '<f8', found '[('x', '<f4'), \
         ('y', '<f4')]'; use a packed struct that derives `Record`, a field of the record, or \
         `Void<8>`"
    );
}

#[test]
fn units_titles_and_levels_of_sub_arrays_do_not_keep_a_struct_from_its_records() {
    let dtype = Nested::dtype().descr();
    assert!(dtype.contains("('when', '<M8')") && dtype.contains("(2, 3)"), "{dtype}");
    for (from, to) in [
        ("'<M8'", "'<M8[25us]'"),
        ("('x', '<f4')", "(('Title', 'x'), '<f4')"),
        ("('tags', '<i2', (2, 3))", "('tags', ('<i2', (3,)), (2,))"),
    ] {
        let other = dtype_of(&dtype.replace(from, to));
        assert_ne!(other, Nested::dtype(), "{to}");
        assert!(Nested::views(&other), "{to}");
    }
}

#[test]
fn the_dtype_says_what_the_attributes_say() {
    assert_eq!(Titled::dtype().descr(), "[(('Mass in kg', 'mass'), '<f4'), ('class', '<i4')]");
    assert_eq!(Gaps::dtype().descr(), "[('a', '|u1'), ('', '|V7'), ('b', '<f4'), ('', '|V4')]");
    #[derive(Clone, Copy, Record)]
    #[repr(C)]
    struct Tuple(u8, [f32; 2], #[record(rename = "größe")] i8);
    assert_eq!(
        Tuple::dtype().descr(),
        "[('f0', '|u1'), ('', '|V3'), ('f1', '<f4', (2,)), ('größe', '|i1'), ('', '|V3')]"
    );
    #[derive(Clone, Copy, Record)]
    #[repr(C)]
    struct Raw {
        r#type: u8,
    }
    assert_eq!(Raw::dtype().descr(), "[('type', '|u1')]");
}

/// Under `--cfg mapray_portable` live maps cannot be written.
#[cfg(all(target_os = "linux", not(mapray_portable)))]
mod live {
    use mapray::LiveMap;

    use super::*;

    #[test]
    fn a_field_of_a_live_map_is_written_alone() {
        let map: LiveMap<Packed, Ix1> = LiveMap::zeros(3).unwrap();
        map.assign(&Array1::from_shape_fn(3, Packed::number)).unwrap();
        let map = map.into_dyn();
        map.field("x").unwrap().fill(-1.0).unwrap();
        let ids = map.field("id").unwrap().typed::<u16, Ix1>().unwrap();
        ids.set(2, 77).unwrap();
        let wanted: Vec<_> = (0..3).map(|i| Packed { x: -1.0, ..Packed::number(i) }).collect();
        let found = map.to_array::<Packed, Ix1>().unwrap();
        assert_eq!(found.to_vec(), [wanted[0], wanted[1], Packed { id: 77, ..wanted[2] }]);
    }
}

#[test]
fn a_field_of_a_map_is_a_strided_view_where_strides_are_whole_elements() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let points: Array2<Point> =
        Array::from_shape_fn((3, 4), |(i, j)| Point { x: i as f32, y: j as f32 });
    mapray::save(&path, &points).unwrap();
    // SAFETY: nobody else knows the file.
    let mut map = unsafe { MapMut::<Point, Ix2>::open(&path, Mode::ReadWrite).unwrap() };
    let y = map.as_dyn().field("y").unwrap().typed::<f32, Ix2>().unwrap();
    assert_eq!((y.strides(), y.sum()), (&[8, 2][..], 18.0));
    assert_eq!(y.as_ptr().addr(), map.as_ptr().addr() + 4, "it is the map's own memory");
    map.as_dyn_mut().field("x").unwrap().typed::<f32, Ix2>().unwrap().fill(5.0);
    map[(2, 3)].y = -1.0;
    map.flush().unwrap();
    drop(map);
    let file = ArrayFile::open(&path).unwrap();
    assert_eq!(file.get::<Point>(&[2, 3]).unwrap(), Point { x: 5.0, y: -1.0 });
    assert_eq!(file.get::<Point>(&[1, 1]).unwrap(), Point { x: 5.0, y: 1.0 });
}

#[test]
fn a_field_between_odd_neighbours_is_read_by_value_and_the_error_says_so() {
    let records = Array1::from_shape_fn(4, Packed::number);
    let view = DynView::from_array(&records).unwrap().field("x").unwrap();
    assert_eq!(view.get::<f64>(&[3]).unwrap(), 1.5);
    assert_eq!(view.to_array::<f64, Ix1>().unwrap().to_vec(), [0.0, 0.5, 1.0, 1.5]);
    assert_eq!(
        view.typed::<f64, Ix1>().unwrap_err().to_string(),
        "the strides are not whole elements: expected multiples of 8 bytes, found 15 bytes; a \
         dynamic view takes any strides, and reading by value too"
    );
    let bytes = DynView::from_array(&records).unwrap().field("ok").unwrap();
    let oks = bytes.typed::<Bool8, Ix1>().unwrap();
    assert_eq!(oks.map(|ok| ok.get()).to_vec(), [true, false, true, false]);
    let name = DynView::from_array(&records).unwrap().field("nome").unwrap_err();
    assert_eq!(
        name.to_string(),
        "the records have no field 'nome'; the fields are id, x, ok, name"
    );
}
