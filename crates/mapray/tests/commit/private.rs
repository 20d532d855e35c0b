//! Which pages are private, in the cases in which that is not plain: after a fork, among huge pages, and
//! swapped out.

use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mapray::{Advice, ErrorKind, LiveMap, MapOptions, Mode};
use ndarray::Ix1;

use crate::common::disk::Disk;
use crate::common::{self, child};

fn page() -> usize {
    rustix::param::page_size()
}

fn with_pages(path: &Path, pages: usize) -> LiveMap<u8, Ix1> {
    fs::write(path, vec![7; pages * page()]).unwrap();
    File::open(path).unwrap().sync_all().unwrap();
    MapOptions::new().mode(Mode::CopyOnWrite).live(path).unwrap()
}

fn store(map: &LiveMap<u8, Ix1>, pages: &[usize], value: u8) {
    pages.iter().for_each(|at| map.set(at * page() + 5, value).unwrap());
}

/// The numbers of the dirty pages.
fn dirty(map: &LiveMap<u8, Ix1>) -> Vec<usize> {
    let pages = |run: Range<u64>| run.start as usize / page()..run.end as usize / page();
    map.dirty_pages().unwrap().into_iter().flat_map(pages).collect()
}

#[test]
fn a_slice_tells_of_its_own_pages() {
    let folder = tempfile::tempdir().unwrap();
    let map = with_pages(&folder.path().join("a"), 10);
    store(&map, &[1, 4, 5, 9], 1);
    let slice = |text: &str| map.slice(&text.parse().unwrap()).unwrap().dirty_pages().unwrap();
    let page = page();
    let all = slice("[:]");
    assert_eq!(all.len(), 3);
    let first = slice(&format!("[{}:{}]", page / 2, page + 10));
    assert_eq!(first, vec![page as u64..page as u64 + 10]);
    assert_eq!(slice(&format!("[{}:{}]", 2 * page, 4 * page)), []);
    // One element of each second page.
    let some = slice(&format!("[::{}]", 2 * page));
    assert_eq!(some, vec![4 * page as u64..4 * page as u64 + 1]);
}

#[test]
fn a_forked_process_knows_the_edits_and_makes_its_own() {
    const TEST: &str = "private::a_forked_process_knows_the_edits_and_makes_its_own";
    if !child::is_child(TEST) {
        // A process of one thread, so that it can be forked.
        return child::rerun(TEST, "");
    }
    let folder = common::scratch();
    let path = folder.path().join("a");
    let mut map = with_pages(&path, 8);
    store(&map, &[1, 2], 1);
    // SAFETY: no other thread of this process is at work, so the child may do what it likes.
    match unsafe { libc::fork() } {
        0 => {
            let right_after = dirty(&map) == [1, 2];
            store(&map, &[6], 2);
            let own = dirty(&map) == [1, 2, 6];
            let committed = map.commit().is_ok() && dirty(&map).is_empty();
            let code = i32::from(!right_after) + 2 * i32::from(!own) + 4 * i32::from(!committed);
            // SAFETY: nothing of the parent's is to be cleaned up.
            unsafe { libc::_exit(code) };
        }
        pid => {
            let mut status = 0;
            // SAFETY: `status` lives, and the child is our own.
            assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
            assert_eq!(libc::WEXITSTATUS(status), 0);
        }
    }
    assert_eq!(dirty(&map), [1, 2], "what the child stored is its own");
    let file = fs::read(&path).unwrap();
    assert_eq!([1, 2, 6].map(|at| file[at * page() + 5]), [1, 1, 2], "the child has committed");
    store(&map, &[3], 3);
    assert_eq!(map.commit().unwrap_err().kind(), ErrorKind::Changed, "so the parent cannot");
    assert_eq!(dirty(&map), [1, 2, 3]);
    map.discard().unwrap();
    assert_eq!([1, 3, 6].map(|at| map.get(at * page() + 5).unwrap()), [1, 7, 2]);
}

/// A file system in memory that uses huge pages wherever it can.
fn huge(test: &str) -> Option<Disk> {
    let disk = Disk::mount_with("tmpfs", 64, "huge=always");
    disk.map_err(|reason| common::skip(test, &format!("no huge pages for files: {reason}"))).ok()
}

/// How much of the maps of this file are huge pages, in bytes.
fn huge_bytes(path: &Path) -> usize {
    let (mut ours, mut bytes) = (false, 0);
    for line in fs::read_to_string("/proc/self/smaps").unwrap().lines() {
        if line.starts_with(|digit: char| digit.is_ascii_hexdigit()) && line.contains('-') {
            ours = line.ends_with(path.to_str().unwrap());
        } else if let Some(kib) = line.strip_prefix("ShmemPmdMapped:").filter(|_| ours) {
            bytes += 1024 * kib.trim().trim_end_matches(" kB").parse::<usize>().unwrap();
        }
    }
    bytes
}

#[test]
fn one_page_of_a_huge_one_is_edited_and_committed() {
    const TEST: &str = "one_page_of_a_huge_one_is_edited_and_committed";
    let Some(disk) = huge(TEST) else { return };
    let path = disk.root().canonicalize().unwrap().join("a");
    let pages = (8 << 20) / page();
    drop(with_pages(&path, pages));
    let options = MapOptions::new().mode(Mode::CopyOnWrite);
    // SAFETY: nobody else knows the file.
    let mut map = unsafe { options.map_mut::<u8, Ix1>(&path) }.unwrap();
    assert!(map.iter().all(|&byte| byte == 7));
    if huge_bytes(&path) == 0 {
        return common::skip(TEST, "the system maps no huge pages of files");
    }
    assert_eq!(map.dirty_pages().unwrap(), [], "a huge page that was only read");
    let edited = [0, 511, 512, pages - 1];
    for at in edited {
        map[at * page() + 5] = 1;
    }
    let runs = map.dirty_pages().unwrap();
    for at in edited {
        assert!(runs.iter().any(|run| run.contains(&((at * page()) as u64))), "page {at}");
    }
    map.pages().release().unwrap();
    map.commit().unwrap();
    let file = fs::read(&path).unwrap();
    for (i, &byte) in file.iter().enumerate() {
        let stored = i % page() == 5 && edited.contains(&(i / page()));
        assert_eq!(byte, if stored { 1 } else { 7 }, "byte {i}");
    }
    assert_eq!(map.dirty_pages().unwrap(), []);
}

#[test]
fn huge_pages_of_memory_are_dirty_where_they_were_touched() {
    let len = 16 << 20;
    let mut map = LiveMap::<u8, Ix1>::zeros(len).unwrap();
    map.pages().advise(Advice::HugePage).unwrap();
    assert_eq!(map.dirty_pages().unwrap(), []);
    map.set(9 << 20, 1).unwrap();
    let runs = map.dirty_pages().unwrap();
    assert!(runs.iter().any(|run| run.contains(&(9 << 20))));
    let dirty: u64 = runs.iter().map(|run| run.end - run.start).sum();
    assert!(dirty <= 2 << 20, "one huge page at most, not {dirty} bytes");
    map.discard().unwrap();
    assert_eq!(map.dirty_pages().unwrap(), []);
    map.commit().unwrap();
    assert_eq!(map.get(9 << 20).unwrap(), 0);
    map.set(1, 1).unwrap();
    assert_eq!(map.commit().unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(map.get(1).unwrap(), 1);
}

/// Space to swap pages out to, for as long as it lives.
struct Swap(PathBuf);

impl Swap {
    fn on(folder: &Path) -> Result<Swap, String> {
        let path = folder.join("swap");
        fs::write(&path, vec![0; 16 << 20]).unwrap();
        let path = Swap::run("chmod", &["600"], path)?;
        let path = Swap::run("mkswap", &[], path)?;
        Swap::run("swapon", &[], path).map(Swap)
    }

    fn run(program: &str, arguments: &[&str], path: PathBuf) -> Result<PathBuf, String> {
        let output = Command::new(program).args(arguments).arg(&path).output();
        let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
        match output.status.success() {
            true => Ok(path),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        let _ = Swap::run("swapoff", &[], self.0.clone());
    }
}

/// How many bytes of the maps of this file are swapped out.
fn swapped(path: &Path) -> usize {
    let (mut ours, mut bytes) = (false, 0);
    for line in fs::read_to_string("/proc/self/smaps").unwrap().lines() {
        if line.starts_with(|digit: char| digit.is_ascii_hexdigit()) && line.contains('-') {
            ours = line.ends_with(path.to_str().unwrap());
        } else if let Some(kib) = line.strip_prefix("Swap:").filter(|_| ours) {
            bytes += 1024 * kib.trim().trim_end_matches(" kB").parse::<usize>().unwrap();
        }
    }
    bytes
}

#[test]
fn pages_that_were_swapped_out_are_edited_still() {
    const TEST: &str = "pages_that_were_swapped_out_are_edited_still";
    let folder = tempfile::tempdir().unwrap();
    let _swap = match Swap::on(folder.path()) {
        Ok(swap) => swap,
        Err(reason) => return common::skip(TEST, &format!("no swap: {reason}")),
    };
    let path = folder.path().canonicalize().unwrap().join("a");
    let pages = 512;
    drop(with_pages(&path, pages));
    let options = MapOptions::new().mode(Mode::CopyOnWrite);
    // SAFETY: nobody else knows the file.
    let mut map = unsafe { options.map_mut::<u8, Ix1>(&path) }.unwrap();
    for page in map.as_slice_mut().unwrap().chunks_mut(2 * page()) {
        page[5] = 1;
    }
    let runs = map.dirty_pages().unwrap();
    assert_eq!(runs.len(), pages / 2);
    let start = map.as_ptr() as *mut libc::c_void;
    // SAFETY: the range is the map's; its pages go to the swap and come back when they are touched.
    let code = unsafe { libc::madvise(start, pages * page(), libc::MADV_PAGEOUT) };
    assert_eq!(code, 0);
    if swapped(&path) == 0 {
        return common::skip(TEST, "the system swaps nothing out");
    }
    assert_eq!(map.dirty_pages().unwrap(), runs);
    // What was swapped out is neither lost to `release` nor passed over.
    map.pages().release().unwrap();
    assert!(swapped(&path) > 0);
    map.commit().unwrap();
    assert_eq!(map.dirty_pages().unwrap(), []);
    assert_eq!(swapped(&path), 0, "nothing is left of them");
    let file = fs::read(&path).unwrap();
    for (at, page) in file.chunks(page()).enumerate() {
        assert_eq!(page[5], if at % 2 == 0 { 1 } else { 7 }, "page {at}");
    }
}

#[test]
fn a_commit_loses_no_edit_of_another_thread() {
    let folder = common::scratch();
    let path = folder.path().join("a");
    let pages = 16;
    let map = with_pages(&path, pages);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (writer, done) = (map.clone(), &done);
        scope.spawn(move || {
            for round in 0..100 {
                for at in 0..pages {
                    writer.set(at * page() + round, 50 + round as u8).unwrap();
                    assert_eq!(writer.get(at * page() + round).unwrap(), 50 + round as u8);
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        let mut committer = map.clone();
        while !done.load(Ordering::Relaxed) {
            committer.commit().unwrap();
        }
        committer.commit().unwrap();
    });
    let file = fs::read(&path).unwrap();
    for page in file.chunks(page()) {
        assert!((0..100).all(|round| page[round] == 50 + round as u8));
    }
}
