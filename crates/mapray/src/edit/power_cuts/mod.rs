//! Power cuts at every moment of every edit: what is found afterwards is whole, and either what the
//! caller was told is done, or what was being done.

mod append;
mod archive;
#[cfg(not(mapray_portable))]
mod commit;
mod save;

use std::path::Path;

use ndarray::Array1;

use crate::sys::record::{acknowledge, record};

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
