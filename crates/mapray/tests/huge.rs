//! Arrays far larger than memory: opening and slicing cost what is touched, and sizes that cannot be
//! are errors.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use common::child::{is_child, rerun};
use common::memory::{bytes_read, resident};
use mapray::layout::Slice;
use mapray::{ArrayFile, CreateOptions, DynMap, ErrorKind, MapOptions, Mode};
use ndarray::{Array1, Ix1};

const LIVE: bool = !cfg!(mapray_portable);
const MIB: usize = 1 << 20;
const COLUMNS: usize = 1024;

/// Runs `work`, and says what it cost: bytes of resident memory, bytes read.
fn cost<T>(name: &str, work: impl FnOnce() -> T) -> (T, usize, usize) {
    let (memory, read, start) = (resident(), bytes_read(), Instant::now());
    let result = work();
    let elapsed = start.elapsed();
    let (memory, read) = (resident().saturating_sub(memory), bytes_read() - read);
    println!("\nmeasured {name}: {elapsed:?}, {} KiB resident, {read} bytes read", memory / 1024);
    (result, memory, read)
}

/// Reads the last row in every way.
fn last_row(path: &Path, raw: Option<&MapOptions>) -> Vec<Vec<f64>> {
    let last: Slice = "[-1]".parse().unwrap();
    let file = match raw {
        None => ArrayFile::open(path).unwrap(),
        Some(options) => options.file(path).unwrap(),
    };
    let mut rows = vec![file.slice(&last).unwrap().to_array::<f64, Ix1>().unwrap()];
    if LIVE {
        for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
            let map = file.map_live_dyn(mode).unwrap();
            rows.push(map.slice(&last).unwrap().to_array().unwrap());
        }
    }
    // SAFETY: nobody writes the file meanwhile.
    let map: DynMap = unsafe { file.map_live_dyn(Mode::Read).unwrap().assume_stable().unwrap() };
    let view = map.view().slice(&last).unwrap();
    rows.push(view.typed::<f64, Ix1>().unwrap().to_owned());
    rows.into_iter().map(|row| row.to_vec()).collect()
}

/// Makes a sparse array with numbers in its last row.
fn make(path: &Path, rows: usize) {
    let options = CreateOptions::new([rows, COLUMNS]).sparse(true);
    let made = options.file(path, "<f8".parse().unwrap()).unwrap();
    let row: Vec<u8> = (0..COLUMNS).flat_map(|i| (i as f64).to_le_bytes()).collect();
    let at = made.slice(&"[-1]".parse().unwrap()).unwrap().layout().offset();
    File::options().write(true).open(path).unwrap().write_all_at(&row, at).unwrap();
}

#[test]
fn a_tebibyte_costs_what_a_page_does() {
    let test = "a_tebibyte_costs_what_a_page_does";
    if !is_child(test) {
        return rerun(test, "");
    }
    let folder = tempfile::tempdir().unwrap();
    let (small, huge) = (folder.path().join("small.npy"), folder.path().join("huge.npy"));
    make(&small, 4);
    let rows = (1 << 40) / (8 * COLUMNS);
    make(&huge, rows);
    assert!(fs::metadata(&huge).unwrap().len() > 1 << 40);
    let raw = MapOptions::new().dtype("<f8".parse().unwrap()).offset(128);
    let raw_huge = raw.clone().shape((rows, COLUMNS));
    let expected: Vec<f64> = (0..COLUMNS).map(|i| i as f64).collect();
    let (_, _, small_read) = cost("small.npy", || last_row(&small, None));
    for (name, raw) in [("1 TiB .npy", None), ("1 TiB raw", Some(&raw_huge))] {
        let (rows, memory, read) = cost(name, || last_row(&huge, raw));
        assert!(rows.iter().all(|row| *row == expected));
        assert!(memory < 16 * MIB, "{memory} bytes of memory");
        // The same calls on a longer file: only numbers in the header have more digits.
        assert!(read < small_read + 4096, "{read} bytes read, {small_read} of the small file");
    }
}

#[test]
fn pages_of_a_tebibyte_are_worked_on_by_the_slice() {
    let test = "pages_of_a_tebibyte_are_worked_on_by_the_slice";
    if !is_child(test) {
        return rerun(test, "");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.npy");
    let rows = (1 << 40) / (8 * COLUMNS);
    make(&path, rows);
    let map = ArrayFile::open(&path).unwrap().map_live_dyn(Mode::ReadWrite).unwrap();
    let ((), memory, read) = cost("flush and release of a row", || {
        let row = map.pages().slice(&"[123456789]".parse().unwrap());
        let row = row.unwrap();
        row.flush().unwrap();
        row.prefetch().unwrap();
        row.release().unwrap();
        if LIVE {
            row.flush_async().unwrap();
            assert!(row.residency().unwrap().total <= 3 * rustix::param::page_size());
        }
    });
    assert!(memory < MIB && read < 4096, "{memory} bytes of memory, {read} read");
}

#[test]
fn offsets_behind_four_gigabytes_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw");
    let file = File::create(&path).unwrap();
    file.set_len(100_000_000_000).unwrap();
    let offset = (5_u64 << 30) + 3;
    file.write_all_at(&[1, 2, 3, 4, 5, 6, 7, 8], offset).unwrap();
    file.write_all_at(&[9, 10], 100_000_000_000 - 2).unwrap();
    let options = MapOptions::new().mode(Mode::Read).dtype(">u2".parse().unwrap());
    let array = options.clone().offset(offset).shape(4).file(&path).unwrap();
    let expected = [0x0102, 0x0304, 0x0506, 0x0708];
    assert_eq!(array.to_array::<u16, Ix1>().unwrap().to_vec(), expected);
    // SAFETY: nobody writes the file meanwhile.
    let map = unsafe { options.clone().offset(offset).shape(4).map_dyn(&path).unwrap() };
    assert_eq!(map.view().to_array::<u16, Ix1>().unwrap().to_vec(), expected);
    let all = options.clone().offset(0);
    // SAFETY: as above.
    let map = unsafe { all.map_dyn(&path).unwrap() };
    assert_eq!(map.view().shape(), [50_000_000_000]);
    assert_eq!(map.view().get::<u16>(&[49_999_999_999]).unwrap(), 0x090A);
    let backwards = map.view().slice(&"[::-49999999999]".parse().unwrap()).unwrap();
    assert_eq!(backwards.to_array::<u16, Ix1>().unwrap().to_vec(), [0x090A, 0]);
    if LIVE {
        let live =
            options.mode(Mode::ReadWrite).offset(offset - 1).live::<u16, Ix1>(&path).unwrap();
        live.set(live.shape()[0] - 1, 0xABCD).unwrap();
        live.set(0, 0x1122).unwrap();
        let mut bytes = [0; 2];
        File::open(&path).unwrap().read_exact_at(&mut bytes, offset).unwrap();
        assert_eq!(bytes, [0x22, 2]);
    }
}

#[test]
fn shapes_that_overflow_are_errors_and_touch_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, [7; 64]).unwrap();
    let big = 1_usize << 62;
    for mode in [Mode::Read, Mode::ReadWrite, Mode::Write, Mode::CopyOnWrite] {
        let options = MapOptions::new().mode(mode);
        let eight = options.clone().dtype("<f8".parse().unwrap());
        for (options, kind) in [
            (eight.clone().shape(big), ErrorKind::Shape),
            (options.clone().shape((usize::MAX, usize::MAX)), ErrorKind::Shape),
            (options.clone().shape((big, 2, 0)), ErrorKind::Shape),
            (options.clone().shape(1).offset(u64::MAX), ErrorKind::Shape),
            (options.clone().shape(0).offset(u64::MAX), ErrorKind::Shape),
            (options.clone().shape(2).strides([isize::MIN]), ErrorKind::Shape),
            (options.clone().shape(3).strides([isize::MAX]), ErrorKind::Shape),
            (options.clone().shape((big, 4)).strides([0, 0]), ErrorKind::Shape),
        ] {
            let error = options.live_dyn(&path).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(fs::read(&path).unwrap(), [7; 64]);
        }
        let writes = matches!(mode, Mode::ReadWrite | Mode::Write);
        if writes && !LIVE {
            // Zeros would be written until the disk is full.
            continue;
        }
        let error = options.shape(big).live_dyn(&path).unwrap_err();
        let kinds: &[_] =
            if writes { &[ErrorKind::Space, ErrorKind::Io] } else { &[ErrorKind::Truncated] };
        assert!(kinds.contains(&error.kind()), "{mode}: {error:?}");
        assert_eq!(fs::read(&path).unwrap(), [7; 64]);
    }
}

#[test]
fn strides_of_axes_that_are_never_stepped_along_may_be_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for stride in [isize::MIN, isize::MIN + 1, -1, isize::MAX] {
        fs::write(&path, [7; 64]).unwrap();
        let one = MapOptions::new().shape((1, 2)).strides([stride, 1]).live_dyn(&path).unwrap();
        let none = MapOptions::new().shape((0, 2)).strides([stride, stride]);
        let none = none.live_dyn(&path).unwrap();
        for slice in ["[::-1]", "[..., ::-1]", "[0:0]", "[:, 1]"] {
            let slice = slice.parse().unwrap();
            let (one, none) = (one.slice(&slice).unwrap(), none.slice(&slice).unwrap());
            one.flush().unwrap();
            none.flush().unwrap();
            if LIVE {
                one.fill(3_u8).unwrap();
                none.fill(3_u8).unwrap();
                let shape = one.shape().to_vec();
                one.assign(&ndarray::ArrayD::<u8>::ones(shape)).unwrap();
                one.to_array::<u8, ndarray::IxDyn>().unwrap();
                none.to_array::<u8, ndarray::IxDyn>().unwrap();
            }
        }
        assert_eq!(fs::read(&path).unwrap()[2..], [7; 62]);
    }
}

/// A `.npy` file of 128 bytes whose header says whatever it likes.
fn claim(path: &Path, descr: &str, shape: &str) {
    let dict = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    let mut header = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    writeln!(header, "{dict:<117}").unwrap();
    assert_eq!(header.len(), 128, "{dict}");
    fs::write(path, header).unwrap();
}

#[test]
fn headers_that_claim_the_world_cost_nothing() {
    let test = "headers_that_claim_the_world_cost_nothing";
    if !is_child(test) {
        // 1 GiB of addresses.
        return rerun(test, "ulimit -v 1048576");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    for (descr, shape) in [
        ("'<f8'", "(9223372036854775808,)"),
        ("'|u1'", "(9223372036854775807,)"),
        ("'|u1'", "(18446744073709551615,)"),
        ("'|u1'", "(99999999999999999999999999,)"),
        ("'|u1'", "(4611686018427387904, 2)"),
        ("'|u1'", "(4294967296, 4294967296)"),
        ("'|u1'", "(4294967296, 4294967296, 0)"),
        ("'<f8'", "(1152921504606846976,)"),
        ("'<f8'", "(1099511627776,)"),
        ("'|V2147483647'", "(2147483647, 2147483647)"),
        ("'|S2147483647'", "(1,)"),
        ("'<U536870911'", "(1,)"),
        ("[('a', '<f8', (2147483647, 2147483647))]", "(1,)"),
        ("('<f8', (65536, 65536))", "(65536,)"),
    ] {
        claim(&path, descr, shape);
        let (error, memory, _) = cost(shape, || ArrayFile::open(&path).err());
        let error = error.unwrap_or_else(|| panic!("{descr} {shape} in 128 bytes"));
        let kinds = [ErrorKind::Format, ErrorKind::Shape, ErrorKind::Truncated, ErrorKind::Dtype];
        assert!(kinds.contains(&error.kind()), "{descr} {shape}: {error:?}");
        assert!(memory < MIB, "{descr} {shape}: {memory} bytes");
    }
}

#[test]
fn what_does_not_fit_in_memory_is_an_error() {
    let test = "what_does_not_fit_in_memory_is_an_error";
    if !is_child(test) {
        return rerun(test, "ulimit -v 1048576");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    make(&path, 1 << 20);
    let file = ArrayFile::open(&path).unwrap();
    let error = file.to_array::<f64, ndarray::Ix2>().unwrap_err();
    assert!(error.to_string().contains("there is not enough memory"), "{error}");
    assert!(file.map_live_dyn(Mode::Read).is_err(), "no 8 GiB of addresses");
    // A stride of 0 asks for more than the file has.
    let repeated = MapOptions::new().shape((1 << 40, 8)).strides([0, 1]).mode(Mode::Read);
    let repeated = repeated.file(&path).unwrap();
    assert!(repeated.to_array::<u8, ndarray::Ix2>().is_err());
    let mut sum = Array1::<u8>::zeros(8);
    repeated.slice(&"[1099511627775]".parse().unwrap()).unwrap().read_into(&mut sum).unwrap();
    assert_eq!(sum.to_vec(), b"\x93NUMPY\x01\x00");
}
