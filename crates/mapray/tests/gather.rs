//! Rows by a list of indices: against a model that slices one row after the other.

mod common;

use std::fs::File;
use std::path::Path;

use common::live::WORKS;
use mapray::{
    AnyArray, ArrayFile, CreateOptions, DynMap, DynView, ErrorKind, Gather, LiveMap, Mode, Order,
    SaveOptions, Slice,
};
use ndarray::{Array, Array2, Array3, Ix1, Ix2, Ix3, arr1, arr2, s};
use proptest::prelude::*;

/// The file as whatever an array of it can be opened as.
fn openings(path: &Path, slice: &Slice) -> Vec<(&'static str, Box<dyn AnyArray>)> {
    let file = ArrayFile::open(path).unwrap().slice(slice).unwrap();
    let live = file.map_live_dyn(Mode::Read).unwrap();
    // SAFETY: the test's own file, which nobody changes.
    let stable = unsafe { file.map_live_dyn(Mode::Read).unwrap().assume_stable() }.unwrap();
    // SAFETY: as above.
    let private = unsafe { file.map_live_dyn(Mode::CopyOnWrite).unwrap().assume_stable_mut() };
    let mut arrays: Vec<(_, Box<dyn AnyArray>)> = vec![
        ("file", Box::new(file)),
        ("stable map", Box::new(stable)),
        ("private map", Box::new(private.unwrap())),
    ];
    if WORKS {
        arrays.push(("live map", Box::new(live)));
    }
    arrays
}

/// What NumPy's `array[slice][indices]` holds, row by row.
fn model(path: &Path, slice: &Slice, indices: &[i64]) -> Vec<u8> {
    let file = ArrayFile::open(path).unwrap().slice(slice).unwrap();
    let rows = indices.iter().map(|&index| {
        let row = file.slice(&Slice::new([index.into()])).unwrap();
        let mut bytes = vec![0; row.layout().nbytes()];
        row.read_bytes(&mut bytes).unwrap();
        bytes
    });
    rows.flatten().collect()
}

fn check(path: &Path, slice: &str, indices: &[i64]) {
    let slice: Slice = slice.parse().unwrap();
    let expected = model(path, &slice, indices);
    for (what, array) in openings(path, &slice) {
        let mut gather = Gather::new(array).unwrap();
        let mut found = vec![0xee; expected.len()];
        for _ in 0..2 {
            gather.read_bytes(indices, &mut found).unwrap();
            assert!(found == expected, "{what} {slice} {indices:?}");
            found.fill(0xee);
            gather.prefetch(indices).unwrap();
        }
        gather.read_bytes(indices, &mut found).unwrap();
        assert!(found == expected, "{what} {slice} {indices:?}, asked for ahead");
    }
}

fn evict(path: &Path) -> bool {
    let file = ArrayFile::open(path).unwrap();
    file.evict().is_ok() && file.residency().is_ok_and(|residency| residency.resident == 0)
}

/// A file of `rows` rows of 4 KiB, each element of which is the number of its row.
fn table(path: &Path, rows: usize) {
    let array = Array::from_shape_fn((rows, 1024), |(row, _)| row as u32);
    SaveOptions::new().save(path, &array).unwrap();
}

/// Numbers below `n` in no order.
fn scattered(count: usize, n: usize) -> Vec<i64> {
    (0..count).map(|i| (i * 7919 % n) as i64).collect()
}

#[test]
fn every_kind_of_row_is_copied_as_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let array = Array3::from_shape_fn((40, 6, 5), |(i, j, k)| (30 * i + 5 * j + k) as u16);
    for order in [Order::C, Order::F] {
        let fortran = array.t().as_standard_layout().into_owned().reversed_axes();
        match order {
            Order::C => mapray::save(&path, &array).unwrap(),
            Order::F => mapray::save(&path, &fortran).unwrap(),
        }
        for slice in [
            "[:]",
            "[::-1]",
            "[5:35:3]",
            "[:, ::-1]",
            "[:, 2]",
            "[:, :, 3]",
            "[:, 1, 1]",
            "[7]",
            "[:, 2:2]",
            "[None, :]",
            "[-1:, ::2, ::-3]",
        ] {
            for indices in [&[0, -1, 0][..], &[], &[0; 70]] {
                check(&path, slice, indices);
            }
        }
        check(&path, "[:]", &[39, -40, 20, -3, 39]);
    }
}

proptest! {
    #[test]
    fn any_rows_of_any_length_are_those_of_the_model(
        rows in 1_usize..50,
        len in 0_usize..258,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        backwards in any::<bool>(),
    ) {
        let folder = common::scratch();
        let path = folder.path().join("a.npy");
        let array = Array2::from_shape_fn((rows, len), |(i, j)| (i * 31 + j * 7) as u8);
        SaveOptions::new().save(&path, &array).unwrap();
        let index = |pick: prop::sample::Index| pick.index(2 * rows) as i64 - rows as i64;
        let indices: Vec<i64> = picks.into_iter().map(index).collect();
        check(&path, if backwards { "[::-1]" } else { "[:]" }, &indices);
    }
}

#[test]
fn lines_are_gathered_element_by_element() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &Array::from_iter((0..5000).map(|i| i as f64))).unwrap();
    check(&path, "[:]", &scattered(3000, 5000));
    mapray::save(&path, &Array::from_iter((0..5000).map(|i| i as i8))).unwrap();
    check(&path, "[::-2]", &scattered(3000, 2500));
}

#[test]
fn a_batch_for_several_threads_is_the_same_as_its_rows_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 4000);
    // More than fits in one window, and more runs than one call of the kernel takes.
    let indices = scattered(9001, 4000);
    check(&path, "[:]", &indices);
    check(&path, "[:, 1::2]", &indices[..3001]);
}

#[test]
fn rows_that_are_not_in_memory_are_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 12_000);
    let indices = scattered(9001, 12_000);
    for (what, slice) in [("all", "[:]"), ("backwards", "[::-1, 100:]")] {
        let slice: Slice = slice.parse().unwrap();
        let expected = model(&path, &slice, &indices);
        let count = openings(&path, &slice).len();
        for opening in 0..count {
            // Whatever stays in memory makes the test easier, not wrong.
            evict(&path);
            let (name, array) = openings(&path, &slice).swap_remove(opening);
            let mut gather = Gather::new(array).unwrap();
            let mut found = vec![0; expected.len()];
            gather.read_bytes(&indices, &mut found).unwrap();
            assert!(found == expected, "{name}, {what}");
        }
    }
}

/// The first and the last row are in memory, so the others show only when they are copied.
#[test]
fn a_batch_that_only_seems_to_be_in_memory_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 12_000);
    let mut indices = scattered(2000, 12_000);
    indices[1999] = 0;
    let whole: Slice = "[:]".parse().unwrap();
    let expected = model(&path, &whole, &indices);
    for opening in 0..openings(&path, &whole).len() {
        evict(&path);
        ArrayFile::open(&path).unwrap().slice(&"[0]".parse().unwrap()).unwrap().warm().unwrap();
        let (name, array) = openings(&path, &whole).swap_remove(opening);
        let mut found = vec![0; expected.len()];
        Gather::new(array).unwrap().read_bytes(&indices, &mut found).unwrap();
        assert!(found == expected, "{name}");
    }
}

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[test]
fn no_more_is_read_than_the_pages_of_the_rows() {
    const TEST: &str = "no_more_is_read_than_the_pages_of_the_rows";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 12_000);
    let whole: Slice = "[:]".parse().unwrap();
    for opening in 0..openings(&path, &whole).len() {
        if !evict(&path) {
            return common::skip(TEST, "nothing leaves the page cache on this file system");
        }
        let (name, array) = openings(&path, &whole).swap_remove(opening);
        let mut gather = Gather::new(array).unwrap();
        let mut found = vec![0; 50 * 4096];
        gather.read_bytes(&scattered(50, 12_000), &mut found).unwrap();
        let resident = ArrayFile::open(&path).unwrap().residency().unwrap().resident;
        // Two pages for each row, and what opening the file reads: far less than a read-ahead window each.
        assert!(resident <= 50 * 2 * 4096 + (1 << 20), "{name}: {resident} bytes were read");
    }
}

#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[test]
fn a_batch_that_was_asked_for_ahead_comes_into_memory() {
    const TEST: &str = "a_batch_that_was_asked_for_ahead_comes_into_memory";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 12_000);
    let whole: Slice = "[:]".parse().unwrap();
    let rows = [3000, 9000, 6000];
    for opening in 0..openings(&path, &whole).len() {
        if !evict(&path) {
            return common::skip(TEST, "nothing leaves the page cache on this file system");
        }
        let (name, array) = openings(&path, &whole).swap_remove(opening);
        let mut gather = Gather::new(array).unwrap();
        gather.prefetch(&rows).unwrap();
        let is_there = |row: i64| {
            let row = ArrayFile::open(&path).unwrap().slice(&Slice::new([row.into()])).unwrap();
            let residency = row.residency().unwrap();
            residency.resident == residency.total
        };
        let there = || rows.iter().all(|&row| is_there(row));
        let soon = (0..2000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            there()
        });
        assert!(soon, "{name}");
    }
}

/// The kernel keeps advice with the map, as `rr` and `sr` in its flags.
#[cfg(all(target_os = "linux", not(mapray_portable)))]
#[test]
fn no_advice_stays_on_the_map() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 3000);
    evict(&path);
    // SAFETY: the test's own file.
    let map = unsafe { mapray::Map::<u32, Ix2>::open(&path) }.unwrap();
    let mut gather = Gather::new(map.as_dyn()).unwrap();
    assert_eq!(gather.rows::<u32, Ix2>(&[2999, 1]).unwrap().column(0).to_vec(), [2999, 1]);
    let maps = common::memory::maps_of(&path);
    let flags: Vec<&String> = maps.flags.iter().flat_map(|(_, flags)| flags).collect();
    assert!(flags.iter().any(|flag| *flag == "rd"), "{flags:?}");
    assert!(!flags.iter().any(|flag| ["rr", "sr"].contains(&flag.as_str())), "{flags:?}");
}

#[test]
fn an_index_beyond_the_axis_is_an_error_in_the_words_of_numpy() {
    let line = arr1(&[1_u8, 2, 3]);
    let mut gather = Gather::new(DynView::from_array(&line).unwrap()).unwrap();
    for index in [3, -4, i64::MAX, i64::MIN] {
        for error in [
            gather.rows::<u8, Ix1>(&[0, index]).unwrap_err(),
            gather.prefetch(&[index]).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Index);
            let words = format!("index {index} is out of bounds for axis 0 with size 3");
            assert!(error.to_string().starts_with(&words), "{error}");
        }
    }
    // The next batch is none the worse for it.
    assert_eq!(gather.rows::<u8, Ix1>(&[-1]).unwrap().to_vec(), [3]);
    let empty = Array2::<f32>::zeros((0, 5));
    let mut gather = Gather::new(DynView::from_array(&empty).unwrap()).unwrap();
    assert_eq!(gather.rows::<f32, Ix2>(&[]).unwrap().shape(), [0, 5]);
    let error = gather.rows::<f32, Ix2>(&[0]).unwrap_err().to_string();
    assert!(error.starts_with("index 0 is out of bounds for axis 0 with size 0"), "{error}");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let table = arr2(&[[1_i32, 2], [3, 4]]);
    let view = DynView::from_array(&table).unwrap();
    let mut gather = Gather::new(&view).unwrap();
    assert_eq!(gather.read_bytes(&[0], &mut [0; 7]).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(gather.rows::<i32, Ix3>(&[0]).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(gather.rows::<u32, Ix2>(&[0]).unwrap_err().kind(), ErrorKind::Dtype);
    let mut out = Array2::<i32>::zeros((2, 2));
    assert_eq!(gather.read_into(&[0], &mut out).unwrap_err().kind(), ErrorKind::Shape);
    let point = view.slice(&"[0, 0]".parse().unwrap()).unwrap();
    assert_eq!(Gather::new(point).unwrap_err().kind(), ErrorKind::Index);
}

#[test]
fn elements_come_in_the_byte_order_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let array = Array2::from_shape_fn((9, 3), |(i, j)| (100 * i + j) as i32);
    let conversion = mapray::Conversion::new().dtype(">i4".parse().unwrap());
    SaveOptions::new().conversion(conversion).save(&path, &array).unwrap();
    for (what, opened) in openings(&path, &"[:]".parse().unwrap()) {
        let mut gather = Gather::new(opened).unwrap();
        let expected = arr2(&[[800, 801, 802], [300, 301, 302]]);
        assert_eq!(gather.rows::<i32, Ix2>(&[-1, 3]).unwrap(), expected, "{what}");
        let mut out = Array2::<i32>::zeros((2, 6));
        gather.read_into(&[-1, 3], &mut out.slice_mut(s![.., ..;2])).unwrap();
        assert_eq!(out.slice(s![.., ..;2]), expected, "{what}");
        let mut out = Array2::<i32>::zeros((2, 3));
        gather.read_into(&[-1, 3], &mut out).unwrap();
        assert_eq!(out, expected, "{what}");
    }
}

#[test]
fn a_file_that_was_cut_is_an_error_of_files_and_live_maps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 300);
    let file = ArrayFile::open(&path).unwrap();
    let mut gathers = vec![Gather::new(Box::new(file.clone()) as Box<dyn AnyArray>).unwrap()];
    if WORKS {
        let live: LiveMap<u32, Ix2> = file.map_live(Mode::Read).unwrap();
        gathers.push(Gather::new(Box::new(live) as Box<dyn AnyArray>).unwrap());
    }
    // In the middle of row 100, and of a page.
    File::options().write(true).open(&path).unwrap().set_len(128 + 100 * 4096 + 100).unwrap();
    for gather in &mut gathers {
        assert_eq!(gather.rows::<u32, Ix2>(&[99]).unwrap()[(0, 5)], 99);
        for rows in [&[100][..], &[5, 200, 7], &[299; 1500]] {
            let error = gather.rows::<u32, Ix2>(rows).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
            assert_eq!(error.path(), Some(&*path));
        }
    }
}

#[test]
fn holes_are_zeros() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let options = CreateOptions::new((5000, 1024)).sparse(true);
    // SAFETY: the test's own file.
    let mut map = unsafe { options.live::<u32, Ix2>(&path).unwrap().assume_stable_mut() }.unwrap();
    map[(4000, 1)] = 7;
    map.flush().unwrap();
    drop(map);
    evict(&path);
    check(&path, "[:]", &[4000, 1, 2500, 4000]);
}

#[test]
fn a_gather_is_of_what_it_was_given_or_lent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    table(&path, 10);
    // SAFETY: the test's own file.
    let map = unsafe { DynMap::open(&path) }.unwrap();
    let lent = Gather::new(&map).unwrap().rows::<u32, Ix2>(&[4]).unwrap();
    let mut given = std::thread::spawn(move || Gather::new(map).unwrap()).join().unwrap();
    assert_eq!(given.rows::<u32, Ix2>(&[4]).unwrap(), lent);
    assert_eq!((given.shape(7), given.row_bytes()), (vec![7, 1024], 4096));
}
