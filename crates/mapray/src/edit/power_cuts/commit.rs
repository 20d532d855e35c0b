//! Edits of copy-on-write maps that are committed.

use ndarray::{Array1, Ix1};

use super::survives;
use crate::array::{ArrayFile, Npz};
use crate::edit::{load, save, savez};
use crate::map::Mode;

/// Stores the array of this state through a copy-on-write map, and commits it.
fn commit(file: &ArrayFile, state: usize) {
    let map = file.map_live::<u32, Ix1>(Mode::CopyOnWrite).unwrap();
    let n = map.shape()[0];
    // The first, some in the middle and the last: not in one run of sectors.
    for i in [0, 1, n / 2, n / 2 + 1, n - 1] {
        map.set(i, (1000 * state + i) as u32).unwrap();
    }
    let mut map = map;
    map.commit().unwrap();
}

/// Which state was committed last.
fn committed(array: &Array1<u32>) -> usize {
    let state = array[0] as usize / 1000;
    let n = array.len();
    for i in 0..n {
        let stored = [0, 1, n / 2, n / 2 + 1, n - 1].contains(&i);
        let expected = if stored { 1000 * state + i } else { i };
        assert_eq!(array[i] as usize, expected, "element {i}");
    }
    state
}

#[test]
fn a_commit_is_done_or_not_begun() {
    survives(
        2,
        |path| save(path, &Array1::from_shape_fn(700, |i| i as u32)).unwrap(),
        |path, n| commit(&ArrayFile::open(path).unwrap(), n),
        |path| committed(&load::<u32, Ix1>(path).unwrap()),
    );
}

#[test]
fn a_commit_to_a_member_comes_with_its_checksum() {
    let array = |_| Array1::from_shape_fn(300, |i| i as u32);
    survives(
        2,
        |path| savez(path, [("a", &array(0)), ("b", &array(1))]).unwrap(),
        |path, n| commit(&Npz::open(path).unwrap().member("a").unwrap(), n),
        |path| {
            let npz = Npz::open(path).unwrap();
            assert!(npz.verify().unwrap().is_empty());
            committed(&npz.read::<u32, Ix1>("a").unwrap())
        },
    );
}
