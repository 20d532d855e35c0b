//! Which maps have edits of their own.

#[cfg(mapray_portable)]
use std::fs;

use mapray::{ErrorKind, MapOptions, Mode};
use ndarray::Ix1;

use crate::{LEN, with_file};

#[test]
fn only_a_copy_on_write_map_has_edits_of_its_own() {
    let (_folder, path) = with_file();
    let mut read = MapOptions::new().mode(Mode::Read).live::<u8, Ix1>(&path).unwrap();
    assert_eq!(read.dirty_pages().unwrap(), []);
    read.discard().unwrap();
    read.commit().unwrap();
    for mode in [Mode::ReadWrite, Mode::Write] {
        let options = MapOptions::new().mode(mode).shape(LEN);
        // SAFETY: nobody else knows the file.
        let mut map = unsafe { options.map_mut::<u8, Ix1>(&path) }.unwrap();
        map.fill(9);
        let errors = [
            map.dirty_pages().unwrap_err(),
            map.pages().dirty().unwrap_err(),
            map.discard().unwrap_err(),
            map.commit().unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Mode, "{error}");
            assert_eq!(error.path(), Some(&*path));
        }
        assert!(map.iter().all(|&byte| byte == 9));
    }
    let empty = path.with_file_name("empty");
    mapray::save(&empty, &ndarray::Array1::<f64>::zeros(0)).unwrap();
    let file = mapray::ArrayFile::open(&empty).unwrap();
    let mut nothing = file.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    assert_eq!(nothing.dirty_pages().unwrap(), []);
    nothing.discard().unwrap();
    nothing.commit().unwrap();
}

#[test]
#[cfg(mapray_portable)]
fn where_pages_cannot_be_asked_an_error_says_so() {
    let (_folder, path) = with_file();
    let options = MapOptions::new().mode(Mode::CopyOnWrite);
    // SAFETY: nobody else knows the file.
    let mut map = unsafe { options.map_mut::<u8, Ix1>(&path) }.unwrap();
    map[0] = 1;
    let errors =
        [map.dirty_pages().unwrap_err(), map.discard().unwrap_err(), map.commit().unwrap_err()];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    assert_eq!((map[0], fs::read(&path).unwrap()[0]), (1, 7));
}
