//! Archives that are edited, where they lie and by a new file.

use std::path::Path;

use mapray::{Npz, NpzEditOptions};
use ndarray::{Array1, Ix1};

use super::{Work, described};

pub const EDIT: Work = Work {
    name: "edit",
    file: "a.npz",
    begin,
    go_on: |path, state, reached| edit(path, state, false, reached),
    state,
    in_numpy,
};

pub const REWRITE: Work = Work {
    name: "rewrite",
    file: "a.npz",
    begin,
    go_on: |path, state, reached| edit(path, state, true, reached),
    state,
    in_numpy,
};

fn begin(path: &Path) {
    let [a, b] = arrays(0);
    mapray::savez(path, [("a", &a), ("stays", &stays()), ("b", &b)]).unwrap();
}

/// Replaces one member, and takes another out and puts it in again, from state to state.
fn edit(path: &Path, state: usize, rewrite: bool, reached: &mut dyn FnMut(usize)) {
    for state in state + 1.. {
        let [a, b] = arrays(state);
        // Now and then what is dead must go.
        let options = NpzEditOptions::new().rewrite(rewrite || state.is_multiple_of(100));
        let mut editor = options.open(path).unwrap();
        editor.replace("a", &a).unwrap();
        editor.remove("b").unwrap();
        editor.add("b", &b).unwrap();
        editor.finish().unwrap();
        reached(state);
    }
}

fn state(path: &Path) -> usize {
    let npz = Npz::open(path).unwrap();
    assert!(npz.verify().unwrap().is_empty());
    assert_eq!(npz.names(), ["a", "stays", "b"]);
    let [a, stays, b] = ["a", "stays", "b"].map(|name| npz.read::<u32, Ix1>(name).unwrap());
    let state = a[0] as usize / 1000;
    assert_eq!([a, b], arrays(state));
    assert_eq!(stays, self::stays());
    state
}

fn in_numpy(state: usize) -> String {
    let [a, b] = arrays(state);
    format!("a {}; b {}; stays {}", described(&a), described(&b), described(&stays()))
}

fn stays() -> Array1<u32> {
    Array1::from_shape_fn(3000, |i| i as u32)
}

/// A small one and one of about 100 kB, different in each state.
fn arrays(state: usize) -> [Array1<u32>; 2] {
    [500, 25_000 + state % 100].map(|n| Array1::from_shape_fn(n, |i| (state * 1000 + i) as u32))
}
