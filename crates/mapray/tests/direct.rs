//! Reads past the page cache: what they give is what reads through it give.
#![cfg(target_os = "linux")]

mod common;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use common::memory;
use mapray::{ArrayFile, ErrorKind, Gather, MapOptions, Mode, Order, Reduced, Reduction, reduce};
use ndarray::{Array, Array2, Ix2};
use tempfile::TempDir;

const PORTABLE: bool = cfg!(mapray_portable);

/// More than is read at once, and no whole number of sectors.
const SHAPE: (usize, usize) = (1031, 1021);

fn table() -> Array2<f32> {
    Array::from_shape_fn(SHAPE, |(i, j)| ((i * 31 + j * 17) % 1009) as f32 - 0.5)
}

/// The same table through the page cache and past it; `None` where there is no direct I/O, which is noted.
fn openings(test: &str, order: Order) -> Option<(TempDir, PathBuf, [ArrayFile; 2])> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    match order {
        Order::C => mapray::save(&path, &table()).unwrap(),
        Order::F => {
            let fortran = table().t().as_standard_layout().into_owned().reversed_axes();
            mapray::save(&path, &fortran).unwrap();
        }
    }
    let file = ArrayFile::open(&path).unwrap();
    match file.clone().direct() {
        Err(error) if error.kind() == ErrorKind::Unsupported && PORTABLE => None,
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            common::skip(test, "the temporary folder's file system has no direct I/O");
            None
        }
        direct => Some((folder, path, [file, direct.unwrap()])),
    }
}

#[test]
fn whatever_is_read_is_what_the_page_cache_gives() {
    for order in [Order::C, Order::F] {
        let test = "whatever_is_read_is_what_the_page_cache_gives";
        let Some((_folder, _, [cached, direct])) = openings(test, order) else { return };
        for slice in
            ["[:]", "[13::7]", "[-1]", "[:, 5]", "[::-1, 3:900:2]", "[1030, 1020]", "[0:0]"]
        {
            let slice = slice.parse().unwrap();
            let bytes = |file: &ArrayFile| {
                let part = file.slice(&slice).unwrap();
                let mut bytes = vec![0; part.layout().nbytes()];
                part.read_bytes(&mut bytes).unwrap();
                bytes
            };
            assert!(bytes(&cached) == bytes(&direct), "{order:?} {slice}");
        }
        assert_eq!(direct.to_array::<f32, Ix2>().unwrap(), table());
        let gather = |file: &ArrayFile| {
            let mut gather = Gather::new(file.clone()).unwrap();
            gather.rows::<f32, Ix2>(&[7, 1030, 0, -1]).unwrap()
        };
        assert_eq!(gather(&cached), gather(&direct));
    }
}

#[test]
fn a_reduction_is_the_same_to_the_last_bit() {
    type Reduce = fn(&Reduction<'_>) -> mapray::Result<Reduced>;
    let reductions: [(&str, Reduce); 4] = [
        ("sum", |of| of.sum()),
        ("std", |of| of.std()),
        ("max", |of| of.max()),
        ("argmin", |of| of.argmin()),
    ];
    for order in [Order::C, Order::F] {
        let test = "a_reduction_is_the_same_to_the_last_bit";
        let Some((_folder, _, [cached, direct])) = openings(test, order) else { return };
        for (name, reduction) in reductions {
            for axes in [&[0, 1][..], &[0], &[1]] {
                let of = |file: &ArrayFile| reduction(&reduce(file).axes(axes)).unwrap();
                if name != "argmin" || axes.len() == 1 {
                    assert_eq!(of(&cached), of(&direct), "{name} {axes:?} {order:?}");
                }
            }
        }
    }
}

#[test]
fn stores_that_the_disk_has_not_seen_are_read() {
    let test = "stores_that_the_disk_has_not_seen_are_read";
    let Some((_folder, _, [_, direct])) = openings(test, Order::C) else { return };
    let map = direct.map_live::<f32, Ix2>(Mode::ReadWrite).unwrap();
    map.set([1030, 1020], 77.0).unwrap();
    assert_eq!(direct.get::<f32>(&[1030, 1020]).unwrap(), 77.0);
}

#[test]
fn the_page_cache_stays_as_it_was() {
    let test = "the_page_cache_stays_as_it_was";
    let Some((_folder, path, [_, direct])) = openings(test, Order::C) else { return };
    if !memory::evict(&path) {
        return common::skip(test, "the temporary folder's file system keeps its pages");
    }
    let span = direct.layout().span();
    let pages = || memory::cached(&File::open(&path).unwrap(), span.clone()).unwrap().pages;
    assert!(pages() < 4);
    reduce(&direct).sum().unwrap();
    direct.to_array::<f32, Ix2>().unwrap();
    let mut gather = Gather::new(direct.clone()).unwrap();
    let indices: Vec<i64> = (0..1000).map(|i| i * 7 % 1031).collect();
    gather.prefetch(&indices).unwrap();
    gather.rows::<f32, Ix2>(&indices).unwrap();
    assert!(pages() < 4);
}

#[test]
fn a_file_that_was_cut_is_the_same_error() {
    let test = "a_file_that_was_cut_is_the_same_error";
    let Some((_folder, path, both)) = openings(test, Order::C) else { return };
    OpenOptions::new().write(true).open(&path).unwrap().set_len(1_000_000).unwrap();
    let errors = both.map(|file| {
        let mut bytes = vec![0; file.layout().nbytes()];
        let read = file.read_bytes(&mut bytes).unwrap_err();
        assert_eq!(reduce(&file).sum().unwrap_err().kind(), ErrorKind::Truncated);
        (read.kind(), read.path().map(Path::to_owned))
    });
    assert_eq!(errors[0], (ErrorKind::Truncated, Some(path)));
    assert_eq!(errors[0], errors[1]);
}

#[test]
fn where_there_is_no_direct_io_the_error_says_so() {
    let test = "where_there_is_no_direct_io_the_error_says_so";
    let options = MapOptions::new().dtype("u1".parse().unwrap()).shape(16);
    let Ok(file) = options.file("/sys/kernel/notes") else {
        return common::skip(test, "there is no /sys/kernel/notes");
    };
    let error = file.direct().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("/sys/kernel/notes"), "{error}");
}
