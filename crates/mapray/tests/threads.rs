//! Maps shared by threads, and files that are cut short under them.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mapray::{
    ArrayFile, DynLiveMap, DynMap, DynMapMut, DynView, DynViewMut, Error, ErrorKind, LiveMap, Map,
    MapMut, MapOptions, Mode, Pages,
};
use ndarray::{Ix1, Ix2, IxDyn};

const LIVE: bool = !cfg!(mapray_portable);

#[test]
fn maps_views_and_errors_can_go_to_other_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<ArrayFile>();
    shared::<DynLiveMap>();
    shared::<LiveMap<f64, IxDyn>>();
    shared::<Map<f64, Ix2>>();
    shared::<MapMut<f64, Ix2>>();
    shared::<DynMap>();
    shared::<DynMapMut>();
    shared::<DynView<'static>>();
    shared::<DynViewMut<'static>>();
    shared::<Pages<'static>>();
    shared::<MapOptions>();
    shared::<Error>();
}

#[test]
fn a_live_map_says_where_it_cannot_work() {
    let folder = tempfile::tempdir().unwrap();
    let map = MapOptions::new().mode(Mode::Write).shape(4);
    let map = map.live::<u8, Ix1>(folder.path().join("a")).unwrap();
    if LIVE {
        map.set(1, 5).unwrap();
        assert_eq!(map.get(1).unwrap(), 5);
        return;
    }
    assert_eq!(map.get(1).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(map.set(1, 5).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(map.to_array().unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn threads_write_their_own_rows_of_one_live_map() {
    if !LIVE {
        return;
    }
    const ROWS: usize = 8;
    const COLUMNS: usize = 1000;
    let folder = tempfile::tempdir().unwrap();
    let map: LiveMap<u32, Ix2> =
        mapray::create(folder.path().join("a.npy"), (ROWS, COLUMNS)).unwrap();
    thread::scope(|scope| {
        for row in 0..ROWS {
            let map = &map;
            scope.spawn(move || {
                for column in 0..COLUMNS {
                    map.set((row, column), (row * COLUMNS + column) as u32).unwrap();
                }
            });
        }
        // Someone who looks on sees zeros and values, nothing in between.
        for row in map.to_array().unwrap().rows() {
            let row = row.to_owned();
            assert!(row.iter().enumerate().all(|(i, &v)| v == 0 || v as usize % COLUMNS == i));
        }
    });
    let expected: Vec<u32> = (0..(ROWS * COLUMNS) as u32).collect();
    assert_eq!(map.to_array().unwrap().into_raw_vec_and_offset().0, expected);
}

#[test]
fn two_live_maps_of_one_file_see_each_others_stores() {
    if !LIVE {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let first: LiveMap<f64, Ix1> = mapray::create(&path, 100).unwrap();
    let file = ArrayFile::open(&path).unwrap();
    let second = file.map_live::<f64, Ix1>(Mode::ReadWrite).unwrap();
    let (stop, seen) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                if second.get(42).unwrap() == 7.0 {
                    second.set(43, 8.0).unwrap();
                    seen.store(true, Ordering::Relaxed);
                    return;
                }
            }
        });
        first.set(42, 7.0).unwrap();
        let start = std::time::Instant::now();
        while first.get(43).unwrap() != 8.0 && start.elapsed().as_secs() < 20 {}
        stop.store(true, Ordering::Relaxed);
    });
    assert!(seen.into_inner());
    assert_eq!(first.get(43).unwrap(), 8.0);
    assert_eq!(file.get::<f64>(&[43]).unwrap(), 8.0);
    let private = file.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    private.set(42, -1.0).unwrap();
    assert_eq!((first.get(42).unwrap(), private.get(42).unwrap()), (7.0, -1.0));
}

fn cut(path: &Path, len: u64) {
    File::options().write(true).open(path).unwrap().set_len(len).unwrap();
}

#[test]
fn a_file_cut_under_a_live_map_is_an_error_and_no_signal() {
    if !LIVE {
        return;
    }
    for mode in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let n = 100_000_usize;
        std::fs::write(&path, vec![1; n]).unwrap();
        let map = MapOptions::new().mode(mode).live::<u8, Ix1>(&path).unwrap();
        cut(&path, 10);
        let truncated = |result: mapray::Result<()>| {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
            assert_eq!(error.path(), Some(&*path.canonicalize().unwrap()));
        };
        assert_eq!(map.get(5).unwrap(), 1);
        truncated(map.get(n - 1).map(drop));
        truncated(map.to_array().map(drop));
        truncated(map.read_into(&mut ndarray::Array1::zeros(n)));
        truncated(map.fold(0, |sum, v| sum + u64::from(v)).map(drop));
        let strided = map.slice(&"[::-5000]".parse().unwrap()).unwrap();
        truncated(strided.to_array().map(drop));
        if mode != Mode::Read {
            map.set(5, 2).unwrap();
            truncated(map.set(n - 1, 2));
            truncated(map.fill(2));
            truncated(map.assign(&ndarray::Array1::zeros(n)));
        }
        map.flush().ok();
        map.pages().release().unwrap();
        // Made longer again, it can be read again.
        cut(&path, n as u64);
        assert_eq!(map.get(n - 1).unwrap(), 0);
    }
}

#[test]
fn a_file_cut_inside_a_page_is_an_error_of_a_live_map_too() {
    if !LIVE {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let (n, end) = (10_000_usize, 5000_usize);
    for (mode, old) in [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite]
        .into_iter()
        .flat_map(|mode| [(mode, 0_u8), (mode, 1)])
    {
        std::fs::write(&path, vec![old; n]).unwrap();
        let map = MapOptions::new().mode(mode).live::<u8, Ix1>(&path).unwrap();
        map.check().unwrap();
        cut(&path, end as u64);
        let truncated = |result: mapray::Result<()>| {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
            assert_eq!(error.offset(), Some(end as u64));
        };
        assert_eq!(map.get(end - 1).unwrap(), old);
        let before = map.slice(&"[:5000]".parse().unwrap()).unwrap();
        assert_eq!(before.to_array().unwrap(), ndarray::Array1::from_elem(end, old).into_dyn());
        // The page goes on, up to byte 8192; the file does not.
        truncated(map.get(end).map(drop));
        truncated(map.get(8191).map(drop));
        truncated(map.slice(&"[:5001]".parse().unwrap()).unwrap().to_array().map(drop));
        truncated(map.slice(&"[4990:8000:7]".parse().unwrap()).unwrap().to_array().map(drop));
        truncated(map.check());
        truncated(map.flush());
        if mode == Mode::ReadWrite {
            map.set(end - 1, 2).unwrap();
            truncated(map.set(end, 2));
            let across = map.slice(&"[4990:5010]".parse().unwrap()).unwrap();
            truncated(across.fill(2));
        }
        if mode == Mode::CopyOnWrite {
            // An edit is in memory, whatever the file has.
            map.set(end, 2).unwrap();
            assert_eq!(map.get(end).unwrap(), 2);
        }
        truncated(map.close());
    }
}

#[test]
fn a_file_cut_under_an_array_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &ndarray::Array1::<f64>::ones(1000)).unwrap();
    let file = ArrayFile::open(&path).unwrap();
    cut(&path, 128 + 80);
    assert_eq!(file.get::<f64>(&[9]).unwrap(), 1.0);
    let error = file.get::<f64>(&[10]).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::Truncated, Some(208)));
    assert_eq!(error.path(), Some(&*path));
    let error = file.to_array::<f64, Ix1>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let error = file.map_live_dyn(Mode::Read).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(ArrayFile::open(&path).unwrap_err().kind(), ErrorKind::Truncated);
}
