//! Raw files through [`MapOptions`], against what `numpy.memmap` does with the same arguments.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

use common::live;
use common::oracle::{dtype, hex, lengths};
use mapray::{DynLiveMap, Error, ErrorKind, MapOptions, Mode, Order, Origin};
use serde_json::{Value as Json, json};

/// What came of it, by NumPy or by us.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    shape: Vec<usize>,
    strides: Vec<isize>,
    elements: Vec<u8>,
    file_size: u64,
    /// The file after every byte of the elements was set, where they can be written; the
    /// oracle leaves out the bytes of large files.
    edited: Option<Vec<u8>>,
}

/// One call of `numpy.memmap`.
struct Case<'a>(&'a Json);

impl Case<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.0[key].as_str()
    }

    /// The options, or which argument our types or words exclude.
    fn options(&self) -> Result<MapOptions, Refusal> {
        let mut options = MapOptions::new();
        if let Some(mode) = self.text("mode") {
            options = options.mode(mode.parse::<Mode>()?);
        }
        if !self.0["dtype"].is_null() {
            options = options.dtype(dtype(&self.0["dtype"]));
        }
        match &self.0["offset"] {
            Json::Null => {}
            offset => options = options.offset(offset.as_u64().ok_or(Refusal::Type("offset"))?),
        }
        let one = |n: &Json| Json::from(vec![n.clone()]);
        let shape = match &self.0["shape"] {
            Json::Null => None,
            list @ Json::Array(_) => Some(lengths(list)),
            number => Some(lengths(&one(number))),
        };
        if let Some(shape) = shape {
            options = options.shape(&shape.ok_or(Refusal::Type("shape"))?[..]);
        }
        if let Some(order) = self.text("order") {
            options = options.order(order.parse::<Order>()?);
        }
        Ok(options)
    }

    /// A copy of the file, and how to get at it.
    fn origin(&self, inputs: &Path, path: &Path) -> Origin {
        fs::copy(inputs.join(self.text("file").unwrap()), path).unwrap();
        let mut file = match self.text("handle") {
            None => return Origin::from(path),
            Some("rb") => File::open(path).unwrap(),
            Some(_) => File::options().read(true).write(true).open(path).unwrap(),
        };
        file.seek(SeekFrom::Start(3)).unwrap();
        Origin::from(file)
    }

    /// Whether the file would be made this long.
    fn asks_for_more_than_any_disk(&self) -> bool {
        let axes = self.0["shape"].as_array().into_iter().flatten();
        let longest = axes.filter_map(Json::as_u64).max().unwrap_or(0);
        longest >= 1 << 40 && ["r+", "w+"].contains(&self.text("mode").unwrap_or("r+"))
    }

    fn is_error(&self) -> bool {
        self.0["result"].get("error").is_some()
    }

    /// What NumPy gives.
    fn expected(&self) -> Option<Outcome> {
        let result = &self.0["result"];
        let numbers = |key: &str| result[key].as_array().unwrap().iter();
        (!self.is_error()).then(|| Outcome {
            shape: lengths(&result["shape"]).unwrap(),
            strides: numbers("strides").map(|n| n.as_i64().unwrap() as isize).collect(),
            elements: hex(&result["elements"]),
            file_size: result["file_size_after"].as_u64().unwrap(),
            edited: result.get("edited").filter(|bytes| !bytes.is_null()).map(hex),
        })
    }
}

/// Why there is no map.
#[derive(Debug)]
enum Refusal {
    Error(Error),
    /// No value of our type says this.
    Type(&'static str),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Error(error)
    }
}

/// The oracle leaves out the bytes of larger files.
const LARGE: u64 = 16384;

fn outcome(live: &DynLiveMap, path: &Path) -> mapray::Result<Outcome> {
    let elements = live::bytes_of(live);
    let file_size = fs::metadata(path).unwrap().len();
    let mut edited = None;
    if live.mode().is_writable() {
        live::store(live, &vec![0xab; elements.len()])?;
        live.flush()?;
        edited = Some(fs::read(path).unwrap()).filter(|_| file_size <= LARGE);
    }
    let layout = live.layout();
    let (shape, strides) = (layout.shape().to_vec(), layout.strides().to_vec());
    Ok(Outcome { shape, strides, elements, file_size, edited })
}

/// What we do. Where it is an error, nothing may have happened to the file.
fn ours(case: &Case, inputs: &Path, path: &Path) -> Result<Outcome, Refusal> {
    let options = case.options()?;
    let before = fs::read(inputs.join(case.text("file").unwrap())).unwrap();
    let live = options.live_dyn(case.origin(inputs, path)).inspect_err(|error| {
        assert!(fs::read(path).unwrap() == before, "{error}, and yet the file is another");
        // Some systems cannot tell the name of an open file.
        let named = case.text("handle").is_none() || live::WORKS;
        assert_eq!(error.path(), Some(path).filter(|_| named), "{error}");
    })?;
    other_tiers(case, &options, &live, inputs, path)?;
    Ok(outcome(&live, path)?)
}

/// The other ways to open the same give the same.
fn other_tiers(
    case: &Case,
    options: &MapOptions,
    live: &DynLiveMap,
    inputs: &Path,
    path: &Path,
) -> mapray::Result<()> {
    let elements = live::bytes_of(live);
    let mut again = vec![0xee; elements.len()];
    // What `w+` made is there to be read; of an empty file nothing can be.
    if fs::metadata(path).unwrap().len() > 0 {
        let file = options.file(path)?;
        assert_eq!((file.layout(), &file.entry().format), (live.layout(), &"raw"), "{}", case.0);
        file.read_bytes(&mut again)?;
        assert_eq!(again, elements, "{}", case.0);
        // NumPy looks at the address only if there is something at it.
        let aligned = case.0["result"]["aligned"].as_bool().unwrap();
        let entry = file.entry();
        assert!(entry.is_aligned() == aligned || elements.is_empty(), "{}", case.0);
    }
    let other = path.with_extension("other");
    let origin = case.origin(inputs, &other);
    again.fill(0xee);
    if live.mode() == Mode::Read {
        // SAFETY: nobody else knows the copy.
        let map = unsafe { options.map_dyn(origin) }?;
        map.view().read_bytes(&mut again)?;
        assert_eq!(map.layout(), live.layout(), "{}", case.0);
    } else {
        // SAFETY: nobody else knows the copy.
        let map = unsafe { options.map_dyn_mut(origin) }?;
        map.view().read_bytes(&mut again)?;
        assert_eq!(map.layout(), live.layout(), "{}", case.0);
    }
    assert_eq!(again, elements, "{}", case.0);
    fs::remove_file(other).unwrap();
    Ok(())
}

/// What kind of error ours is where NumPy's says this. `None`: our types do not let it be said.
const REFUSALS: [(&str, Option<ErrorKind>); 15] = [
    ("mode must be one of", Some(ErrorKind::Mode)),
    ("order must be one of", Some(ErrorKind::Shape)),
    ("shape must be given if mode == 'w+'", Some(ErrorKind::Shape)),
    ("mmap length is greater than file size", Some(ErrorKind::Truncated)),
    ("Size of available data is not a multiple of the data-type size.", Some(ErrorKind::Shape)),
    ("array is too big; ", Some(ErrorKind::Shape)),
    ("cannot mmap an empty file", Some(ErrorKind::Shape)),
    // Of elements of no bytes, without a shape.
    ("integer modulo by zero", Some(ErrorKind::Dtype)),
    // Of an open file that was opened for reading only.
    ("[Errno 13] Permission denied", Some(ErrorKind::Io)),
    ("write", Some(ErrorKind::Io)),
    // Of 2**62 bytes, as the file system has it.
    ("[Errno ", Some(ErrorKind::Io)),
    // Of one axis of -1, and of an offset behind the end.
    ("memory mapped length must be positive", Some(ErrorKind::Shape)),
    ("memory mapped offset must be positive", None),
    // Of 2**63 elements.
    ("Python int too large to convert to C long", Some(ErrorKind::Shape)),
    // Of negative axes, or an offset behind the end: likewise.
    ("negative dimensions are not allowed", Some(ErrorKind::Shape)),
];

/// What we do otherwise, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// NumPy makes a file for an empty array one byte long, to have something to map. We map
    /// nothing, so the file of an empty array stays empty.
    EmptyFile,
    /// NumPy takes a shape of -1 for 1 where it may write. Our shapes have no negative axes.
    MinusOne,
}

fn assert_same_refusal(case: &Case, ours: &Refusal) {
    let theirs = case.0["result"]["text"].as_str().unwrap();
    let row = REFUSALS.iter().find(|(text, _)| theirs.starts_with(text));
    let (_, kind) = row.unwrap_or_else(|| panic!("an error that is in no row: {}", case.0));
    match ours {
        // Some file systems cannot say how long it is, others find no room.
        Refusal::Error(error) if error.kind() == ErrorKind::Space => {
            assert_eq!(*kind, Some(ErrorKind::Io), "{error} {}", case.0);
        }
        Refusal::Error(error) => assert_eq!(Some(error.kind()), *kind, "{error} {}", case.0),
        Refusal::Type(argument) => {
            let value = &case.0[*argument];
            let numbers = value.as_array().map_or(vec![value], |axes| axes.iter().collect());
            assert!(numbers.iter().any(|n| n.as_i64().unwrap() < 0), "{}", case.0);
        }
    }
}

fn difference(case: &Case, theirs: &Outcome, ours: &Result<Outcome, Refusal>) -> Difference {
    match ours {
        Ok(ours) => {
            let empty = Outcome { file_size: 0, edited: Some(vec![]), ..theirs.clone() };
            assert_eq!(*ours, empty, "{}", case.0);
            assert!(theirs.elements.is_empty() && theirs.file_size == 1, "{}", case.0);
            Difference::EmptyFile
        }
        Err(Refusal::Type("shape")) => {
            assert!([json!(-1), json!([-1])].contains(&case.0["shape"]), "{}", case.0);
            Difference::MinusOne
        }
        Err(refusal) => panic!("NumPy takes it, we do not: {refusal:?} {}", case.0),
    }
}
#[test]
fn raw_files_are_mapped_as_numpy_maps_them() {
    let test = "raw_files_are_mapped_as_numpy_maps_them";
    let Some(python) = common::python() else {
        return common::skip(test, "MAPRAY_PYTHON names no interpreter with NumPy");
    };
    let folder = common::scratch();
    common::oracle::run(&python, "raw.py", folder.path());
    let lines = fs::read_to_string(folder.path().join("memmap.jsonl")).unwrap();
    let path = folder.path().join("copy.bin");
    let (mut same, mut refused, mut differences) = (BTreeMap::new(), 0, BTreeMap::new());
    for line in lines.lines() {
        let json: Json = serde_json::from_str(line).unwrap();
        let case = Case(&json);
        if case.asks_for_more_than_any_disk() && !common::reserves_at_once(folder.path()) {
            continue;
        }
        let ours = ours(&case, folder.path(), &path);
        match (case.expected(), ours) {
            (Some(theirs), Ok(ours)) if theirs == ours => {
                *same.entry(case.text("mode").unwrap_or("none").to_owned()).or_insert(0) += 1;
            }
            (Some(theirs), ours) => {
                *differences.entry(difference(&case, &theirs, &ours)).or_insert(0) += 1;
            }
            (None, Ok(ours)) => panic!("NumPy refuses it, we do not: {ours:?} {line}"),
            (None, Err(ours)) => {
                assert_same_refusal(&case, &ours);
                refused += 1;
            }
        }
        if let Err(error) = fs::remove_file(&path) {
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
    }
    for (mode, least) in [("r", 250), ("c", 250), ("r+", 250), ("w+", 250)] {
        assert!(same[mode] >= least, "{} cases alike in mode {mode}", same[mode]);
    }
    for mode in ["none", "readonly", "copyonwrite", "readwrite", "write"] {
        assert_eq!(same[mode], 1, "cases alike in mode {mode}");
    }
    assert!(refused >= 300, "{refused} cases refused");
    assert!(differences[&Difference::EmptyFile] >= 30, "{differences:?}");
    assert_eq!(differences[&Difference::MinusOne], 4);
}
