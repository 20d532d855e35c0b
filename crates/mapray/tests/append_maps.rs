//! Maps that make their files longer and shorter, and readers that follow.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::live::WORKS;
use mapray::{
    Appender, ArrayFile, DynLiveMap, DynMapMut, ErrorKind, LiveMap, MapMut, MapOptions, Mode,
    Result,
};
use ndarray::{Array1, Ix1, Ix2, arr1, arr2, s};

fn numbers(n: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = common::scratch();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &Array1::from_iter((0..n).map(|i| i as f64))).unwrap();
    (folder, path)
}

fn live(path: &Path, mode: Mode) -> LiveMap<f64, Ix1> {
    ArrayFile::open(path).unwrap().map_live(mode).unwrap()
}

fn stable(path: &Path) -> Result<MapMut<f64, Ix1>> {
    // SAFETY: nobody else touches the file while the map lives, but to find it locked.
    unsafe { MapMut::open(path, Mode::ReadWrite) }
}

/// What a plain load finds, and that the file has nothing else.
fn content(path: &Path) -> Vec<f64> {
    let array = mapray::load::<f64, Ix1>(path).unwrap();
    assert_eq!(fs::metadata(path).unwrap().len(), 128 + 8 * array.len() as u64);
    array.to_vec()
}

#[test]
fn a_map_that_is_an_array_grows_and_shrinks_with_its_file() -> Result<()> {
    let (_folder, path) = numbers(3);
    let mut map = stable(&path)?;
    map[0] = 10.0;
    map.resize(6)?;
    assert_eq!(map.to_vec(), [10.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
    map[5] = 5.0;
    map.append(&arr1(&[6.0, 7.0]))?;
    assert_eq!(content(&path), [10.0, 1.0, 2.0, 0.0, 0.0, 5.0, 6.0, 7.0]);
    // A view turned around does not count.
    map.invert_axis(ndarray::Axis(0));
    map.resize(2)?;
    assert_eq!((map.to_vec(), content(&path)), (vec![10.0, 1.0], vec![10.0, 1.0]));
    // Past pages, and back to none.
    map.resize(100_000)?;
    map.slice_mut(s![2..]).fill(1.5);
    map.flush()?;
    assert_eq!(map.sum(), 11.0 + 1.5 * 99_998.0);
    map.resize(0)?;
    assert!(map.is_empty() && content(&path).is_empty());
    map.append(&arr1(&[1.0]))?;
    map += 1.0;
    map.close()?;
    assert_eq!(content(&path), [2.0]);
    assert!(stable(&path).is_ok(), "nobody has it locked any more");
    Ok(())
}

#[test]
fn a_map_of_a_dtype_known_at_run_time_grows() -> Result<()> {
    let folder = common::scratch();
    let path = folder.path().join("f.npy");
    mapray::save(&path, &arr2(&[[1_i16, 2], [3, 4], [5, 6]]).t())?;
    // SAFETY: nobody else touches the file.
    let mut map = unsafe { DynMapMut::open(&path, Mode::ReadWrite)? };
    assert_eq!(map.view().shape(), [2, 3]);
    map.append(&arr1(&[7_i16, 8]))?;
    map.append_dyn(&ArrayFile::open(&path)?.slice(&"[:, 1:2]".parse()?)?)?;
    map.typed_mut::<i16, Ix2>()?[(0, 4)] = -3;
    map.resize(6)?;
    let expected = arr2(&[[1_i16, 3, 5, 7, -3, 0], [2, 4, 6, 8, 4, 0]]);
    assert_eq!(map.typed::<i16, Ix2>()?, expected);
    drop(map);
    assert_eq!(mapray::load::<i16, Ix2>(&path)?, expected);
    Ok(())
}

#[test]
fn a_live_map_grows_while_its_clones_stay_as_they_are() -> Result<()> {
    if !WORKS {
        return Ok(());
    }
    let (_folder, path) = numbers(3);
    let mut map = live(&path, Mode::ReadWrite);
    let mut clone = map.clone();
    map.append(&arr1(&[3.0]))?;
    map.resize(5)?;
    map.set(4, 4.0)?;
    clone.set(0, -1.0)?;
    assert_eq!((clone.shape(), map.shape()), (&[3][..], &[5][..]));
    assert_eq!(map.to_array()?.to_vec(), [-1.0, 1.0, 2.0, 3.0, 4.0]);
    let error = map.as_dyn().slice(&"[1:]".parse()?)?.resize(9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape, "{error}");
    let error = clone.resize(9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape, "it does not know of all the rows: {error}");
    clone.refresh()?;
    assert_eq!(clone.to_array()?, map.to_array()?);
    // The clone's pages are its own now; those of a slice are not.
    drop(clone);
    let slice = map.slice(&"[3:]".parse()?)?;
    let error = map.resize(2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    assert_eq!((content(&path).len(), slice.get([1].as_slice())?), (5, 4.0));
    drop(slice);
    map.resize(2)?;
    assert_eq!((content(&path), map.to_array()?.to_vec()), (vec![-1.0, 1.0], vec![-1.0, 1.0]));
    // Others may write beside it again.
    let beside = live(&path, Mode::ReadWrite);
    let error = map.resize(7).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    map.set(1, 7.0)?;
    assert_eq!(beside.get(1)?, 7.0);
    Ok(())
}

#[test]
fn a_map_follows_its_file_when_that_is_written_anew() -> Result<()> {
    let folder = common::scratch();
    let path = folder.path().join("tight.npy");
    let make = || {
        let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}\n";
        let prelude = [b"\x93NUMPY\x01\0".as_slice(), &(text.len() as u16).to_le_bytes()].concat();
        fs::write(&path, [&prelude, text.as_bytes(), &[5; 9]].concat()).unwrap();
    };
    make();
    // SAFETY: nobody else touches the file.
    let mut map = unsafe { MapMut::<u8, Ix1>::open(&path, Mode::ReadWrite)? };
    map[8] = 8;
    map.append(&arr1(&[9_u8, 10]))?;
    map[0] = 0;
    map.close()?;
    assert_eq!(mapray::load::<u8, Ix1>(&path)?.to_vec(), [0, 5, 5, 5, 5, 5, 5, 5, 8, 9, 10]);
    make();
    let mut map = ArrayFile::open(&path)?.map_live::<u8, Ix1>(Mode::ReadWrite)?;
    let clone = map.clone();
    let error = map.resize(10).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "the clone would stay with the old file: {error}");
    drop(clone);
    let mut reader = ArrayFile::open(&path)?;
    map.resize(10)?;
    reader.refresh()?;
    assert_eq!((reader.shape(), reader.layout().offset()), (&[10][..], 128));
    Ok(())
}

#[test]
fn only_a_map_that_writes_its_file_changes_its_length() -> Result<()> {
    let (_folder, path) = numbers(3);
    for mode in [Mode::Read, Mode::CopyOnWrite] {
        let error = live(&path, mode).resize(5).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mode, "{error}");
        assert!(error.to_string().contains(&format!("'{mode}'")), "{error}");
    }
    let error = DynLiveMap::zeros("f8".parse()?, &[3])?.resize(5).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mode, "{error}");
    let raw = path.with_file_name("raw");
    let mut map = MapOptions::new().mode(Mode::Write).shape(8).live_dyn(&raw)?;
    assert_eq!(map.resize(9).unwrap_err().kind(), ErrorKind::Format, "there is no header");
    // Another array over the bytes of one.
    let mut bytes = live(&path, Mode::ReadWrite).into_dyn().view("u1".parse()?, &[24], 0, None)?;
    assert_eq!(bytes.resize(30).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(content(&path).len(), 3);
    Ok(())
}

#[test]
fn readers_follow_what_is_appended() -> Result<()> {
    let (_folder, path) = numbers(2);
    let mut log = Appender::open(&path)?;
    let mut file = ArrayFile::open(&path)?;
    let mut map = live(&path, Mode::Read);
    for n in 3..200 {
        log.push(&ndarray::arr0((n - 1) as f64))?;
        file.refresh()?;
        assert_eq!(file.shape(), [n - 1], "not flushed yet");
        log.flush()?;
        file.refresh()?;
        map.refresh()?;
        assert_eq!((file.shape(), map.shape()), (&[n][..], &[n][..]));
        assert_eq!(file.get::<f64>(&[n - 1])?, (n - 1) as f64);
        if WORKS {
            assert_eq!(map.get(n - 1)?, (n - 1) as f64);
        }
    }
    log.close()?;
    drop(map);
    mapray::resize(&path, 4)?;
    file.refresh()?;
    assert_eq!(file.shape(), [4]);
    // Another file of the same kind at the same path.
    let mut map = live(&path, Mode::Read);
    mapray::save(&path, &arr1(&[7.0; 9]))?;
    file.refresh()?;
    map.refresh()?;
    assert_eq!((file.shape(), map.shape(), file.get::<f64>(&[8])?), (&[9][..], &[9][..], 7.0));
    Ok(())
}

#[test]
fn what_is_of_another_kind_is_not_followed() -> Result<()> {
    let (folder, path) = numbers(5);
    let mut file = ArrayFile::open(&path)?;
    let mut map = live(&path, Mode::Read);
    let error = file.slice(&"[:3]".parse()?)?.refresh().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let error = map.slice(&"[::2]".parse()?)?.refresh().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    let error = live(&path, Mode::CopyOnWrite).refresh().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mode, "{error}");
    mapray::save(&path, &arr1(&[1.0_f32; 5]))?;
    for error in [file.refresh().unwrap_err(), map.refresh().unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
        assert!(
            error.to_string().contains("'<f8'") && error.to_string().contains("'<f4'"),
            "{error}"
        );
    }
    assert_eq!((file.shape(), file.get::<f64>(&[4])?), (&[5][..], 4.0), "it is as it was");
    mapray::save(&path, &arr2(&[[1.0; 5]]))?;
    assert_eq!(file.refresh().unwrap_err().kind(), ErrorKind::Changed);
    fs::remove_file(&path).unwrap();
    assert_eq!(map.refresh().unwrap_err().kind(), ErrorKind::Io);
    let npz = folder.path().join("a.npz");
    mapray::savez(&npz, [("a", &arr1(&[1.0]))])?;
    let error = mapray::Npz::open(&npz)?.member("a")?.refresh().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    Ok(())
}

#[test]
fn nothing_is_cut_off_under_a_map_of_this_process() -> Result<()> {
    let (_folder, path) = numbers(10);
    for mode in [Mode::Read, Mode::CopyOnWrite] {
        let map = live(&path, mode);
        let error = mapray::resize(&path, 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
        assert!(error.to_string().contains(&format!("in mode '{mode}'")), "{error}");
        assert_eq!(content(&path).len(), 10);
        // Longer is fine, and so is what lies behind the map.
        mapray::resize(&path, 20)?;
        mapray::resize(&path, 10)?;
        drop(map);
    }
    // A map that gets shorter itself is not in its own way, but another one is.
    let mut map = stable(&path)?;
    let reader = live(&path, Mode::Read);
    assert_eq!(map.resize(3).unwrap_err().kind(), ErrorKind::Locked);
    drop(reader);
    map.resize(3)?;
    assert_eq!((map.to_vec(), content(&path).len()), (vec![0.0, 1.0, 2.0], 3));
    Ok(())
}
