//! Typed opens that do not fit say both sides, and what to use instead.

use std::path::Path;

use mapray::{
    ArrayFile, Be, Big, DynView, DynViewMut, Error, ErrorKind, Layout, Le, Little, LiveMap, Map,
    MapMut, MapOptions, Mode, Order, Packed, Result,
};
use ndarray::{Array, ArrayView, Ix1, Ix2, IxDyn, ShapeBuilder};
use tempfile::TempDir;

/// The error's text, with the folder's path taken out.
#[track_caller]
fn refused<T>(result: Result<T>, kind: ErrorKind, folder: &TempDir) -> String {
    let error: Error = result.err().expect("it is refused");
    assert_eq!(error.kind(), kind, "{error}");
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

fn open<T: mapray::Element, D: ndarray::Dimension>(path: &Path) -> Result<Map<T, D>> {
    // SAFETY: the file is in a folder of the test's own.
    unsafe { Map::open(path) }
}

#[test]
fn another_type_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &ndarray::arr1(&[1.0_f64, 2.0])).unwrap();
    let text = "a.npy: the elements are not of the type asked for: expected dtype '<f4', \
                found '<f8'; use `f64`";
    assert_eq!(refused(open::<f32, Ix1>(&path), ErrorKind::Dtype, &folder), text);
    let file = ArrayFile::open(&path).unwrap();
    assert_eq!(refused(file.get::<f32>(&[0]), ErrorKind::Dtype, &folder), text);
    assert_eq!(refused(file.to_array::<f32, Ix1>(), ErrorKind::Dtype, &folder), text);
    assert_eq!(refused(file.map_live::<f32, Ix1>(Mode::Read), ErrorKind::Dtype, &folder), text);
    let text = "a.npy: the elements are not of the type asked for: expected dtype '<i8', \
                found '<f8'; use `f64`";
    assert_eq!(refused(open::<i64, Ix1>(&path), ErrorKind::Dtype, &folder), text);
}

#[test]
fn the_other_byte_order_is_named_and_its_packed_type_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let values = ndarray::arr1(&[1.0, 2.0, 6.0]).map(|&value| Be::<f64>::new(value));
    mapray::save(&path, &values).unwrap();
    assert_eq!(
        refused(open::<f64, Ix1>(&path), ErrorKind::Dtype, &folder),
        "a.npy: the elements are in the other byte order: expected dtype '<f8', found '>f8'; \
         use `Packed<f64, Big>`, or read by value, which swaps them"
    );
    let map = open::<Packed<f64, Big>, Ix1>(&path).unwrap();
    assert_eq!(map.sum().get(), 9.0);
    assert_eq!(map.mean().unwrap().get(), 3.0);
    assert_eq!(mapray::load::<f64, Ix1>(&path).unwrap().to_vec(), [1.0, 2.0, 6.0]);
}

#[test]
fn unaligned_elements_are_refused_and_their_packed_type_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let bytes: Vec<u8> = [1.0_f64, 2.0, 6.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(&path, [&[0; 3], &*bytes].concat()).unwrap();
    let options = MapOptions::new().dtype("<f8".parse().unwrap()).offset(3).mode(Mode::ReadWrite);
    // SAFETY: the file is in a folder of this test's own.
    let map = unsafe { options.map_mut::<f64, Ix1>(&path) };
    assert_eq!(
        refused(map.map(drop), ErrorKind::Dtype, &folder),
        "a.bin: the elements are not aligned (at byte 3): expected a multiple of 8 bytes for `f64`, \
         found a remainder of 3; use `Packed<f64, Little>`, which needs no alignment"
    );
    // SAFETY: as above.
    let mut map = unsafe { options.map_mut::<Packed<f64, Little>, Ix1>(&path) }.unwrap();
    assert_eq!(map.sum().get(), 9.0);
    map[1] = Le::new(3.0);
    drop(map);
    assert_eq!(std::fs::read(&path).unwrap()[11..19], 3.0_f64.to_le_bytes());
}

#[test]
fn another_number_of_axes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &Array::<f64, _>::zeros((2, 3))).unwrap();
    let text = "a.npy: the array has another number of axes: expected 1 (Ix1), found 2 in shape \
                (2, 3); use Ix2 or IxDyn";
    assert_eq!(refused(open::<f64, Ix1>(&path), ErrorKind::Shape, &folder), text);
    assert_eq!(refused(mapray::load::<f64, Ix1>(&path), ErrorKind::Shape, &folder), text);
    let file = ArrayFile::open(&path).unwrap();
    let live: Result<LiveMap<f64, Ix1>> = file.map_live(Mode::Read);
    assert_eq!(refused(live, ErrorKind::Shape, &folder), text);
    assert_eq!(open::<f64, Ix2>(&path).unwrap().dim(), (2, 3));
    assert_eq!(open::<f64, IxDyn>(&path).unwrap().shape(), [2, 3]);
}

#[test]
fn strides_that_are_not_whole_elements_are_refused_in_place_only() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::strided("<u2".parse().unwrap(), &[3], &[3], 0).unwrap();
    let bytes = [1, 0, 9, 2, 0, 9, 3, 0];
    let view = DynView::new(&bytes, layout).unwrap();
    assert_eq!(
        refused(view.typed::<Le<u16>, Ix1>(), ErrorKind::Shape, &folder),
        "the strides are not whole elements: expected multiples of 2 bytes, found 3 bytes; a \
         dynamic view takes any strides, and reading by value too"
    );
    assert_eq!(view.to_array::<u16, Ix1>().unwrap().to_vec(), [1, 2, 3]);
}

#[test]
fn elements_that_share_bytes_are_never_lent_for_writing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    std::fs::write(&path, [1, 2, 3, 4]).unwrap();
    let windows = MapOptions::new().shape((3, 2)).strides([1, 1]);
    // SAFETY: the file is in a folder of this test's own.
    let map = unsafe { windows.clone().mode(Mode::ReadWrite).map_mut::<u8, Ix2>(&path) };
    assert_eq!(
        refused(map.map(drop), ErrorKind::Shape, &folder),
        "a.bin: elements share bytes, so none can be lent alone: found strides [1, 1]; a live map \
         can write them by value"
    );
    // SAFETY: as above.
    let map = unsafe { windows.map::<u8, Ix2>(&path) }.unwrap();
    assert_eq!(map.sum(), 1 + 2 + 2 + 3 + 3 + 4);
    let mut bytes = [0; 4];
    let layout = Layout::strided("u1".parse().unwrap(), &[4], &[0], 0).unwrap();
    let view = DynViewMut::new(&mut bytes, layout).unwrap();
    let text = refused(view.typed::<u8, Ix1>(), ErrorKind::Shape, &folder);
    assert!(text.starts_with("elements share bytes"), "{text}");
}

#[test]
fn a_map_to_write_needs_a_mode_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &ndarray::arr1(&[1_u8])).unwrap();
    // SAFETY: the file is in a folder of this test's own.
    let map = unsafe { MapMut::<u8, Ix1>::open(&path, Mode::Read) };
    assert_eq!(
        refused(map.map(drop), ErrorKind::Mode, &folder),
        "a.npy: the map is read only; open it in mode 'r+' to write the file, or in mode 'c' to \
         keep edits in memory"
    );
    // SAFETY: as above.
    let map = unsafe { MapMut::<u8, Ix1>::open(&path, Mode::Write) };
    assert_eq!(
        refused(map.map(drop), ErrorKind::Mode, &folder),
        "a.npy: mode 'w+' makes a new array; `create` does that; mode 'r+' edits the one that is \
         there"
    );
    // SAFETY: as above.
    let map = unsafe { MapOptions::new().mode(Mode::ReadWrite).map::<u8, Ix1>(&path) };
    let text = refused(map.map(drop), ErrorKind::Mode, &folder);
    assert!(text.contains("expected mode 'r', found 'r+'; `map_mut`"), "{text}");
    assert_eq!(mapray::load::<u8, Ix1>(&path).unwrap().to_vec(), [1]);
}

#[test]
fn arrays_in_memory_with_strides_that_nobody_uses_are_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let far = (isize::MAX / 2) as usize;
    let one = ArrayView::from_shape((1, 2).strides((far, 1)), &[1.5, 2.5]).unwrap();
    assert_eq!(DynView::from_array(&one).unwrap().get::<f64>(&[0, 1]).unwrap(), 2.5);
    mapray::save(&path, &one).unwrap();
    assert_eq!(mapray::load::<f64, Ix2>(&path).unwrap(), one);
}

#[test]
fn a_view_in_place_and_by_value_agree_on_order() {
    let bytes: Vec<u8> = (0..24).collect();
    let layout = Layout::contiguous("<u2".parse().unwrap(), &[3, 4], Order::F, 0).unwrap();
    let view = DynView::new(&bytes, layout).unwrap();
    let view = view.slice(&"[::-1, 1::2]".parse().unwrap()).unwrap();
    let in_place = view.typed::<Le<u16>, Ix2>().unwrap();
    assert_eq!(in_place.map(|value| value.get()), view.to_array::<u16, Ix2>().unwrap());
    assert_eq!(in_place[(0, 0)].get(), u16::from_le_bytes([10, 11]));
}
