//! Reductions in little memory.

#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;

use common::child::{is_child, rerun};
use mapray::{CreateOptions, Scalar, reduce};

#[test]
fn a_million_results_cost_no_accumulator_each() {
    let test = "a_million_results_cost_no_accumulator_each";
    if !is_child(test) {
        // 76 MiB of private memory: a million values take 24, as many accumulators would take 48 more.
        return rerun(test, "export RAYON_NUM_THREADS=2; ulimit -d 77824");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let options = CreateOptions::new([1 << 20, 16]).sparse(true);
    let file = options.file(&path, "<f4".parse().unwrap()).unwrap();
    let at = file.layout().element(&[(1 << 20) - 1, 15]).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .write_all_at(&4_f32.to_le_bytes(), at)
        .unwrap();
    let found = reduce(&file).axis(1).std().unwrap();
    let (last, rest) = found.scalars().split_last().unwrap();
    assert_eq!(*last, Scalar::Float(15.0_f64.sqrt() / 4.0));
    assert!(rest.iter().all(|&value| value == Scalar::Float(0.0)));
}
