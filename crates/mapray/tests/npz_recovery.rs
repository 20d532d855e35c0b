//! Edits of archives that were cut off: by a kill at any moment, by a full disk, by damage. What is
//! found afterwards, by whom, and what is never lost.

// Other systems have no SIGKILL, and no locks that a test can hold.
#![cfg(all(target_os = "linux", not(mapray_portable)))]

#[path = "common/archive.rs"]
mod archive;
mod common;

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use archive::oracle;
use common::disk::Disk;
use mapray::{ErrorKind, Npz, NpzEditOptions, NpzEditor};
use ndarray::{Array1, Ix1};

/// The names of the arrays that NumPy has found.
fn keys(found: &serde_json::Value) -> BTreeSet<&str> {
    found["arrays"].as_object().unwrap().keys().map(String::as_str).collect()
}

const CHILD: &str = "MAPRAY_TEST_EDITOR";

/// Runs a test of this file again, as a process that can be killed, with this archive.
fn child(test: &str, path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the child has said `word` on a line of its own.
fn wait_for(child: &mut Child, word: &str) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == word), "the child died");
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
}

fn values(state: i32, len: usize) -> Array1<i32> {
    Array1::from_shape_fn(len, |i| state * 1_000_000 + i as i32)
}

/// An archive in state 0, in a folder of its own.
fn begin() -> (tempfile::TempDir, PathBuf) {
    let folder = common::scratch();
    let path = folder.path().join("a.npz");
    mapray::savez(&path, [("a", &values(0, 500)), ("stays", &values(0, 20_000))]).unwrap();
    (folder, path)
}

/// Begins an edit that is large enough to have been written in part.
fn edit(path: &Path) -> NpzEditor {
    let mut editor = NpzEditor::open(path).unwrap();
    editor.replace("a", &values(7, 500)).unwrap();
    editor.add("new", &values(8, 700_000)).unwrap();
    editor.add("more", &values(9, 700_000)).unwrap();
    editor
}

/// An archive of which an editor was killed, its journal, and its old bytes.
fn killed(test: &str) -> (tempfile::TempDir, PathBuf, PathBuf, Vec<u8>) {
    let (folder, path) = begin();
    let before = fs::read(&path).unwrap();
    let mut child = child(test, &path);
    wait_for(&mut child, "edited");
    kill(child);
    let journal = folder.path().join(".a.npz.mapray-edit");
    assert!(journal.exists());
    assert!(fs::metadata(&path).unwrap().len() as usize > before.len() + (1 << 20));
    (folder, path, journal, before)
}

/// In a child: edits, says so, and waits to be killed.
fn as_child() {
    if let Some(path) = env::var_os(CHILD) {
        let _editor = edit(Path::new(&path));
        println!("\nedited");
        loop {
            std::thread::park();
        }
    }
}

fn assert_is_old(path: &Path, journal: &Path, before: &[u8]) {
    let mut npz = Npz::open(path).unwrap();
    // A child of another test, before it becomes another program, has what was open here.
    for _ in 0..1000 {
        if !journal.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
        npz = Npz::open(path).unwrap();
    }
    assert_eq!(npz.names(), ["a", "stays"]);
    assert!(npz.verify().unwrap().is_empty());
    assert!(fs::read(path).unwrap() == before, "every byte is as it was");
    assert!(!journal.exists());
}

#[test]
fn an_edit_that_was_killed_is_undone_by_whoever_opens_the_archive() {
    as_child();
    let test = "an_edit_that_was_killed_is_undone_by_whoever_opens_the_archive";
    let open: [fn(&Path); 5] = [
        |path| drop(Npz::open(path).unwrap()),
        |path| drop(mapray::Archive::open(path).unwrap()),
        |path| drop(mapray::inspect(path).unwrap_err()),
        |path| drop(NpzEditor::open(path).unwrap()),
        |path| drop(Npz::repair(path).unwrap()),
    ];
    for open in open {
        let (_folder, path, journal, before) = killed(test);
        if let Some(python) = common::python() {
            // Nobody needs to have recovered it for NumPy to read what was there.
            let found = oracle(&python, "npz.py", &["read".as_ref(), &path]);
            let found: serde_json::Value = serde_json::from_str(&found).unwrap();
            let found = &found[path.to_str().unwrap()];
            assert_eq!(found["damaged"], serde_json::Value::Null);
            assert_eq!(keys(found), BTreeSet::from(["a", "stays"]));
        }
        open(&path);
        assert!(!journal.exists());
        assert_is_old(&path, &journal, &before);
    }
}

#[test]
fn what_a_power_cut_may_leave_behind_the_old_end_is_cut_off() {
    as_child();
    let test = "what_a_power_cut_may_leave_behind_the_old_end_is_cut_off";
    let (_folder, path, journal, before) = killed(test);
    let [whole, journal_bytes] = [&path, &journal].map(|path| fs::read(path).unwrap());
    let len = whole.len();
    type Damage<'a> = (&'a str, &'a dyn Fn(&File));
    let damages: [Damage<'_>; 6] = [
        ("nothing is there", &|file| file.set_len(before.len() as u64).unwrap()),
        ("some is there", &|file| file.set_len(before.len() as u64 + 1000).unwrap()),
        ("no end is there", &|file| file.set_len(len as u64 - 1).unwrap()),
        ("the end is zeros", &|file| file.write_all_at(&[0; 100], len as u64 - 100).unwrap()),
        ("the end is too far", &|file| file.set_len(len as u64 + 100_000).unwrap()),
        ("all is zeros", &|file| {
            file.write_all_at(&vec![0; len - before.len()], before.len() as u64).unwrap();
        }),
    ];
    for (damage, apply) in damages {
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(0).unwrap();
        file.write_all_at(&whole, 0).unwrap();
        fs::write(&journal, &journal_bytes).unwrap();
        apply(&file);
        // Who cannot get the lock sees the archive as it was, and leaves everything alone.
        let held = File::open(&path).unwrap();
        held.lock_shared().unwrap();
        let npz = Npz::open(&path).unwrap();
        assert_eq!(npz.names(), ["a", "stays"], "{damage}");
        assert!(npz.verify().unwrap().is_empty(), "{damage}");
        assert_eq!(npz.read::<i32, Ix1>("a").unwrap(), values(0, 500), "{damage}");
        assert!(journal.exists(), "{damage}");
        let error = NpzEditor::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked, "{damage}");
        drop(held);
        assert_is_old(&path, &journal, &before);
    }
}

#[test]
fn a_stale_journal_takes_nothing_from_later_edits() {
    as_child();
    let test = "a_stale_journal_takes_nothing_from_later_edits";
    let Some(python) = common::python() else {
        return common::skip(test, "MAPRAY_PYTHON is not set");
    };
    // By somebody who knows nothing of journals.
    let (_folder, path, journal, _) = killed(test);
    oracle(&python, "npz.py", &["append".as_ref(), &path, "later.npy".as_ref()]);
    let later = fs::read(&path).unwrap();
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.names(), ["a", "stays", "later"]);
    assert_eq!(npz.read::<i64, Ix1>("later").unwrap().to_vec(), [0, 1, 2, 3, 4]);
    assert!(npz.verify().unwrap().is_empty());
    assert!(fs::read(&path).unwrap() == later && !journal.exists());

    // By another file that took its place.
    let (_folder, path, journal, _) = killed(test);
    mapray::savez(&path, [("other", &values(1, 900_000))]).unwrap();
    let later = fs::read(&path).unwrap();
    assert_eq!(Npz::open(&path).unwrap().names(), ["other"]);
    assert!(fs::read(&path).unwrap() == later && !journal.exists());

    // By changes to what was there before.
    let (_folder, path, journal, before) = killed(test);
    let last = before.len() as u64 - 1;
    let file = File::options().write(true).open(&path).unwrap();
    file.write_all_at(&[before[before.len() - 1] ^ 1], last).unwrap();
    let later = fs::read(&path).unwrap();
    assert_eq!(Npz::open(&path).unwrap().names(), ["a", "stays"]);
    assert!(fs::read(&path).unwrap() == later && !journal.exists());

    // By a file that is shorter than the archive was.
    let (_folder, path, journal, _) = killed(test);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(10).unwrap();
    assert_eq!(Npz::open(&path).unwrap_err().kind(), ErrorKind::Format);
    assert_eq!(fs::metadata(&path).unwrap().len(), 10);
    assert!(!journal.exists());
}

#[test]
fn readers_find_one_state_or_the_other_while_the_archive_is_edited() {
    if let Some(path) = env::var_os(CHILD) {
        println!("\nready");
        for state in 1..60 {
            Npz::replace(&path, [("a", &values(state, 500))]).unwrap();
            let large = values(state, 40_000);
            let mut editor = NpzEditor::open(&path).unwrap();
            editor.add("passing", &large).unwrap();
            editor.remove("passing").unwrap();
            editor.finish().unwrap();
        }
        std::process::exit(0);
    }
    let test = "readers_find_one_state_or_the_other_while_the_archive_is_edited";
    let (_folder, path) = begin();
    let mut child = child(test, &path);
    wait_for(&mut child, "ready");
    let (mut last, mut seen) = (0, 0);
    loop {
        let is_over = child.try_wait().unwrap().is_some();
        let npz = Npz::open(&path).unwrap();
        let a = npz.read::<i32, Ix1>("a").unwrap();
        let found = a[0] / 1_000_000;
        assert!(a == values(found, 500) && found >= last, "{found} after {last}");
        assert_eq!(npz.read::<i32, Ix1>("stays").unwrap(), values(0, 20_000));
        seen += usize::from(found > last);
        last = found;
        if is_over {
            break;
        }
    }
    assert_eq!(last, 59);
    assert!(seen > 5, "{seen} states were seen");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_full_disk_leaves_the_archive_as_it_was() {
    let test = "a_full_disk_leaves_the_archive_as_it_was";
    for kind in ["ext4", "ext2", "tmpfs"] {
        let disk = match Disk::mount(kind, 8) {
            Ok(disk) => disk,
            Err(reason) => {
                common::skip(test, &format!("no small {kind} to fill: {reason}"));
                continue;
            }
        };
        let path = disk.root().join("a.npz");
        let unaligned = mapray::SavezOptions::new().align(1);
        unaligned.save(&path, [("a", &values(0, 500_000)), ("b", &values(0, 600_000))]).unwrap();
        let before = fs::read(&path).unwrap();
        let (names, free) = (disk.names(), disk.free());
        let check = |doing: &str| {
            assert!(fs::read(&path).unwrap() == before, "{doing} on {kind}");
            assert_eq!(disk.names(), names, "{doing} on {kind}");
            let lost = free.saturating_sub(disk.free());
            assert!(lost < 64 << 10, "{doing} on {kind}: {lost} bytes of the disk are gone");
        };
        let noise = |i: usize| (i as i32).wrapping_mul(0x9e37_79b1_u32 as i32);
        let large = Array1::from_shape_fn(2_000_000, |i| noise(i) ^ noise(i + 1).rotate_left(7));
        let deflated =
            mapray::SavezOptions::new().compression(mapray::Compression::Deflate(1)).threads(2);
        for options in [NpzEditOptions::new(), NpzEditOptions::new().members(deflated)] {
            for rewrite in [false, true] {
                let options = options.clone().rewrite(rewrite);
                let mut editor = options.open(&path).unwrap();
                editor.add("small", &values(1, 1000)).unwrap();
                let added = editor.add("large", &large);
                // What is compressed may be waiting still.
                let error = added.and_then(|()| editor.finish()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Space, "{error}");
                check("add");
            }
        }
        let options = NpzEditOptions::new().rewrite(true);
        let room = disk.free().saturating_sub(3 << 20);
        fs::write(disk.root().join("filler"), vec![1; room as usize]).unwrap();
        assert_eq!(options.open(&path).unwrap().finish().unwrap_err().kind(), ErrorKind::Space);
        assert_eq!(Npz::align(&path).unwrap_err().kind(), ErrorKind::Space);
        disk.fill();
        let error = Npz::add(&path, [("large", &large)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Space, "{error}");
        fs::remove_file(disk.root().join("filler")).unwrap();
        check("on a full disk");
        // There is room again.
        Npz::replace(&path, [("a", &values(1, 500_000))]).unwrap();
        assert_eq!(Npz::open(&path).unwrap().read::<i32, Ix1>("a").unwrap(), values(1, 500_000));
    }
}
