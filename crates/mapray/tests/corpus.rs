//! Every kind of `.npy` file that NumPy writes or takes, opened through every tier and mode,
//! compared with what NumPy reads in it, and rewritten.

mod common;

use std::fs;
use std::path::Path;

use common::corpus::{Known, MODES, assert_covers, corpus};
use common::live;
use common::oracle::{as_json, indices, read_json};
use mapray::format::npy::Header;
use mapray::{ArrayFile, CreateOptions, DType, DynMap, DynMapMut, ErrorKind, Mode, Order};
use ndarray::Ix1;
use serde_json::{Value as Json, json};

#[test]
fn headers_say_what_numpy_reads_in_them() {
    let Some(corpus) = corpus("headers_say_what_numpy_reads_in_them") else { return };
    for known in &corpus.plain {
        let entry = mapray::inspect(&known.path).unwrap();
        let name = known.name();
        assert_eq!(entry.format, "npy", "{name}");
        assert_eq!(entry.version, Some(known.version), "{name}");
        assert_eq!(as_json(&entry.dtype().descr_literal()), known.descr, "{name}");
        assert_eq!(entry.shape(), known.shape, "{name}");
        assert_eq!(entry.order == Order::F, known.fortran_order, "{name}");
        assert_eq!(entry.offset(), known.offset, "{name}");
        assert_eq!(entry.nbytes(), known.nbytes as u64, "{name}");
        assert_eq!(entry.dtype().itemsize(), known.itemsize, "{name}");
        assert_eq!(entry.dtype().alignment(), known.alignment, "{name}");
        assert!(entry.is_mappable(), "{name}");
    }
    assert_covers(&corpus.plain, 2000, 170);
}

#[test]
fn every_tier_and_mode_gives_the_elements() {
    let Some(corpus) = corpus("every_tier_and_mode_gives_the_elements") else { return };
    let work = common::scratch();
    for known in &corpus.plain {
        let (name, path) = (known.name(), known.copy(work.path()));
        let at_once = |read: &dyn Fn(&mut [u8]) -> mapray::Result<()>| {
            let mut bytes = vec![0xee; known.nbytes];
            read(&mut bytes).unwrap();
            assert_eq!(bytes, known.elements, "{name}");
        };
        let one_by_one = |element: &dyn Fn(&[usize]) -> Vec<u8>| {
            for (index, bytes) in indices(&known.shape).iter().zip(known.each()) {
                assert_eq!(element(index), bytes, "{name} {index:?}");
            }
        };
        let file = ArrayFile::open(&path).unwrap();
        at_once(&|bytes| file.read_bytes(bytes));
        one_by_one(&|index| {
            let mut element = Vec::new();
            file.read_element(index, &mut element).unwrap();
            element
        });
        for mode in MODES {
            let live = file.map_live_dyn(mode).unwrap();
            assert_eq!((live.mode(), live.shape()), (mode, &known.shape[..]), "{name}");
            assert_eq!(live::bytes_of(&live), known.elements, "{name}");
        }
        // SAFETY: nobody else knows the copy, and it is not written.
        let map = unsafe { DynMap::open(&path) }.unwrap();
        one_by_one(&|index| map.view().element(index).unwrap().to_vec());
        at_once(&|bytes| map.view().read_bytes(bytes));
        for mode in [Mode::ReadWrite, Mode::CopyOnWrite] {
            // SAFETY: nobody else knows the copy, and no other map of it is looked at.
            let mut map = unsafe { DynMapMut::open(&path, mode) }.unwrap();
            one_by_one(&|index| map.view().element(index).unwrap().to_vec());
            let writable = map.view_mut();
            one_by_one(&|index| writable.as_view().element(index).unwrap().to_vec());
        }
        // SAFETY: as above.
        let error = unsafe { DynMapMut::open(&path, Mode::Read) }.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mode, "{name}");
    }
    assert_covers(&corpus.plain, 2000, 170);
}

#[test]
fn edits_reach_the_file_in_r_plus_and_in_no_other_mode() {
    let test = "edits_reach_the_file_in_r_plus_and_in_no_other_mode";
    let Some(corpus) = corpus(test) else { return };
    let work = common::scratch();
    for known in &corpus.plain {
        let (name, path) = (known.name(), known.copy(work.path()));
        let before = fs::read(&path).unwrap();
        let file = ArrayFile::open(&path).unwrap();
        let (one, all) = (vec![0xab; known.nbytes.min(1)], vec![0xab; known.nbytes]);

        let live = file.map_live_dyn(Mode::Read).unwrap();
        for bytes in [&one, &all] {
            let error = live::store(&live, bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Mode, "{name}");
        }

        let live = file.map_live_dyn(Mode::CopyOnWrite).unwrap();
        live::store(&live, &one).unwrap();
        live::store(&live, &all).unwrap();
        live.flush().unwrap();
        assert_eq!(live::bytes_of(&live), all, "{name}");
        assert!(fs::read(&path).unwrap() == before, "{name}: mode c wrote the file");

        let live = file.map_live_dyn(Mode::ReadWrite).unwrap();
        live::store(&live, &one).unwrap();
        let mut expected = before.clone();
        let start = known.offset as usize;
        expected[start..start + one.len()].copy_from_slice(&one);
        assert!(fs::read(&path).unwrap() == expected, "{name}: one byte");
        live::store(&live, &all).unwrap();
        live.flush().unwrap();
        expected[start..start + all.len()].copy_from_slice(&all);
        assert!(fs::read(&path).unwrap() == expected, "{name}: all bytes");
    }
    assert_covers(&corpus.plain, 2000, 170);
}

/// The header of these elements, apart from where the file's stands.
fn header(known: &Known, dtype: &DType, fortran_order: bool) -> Header {
    Header::new(dtype.clone(), known.shape.clone(), fortran_order).unwrap()
}

#[test]
fn files_are_written_as_numpy_writes_them_and_numpy_reads_them() {
    let test = "files_are_written_as_numpy_writes_them_and_numpy_reads_them";
    let Some(corpus) = corpus(test) else { return };
    let work = common::scratch();
    let (mut saved, mut identical, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (i, known) in corpus.plain.iter().enumerate() {
        let (name, original) = (known.name(), fs::read(&known.path).unwrap());
        let file = ArrayFile::open(&known.path).unwrap();
        let out = work.path().join(name);
        match i % 3 {
            0 => mapray::save_dyn(&out, &file).unwrap(),
            1 if live::WORKS => {
                mapray::save_dyn(&out, &file.map_live_dyn(Mode::Read).unwrap()).unwrap();
            }
            _ => {
                // SAFETY: no test writes to the files of the corpus.
                let map = unsafe { DynMap::open(&known.path) }.unwrap();
                mapray::save_dyn(&out, &map.view()).unwrap();
            }
        }
        let fortran_order = known.is_saved_in_fortran_order();
        let ours = fs::read(&out).unwrap();
        let header_bytes = header(known, file.dtype(), fortran_order).to_bytes().unwrap();
        let data = if fortran_order == known.fortran_order {
            known.in_file_order(&known.elements)
        } else {
            known.elements.clone()
        };
        assert!(ours == [&header_bytes[..], &data].concat(), "{name}");
        if known.saved {
            assert!(ours == original, "{name}: not as numpy.save writes it");
            saved.push(known);
        }
        expected.push(json!({
            "file": name,
            "descr": known.descr,
            "shape": known.shape,
            "fortran_order": fortran_order,
            "elements": known.elements.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        }));
        if known.identical {
            let header = header(known, file.dtype(), known.fortran_order);
            let header = header.encode(Some(known.version)).unwrap();
            assert!([&header[..], &data].concat() == original, "{name}: version and order");
            let created = create(known, file.dtype(), &work.path().join("created.npy"));
            assert!(created == original, "{name}: created");
            identical.push(known);
        }
    }
    assert!(saved.len() >= 1000, "{} files as numpy.save writes them", saved.len());
    assert_covers(identical, 1800, 140);
    fs::remove_file(work.path().join("created.npy")).unwrap();
    fs::write(work.path().join("expected.json"), Json::from(expected).to_string()).unwrap();
    let said = common::oracle::run(&corpus.python, "readback.py", work.path());
    assert_eq!(said, format!("{} files read back\n", corpus.plain.len()));
}

/// The bytes of a file that was made empty and then filled.
fn create(known: &Known, dtype: &DType, path: &Path) -> Vec<u8> {
    let order = if known.fortran_order { Order::F } else { Order::C };
    let (major, minor) = known.version;
    let options = CreateOptions::new(&known.shape[..]).order(order).version(major, minor);
    let live = options.live_dyn(path, dtype.clone()).unwrap();
    live::store(&live, &known.in_file_order(&known.elements)).unwrap();
    fs::read(path).unwrap()
}

#[test]
fn files_of_python_objects_are_described_but_not_opened() {
    let test = "files_of_python_objects_are_described_but_not_opened";
    let Some(corpus) = corpus(test) else { return };
    let objects: Vec<&Known> = corpus.others.iter().filter(|known| known.object).collect();
    for known in &objects {
        let entry = mapray::inspect(&known.path).unwrap();
        assert_eq!(as_json(&entry.dtype().descr_literal()), known.descr);
        assert_eq!((entry.shape(), entry.offset()), (&known.shape[..], known.offset));
        assert_eq!((entry.version, entry.is_mappable()), (Some(known.version), false));
        let error = ArrayFile::open(&known.path).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Dtype, Some(&*known.path)));
        let text = error.to_string();
        assert!(text.contains("Python objects cannot be read or mapped"), "{text}");
        assert!(text.contains("unpickling runs code that the file brings along"), "{text}");
        // SAFETY: no test writes to the files of the corpus.
        let error = unsafe { DynMap::open(&known.path) }.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Dtype);
    }
    assert_eq!(objects.len(), 4);
}

#[test]
fn headers_beyond_numpys_limit_are_refused_and_can_be_read_on_demand() {
    let test = "headers_beyond_numpys_limit_are_refused_and_can_be_read_on_demand";
    let Some(corpus) = corpus(test) else { return };
    let long: Vec<&Known> = corpus.others.iter().filter(|known| known.long_header).collect();
    for known in &long {
        for error in
            [mapray::inspect(&known.path).unwrap_err(), ArrayFile::open(&known.path).unwrap_err()]
        {
            assert_eq!((error.kind(), error.path()), (ErrorKind::Format, Some(&*known.path)));
        }
        let file = fs::read(&known.path).unwrap();
        let header = Header::parse_limited(&file, usize::MAX).unwrap();
        assert_eq!(as_json(&header.dtype.descr_literal()), known.descr);
        assert_eq!((&header.shape, header.data_offset), (&known.shape, known.offset));
        assert!(header.to_bytes().unwrap() == file[..known.offset as usize]);
    }
    assert_eq!(long.len(), 1);
}

#[test]
fn what_numpy_refuses_is_an_error_that_names_the_file() {
    let test = "what_numpy_refuses_is_an_error_that_names_the_file";
    let Some(corpus) = corpus(test) else { return };
    let list = read_json(&corpus.folder.path().join("refused.json"));
    let names: Vec<&str> =
        list.as_array().unwrap().iter().map(|json| json["file"].as_str().unwrap()).collect();
    for name in &names {
        let path = corpus.folder.path().join(name);
        let error = ArrayFile::open(&path).unwrap_err();
        let kind = match *name {
            // Nothing is left to tell the format by, or not enough.
            "cut-000.npy" | "cut-001.npy" | "cut-005.npy" => ErrorKind::Format,
            "bad-length.npy" => ErrorKind::Truncated,
            cut if cut.starts_with("cut-") => ErrorKind::Truncated,
            // Each axis is a length, their product is not.
            "bad-shape-14.npy" => ErrorKind::Shape,
            _ => ErrorKind::Format,
        };
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.path(), Some(&*path), "{error}");
        assert!(error.to_string().starts_with(&format!("{}: ", path.display())), "{error}");
        assert_eq!(mapray::load::<i32, Ix1>(&path).unwrap_err().kind(), kind);
        // SAFETY: no test writes to the files of the corpus.
        assert_eq!(unsafe { DynMap::open(&path) }.unwrap_err().kind(), kind);
    }
    assert!(names.len() >= 100, "{} files", names.len());
}
