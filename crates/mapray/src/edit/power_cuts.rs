//! Power cuts at every moment of every edit: what is found afterwards is whole, and either what the
//! caller was told is done, or what was being done.

use std::path::Path;

use ndarray::{Array1, Ix1};

use crate::array::Npz;
use crate::edit::{CreateOptions, Durability, SaveOptions, SavezOptions, load, save, savez};
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
        });
        let is_sync =
            |change: &&Change| matches!(change, Change::SyncFile(_) | Change::SyncFolder(_));
        recording.changes().iter().filter(is_sync).count()
    };
    assert_eq!((syncs(Durability::Buffered), syncs(Durability::Synced)), (0, 6));
}
