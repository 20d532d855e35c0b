//! What appending refuses, what it clears up, and what others see meanwhile.

mod common;

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mapray::{
    AppendOptions, Appender, ArrayFile, Bool8, CreateOptions, Durability, DynView, Element, Error,
    ErrorKind, MapMut, Mode, Record,
};
use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, arr0, arr1, arr2};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = common::scratch();
    let path = folder.path().join("a.npy");
    (folder, path)
}

/// Checks that the error is of this kind and says all of this, and that the file is as it was.
fn refused<T>(
    before: &[u8],
    path: &Path,
    result: Result<T, Error>,
    kind: ErrorKind,
    says: &[&str],
) {
    let error = result.err().expect("it is refused");
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(says.iter().all(|part| text.contains(part)), "{text}");
    assert!(fs::read(path).unwrap() == before, "{text}: the file has changed");
    let litter = Path::new(path.parent().unwrap()).join(".a.npy.mapray-append");
    assert!(!litter.exists(), "{text}");
}

#[test]
fn rows_that_do_not_fit_are_refused_and_leave_nothing() {
    let (_folder, path) = folder();
    mapray::save(&path, &arr2(&[[1.0, 2.0, 3.0]])).unwrap();
    let before = fs::read(&path).unwrap();
    let shape = |result, found| {
        refused(&before, &path, result, ErrorKind::Shape, &["(3,)", "(n, 3)", found])
    };
    shape(mapray::append(&path, &arr1(&[1.0, 2.0])), "(2,)");
    shape(mapray::append(&path, &arr2(&[[1.0, 2.0]])), "(1, 2)");
    shape(mapray::append(&path, &arr0(1.0)), "()");
    shape(mapray::append(&path, &Array2::<f64>::zeros((3, 1))), "(3, 1)");
    let dtype =
        |result, found| refused(&before, &path, result, ErrorKind::Dtype, &["'<f8'", found]);
    dtype(mapray::append(&path, &arr1(&[1.0_f32, 2.0, 3.0])), "'<f4'");
    dtype(mapray::append(&path, &arr1(&[1_i64, 2, 3])), "'<i8'");
    dtype(mapray::append(&path, &arr1(&[Bool8::from(true); 3])), "'|b1'");
    let other = path.with_file_name("b.npy");
    mapray::save(&other, &arr1(&[1_u8, 2, 3])).unwrap();
    dtype(mapray::append_dyn(&path, &ArrayFile::open(&other).unwrap()), "'|u1'");
    let mut log = Appender::open(&path).unwrap();
    let error = log.push(&arr2(&[[1.0, 2.0, 3.0]])).unwrap_err().to_string();
    assert!(error.contains("expected shape (3,), found (1, 3)"), "{error}");
    let error = log.extend(&arr1(&[1.0, 2.0, 3.0])).unwrap_err().to_string();
    assert!(error.contains("expected shape (n, 3), found (3,)"), "{error}");
    log.push(&arr1(&[4.0, 5.0, 6.0])).unwrap();
    assert_eq!(log.close().unwrap(), 2, "what fits is taken afterwards");
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C)]
struct Sample {
    time: f64,
    channel: u8,
}

#[test]
fn records_are_appended_with_their_padding_as_zeros() {
    let (_folder, path) = folder();
    let sample = |i: u8| Sample { time: f64::from(i), channel: i };
    let mut log = Appender::create(&path, Sample::dtype(), &[]).unwrap();
    log.push(&arr0(sample(1))).unwrap();
    log.extend(&arr1(&[sample(2), sample(3)])).unwrap();
    log.close().unwrap();
    let expected = path.with_file_name("expected.npy");
    mapray::save(&expected, &arr1(&[sample(1), sample(2), sample(3)])).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(&expected).unwrap());
    let before = fs::read(&path).unwrap();

    #[derive(Clone, Copy, Record)]
    #[repr(C)]
    struct Other {
        time: f64,
        device: u8,
    }
    let other = Other { time: 1.0, device: 2 };
    refused(
        &before,
        &path,
        mapray::append(&path, &arr0(other)),
        ErrorKind::Dtype,
        &["channel", "device"],
    );
}

#[test]
fn records_in_mixed_byte_orders_are_swapped_field_by_field() {
    let (_folder, path) = folder();
    let mut log = Appender::create(&path, "<i2,>i4,|S2,(2,)>u2".parse().unwrap(), &[]).unwrap();
    let bytes = [1, 2, 1, 2, 3, 4, b'a', b'b', 1, 2, 3, 4];
    let view = |dtype: &str| {
        let layout =
            mapray::Layout::contiguous(dtype.parse().unwrap(), &[1], Default::default(), 0);
        DynView::new(&bytes, layout.unwrap()).unwrap()
    };
    log.extend_dyn(&view("<i2,>i4,|S2,(2,)>u2")).unwrap();
    log.extend_dyn(&view(">i2,<i4,|S2,(2,)<u2")).unwrap();
    log.extend_dyn(&view("<i2,<i4,|S2,(2,)>u2")).unwrap();
    let error = log.extend_dyn(&view("<i2,<i4,|V2,(2,)>u2")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dtype, "{error}");
    log.close().unwrap();
    let written = fs::read(&path).unwrap();
    let rows: Vec<&[u8]> = written[written.len() - 36..].chunks(12).collect();
    assert_eq!(rows[0], bytes);
    assert_eq!(rows[1], [2, 1, 4, 3, 2, 1, b'a', b'b', 2, 1, 4, 3]);
    assert_eq!(rows[2], [1, 2, 4, 3, 2, 1, b'a', b'b', 1, 2, 3, 4]);
}

#[test]
fn what_cannot_grow_says_what_to_do() {
    let (folder, path) = folder();
    let row = arr1(&[1.0]);
    let check = |kind, says: &[&str]| {
        let before = fs::read(&path).unwrap();
        refused(&before, &path, mapray::append(&path, &row), kind, says);
        refused(&before, &path, mapray::resize(&path, 7), kind, says);
    };
    mapray::save(&path, &arr0(1.0)).unwrap();
    check(ErrorKind::Shape, &["without axes"]);
    mapray::savez(&path, [("a", &row)]).unwrap();
    check(ErrorKind::Member, &["archive", ".npy file"]);
    fs::write(&path, b"neither this nor that").unwrap();
    check(ErrorKind::Format, &["no format"]);
    fs::write(&path, b"").unwrap();
    check(ErrorKind::Format, &["empty"]);
    let header = mapray::format::npy::Header::new("O".parse().unwrap(), vec![3], false).unwrap();
    fs::write(&path, [&header.to_bytes().unwrap()[..], b"pickle"].concat()).unwrap();
    check(ErrorKind::Dtype, &["objects"]);
    mapray::save(&path, &arr1(&[1.0; 10])).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(150).unwrap();
    check(ErrorKind::Truncated, &["208", "150"]);
    let missing = mapray::append(folder.path().join("no.npy"), &row).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert_eq!(mapray::append(folder.path(), &row).unwrap_err().kind(), ErrorKind::Io);
    assert!(
        mapray::append("/dev/null", &row).is_err() && mapray::append("/dev/zero", &row).is_err()
    );
}

#[test]
fn lengths_that_nothing_can_have_are_refused() {
    let (_folder, path) = folder();
    for row in [vec![], vec![3], vec![0], vec![1 << 40, 0]] {
        let shape = [&[2], &row[..]].concat();
        drop(CreateOptions::new(&*shape).file(&path, "|u1".parse().unwrap()).unwrap());
        let before = fs::read(&path).unwrap();
        for len in [usize::MAX, 1 << 63, isize::MAX as usize - 1] {
            let result = mapray::resize(&path, len);
            if row == [0] && len < 1 << 63 {
                result.unwrap();
                assert_eq!(ArrayFile::open(&path).unwrap().shape(), [len, 0]);
                let one = Array2::<u8>::zeros((2, 0));
                let error = mapray::append(&path, &one).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Shape, "{error}");
                continue;
            }
            refused(&before, &path, result, ErrorKind::Shape, &[]);
        }
    }
    // Addressed it can be, but no disk has the room.
    mapray::save(&path, &arr1(&[1.0])).unwrap();
    let before = fs::read(&path).unwrap();
    // Where room must be made by writing zeros, so many are not even begun with.
    let kind = if cfg!(mapray_portable) { ErrorKind::Unsupported } else { ErrorKind::Space };
    refused(&before, &path, mapray::resize(&path, 1 << 58), kind, &["make room"]);
}

#[test]
fn what_follows_the_array_is_cut_off_only_where_that_is_asked_for() {
    let (_folder, path) = folder();
    let two = |path: &Path| {
        mapray::save(path, &arr1(&[1.0, 2.0])).unwrap();
        let one = fs::read(path).unwrap();
        fs::write(path, [&one[..], &one[..]].concat()).unwrap();
    };
    two(&path);
    let before = fs::read(&path).unwrap();
    let says = ["at byte 144", "144 bytes", "cut_trailing"];
    refused(&before, &path, mapray::append(&path, &arr0(3.0)), ErrorKind::Format, &says);
    refused(&before, &path, mapray::resize(&path, 1), ErrorKind::Format, &says);
    refused(&before, &path, Appender::open(&path), ErrorKind::Format, &says);
    AppendOptions::new().cut_trailing(true).append(&path, &arr0(3.0)).unwrap();
    assert_eq!(mapray::load::<f64, Ix1>(&path).unwrap().to_vec(), [1.0, 2.0, 3.0]);
    assert_eq!(fs::metadata(&path).unwrap().len(), 128 + 24);
}

fn journal_of(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.mapray-append", path.file_name().unwrap().display()))
}

/// Leaves the file as a process does that is killed after it has written rows and not flushed them.
fn killed(path: &Path) {
    let mut log = AppendOptions::new().locks(false).open(path).unwrap();
    log.extend(&Array1::<f64>::from_elem(1 << 18, 9.0)).unwrap();
    assert!(fs::metadata(path).unwrap().len() > 1 << 20 && log.flushed_len() < 10);
    std::mem::forget(log);
}

#[test]
fn what_a_killed_process_left_behind_is_cut_off_by_who_appends_next() {
    let (_folder, path) = folder();
    let content = || mapray::load::<f64, Ix1>(&path).unwrap().to_vec();
    mapray::save(&path, &arr1(&[1.0, 2.0])).unwrap();
    killed(&path);
    assert_eq!(content(), [1.0, 2.0], "a reader does not care");
    assert!(journal_of(&path).exists());
    mapray::append(&path, &arr0(3.0)).unwrap();
    assert_eq!((content(), fs::metadata(&path).unwrap().len()), (vec![1.0, 2.0, 3.0], 128 + 24));
    assert!(!journal_of(&path).exists());
    killed(&path);
    Appender::open(&path).unwrap().close().unwrap();
    assert_eq!((content(), fs::metadata(&path).unwrap().len()), (vec![1.0, 2.0, 3.0], 128 + 24));
    assert!(!journal_of(&path).exists());
    killed(&path);
    mapray::resize(&path, 1).unwrap();
    assert_eq!((content(), fs::metadata(&path).unwrap().len()), (vec![1.0], 128 + 8));
}

/// Writes another array into the same file, as NumPy does.
fn overwrite(path: &Path, array: &ArrayD<f64>) {
    let other = path.with_file_name("other");
    mapray::save(&other, array).unwrap();
    fs::write(path, fs::read(&other).unwrap()).unwrap();
}

#[test]
fn a_journal_that_does_not_fit_the_file_says_nothing_of_what_follows_the_array() {
    let (_folder, path) = folder();
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("another file", |path| mapray::save(path, &arr1(&[1.0, 2.0, 3.0])).unwrap()),
        ("another kind", |path| overwrite(path, &arr2(&[[1.0, 2.0], [3.0, 4.0]]).into_dyn())),
        ("a shorter one", |path| overwrite(path, &arr1(&[1.0]).into_dyn())),
        ("a damaged journal", |path| {
            let mut journal = fs::read(journal_of(path)).unwrap();
            let last = journal.len() - 30;
            journal[last] ^= 1;
            fs::write(journal_of(path), journal).unwrap();
        }),
    ];
    for (what, change) in changes {
        mapray::save(&path, &arr1(&[1.0, 2.0, 3.0])).unwrap();
        killed(&path);
        change(&path);
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"somebody else's").unwrap();
        let before = fs::read(&path).unwrap();
        let error = mapray::resize(&path, 7).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format, "{what}: {error}");
        assert!(fs::read(&path).unwrap() == before, "{what}");
        let _ = fs::remove_file(journal_of(&path));
    }
}

#[test]
fn one_appends_at_a_time_and_no_map_writes_meanwhile() {
    let (_folder, path) = folder();
    mapray::save(&path, &arr1(&[1.0, 2.0])).unwrap();
    let log = Appender::open(&path).unwrap();
    let locked = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
        assert!(error.to_string().contains("in use"), "{error}");
    };
    locked(mapray::append(&path, &arr0(3.0)).map(drop));
    locked(mapray::resize(&path, 3));
    locked(Appender::open(&path).map(drop));
    let live = || ArrayFile::open(&path).unwrap().map_live::<f64, Ix1>(Mode::ReadWrite);
    locked(live().map(drop));
    // Readers are free.
    assert!(ArrayFile::open(&path).unwrap().map_live::<f64, Ix1>(Mode::Read).is_ok());
    log.close().unwrap();
    let map = live().unwrap();
    locked(mapray::append(&path, &arr0(3.0)).map(drop));
    AppendOptions::new().locks(false).append(&path, &arr0(3.0)).unwrap();
    drop(map);
    // SAFETY: nobody touches the file but to find it locked.
    let map = unsafe { MapMut::<f64, Ix1>::open(&path, Mode::ReadWrite) }.unwrap();
    locked(mapray::append(&path, &arr0(4.0)).map(drop));
    drop(map);
    assert_eq!(mapray::append(&path, &arr0(4.0)).unwrap(), 4);
}

#[test]
fn what_was_appended_to_a_replaced_file_is_no_success() {
    let (_folder, path) = folder();
    mapray::save(&path, &arr1(&[1.0, 2.0])).unwrap();
    let mut log = Appender::open(&path).unwrap();
    log.push(&arr0(3.0)).unwrap();
    mapray::save(&path, &arr1(&[7.0])).unwrap();
    assert_eq!(log.flush().unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(log.close().unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(mapray::load::<f64, Ix1>(&path).unwrap().to_vec(), [7.0]);
    mapray::append(&path, &arr0(8.0)).unwrap();
    assert!(!journal_of(&path).exists(), "that of the other file goes");
}

#[test]
fn through_a_link_the_file_itself_grows() {
    let (folder, path) = folder();
    mapray::save(&path, &arr1(&[1.0, 2.0])).unwrap();
    let link = folder.path().join("link.npy");
    std::os::unix::fs::symlink("a.npy", &link).unwrap();
    killed(&path);
    mapray::append(&link, &arr0(3.0)).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(mapray::load::<f64, Ix1>(&path).unwrap().to_vec(), [1.0, 2.0, 3.0]);
    assert!(!journal_of(&path).exists());
}

#[test]
fn headers_with_room_are_written_over_and_others_with_their_file() {
    use std::os::unix::fs::MetadataExt;
    let (_folder, path) = folder();
    let inode = || fs::metadata(&path).unwrap().ino();
    mapray::save(&path, &arr1(&[1_u8; 9])).unwrap();
    let before = inode();
    for _ in 0..120 {
        mapray::append(&path, &arr0(1_u8)).unwrap();
    }
    assert_eq!(inode(), before);
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}\n";
    let prelude = [b"\x93NUMPY\x01\0".as_slice(), &(text.len() as u16).to_le_bytes()].concat();
    fs::write(&path, [&prelude, text.as_bytes(), &[1; 9]].concat()).unwrap();
    let mut log = Appender::open(&path).unwrap();
    log.push(&arr0(1_u8)).unwrap();
    log.flush().unwrap();
    assert_ne!(inode(), before, "it is another file now, with a header that has room");
    let moved = inode();
    // It goes on with the new one, which is locked as the old one was.
    assert_eq!(mapray::append(&path, &arr0(1_u8)).unwrap_err().kind(), ErrorKind::Locked);
    for _ in 0..120 {
        log.push(&arr0(1_u8)).unwrap();
        log.flush().unwrap();
    }
    assert_eq!((log.close().unwrap(), inode()), (130, moved));
    let expected = path.with_file_name("expected.npy");
    mapray::save(&expected, &Array1::<u8>::ones(130)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(&expected).unwrap());
}

/// What a child is to watch, and until it is how long.
const WATCH: [&str; 2] = ["MAPRAY_TEST_WATCH", "MAPRAY_TEST_UNTIL"];

/// Opens the file again and again, and checks that what it finds is the beginning of what is appended.
fn watch(path: &Path, until: usize) {
    let (mut last, mut lengths, mut rounds) = (0, 0, 0);
    let mut follower = ArrayFile::open(path).unwrap();
    println!("\nwatching");
    while last < until {
        let file = ArrayFile::open(path).unwrap();
        let n = file.shape()[0];
        assert!(n >= last, "{n} after {last}");
        assert_eq!(file.shape(), [n, 3]);
        for i in [0, n / 2, n - 1] {
            assert_eq!(file.get::<u32>(&[i, 2]).unwrap(), 3 * i as u32 + 2, "row {i} of {n}");
        }
        follower.refresh().unwrap();
        assert!(follower.shape()[0] >= n);
        rounds += 1;
        if rounds % 16 == 0 {
            let all = follower.to_array::<u32, Ix2>().unwrap();
            assert!(all.iter().enumerate().all(|(i, &value)| value == i as u32));
        }
        lengths += usize::from(n > last);
        last = n;
    }
    println!("\nmeasured: {lengths} lengths seen");
    assert!(lengths > 10);
}

#[test]
fn readers_of_other_processes_see_a_beginning_of_what_is_appended() {
    if let [Ok(path), Ok(until)] = WATCH.map(env::var) {
        return watch(Path::new(&path), until.parse().unwrap());
    }
    let (_folder, path) = folder();
    let rows = |range: std::ops::Range<usize>| {
        Array2::from_shape_fn((range.len(), 3), |(i, j)| (3 * (range.start + i) + j) as u32)
    };
    const UNTIL: usize = 4000;
    mapray::save(&path, &rows(0..8)).unwrap();
    let mut watchers: Vec<_> = (0..2)
        .map(|_| {
            let mut child = Command::new(env::current_exe().unwrap())
                .args(["--exact", "readers_of_other_processes_see_a_beginning_of_what_is_appended"])
                .arg("--nocapture")
                .env(WATCH[0], &path)
                .env(WATCH[1], UNTIL.to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let mut said = String::new();
            while !said.ends_with("watching\n") {
                assert!(out.read_line(&mut said).unwrap() > 0, "{said}");
            }
            (child, out)
        })
        .collect();
    let quick = AppendOptions::new().durability(Durability::Buffered);
    let mut log = quick.open(&path).unwrap();
    for i in 8..UNTIL {
        log.extend(&rows(i..i + 1)).unwrap();
        log.flush().unwrap();
    }
    log.close().unwrap();
    for (child, out) in &mut watchers {
        let said: Vec<String> = out.lines().map(Result::unwrap).collect();
        assert!(child.wait().unwrap().success(), "{}", said.join("\n"));
        said.iter().filter(|line| line.starts_with("measured")).for_each(|line| println!("{line}"));
    }
}
