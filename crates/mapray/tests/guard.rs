//! The guard: files that are cut short under maps that lend their memory, and signals that are not ours.

#![cfg(all(target_os = "linux", not(mapray_portable)))]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::child::{is_child, rerun};
use mapray::{DynMap, DynMapMut, ErrorKind, LiveMap, Map, MapMut, MapOptions, Mode, Result, guard};
use ndarray::Ix1;

const PAGE: usize = 4096;
/// Where the array starts in its file: not at a page.
const OFFSET: usize = 300;

/// Makes a file none of whose bytes is 0, each page of its own.
fn make(path: &Path, len: usize) {
    fs::write(path, (0..len).map(value).collect::<Vec<u8>>()).unwrap();
}

/// What stands at this byte of the file.
fn value(at: usize) -> u8 {
    (at / PAGE * 7 + at) as u8 | 1
}

fn cut(path: &Path, len: usize) {
    File::options().write(true).open(path).unwrap().set_len(len as u64).unwrap();
}

/// A map that lends its memory, of whatever kind.
enum Lent {
    Map(Map<u8, Ix1>),
    MapMut(MapMut<u8, Ix1>),
    DynMap(DynMap),
    DynMapMut(DynMapMut),
}

macro_rules! each {
    ($lent:expr, $map:ident => $work:expr) => {
        match $lent {
            Lent::Map($map) => $work,
            Lent::MapMut($map) => $work,
            Lent::DynMap($map) => $work,
            Lent::DynMapMut($map) => $work,
        }
    };
}

impl Lent {
    /// Each kind there is, in each mode that it has.
    fn kinds() -> Vec<(&'static str, Mode)> {
        let writable = [Mode::ReadWrite, Mode::CopyOnWrite];
        let of_kind = |kind, modes: &[Mode]| modes.iter().map(|&mode| (kind, mode)).collect();
        let kinds: [Vec<_>; 4] = [
            of_kind("Map", &[Mode::Read]),
            of_kind("DynMap", &[Mode::Read]),
            of_kind("MapMut", &writable),
            of_kind("DynMapMut", &writable),
        ];
        kinds.concat()
    }

    /// The bytes of the file from [`OFFSET`] on.
    fn open((kind, mode): (&str, Mode), path: &Path) -> Lent {
        let options = MapOptions::new().offset(OFFSET as u64).mode(mode);
        match kind {
            // SAFETY: the promise is broken, as these tests are to show: the guard puts zeros where
            // the file was cut. No value is relied on for safety.
            "Map" => Lent::Map(unsafe { options.map(path) }.unwrap()),
            // SAFETY: as above.
            "MapMut" => Lent::MapMut(unsafe { options.map_mut(path) }.unwrap()),
            // SAFETY: as above.
            "DynMap" => Lent::DynMap(unsafe { options.map_dyn(path) }.unwrap()),
            // SAFETY: as above.
            _ => Lent::DynMapMut(unsafe { options.map_dyn_mut(path) }.unwrap()),
        }
    }

    fn address(&self) -> *mut u8 {
        match self {
            Lent::Map(map) => map.as_ptr().cast_mut(),
            Lent::MapMut(map) => map.as_ptr().cast_mut(),
            Lent::DynMap(map) => map.view().typed::<u8, Ix1>().unwrap().as_ptr().cast_mut(),
            Lent::DynMapMut(map) => map.view().typed::<u8, Ix1>().unwrap().as_ptr().cast_mut(),
        }
    }

    /// The byte that stands at this place of the file.
    fn byte(&self, at: usize) -> u8 {
        // SAFETY: the tests ask for bytes of the map only.
        unsafe { self.address().wrapping_add(at - OFFSET).read_volatile() }
    }

    fn store(&self, at: usize, byte: u8) {
        // SAFETY: as above, and only in modes that can be written.
        unsafe { self.address().wrapping_add(at - OFFSET).write_volatile(byte) }
    }

    fn check(&self) -> Result<()> {
        each!(self, map => map.check())
    }

    /// Whatever else can be asked of a map, and can fail.
    fn asked(&self, folder: &Path) -> Vec<(&'static str, Result<()>)> {
        let (mut asked, copy) = (Vec::new(), folder.join("copy"));
        each!(self, map => {
            let pages = map.pages();
            asked.extend([
                ("flush", map.flush()),
                ("flush_async", map.flush_async()),
                ("pages.flush", pages.flush()),
                ("pages.prefetch", pages.prefetch()),
                ("pages.release", pages.release()),
                ("pages.residency", pages.residency().map(drop)),
            ]);
        });
        let view = match self {
            Lent::Map(map) => map.as_dyn(),
            Lent::MapMut(map) => map.as_dyn(),
            Lent::DynMap(map) => map.view(),
            Lent::DynMapMut(map) => map.view(),
        };
        asked.extend([
            ("view.to_array", view.to_array::<u8, Ix1>().map(drop)),
            ("view.reduce", mapray::reduce(&view).sum().map(drop)),
            ("save_dyn", mapray::save_dyn(&copy, &view)),
            ("save_raw", mapray::save_raw(&copy, &view)),
        ]);
        match self {
            Lent::Map(map) => asked.push(("save", mapray::save(&copy, map))),
            Lent::MapMut(map) => asked.push(("save", mapray::save(&copy, map))),
            Lent::DynMap(map) => asked.push(("typed", map.typed::<u8, Ix1>().map(drop))),
            Lent::DynMapMut(map) => asked.push(("typed", map.typed::<u8, Ix1>().map(drop))),
        }
        assert!(!copy.exists(), "a copy of zeros was saved");
        asked
    }

    fn close(self) -> Result<()> {
        each!(self, map => map.close())
    }
}

fn is_cut<T>(result: Result<T>, path: &Path, doing: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{doing}: the map has lost its end"));
    assert_eq!(error.kind(), ErrorKind::Truncated, "{doing}: {error}");
    assert_eq!(error.path(), Some(path), "{doing}: {error}");
}

/// Runs the test in a process of its own, where the guard is installed.
fn guarded(test: &str, work: impl FnOnce(&Path)) {
    if !is_child(test) {
        return rerun(test, "");
    }
    guard::install().unwrap();
    assert!(guard::is_installed());
    let folder = tempfile::tempdir().unwrap();
    work(&folder.path().canonicalize().unwrap());
}

/// Lengths to cut a file to: at each page and inside each one, and nothing at all.
fn cuts(len: usize) -> impl Iterator<Item = usize> {
    let each = |page| [page, page + 1, page + 1000];
    (0..len).step_by(PAGE).flat_map(each).filter(move |&end| end < len)
}

#[test]
fn a_file_cut_at_any_page_reads_as_zeros_from_there_on_in_every_kind_of_map() {
    guarded("a_file_cut_at_any_page_reads_as_zeros_from_there_on_in_every_kind_of_map", |folder| {
        let (path, len) = (folder.join("a"), 5 * PAGE + 700);
        let forwards: Vec<usize> = (OFFSET..len).step_by(41).collect();
        let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
        let scattered: Vec<usize> =
            (0..forwards.len()).map(|i| forwards[i * 7919 % forwards.len()]).collect();
        for kind in Lent::kinds() {
            for end in cuts(len) {
                for order in [&forwards, &backwards, &scattered] {
                    let doing = format!("{kind:?} cut to {end}");
                    make(&path, len);
                    let map = Lent::open(kind, &path);
                    map.check().unwrap();
                    cut(&path, end);
                    // The file is shorter, whether or not a byte was missed.
                    is_cut(map.check(), &path, &doing);
                    for &at in order {
                        let expected = if at < end { value(at) } else { 0 };
                        assert_eq!(map.byte(at), expected, "{doing}: byte {at}");
                    }
                    // What is lost stays lost, though the file is as long again.
                    cut(&path, len);
                    if end < len / PAGE * PAGE {
                        is_cut(map.check(), &path, &doing);
                    }
                }
            }
        }
    });
}

#[test]
fn every_later_call_on_a_map_that_lost_pages_is_an_error() {
    guarded("every_later_call_on_a_map_that_lost_pages_is_an_error", |folder| {
        let (path, len) = (folder.join("a"), 5 * PAGE);
        for kind in Lent::kinds() {
            make(&path, len);
            let map = Lent::open(kind, &path);
            for (doing, done) in map.asked(folder.join("there is no such folder").as_path()) {
                if !doing.starts_with("save") {
                    done.unwrap_or_else(|error| panic!("{kind:?}: {doing}: {error}"));
                }
            }
            cut(&path, 2 * PAGE);
            assert_eq!(map.byte(4 * PAGE), 0);
            for (doing, done) in map.asked(folder) {
                is_cut(done, &path, &format!("{kind:?}: {doing}"));
            }
            let error = map.check().unwrap_err();
            assert_eq!(error.offset(), Some(2 * PAGE as u64));
            let path_and = format!("{}: the file was cut short under its map", path.display());
            assert!(error.to_string().starts_with(&path_and), "{error}");
            is_cut(map.close(), &path, "close");
            // The file is mapped anew as it is now.
            let map = Lent::open(kind, &path);
            map.check().unwrap();
            assert_eq!(map.byte(2 * PAGE - 1), value(2 * PAGE - 1));
        }
    });
}

#[test]
fn a_map_that_lost_pages_is_neither_committed_nor_made_longer() {
    guarded("a_map_that_lost_pages_is_neither_committed_nor_made_longer", |folder| {
        let path = folder.join("a.npy");
        let cut_under = |mode| {
            mapray::save(&path, &ndarray::Array1::<u8>::ones(5 * PAGE)).unwrap();
            // SAFETY: as in `Lent::open`.
            let mut map = unsafe { MapMut::<u8, Ix1>::open(&path, mode) }.unwrap();
            map[0] = 7;
            cut(&path, 2 * PAGE);
            assert_eq!(map[4 * PAGE], 0);
            // The length is as it was, and still the map has lost what it had.
            cut(&path, 128 + 5 * PAGE);
            map
        };
        let mut map = cut_under(Mode::CopyOnWrite);
        let before = fs::read(&path).unwrap();
        is_cut(map.commit(), &path, "commit");
        is_cut(map.discard(), &path, "discard");
        assert_eq!(map[0], 7, "the edit is still in the map");
        assert!(fs::read(&path).unwrap() == before, "zeros were committed");
        drop(map);
        let mut map = cut_under(Mode::ReadWrite);
        is_cut(map.resize(6 * PAGE), &path, "resize");
        is_cut(map.append(&ndarray::arr1(&[1_u8])), &path, "append");
        assert_eq!(fs::metadata(&path).unwrap().len() as usize, 128 + 5 * PAGE);
    });
}

#[test]
fn what_the_file_still_has_stays_and_stores_to_the_rest_go_nowhere() {
    guarded("what_the_file_still_has_stays_and_stores_to_the_rest_go_nowhere", |folder| {
        let (path, len, end) = (folder.join("a"), 8 * PAGE, 4 * PAGE + 5);
        for kind in Lent::kinds().into_iter().filter(|(_, mode)| mode.is_writable()) {
            make(&path, len);
            let map = Lent::open(kind, &path);
            for page in 1..8 {
                map.store(page * PAGE + 1, 100);
            }
            cut(&path, end);
            for page in (1..8).rev() {
                let left = if page < 5 { 100 } else { 0 };
                assert_eq!(map.byte(page * PAGE + 1), left, "{kind:?}: page {page}");
                map.store(page * PAGE + 2, 200);
            }
            for page in 1..8 {
                assert_eq!(map.byte(page * PAGE + 2), 200, "{kind:?}: page {page}");
            }
            is_cut(map.close(), &path, "close");
            let expected: Vec<u8> = (0..end)
                .map(|at| match at % PAGE {
                    1 if kind.1 == Mode::ReadWrite && at > PAGE => 100,
                    2 if kind.1 == Mode::ReadWrite && at > PAGE => 200,
                    _ => value(at),
                })
                .collect();
            assert!(fs::read(&path).unwrap() == expected, "{kind:?}");
        }
    });
}

#[test]
fn the_rest_of_a_file_is_lost_at_once_from_whichever_end_it_is_read() {
    guarded("the_rest_of_a_file_is_lost_at_once_from_whichever_end_it_is_read", |folder| {
        let (path, pages) = (folder.join("a"), 4096);
        let areas = || fs::read_to_string("/proc/self/maps").unwrap().lines().count();
        for backwards in [false, true] {
            File::create(&path).unwrap().set_len((pages * PAGE) as u64).unwrap();
            let map = Lent::open(("Map", Mode::Read), &path);
            let before = areas();
            cut(&path, 100 * PAGE);
            for page in 1..pages {
                map.byte(if backwards { pages - page } else { page } * PAGE);
            }
            // One for what the file has, one for what it has not.
            assert!(areas() <= before + 1, "{before} areas became {}", areas());
        }
    });
}

#[test]
fn threads_that_read_and_write_while_the_file_is_cut_see_bytes_of_it_or_zeros() {
    let test = "threads_that_read_and_write_while_the_file_is_cut_see_bytes_of_it_or_zeros";
    guarded(test, |folder| {
        let (path, len) = (folder.join("a"), 40 * PAGE);
        for round in 0..120 {
            let kind = Lent::kinds()[round % Lent::kinds().len()];
            let end = round * 977 % len;
            make(&path, len);
            let map = Lent::open(kind, &path);
            let start = Barrier::new(5);
            let missed: usize = thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|thread| {
                        let (map, start) = (&map, &start);
                        scope.spawn(move || {
                            start.wait();
                            let mut missed = 0;
                            for i in 0..300 {
                                // The same pages and others, from either end.
                                let page = match thread {
                                    0 => 39 - i % 40,
                                    1 => i % 40,
                                    _ => (i * 17 + thread) % 40,
                                };
                                let at = OFFSET + page * PAGE;
                                if at >= len {
                                    continue;
                                }
                                match map.byte(at) {
                                    0 => missed += 1,
                                    byte => assert_eq!(byte, value(at), "{kind:?}: byte {at}"),
                                }
                                if map.byte(at) == 0 {
                                    assert!(map.check().is_err(), "{kind:?}: zeros, unnoticed");
                                }
                                if kind.1.is_writable() {
                                    map.store(at + 1 + thread, value(at + 1 + thread));
                                }
                            }
                            missed
                        })
                    })
                    .collect();
                start.wait();
                for _ in 0..round * 50 {
                    std::hint::spin_loop();
                }
                cut(&path, end);
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert!(missed == 0 || map.check().is_err(), "{missed} zeros, unnoticed");
            for at in (OFFSET..len).step_by(PAGE) {
                // In the page with the cut an edit keeps what stood behind it.
                let may_stay = kind.1 == Mode::CopyOnWrite && at / PAGE == end / PAGE;
                let found = map.byte(at);
                let expected = if at < end { value(at) } else { 0 };
                assert!(found == expected || may_stay, "{kind:?} cut to {end}: byte {at}");
            }
            is_cut(map.close(), &path, "close");
        }
    });
}

#[test]
fn maps_come_and_go_while_others_lose_pages() {
    guarded("maps_come_and_go_while_others_lose_pages", |folder| {
        let still = folder.join("still");
        make(&still, 3 * PAGE);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        let maps: Vec<Lent> = Lent::kinds()
                            .iter()
                            .take(2)
                            .map(|&it| Lent::open(it, &still))
                            .collect();
                        for map in &maps {
                            assert_eq!(map.byte(2 * PAGE), value(2 * PAGE));
                            map.check().unwrap();
                        }
                    }
                });
            }
            let path = folder.join("cut");
            for round in 0..300 {
                make(&path, 4 * PAGE);
                let map = Lent::open(Lent::kinds()[round % 6], &path);
                cut(&path, 2 * PAGE);
                assert_eq!((map.byte(PAGE), map.byte(3 * PAGE)), (value(PAGE), 0));
                is_cut(map.check(), &path, "check");
            }
            done.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn atomics_on_any_file_find_out_when_it_is_cut() {
    guarded("atomics_on_any_file_find_out_when_it_is_cut", |folder| {
        let path = folder.join("a");
        for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
            make(&path, 4 * PAGE);
            let map: LiveMap<u64, Ix1> = MapOptions::new().mode(mode).live(&path).unwrap();
            let (first, last) = (map.atomic(0).unwrap(), map.atomic(4 * PAGE / 8 - 1).unwrap());
            assert_eq!(last.load(Ordering::Relaxed).unwrap(), map.get(4 * PAGE / 8 - 1).unwrap());
            cut(&path, PAGE);
            // Nothing was missed so far.
            assert_ne!(first.load(Ordering::Acquire).unwrap(), 0);
            is_cut(last.load(Ordering::SeqCst), &path, "load");
            is_cut(first.load(Ordering::Relaxed), &path, "load of what is still there");
            if mode != Mode::Read {
                is_cut(last.fetch_add(1, Ordering::Relaxed), &path, "fetch_add");
                is_cut(last.store(1, Ordering::Release), &path, "store");
                is_cut(map.set(0, 1), &path, "set");
                is_cut(map.fill(1), &path, "fill");
            }
            is_cut(map.get(0), &path, "get");
            is_cut(map.to_array(), &path, "to_array");
            is_cut(map.atomic(0), &path, "atomic");
            is_cut(
                map.clone().into_dyn().slice(&"[:1]".parse().unwrap()).unwrap().get::<u64>(&[0]),
                &path,
                "slice",
            );
            // SAFETY: it is refused.
            is_cut(unsafe { map.clone().assume_stable() }, &path, "assume_stable");
            is_cut(map.close(), &path, "close");
        }
    });
}

#[test]
fn a_file_without_a_name_is_guarded_too() {
    guarded("a_file_without_a_name_is_guarded_too", |folder| {
        let (path, other) = (folder.join("a"), folder.join("b"));
        // Deleted or replaced before it is mapped, or after: its length can be told, or not.
        for case in ["deleted before", "deleted after", "replaced after"] {
            make(&path, 6 * PAGE);
            let file = File::options().read(true).write(true).open(&path).unwrap();
            if case == "deleted before" {
                fs::remove_file(&path).unwrap();
            }
            // SAFETY: as in `Lent::open`.
            let map = unsafe { MapOptions::new().map_mut::<u8, Ix1>(file.try_clone().unwrap()) };
            let mut map = map.unwrap();
            match case {
                "deleted after" => fs::remove_file(&path).unwrap(),
                "replaced after" => {
                    make(&other, 20 * PAGE);
                    fs::rename(&other, &path).unwrap();
                }
                _ => {}
            }
            file.set_len(2 * PAGE as u64).unwrap();
            for at in (0..6).rev().map(|page| page * PAGE) {
                assert_eq!(map[at], if at < 2 * PAGE { value(at) } else { 0 }, "{case}");
                map[at] = 1;
            }
            assert_eq!(map[5 * PAGE], 1, "{case}");
            let error = map.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated, "{case}: {error}");
        }
    });
}
