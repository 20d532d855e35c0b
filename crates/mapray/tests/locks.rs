//! Who may write a file at the same time.

// Live maps are read and written, and the holder of a lock is named: Linux only.
#![cfg(all(target_os = "linux", not(mapray_portable)))]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use mapray::{ArrayFile, DynMapMut, ErrorKind, LiveMap, MapMut, MapOptions, Mode, Npz, Result};
use ndarray::{Ix1, arr1};

/// Another process that has the file locked, with `flock(2)` as Python calls it.
struct Holder {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Holder {
    /// `None` where there is no Python, or the file is locked already.
    fn lock(path: &Path, kind: &str) -> Option<Holder> {
        let script = "import fcntl, sys\n\
                      file = open(sys.argv[1])\n\
                      try: fcntl.flock(file, getattr(fcntl, sys.argv[2]) | fcntl.LOCK_NB)\n\
                      except BlockingIOError: print('locked', flush=True)\n\
                      else: print('done', flush=True)\n\
                      sys.stdin.readline()";
        let mut child = Command::new(common::python()?)
            .args(["-c", script, path.to_str().unwrap(), kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut answer = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        let stdin = child.stdin.take();
        let holder = Holder { child, stdin };
        match answer.trim() {
            "done" => Some(holder),
            "locked" => None,
            other => panic!("{other}"),
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.stdin.take().unwrap().write_all(b"\n");
        self.child.wait().unwrap();
    }
}

fn live(path: &Path, mode: Mode) -> Result<LiveMap<f64, Ix1>> {
    ArrayFile::open(path)?.map_live(mode)
}

fn stable(path: &Path) -> Result<MapMut<f64, Ix1>> {
    // SAFETY: nobody touches the file while the map lives; it is only locked.
    unsafe { MapMut::open(path, Mode::ReadWrite) }
}

fn refused<T>(result: Result<T>, holder: &str) {
    let error = result.err().expect("somebody else has it");
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    assert!(error.to_string().contains(holder), "{error}");
}

fn array() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &arr1(&[1.0, 2.0, 3.0, 4.0])).unwrap();
    (folder, path)
}

#[test]
fn writers_of_other_processes_are_told_of_and_readers_wait_for_nobody() {
    if common::python().is_none() {
        return common::skip(
            "writers_of_other_processes_are_told_of_and_readers_wait_for_nobody",
            "no Python to lock the file",
        );
    }
    let (_folder, path) = array();
    let exclusive = Holder::lock(&path, "LOCK_EX").unwrap();
    let pid = format!("process {}", exclusive.child.id());
    refused(live(&path, Mode::ReadWrite), &pid);
    refused(stable(&path), &pid);
    assert_eq!(live(&path, Mode::Read).unwrap().get(0).unwrap(), 1.0);
    live(&path, Mode::CopyOnWrite).unwrap().set(0, 5.0).unwrap();
    let unlocked = ArrayFile::open(&path).unwrap().without_locks().unwrap();
    unlocked.map_live::<f64, Ix1>(Mode::ReadWrite).unwrap().set(0, 1.0).unwrap();
    let raw = MapOptions::new().dtype("<f8".parse().unwrap()).offset(128);
    refused(raw.live_dyn(&*path), &pid);
    raw.clone().locks(false).live_dyn(&*path).unwrap();
    let before = std::fs::read(&path).unwrap();
    refused(raw.mode(Mode::Write).shape(4).live_dyn(&*path), &pid);
    assert!(std::fs::read(&path).unwrap() == before, "refused before anything is cleared");
    drop(exclusive);

    let shared = Holder::lock(&path, "LOCK_SH").unwrap();
    let pid = format!("process {}", shared.child.id());
    let side_by_side = live(&path, Mode::ReadWrite).unwrap();
    refused(stable(&path), &pid);
    side_by_side.set(0, 7.0).unwrap();
    drop(shared);
    // SAFETY: nobody else has the file open.
    let alone = unsafe { side_by_side.assume_stable_mut().unwrap() };
    assert!(Holder::lock(&path, "LOCK_SH").is_none(), "the map has it for itself");
    alone.close().unwrap();
    assert!(Holder::lock(&path, "LOCK_EX").is_some(), "the lock goes with the map");
}

#[test]
fn a_map_that_is_refused_the_lock_for_itself_keeps_the_one_it_shares() {
    let (_folder, path) = array();
    let Some(shared) = Holder::lock(&path, "LOCK_SH") else {
        let test = "a_map_that_is_refused_the_lock_for_itself_keeps_the_one_it_shares";
        return common::skip(test, "no Python to lock the file");
    };
    let map = live(&path, Mode::ReadWrite).unwrap();
    // SAFETY: nobody looks at the map meanwhile.
    refused(unsafe { map.clone().assume_stable_mut() }, "process");
    drop(shared);
    assert!(Holder::lock(&path, "LOCK_EX").is_none());
    assert!(Holder::lock(&path, "LOCK_SH").is_some());
    drop(map);
    assert!(Holder::lock(&path, "LOCK_EX").is_some());
}

#[test]
fn within_a_process_maps_of_other_bytes_go_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.npz");
    mapray::savez(&path, [("a", &arr1(&[1.0, 2.0])), ("b", &arr1(&[3.0, 4.0]))]).unwrap();
    let npz = Npz::open(&path).unwrap();
    let live = |name| npz.member(name).unwrap().map_live_dyn(Mode::ReadWrite);
    // SAFETY: no two of the maps that are written cover the same bytes.
    let stable = |name| live(name).and_then(|map| unsafe { map.assume_stable_mut() });
    let mut a = stable("a").unwrap();
    let mut b: DynMapMut = stable("b").unwrap();
    a.view_mut().set(&[0], 10.0).unwrap();
    b.view_mut().set(&[0], 30.0).unwrap();
    refused(live("a"), "this process");
    refused(Npz::repair(&path), "this process");
    a.close().unwrap();
    let side_by_side = [live("a").unwrap(), live("a").unwrap()];
    refused(stable("a"), "this process");
    side_by_side[1].set(&[1], 20.0).unwrap();
    drop((side_by_side, b));
    assert_eq!(Npz::repair(&path).unwrap().len(), 2);
}

#[test]
fn a_lock_holds_no_descriptor() {
    let test = "a_lock_holds_no_descriptor";
    if !common::child::is_child(test) {
        // Tests beside this one open and close files, too.
        return common::child::rerun(test, "");
    }
    let (_folder, path) = array();
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    let map = live(&path, Mode::ReadWrite).unwrap();
    assert_eq!(open(), before);
    drop(map);
}
