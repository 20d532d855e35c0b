//! Maps that let their file go while their pages are lent.

#![cfg(all(target_os = "linux", not(mapray_portable)))]

use std::fs;

use mapray::{ErrorKind, MapOptions, Mode};

#[test]
fn a_map_that_let_its_file_go_keeps_no_edit_of_it_and_writes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    fs::write(&path, vec![1; 3 * 4096]).unwrap();
    for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
        let options = MapOptions::new().mode(mode).locks(false);
        let mut map = options.live_dyn(&path).unwrap();
        let mut clone = map.clone();
        if mode == Mode::CopyOnWrite {
            map.set(&[5], 9_u8).unwrap();
        }
        map.detach().unwrap();
        map.detach().unwrap();
        let mut done = vec![map.check(), clone.flush(), clone.get::<u8>(&[0]).map(drop)];
        done.push(clone.resize(1));
        if mode != Mode::Read {
            // In mode `r` they have nothing to do.
            done.extend([clone.commit(), clone.discard()]);
        }
        for result in done {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Mode, "{mode}");
        }
        // SAFETY: the clone keeps the page, and nobody writes it.
        assert_eq!(unsafe { clone.as_ptr().wrapping_add(8191).read() }, 0);
    }
    assert_eq!(fs::read(&path).unwrap(), vec![1; 3 * 4096]);
}

#[test]
fn a_file_can_be_cut_once_its_maps_let_it_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &ndarray::Array1::<f64>::ones(10_000)).unwrap();
    let file = mapray::ArrayFile::open(&path).unwrap().without_locks().unwrap();
    let mut map = file.map_live_dyn(Mode::Read).unwrap();
    assert_eq!(mapray::resize(&path, 3).unwrap_err().kind(), ErrorKind::Locked);
    map.detach().unwrap();
    mapray::resize(&path, 3).unwrap();
    // SAFETY: the map keeps the page.
    assert_eq!(unsafe { map.as_ptr().wrapping_add(79_999).read() }, 0);
}
