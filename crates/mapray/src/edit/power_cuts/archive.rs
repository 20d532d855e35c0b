//! Power cuts while archives are edited.

use std::path::Path;

use ndarray::{Array1, Ix1};

use super::{array, state_of, survives};
use crate::array::Npz;
#[cfg(not(mapray_portable))]
use crate::edit::Compression;
use crate::edit::{NpzEditOptions, NpzEditor, SavezOptions, savez};
use crate::format::zip::Directory;
use crate::source::{Journal, Kind, Source};

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
    assert_eq!(Journal::find(path, Kind::Length).unwrap(), None);
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

// Where room cannot be reserved, zeros are written instead, a block at a time: thousands of changes.
#[test]
#[cfg(not(mapray_portable))]
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

// Where room cannot be reserved, zeros are written instead, a block at a time: thousands of changes.
#[test]
#[cfg(not(mapray_portable))]
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
