//! Saving an array onto the file that it is read from.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use mapray::{
    ArrayFile, Durability, DynMap, Map, MapMut, Mode, Result, SaveOptions, Slice, save_raw,
};
use ndarray::{Array2, Ix2};

fn array() -> Array2<f64> {
    // More than is copied at once.
    Array2::from_shape_fn((700, 1000), |(i, j)| (1000 * i + j) as f64)
}

/// Saves onto the file that the array lies in, and looks at it.
fn saved(save: impl FnOnce(&Path) -> Result<()>, expected: &Array2<f64>) {
    let folder = common::scratch();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &array()).unwrap();
    save(&path).unwrap();
    assert_eq!(mapray::load::<f64, Ix2>(&path).unwrap(), expected);
    let names: Vec<PathBuf> =
        folder.path().read_dir().unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(names, [path], "nothing is left beside it");
}

#[test]
fn an_array_saved_onto_the_file_that_it_lies_in_is_saved_as_it_was() {
    let slice: Slice = "[::-1, ::2]".parse().unwrap();
    let part = || array().slice(ndarray::s![..;-1, ..;2]).to_owned();
    for durability in [Durability::Synced, Durability::Buffered] {
        let options = SaveOptions::new().durability(durability);
        let open = |path: &Path| ArrayFile::open(path);
        saved(|path| options.save_dyn(path, &open(path)?.slice(&slice)?), &part());
        for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
            if cfg!(mapray_portable) {
                // There are no live maps to read.
                continue;
            }
            let map = |path: &Path| open(path)?.map_live_dyn(mode)?.slice(&slice);
            saved(|path| options.save_dyn(path, &map(path)?), &part());
        }
        // SAFETY: only the saves below touch the files, and they put others in their place.
        let stable = |path: &Path| unsafe { Map::<f64, Ix2>::open(path) };
        saved(|path| options.save(path, &stable(path)?.slice(ndarray::s![..;-1, ..;2])), &part());
        saved(|path| options.save(path, &*stable(path)?), &array());
        saved(
            |path| {
                // SAFETY: as above.
                let map = unsafe { DynMap::open(path)? };
                options.save_dyn(path, &map.view())
            },
            &array(),
        );
    }
}

#[test]
fn the_map_keeps_the_old_file_and_edits_that_were_saved_are_in_the_new_one() {
    let folder = common::scratch();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &array()).unwrap();
    // SAFETY: nobody else touches the file.
    let mut map = unsafe { MapMut::<f64, Ix2>::open(&path, Mode::CopyOnWrite).unwrap() };
    map[(1, 1)] = -1.0;
    mapray::save(&path, &*map).unwrap();
    assert_eq!(mapray::load::<f64, Ix2>(&path).unwrap(), *map);
    map[(1, 2)] = -2.0;
    assert_eq!(mapray::load::<f64, Ix2>(&path).unwrap()[(1, 2)], 1002.0);
}

#[test]
fn elements_saved_onto_their_own_file_without_its_header_are_all_there() {
    let folder = common::scratch();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &array()).unwrap();
    save_raw(&path, &ArrayFile::open(&path).unwrap()).unwrap();
    let bytes: Vec<u8> = array().iter().flat_map(|value| value.to_le_bytes()).collect();
    assert!(fs::read(&path).unwrap() == bytes);
}
