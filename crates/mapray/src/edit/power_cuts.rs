//! Power cuts at every moment of every edit: what is found afterwards is whole, and either what the
//! caller was told is done, or what was being done.

use std::path::Path;

use ndarray::{Array1, Ix1};

use crate::array::Npz;
use crate::edit::{
    Compression, CreateOptions, Durability, NpzEditOptions, NpzEditor, SaveOptions, SavezOptions,
    load, save, savez,
};
use crate::format::zip::Directory;
use crate::source::{Journal, Source};
use crate::sys::record::{Change, acknowledge, record};

/// Changes a file in a folder of its own, step by step, from state 0 to state `steps`.
///
/// After each power cut `state` opens the file, which may have to recover it, and says in which state
/// it is.
fn survives(
    steps: usize,
    begin: impl Fn(&Path),
    step: impl Fn(&Path, usize),
    state: impl Fn(&Path) -> usize,
) {
    let parent = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let folder = parent.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("file");
    begin(&path);
    let recording = record(&folder, || {
        for n in 1..=steps {
            step(&path, n);
            acknowledge();
        }
    });

    assert!(!recording.changes().is_empty(), "nothing was recorded");
    let mut cuts = 0;
    recording.for_each_power_cut(1, |cut| {
        let found = state(&path);
        let possible = cut.acknowledged..=cut.acknowledged + 1;
        assert!(
            possible.contains(&found),
            "state {found} after {cut:?} of\n{:#?}",
            &recording.changes()[..cut.changes]
        );
        cuts += 1;
    });
    assert!(cuts > 2 * recording.changes().len());
}

/// Several sectors, all of them different in each state.
fn array(state: usize) -> Array1<u32> {
    Array1::from_shape_fn(300 + 40 * state, |i| (1000 * state + i) as u32)
}

fn state_of(array: &Array1<u32>) -> usize {
    let found = array[0] as usize / 1000;
    assert_eq!(*array, self::array(found));
    found
}

#[test]
fn a_saved_file_is_the_old_or_the_new_one() {
    survives(
        2,
        |path| save(path, &array(0)).unwrap(),
        |path, n| save(path, &array(n)).unwrap(),
        |path| state_of(&load::<u32, Ix1>(path).unwrap()),
    );
}

#[test]
fn a_saved_archive_is_the_old_or_the_new_one() {
    let save = |path: &Path, n| savez(path, [("a", &array(n)), ("b", &array(n))]).unwrap();
    survives(
        2,
        |path| save(path, 0),
        save,
        |path| {
            let npz = Npz::open(path).unwrap();
            assert!(npz.verify().unwrap().is_empty());
            let state = |name| state_of(&npz.read::<u32, Ix1>(name).unwrap());
            assert_eq!(state("a"), state("b"));
            state("a")
        },
    );
}

/// An archive with a member that no edit touches, and a directory of several sectors.
fn begin_archive(path: &Path) {
    let long = "n".repeat(1300);
    let large = Array1::from_shape_fn(5000, |i| i as u32);
    savez(path, [("a", &array(0)), (&*long, &large), ("b", &array(0))]).unwrap();
}

/// The state of an archive that [`begin_archive`] made, after recovery: it must be whole for those too
/// who know nothing of journals.
fn state_of_archive(path: &Path) -> usize {
    let npz = Npz::open(path).unwrap();
    assert!(npz.verify().unwrap().is_empty());
    assert_eq!(Journal::find(path).unwrap(), None);
    let source = Source::open(path).unwrap();
    let directory = Directory::read(&source, source.len().unwrap().unwrap()).unwrap();
    assert_eq!(Some(directory.end()), source.len().unwrap(), "nothing is behind the archive");
    let large = npz.read::<u32, Ix1>(&"n".repeat(1300)).unwrap();
    assert!(large.iter().enumerate().all(|(i, &n)| n as usize == i));
    let state = state_of(&npz.read::<u32, Ix1>("b").unwrap());
    assert_eq!(state_of(&npz.read::<u32, Ix1>("a").unwrap()), state);
    let more = (1..=state).map(|n| format!("more{n}"));
    assert!(npz.names().into_iter().skip(3).eq(more), "{:?}", npz.names());
    state
}

/// From one state to the next, all kinds of edits at once.
fn edit_archive(path: &Path, n: usize, options: &NpzEditOptions) {
    edited(path, n, options).finish().unwrap();
}

fn edited(path: &Path, n: usize, options: &NpzEditOptions) -> NpzEditor {
    let mut archive = options.open(path).unwrap();
    archive.replace("a", &array(n)).unwrap();
    archive.add("passing", &array(n)).unwrap();
    archive.replace("b", &array(n)).unwrap();
    // More than is gathered, so that there are several writes.
    archive.add(format!("more{n}"), &Array1::from_elem(150_000, n as u64)).unwrap();
    archive.remove("passing").unwrap();
    archive
}

#[test]
fn an_archive_edited_in_place_is_the_old_or_the_new_one() {
    let deflated = SavezOptions::new().compression(Compression::Deflate(1)).threads(1);
    for options in [NpzEditOptions::new(), NpzEditOptions::new().members(deflated)] {
        let step = |path: &Path, n| edit_archive(path, n, &options);
        survives(2, begin_archive, step, state_of_archive);
    }
}

#[test]
fn an_archive_rewritten_is_the_old_or_the_new_one() {
    let options = NpzEditOptions::new().rewrite(true);
    survives(1, begin_archive, |path, n| edit_archive(path, n, &options), state_of_archive);
}

#[test]
fn an_archive_whose_edit_was_cut_off_is_recovered_through_more_power_cuts() {
    let begin = |path: &Path| {
        begin_archive(path);
        edited(path, 1, &NpzEditOptions::new()).abandon();
    };
    let step = |path: &Path, n| edit_archive(path, n, &NpzEditOptions::new());
    survives(1, begin, step, state_of_archive);
}

#[test]
fn an_aligned_archive_is_the_old_or_the_new_one() {
    let step = |path: &Path, n: usize| {
        let options = SavezOptions::new().align(64 << n);
        assert!(!NpzEditOptions::new().members(options).align(path).unwrap().is_empty());
    };
    let begin = |path: &Path| {
        let unaligned = SavezOptions::new().align(1);
        unaligned.save(path, [("a", &array(3)), ("b", &array(7))]).unwrap();
    };
    survives(2, begin, step, |path| {
        let npz = Npz::open(path).unwrap();
        assert!(npz.verify().unwrap().is_empty());
        let states = ["a", "b"].map(|name| state_of(&npz.read::<u32, Ix1>(name).unwrap()));
        assert_eq!(states, [3, 7]);
        let aligned = |n: usize| {
            let offsets = ["a", "b"].map(|name| npz.entry(name).unwrap().offset());
            offsets.iter().all(|offset| offset.is_multiple_of(64 << n))
        };
        (1..=2).rev().find(|&n| aligned(n)).unwrap_or(0)
    });
}

#[test]
fn what_need_not_last_waits_for_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let within = folder.path().join("folder");
    std::fs::create_dir(&within).unwrap();
    let syncs = |durability| {
        let recording = record(&within, || {
            let (array, path) = (array(0), within.join("a"));
            SaveOptions::new().durability(durability).save(&path, &array).unwrap();
            SavezOptions::new().durability(durability).save(&path, [("a", &array)]).unwrap();
            let create = CreateOptions::new(3).durability(durability);
            create.file(&path, "<f8".parse().unwrap()).unwrap();
            let members = SavezOptions::new().durability(durability);
            members.save(&path, [("a", &array)]).unwrap();
            let edit = NpzEditOptions::new().members(members);
            for edit in [edit.clone(), edit.rewrite(true)] {
                let mut archive = edit.open(&path).unwrap();
                archive.replace("a", &array).unwrap();
                archive.finish().unwrap();
            }
        });
        let is_sync =
            |change: &&Change| matches!(change, Change::SyncFile(_) | Change::SyncFolder(_));
        recording.changes().iter().filter(is_sync).count()
    };
    assert_eq!((syncs(Durability::Buffered), syncs(Durability::Synced)), (0, 16));
}
