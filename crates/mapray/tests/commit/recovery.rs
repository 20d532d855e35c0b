//! What an open makes of a journal: it finishes it, waits, or fails, but never passes over one that
//! matters, and never applies one that does not.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mapray::{ArrayFile, ErrorKind, MapOptions, Mode, Npz, Result};
use ndarray::{Array1, Ix1};
use tempfile::TempDir;

use crate::common::disk::Disk;
use crate::common::{self, scratch};
use crate::journal::{self, Journal, Piece};

const N: usize = 2000;

/// A `.npy` file of bytes, all 7, and where its elements start.
fn with_file() -> (TempDir, PathBuf, usize) {
    let folder = scratch();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &Array1::from_elem(N, 7_u8)).unwrap();
    (folder, path, 128)
}

/// A change of 1500 elements from the 100th on, and of the last one.
fn pieces(path: &Path, data: usize) -> [Piece; 2] {
    [Piece::over(path, data + 100, &[1; 1500]), Piece::over(path, data + N - 1, &[2])]
}

fn expected() -> Vec<u8> {
    let mut bytes = vec![7; N];
    bytes[100..1600].fill(1);
    bytes[N - 1] = 2;
    bytes
}

fn load(path: &Path) -> Result<Vec<u8>> {
    Ok(ArrayFile::open(path)?.to_array::<u8, Ix1>()?.to_vec())
}

fn write(path: &Path, at: usize, bytes: &[u8]) {
    File::options().write(true).open(path).unwrap().write_all_at(bytes, at as u64).unwrap();
}

fn names(folder: &TempDir) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn whatever_was_written_of_it_a_change_is_finished_by_the_next_open() {
    // Where each written part starts, and where it ends.
    let written: [&[(usize, usize)]; 6] = [
        &[],
        // The file has sectors of 512 bytes: elements 0 to 383, to 895, to 1407, and the rest.
        &[(100, 384)],
        &[(384, 896)],
        &[(896, 1408), (N - 1, N)],
        &[(100, 896), (1408, 1600)],
        &[(100, 1600), (N - 1, N)],
    ];
    for parts in written {
        let (folder, path, data) = with_file();
        let journal = Journal::new(&path, &pieces(&path, data));
        for &(start, end) in parts {
            write(&path, data + start, &expected()[start..end]);
        }
        journal.put(&path);
        assert_eq!(load(&path).unwrap(), expected(), "{parts:?}");
        assert_eq!(fs::read(&path).unwrap()[data..], expected());
        assert_eq!(names(&folder), ["a.npy"]);
    }
}

/// A way to open a file.
type Open = fn(&Path);

#[test]
fn every_way_to_open_the_file_finishes_it() {
    let mut opens: Vec<(&str, Open)> = vec![
        ("ArrayFile", |path| drop(ArrayFile::open(path).unwrap())),
        ("inspect", |path| drop(mapray::inspect(path).unwrap())),
        ("load", |path| drop(mapray::load::<u8, Ix1>(path).unwrap())),
        ("raw, r", |path| {
            drop(MapOptions::new().mode(Mode::Read).live_dyn(path).unwrap());
        }),
        ("raw, r+", |path| drop(MapOptions::new().live_dyn(path).unwrap())),
        ("raw, c", |path| {
            drop(MapOptions::new().mode(Mode::CopyOnWrite).live_dyn(path).unwrap());
        }),
        ("raw, by position", |path| drop(MapOptions::new().file(path).unwrap())),
    ];
    if cfg!(not(mapray_portable)) {
        // Its name can be told.
        opens.push(("an open file", |path| {
            drop(ArrayFile::from_file(File::open(path).unwrap()).unwrap());
        }));
    }
    for (how, open) in opens {
        let (folder, path, data) = with_file();
        Journal::new(&path, &pieces(&path, data)).put(&path);
        open(&path);
        assert!(fs::read(&path).unwrap()[data..] == expected(), "{how}");
        assert_eq!(names(&folder), ["a.npy"], "{how}");
    }
    // An array of zeros in its place, but only after that.
    let (folder, path, data) = with_file();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    drop(MapOptions::new().mode(Mode::Write).shape(10).live_dyn(&path).unwrap());
    assert_eq!(fs::read(&path).unwrap(), [0; 10]);
    assert_eq!(names(&folder), ["a.npy"]);

    let folder = scratch();
    let path = folder.path().join("a.npz");
    mapray::savez(&path, [("a", &Array1::from_elem(N, 7_u8))]).unwrap();
    for open in [
        (|path| drop(Npz::open(path).unwrap())) as Open,
        |path| drop(mapray::Archive::open(path).unwrap()),
        |path| drop(Npz::repair(path).unwrap()),
    ] {
        let before = fs::read(&path).unwrap();
        let piece = Piece::over(&path, 300, &[before[300] ^ 1]);
        Journal::new(&path, &[piece]).put(&path);
        open(&path);
        assert_eq!(fs::read(&path).unwrap()[300], before[300] ^ 1);
        assert_eq!(names(&folder), ["a.npz"]);
    }
}

#[test]
fn the_journal_of_a_file_is_found_through_a_link_to_it() {
    let (_folder, path, data) = with_file();
    let elsewhere = scratch();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    assert_eq!(load(&link).unwrap(), expected());
    assert_eq!(names(&elsewhere), ["link"]);
    // A link is committed to beside what it leads to.
    if cfg!(not(mapray_portable)) {
        let file = ArrayFile::open(&link).unwrap();
        let mut map = file.map_live::<u8, Ix1>(Mode::CopyOnWrite).unwrap();
        map.set(0, 9).unwrap();
        map.commit().unwrap();
        assert_eq!(load(&path).unwrap()[0], 9);
        assert!(link.is_symlink());
    }
}

/// Opens the file, which fails once with this kind of error, and goes on then with the file as it is.
fn fails_once(path: &Path, kind: ErrorKind, what: &str) {
    let before = fs::read(path).unwrap();
    let journal = fs::read(journal::path_of(path)).unwrap();
    let error = load(path).unwrap_err();
    assert_eq!(error.kind(), kind, "{what}: {error}");
    assert!(error.to_string().contains("is kept as .a.npy.mapray-journal-1"), "{what}: {error}");
    assert!(fs::read(path).unwrap() == before, "{what}: the file was written");
    load(path).unwrap();
    assert!(fs::read(path).unwrap() == before, "{what}: the file was written");
    let kept = path.with_file_name(".a.npy.mapray-journal-1");
    assert!(fs::read(kept).unwrap() == journal, "{what}: the journal is lost");
    assert!(!journal::path_of(path).exists());
}

#[test]
fn what_others_wrote_later_is_not_written_over() {
    let (_folder, path, data) = with_file();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    write(&path, data + 200, b"later");
    fails_once(&path, ErrorKind::Changed, "edited in the middle");
    assert_eq!(load(&path).unwrap()[200..205], *b"later");

    let (_folder, path, data) = with_file();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    write(&path, data + 100, &[1; 284]);
    write(&path, data + N - 1, b"x");
    fails_once(&path, ErrorKind::Changed, "half written, then edited");

    let (_folder, path, data) = with_file();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    mapray::save(path.with_file_name("b"), &Array1::from_elem(10, 1_u8)).unwrap();
    let shorter = fs::read(path.with_file_name("b")).unwrap();
    // The same file, with other content: as NumPy saves.
    File::create(&path).unwrap().write_all(&shorter).unwrap();
    fails_once(&path, ErrorKind::Changed, "overwritten by a shorter one");
}

#[test]
fn edits_beside_the_change_do_not_keep_it_from_being_finished() {
    let (_folder, path, data) = with_file();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    write(&path, data + 1700, b"later");
    File::options().append(true).open(&path).unwrap().write_all(b"and more").unwrap();
    let mut expected = expected();
    expected[1700..1705].copy_from_slice(b"later");
    assert_eq!(load(&path).unwrap(), expected);
}

#[test]
fn the_journal_of_another_file_is_put_aside_without_a_word() {
    let (folder, path, data) = with_file();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    mapray::save(&path, &Array1::from_elem(N, 7_u8)).unwrap();
    assert_eq!(load(&path).unwrap(), [7; N], "the new file is whole, and its bytes fit");
    assert_eq!(names(&folder), [".a.npy.mapray-journal-1", "a.npy"]);
    // Nor the one with the same number that was made at another time.
    let other = Journal::new(&path, &pieces(&path, data));
    Journal { born: (other.born.0 - 1, 0), ..other }.put(&path);
    assert_eq!(load(&path).unwrap(), [7; N]);
    assert_eq!(
        names(&folder),
        [".a.npy.mapray-journal-1", ".a.npy.mapray-journal-2", "a.npy"],
        "and nothing is lost"
    );
}

#[test]
fn a_hostile_journal_writes_nothing() {
    let piece = |offset: u64, len: u32| [&offset.to_le_bytes()[..], &len.to_le_bytes()].concat();
    let hostile: [(&str, Vec<u8>); 8] = [
        ("behind the end", [piece(5000, 1), vec![0; 9]].concat()),
        ("around the end of all numbers", [piece(u64::MAX, 2), vec![0; 18]].concat()),
        ("without bytes", piece(200, 0)),
        ("of 4 GiB", piece(0, u32::MAX)),
        ("too long by one", [piece(0, (64 << 10) + 1), vec![0; 80_000]].concat()),
        ("cut in its head", piece(200, 1)[..7].to_vec()),
        ("cut in its checksums", [piece(200, 1), vec![0; 7]].concat()),
        ("with a wrong checksum", [piece(200, 1), vec![0; 8], vec![9]].concat()),
    ];
    for (what, payload) in hostile {
        let (_folder, path, data) = with_file();
        let mut journal = Journal::new(&path, &pieces(&path, data)[..1]);
        // What is right about it is not applied either.
        journal.payload.extend(payload);
        journal.put(&path);
        fails_once(&path, ErrorKind::Format, what);
    }
    let (_folder, path, data) = with_file();
    let [first, _] = pieces(&path, data);
    let again = Piece { after: vec![3; 1500], ..first.clone() };
    Journal::new(&path, &[first, again]).put(&path);
    fails_once(&path, ErrorKind::Format, "the same bytes twice");
    for kind in [2, 3] {
        let (_folder, path, data) = with_file();
        Journal { kind, ..Journal::new(&path, &pieces(&path, data)) }.put(&path);
        fails_once(&path, ErrorKind::Format, "of another kind");
    }
    for bytes in [&b""[..], b"\x93MAPRAYJ", b"no journal at all", &[0; 500]] {
        let (_folder, path, _) = with_file();
        fs::write(journal::path_of(&path), bytes).unwrap();
        fails_once(&path, ErrorKind::Format, "damaged");
    }
}

#[test]
fn what_a_later_version_wrote_is_left_to_it() {
    let (folder, path, data) = with_file();
    let journal = Journal::new(&path, &pieces(&path, data));
    for later in [Journal { version: 2, ..journal.clone() }, Journal { kind: 99, ..journal }] {
        later.put(&path);
        for _ in 0..2 {
            assert_eq!(load(&path).unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }
    assert_eq!(names(&folder), [".a.npy.mapray-journal", "a.npy"]);
    assert!(fs::read(&path).unwrap()[data..].iter().all(|&byte| byte == 7));
}

#[test]
fn what_is_no_file_is_no_journal() {
    let (folder, path, _) = with_file();
    let other = folder.path().join("other");
    fs::write(&other, b"secret").unwrap();
    std::os::unix::fs::symlink(&other, journal::path_of(&path)).unwrap();
    assert_eq!(load(&path).unwrap_err().kind(), ErrorKind::Io, "a link is not followed");
    fs::remove_file(journal::path_of(&path)).unwrap();
    fs::create_dir(journal::path_of(&path)).unwrap();
    assert_eq!(load(&path).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn nobody_can_slip_in_a_journal_where_everybody_may_put_files() {
    const TEST: &str = "recovery::nobody_can_slip_in_a_journal_where_everybody_may_put_files";
    let (folder, path, data) = with_file();
    let journal = Journal::new(&path, &pieces(&path, data)).put(&path);
    if std::os::unix::fs::chown(&journal, Some(12_345), None).is_err() {
        return common::skip(TEST, "only the superuser gives files away");
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777)).unwrap();
    let error = load(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(fs::read(&path).unwrap()[data..].iter().all(|&byte| byte == 7));
    // Who may replace the file as well needs no journal to change it.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(load(&path).unwrap(), expected());
}

#[test]
fn who_may_not_write_reads_a_whole_file_or_none() {
    const TEST: &str = "recovery::who_may_not_write_reads_a_whole_file_or_none";
    let disk = match Disk::mount("ext4", 8) {
        Ok(disk) => disk,
        Err(reason) => return common::skip(TEST, &format!("no disk of its own: {reason}")),
    };
    let path = disk.root().join("a.npy");
    let data = 128;
    let half: &[_] = &[(100, 284)];
    let all: &[_] = &[(100, 1500), (N - 1, 1)];
    for (written, found) in [(&[][..], Some(vec![7; N])), (half, None), (all, Some(expected()))] {
        disk.set_writable(true);
        mapray::save(&path, &Array1::from_elem(N, 7_u8)).unwrap();
        Journal::new(&path, &pieces(&path, data)).put(&path);
        for &(at, len) in written {
            write(&path, data + at, &expected()[at..at + len]);
        }
        disk.set_writable(false);
        match (load(&path), found) {
            (Ok(elements), Some(found)) => assert_eq!(elements, found),
            (Err(error), None) => {
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                assert!(error.to_string().contains("must open it first"), "{error}");
            }
            (got, found) => panic!("{got:?}, not {found:?}"),
        }
        assert!(journal::path_of(&path).exists());
        disk.set_writable(true);
        assert_eq!(load(&path).unwrap(), expected());
        assert!(!journal::path_of(&path).exists());
    }
}

#[test]
fn who_finds_somebody_at_work_waits_for_a_while() {
    const TEST: &str = "recovery::who_finds_somebody_at_work_waits_for_a_while";
    let Some(python) = common::python() else {
        return common::skip(TEST, "MAPRAY_PYTHON is not set");
    };
    // Somebody who holds the lock, and lets go of it after a while.
    let script = "import fcntl, sys, time\n\
                  file = open(sys.argv[1])\n\
                  fcntl.flock(file, fcntl.LOCK_EX)\n\
                  print(flush=True)\n\
                  time.sleep(float(sys.argv[2]))";
    for (seconds, found) in [("0.2", Some(expected())), ("60", None)] {
        let (_folder, path, data) = with_file();
        let mut holder = Command::new(&python)
            .args(["-c", script, path.to_str().unwrap(), seconds])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        // Without a journal nobody is waited for.
        assert_eq!(load(&path).unwrap(), [7; N]);
        Journal::new(&path, &pieces(&path, data)).put(&path);
        let begun = Instant::now();
        match (load(&path), found) {
            (Ok(elements), Some(found)) => assert_eq!(elements, found),
            (Err(error), None) => {
                assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
                // Other systems do not tell who it is.
                let is_named = error.to_string().contains(&holder.id().to_string());
                assert!(is_named || cfg!(mapray_portable), "{error}");
                assert!(begun.elapsed() > Duration::from_secs(1));
            }
            (got, found) => panic!("{got:?}, not {found:?}"),
        }
        holder.kill().unwrap();
        holder.wait().unwrap();
        assert_eq!(load(&path).unwrap(), expected());
    }
}

#[test]
#[cfg(not(mapray_portable))]
fn a_file_that_was_open_before_the_change_was_cut_off_is_not_written_to() {
    let (_folder, path, data) = with_file();
    let file = ArrayFile::open(&path).unwrap();
    let mut edited = file.map_live::<u8, Ix1>(Mode::CopyOnWrite).unwrap();
    edited.set(0, 3).unwrap();
    Journal::new(&path, &pieces(&path, data)).put(&path);
    assert_eq!(file.map_live_dyn(Mode::ReadWrite).unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(edited.commit().unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(load(&path).unwrap(), expected());
    file.map_live_dyn(Mode::ReadWrite).unwrap();
}

#[test]
#[cfg(not(mapray_portable))]
fn rows_that_are_being_appended_stand_in_nobodys_way() {
    let (folder, path, data) = with_file();
    let file = ArrayFile::open(&path).unwrap();
    // An append that was killed: its session's journal, and bytes behind the end.
    let mut log = mapray::Appender::open(&path).unwrap();
    log.extend(&Array1::from_elem(2 << 20, 5_u8)).unwrap();
    let session = folder.path().join(".a.npy.mapray-append");
    let bytes = fs::read(&session).unwrap();
    assert_eq!(load(&path).unwrap(), [7; N], "readers look meanwhile");
    drop(log);
    fs::write(&session, bytes).unwrap();
    assert_eq!(load(&path).unwrap().len(), N + (2 << 20));
    drop(file);
    let mut map = ArrayFile::open(&path).unwrap().map_live::<u8, Ix1>(Mode::CopyOnWrite).unwrap();
    map.set(0, 9).unwrap();
    map.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap()[data], 9);
    assert_eq!(names(&folder), [".a.npy.mapray-append", "a.npy"], "the next append sees to it");
    mapray::append(&path, &Array1::from_elem(1, 1_u8)).unwrap();
    assert_eq!(names(&folder), ["a.npy"]);
}
