//! New files of one element, with and without a header.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mapray::{ArrayFile, CreateOptions, DType, ErrorKind, MapOptions, Order};
use ndarray::{Array2, Ix2};

fn dtype(text: &str) -> DType {
    text.parse().unwrap()
}

#[test]
fn a_filled_file_is_what_saving_the_array_gives() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let counter = Arc::new(AtomicU64::new(0));
    let options = CreateOptions::new((700, 500)).element(1.5_f64.to_le_bytes());
    let file = options.count_writes(&counter).file(at("a.npy"), dtype("<f8")).unwrap();
    assert_eq!(file.to_array::<f64, Ix2>().unwrap(), Array2::from_elem((700, 500), 1.5));
    assert_eq!(counter.load(Ordering::Relaxed), 700 * 500 * 8);
    mapray::save(at("b.npy"), &Array2::from_elem((700, 500), 1.5)).unwrap();
    assert!(std::fs::read(at("a.npy")).unwrap() == std::fs::read(at("b.npy")).unwrap());

    let fortran = CreateOptions::new((2, 3)).order(Order::F).element([1, 2, 3]);
    fortran.file(at("c.npy"), dtype("S3")).unwrap();
    let found = ArrayFile::open(at("c.npy")).unwrap();
    let mut bytes = vec![0; 18];
    found.read_bytes(&mut bytes).unwrap();
    assert_eq!((bytes, found.layout().strides()), ([1, 2, 3].repeat(6), &[3, 6][..]));
}

#[test]
fn without_a_header_only_the_elements_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.raw");
    let options = CreateOptions::new(5).without_header().element([1, 2]);
    let file = options.file(&path, dtype(">u2")).unwrap();
    assert_eq!((file.entry().format, file.entry().version), ("raw", None));
    assert_eq!(std::fs::read(&path).unwrap(), [1, 2].repeat(5));
    let sparse = CreateOptions::new((1 << 20, 1 << 20)).without_header().sparse(true);
    sparse.file(&path, dtype("u1")).unwrap();
    let opened = MapOptions::new().file(&path).unwrap();
    assert_eq!(opened.shape(), [1 << 40]);
}

#[test]
fn what_cannot_be_filled_leaves_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    std::fs::write(&path, "as it was").unwrap();
    let options = CreateOptions::new(3);
    let wrong = options.clone().element([1, 2, 3]).file(&path, dtype("<i4")).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Dtype, "{wrong}");
    let sparse = options.clone().sparse(true).element([1; 4]).file(&path, dtype("<i4"));
    assert_eq!(sparse.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(std::fs::read(&path).unwrap(), b"as it was");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let special = options.file(folder.path(), dtype("<i4")).unwrap_err();
    assert_eq!(special.kind(), ErrorKind::Unsupported, "{special}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_replaced_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let error = CreateOptions::new(3).file(&path, dtype("<i4")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(!std::fs::metadata(&path).unwrap().is_file());
}
