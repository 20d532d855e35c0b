//! Files and archives that are saved whole.

use std::path::Path;

use ndarray::Ix1;

use super::{array, state_of, survives};
use crate::array::Npz;
use crate::edit::{
    CreateOptions, Durability, NpzEditOptions, SaveOptions, SavezOptions, load, save, savez,
};
use crate::sys::record::{Change, record};

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
