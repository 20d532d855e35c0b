//! Files and archives that are saved whole.

use std::path::Path;

use mapray::Npz;
use ndarray::{Array1, Ix1};

use super::{Work, described};

pub const SAVE: Work = Work {
    name: "save",
    file: "a.npy",
    begin: |path| mapray::save(path, &array(0)).unwrap(),
    go_on: |path, state, reached| {
        for state in state + 1.. {
            mapray::save(path, &array(state)).unwrap();
            reached(state);
        }
    },
    state: |path| state_of(&mapray::load::<u32, Ix1>(path).unwrap()),
    in_numpy: |state| described(&array(state)),
};

pub const SAVEZ: Work = Work {
    name: "savez",
    file: "a.npz",
    begin: |path| save_members(path, 0),
    go_on: |path, state, reached| {
        for state in state + 1.. {
            save_members(path, state);
            reached(state);
        }
    },
    state: |path| {
        let npz = Npz::open(path).unwrap();
        assert!(npz.verify().unwrap().is_empty());
        let [a, b] = ["a", "b"].map(|name| state_of(&npz.read::<u32, Ix1>(name).unwrap()));
        assert_eq!(a, b);
        a
    },
    in_numpy: |state| format!("a {0}; b {0}", described(&array(state))),
};

/// About 100 kB, different in each state.
fn array(state: usize) -> Array1<u32> {
    Array1::from_shape_fn(25_000 + state % 100, |i| (state * 30_000 + i) as u32)
}

fn state_of(array: &Array1<u32>) -> usize {
    let state = array[0] as usize / 30_000;
    assert_eq!(*array, self::array(state));
    state
}

fn save_members(path: &Path, state: usize) {
    let array = array(state);
    mapray::savez(path, [("a", &array), ("b", &array)]).unwrap();
}
