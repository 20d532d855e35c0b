//! Files that are appended to.

use std::path::Path;

use mapray::Appender;
use ndarray::{Array1, Ix1};

use super::{Work, described};

pub const APPEND: Work = Work {
    name: "append",
    file: "a.npy",
    begin: |path| mapray::save(path, &rows(0)).unwrap(),
    go_on: |path, state, reached| {
        for state in state + 1.. {
            if state % ROUND == 0 {
                mapray::save(path, &rows(state)).unwrap();
            } else {
                mapray::append(path, &row(state)).unwrap();
            }
            reached(state);
        }
    },
    state: state_of_rows,
    in_numpy: |state| described(&rows(state)),
};

pub const APPENDER: Work = Work {
    name: "appender",
    file: "a.npy",
    begin: |path| mapray::save(path, &rows(0)).unwrap(),
    go_on: |path, state, reached| {
        let mut log = Appender::open(path).unwrap();
        for state in state + 1.. {
            if state % ROUND == 0 {
                mapray::save(path, &rows(state)).unwrap();
                log = Appender::open(path).unwrap();
            } else {
                for part in row(state).exact_chunks(ROW / 7) {
                    log.extend(&part).unwrap();
                }
                log.flush().unwrap();
            }
            reached(state);
        }
    },
    state: state_of_rows,
    in_numpy: |state| described(&rows(state)),
};

/// So many elements come to an array with each state.
const ROW: usize = 700;
/// So many states later it begins anew.
const ROUND: usize = 64;

fn row(state: usize) -> Array1<u32> {
    Array1::from_shape_fn(ROW, |i| (state * 1000 + i) as u32)
}

/// What has been appended since the round began.
fn rows(state: usize) -> Array1<u32> {
    let round = (state - state % ROUND..=state).map(row);
    round.flat_map(|row| row.into_iter()).collect()
}

fn state_of_rows(path: &Path) -> usize {
    let found = mapray::load::<u32, Ix1>(path).unwrap();
    let state = found[found.len() - ROW] as usize / 1000;
    assert_eq!(found, rows(state));
    state
}
