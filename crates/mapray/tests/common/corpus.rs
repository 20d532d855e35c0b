//! The corpus that NumPy writes, and what it reads in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use mapray::Mode;
use serde_json::Value as Json;

use super::oracle::{hex, indices, lengths, read_json, run};

/// The modes in which a file that is there can be opened.
pub const MODES: [Mode; 3] = [Mode::Read, Mode::ReadWrite, Mode::CopyOnWrite];

/// A file, and what NumPy reads in it.
pub struct Known {
    pub path: PathBuf,
    pub version: (u8, u8),
    pub descr: Json,
    pub shape: Vec<usize>,
    pub fortran_order: bool,
    pub offset: u64,
    pub itemsize: usize,
    pub alignment: usize,
    pub nbytes: usize,
    /// Their bytes in C order, padding included.
    pub elements: Vec<u8>,
    /// Whether `numpy.lib.format` writes the same file for this array and version.
    pub identical: bool,
    /// Whether `numpy.save` does.
    pub saved: bool,
    pub object: bool,
    pub long_header: bool,
}

impl Known {
    fn new(folder: &Path, json: &Json) -> Known {
        let version = json["version"].as_str().unwrap().split_once('.').unwrap();
        let number = |key: &str| json[key].as_u64().unwrap();
        let flag = |key: &str| json[key].as_bool().unwrap();
        Known {
            path: folder.join(json["file"].as_str().unwrap()),
            version: (version.0.parse().unwrap(), version.1.parse().unwrap()),
            descr: json["descr"].clone(),
            shape: lengths(&json["shape"]).unwrap(),
            fortran_order: flag("fortran_order"),
            offset: number("offset"),
            itemsize: number("itemsize") as usize,
            alignment: number("alignment") as usize,
            nbytes: number("nbytes") as usize,
            elements: hex(&json["elements"]),
            identical: flag("identical"),
            saved: flag("saved"),
            object: flag("object"),
            long_header: flag("long_header"),
        }
    }

    pub fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    /// A copy that may be changed.
    pub fn copy(&self, folder: &Path) -> PathBuf {
        let copy = folder.join(self.name());
        fs::copy(&self.path, &copy).unwrap();
        copy
    }

    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_big_endian(&self) -> bool {
        self.descr.as_str().is_some_and(|descr| descr.starts_with('>'))
    }

    /// The bytes of each element, in C order.
    pub fn each(&self) -> Vec<&[u8]> {
        (0..self.len()).map(|i| &self.elements[i * self.itemsize..][..self.itemsize]).collect()
    }

    /// Elements that are given in C order, as they lie in the file.
    pub fn in_file_order(&self, elements: &[u8]) -> Vec<u8> {
        let mut placed = vec![0; elements.len()];
        for (i, index) in indices(&self.shape).iter().enumerate() {
            let axes = index.iter().zip(&self.shape);
            let weigh = |place, (i, n)| place * n + i;
            let place = match self.fortran_order {
                true => axes.rev().fold(0, weigh),
                false => axes.fold(0, weigh),
            };
            let bytes = &elements[i * self.itemsize..][..self.itemsize];
            placed[place * self.itemsize..][..self.itemsize].copy_from_slice(bytes);
        }
        placed
    }

    /// The whole file, if its elements were these.
    pub fn file_with(&self, elements: &[u8]) -> Vec<u8> {
        let mut file = fs::read(&self.path).unwrap();
        let data = self.offset as usize..self.offset as usize + self.nbytes;
        file[data].copy_from_slice(&self.in_file_order(elements));
        file
    }

    /// Whether `numpy.save` says that its elements lie in Fortran's order only.
    pub fn is_saved_in_fortran_order(&self) -> bool {
        let long = self.shape.iter().filter(|&&n| n > 1).count();
        self.fortran_order && long > 1 && self.nbytes > 0
    }
}

pub struct Corpus {
    pub python: PathBuf,
    pub folder: tempfile::TempDir,
    /// What can be mapped.
    pub plain: Vec<Known>,
    pub others: Vec<Known>,
}

/// The corpus, made once for all tests that run at a time.
pub fn corpus(test: &str) -> Option<Arc<Corpus>> {
    static SHARED: Mutex<Weak<Corpus>> = Mutex::new(Weak::new());
    let Some(python) = super::python() else {
        super::skip(test, "MAPRAY_PYTHON names no interpreter with NumPy");
        return None;
    };
    let mut shared = SHARED.lock().unwrap();
    if let Some(corpus) = shared.upgrade() {
        return Some(corpus);
    }
    let folder = super::scratch();
    run(&python, "corpus.py", folder.path());
    let list = read_json(&folder.path().join("corpus.json"));
    let all = list.as_array().unwrap().iter().map(|json| Known::new(folder.path(), json));
    let (others, plain) = all.partition(|known| known.object || known.long_header);
    let corpus = Arc::new(Corpus { python, folder, plain, others });
    *shared = Arc::downgrade(&corpus);
    Some(corpus)
}

/// A test must not pass because the corpus is poor.
pub fn assert_covers<'a>(files: impl IntoIterator<Item = &'a Known>, least: usize, dtypes: usize) {
    let files: Vec<&Known> = files.into_iter().collect();
    let distinct = |of: &dyn Fn(&Known) -> String| -> usize {
        files.iter().map(|known| of(known)).collect::<BTreeSet<_>>().len()
    };
    assert!(files.len() >= least, "{} files", files.len());
    let found = distinct(&|known| known.descr.to_string());
    assert!(found >= dtypes, "{found} dtypes");
    assert_eq!(distinct(&|known| format!("{:?}", known.version)), 3);
    assert_eq!(distinct(&|known| known.fortran_order.to_string()), 2);
    assert!(distinct(&|known| format!("{:?}", known.shape)) >= 9);
}
