//! Edits of a copy-on-write map that are committed.

use mapray::{Mode, Npz};
use ndarray::{Array1, Ix1};

use super::{Work, described};

pub const COMMIT: Work = Work {
    name: "commit",
    file: "a.npz",
    begin: |path| mapray::savez(path, [("a", &edited(0))]).unwrap(),
    go_on: |path, state, reached| {
        let member = Npz::open(path).unwrap().member("a").unwrap();
        let mut map = member.map_live::<u32, Ix1>(Mode::CopyOnWrite).unwrap();
        for state in state + 1.. {
            EDITS.iter().for_each(|&i| map.set(i, state as u32).unwrap());
            map.commit().unwrap();
            reached(state);
        }
    },
    state: |path| {
        let npz = Npz::open(path).unwrap();
        assert!(npz.verify().unwrap().is_empty());
        let array = npz.read::<u32, Ix1>("a").unwrap();
        let state = array[0] as usize;
        assert_eq!(array, edited(state));
        state
    },
    in_numpy: |state| format!("a {}", described(&edited(state))),
};

/// Elements that lie on pages and in sectors of their own, and that are edited together.
const EDITS: [usize; 5] = [0, 1000, 9000, 9200, 24_999];

/// An array in which these have been edited.
fn edited(state: usize) -> Array1<u32> {
    let mut array = Array1::from_shape_fn(25_000, |i| i as u32);
    EDITS.iter().for_each(|&i| array[i] = state as u32);
    array
}
