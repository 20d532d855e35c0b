//! Files that lie, from the corpus in `fuzz/`; and honest ones that are cut anywhere, or have any bit
//! flipped: an error each time, or something that can be read to its end, and nothing else.

#[path = "common/archive.rs"]
mod archive;
mod common;
/// What must hold of any input: the fuzz targets try the same on what the fuzzer thinks up.
#[path = "../../../fuzz/src/lib.rs"]
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

use common::child::{is_child, rerun};
use mapray::layout::Slice;
use mapray::{Archive, ArrayFile, DType, Error, ErrorKind, Npz, Text};
use ndarray::Ix1;

/// A file of the corpus, and what its line of the manifest says.
struct Case {
    path: PathBuf,
    /// `reads`, `Kind` or `Kind in member`.
    expected: String,
    bytes: Vec<u8>,
}

impl Case {
    fn extension(&self) -> &str {
        self.path.extension().unwrap().to_str().unwrap()
    }
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz"))
}

/// The files below this folder of the corpus.
fn cases(below: &str) -> Vec<Case> {
    let manifest = fs::read_to_string(folder().join("manifest.tsv")).unwrap();
    let lines = manifest.lines().filter(|line| line.starts_with(below));
    let case = |line: &str| {
        let [name, expected, what] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a line of the manifest: {line}");
        };
        assert!(!what.is_empty());
        let path = folder().join(name);
        Case { bytes: fs::read(&path).unwrap(), path, expected: expected.to_owned() }
    };
    lines.map(case).collect()
}

/// Holds bytes against the properties of the format that the extension names.
fn check(extension: &str, bytes: &[u8]) {
    match extension {
        "npy" => {
            properties::npy_header::check(bytes);
            properties::npy_file::check(bytes);
            properties::append::check(bytes);
        }
        "journal" => properties::journal::check(bytes),
        "npz" => properties::npz::check(bytes),
        "safetensors" => properties::safetensors::check(bytes),
        "dtype" => properties::dtype::check(bytes),
        "slice" => properties::slice::check(bytes),
        other => panic!("no format has the extension {other}"),
    }
}

/// What opening the file gives, in the words of the manifest, and the error if there is one.
fn outcome(case: &Case) -> (String, Option<Error>) {
    let text = || std::str::from_utf8(&case.bytes).unwrap();
    let opened = match case.extension() {
        "dtype" => text().parse::<DType>().or_else(|_| DType::parse_descr(text())).map(drop),
        "slice" => text().parse::<Slice>().map(drop),
        "npy" => ArrayFile::open(&case.path).map(drop),
        "journal" => open_beside(&case.bytes),
        _ => return outcome_of_archive(case),
    };
    match opened {
        Ok(()) => ("reads".to_owned(), None),
        Err(error) => (format!("{:?}", error.kind()), Some(error)),
    }
}

/// Opens an array that has a journal of these bytes beside it.
fn open_beside(journal: &[u8]) -> Result<(), Error> {
    let place = properties::folder();
    let path = place.path().join("a.npy");
    fs::copy(folder().join("valid/v1.npy"), &path).unwrap();
    fs::write(place.path().join(".a.npy.mapray-journal"), journal).unwrap();
    ArrayFile::open(&path).map(drop)
}

fn outcome_of_archive(case: &Case) -> (String, Option<Error>) {
    let archive = match Archive::open(&case.path) {
        Ok(archive) => archive,
        Err(error) => return (format!("{:?}", error.kind()), Some(error)),
    };
    for name in archive.names() {
        let read = archive.entry(&name).and_then(|entry| match entry.is_mappable() {
            true => archive.member(&name).and_then(|_| archive.decode(&name)),
            false => archive.decode(&name),
        });
        match read {
            Err(error) if !name.contains('\0') && error.member() != Some(&name) => {
                panic!("{}: the error names no member: {error}", case.path.display())
            }
            // Packed bits are described, not read.
            Err(error) if archive.format() == "safetensors" => drop(error),
            Err(error) => return (format!("{:?} in {name}", error.kind()), Some(error)),
            Ok(_) => {}
        }
    }
    ("reads".to_owned(), None)
}

#[test]
fn each_hostile_file_is_the_error_that_its_manifest_says() {
    let cases = cases("hostile/");
    assert!(cases.len() > 200);
    let mut wrong = Vec::new();
    for case in &cases {
        let (found, error) = outcome(case);
        let name = case.path.file_name().unwrap().display();
        if found != case.expected {
            let said = error.map_or(String::new(), |error| error.to_string());
            wrong.push(format!("{name}: expected {}, found {found}: {said}", case.expected));
            continue;
        }
        if let Some(error) = error {
            match case.extension() {
                "dtype" | "slice" => assert!(error.path().is_none()),
                "journal" => assert_is_sentence(&error, error.path().unwrap()),
                _ => assert_is_sentence(&error, &case.path),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is said of a file is one line that commands no terminal, whatever stands in the file.
fn assert_is_sentence(error: &Error, path: &Path) {
    let said = error.to_string();
    assert_eq!(error.path(), Some(path), "{said}");
    assert!(said.len() < 1500, "{} bytes of error: {said}", said.len());
    assert!(!said.contains(|c: char| c.is_control() || c == '\u{202e}'), "{said:?}");
}

#[test]
fn names_in_an_archive_are_told_without_what_they_do_to_a_terminal() {
    for case in cases("hostile/npz-name") {
        let archive = Archive::open(&case.path).unwrap();
        let error = archive.member("\x1b[2J").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Member);
        assert_is_sentence(&error, &case.path);
        let error = ArrayFile::open(&case.path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Member);
        assert_is_sentence(&error, &case.path);
    }
}

#[test]
fn elements_of_no_bytes_are_read_however_many_there_are() {
    let file = ArrayFile::open(folder().join("hostile/npy-itemsize-0-big-endian.npy")).unwrap();
    let array = file.to_array::<Text<0>, Ix1>().unwrap();
    assert_eq!(array.len(), 1 << 62);
    assert_eq!(array[array.len() - 1], "");
    assert_eq!(file.reduce().count_nonzero().unwrap().value::<i64>().unwrap(), 0);
    let difference = mapray::compare(&file, &file).difference().unwrap();
    assert!(difference.is_same() && difference.compared == 1 << 62);
    let digest = mapray::checksum(&file, mapray::Algorithm::Crc32, None).unwrap();
    assert_eq!(digest.as_bytes(), [0; 4]);
}

/// Once under a limit on the memory that a process may have.
#[test]
#[cfg(target_os = "linux")]
fn no_allocation_is_larger_than_the_file_justifies() {
    const TEST: &str = "no_allocation_is_larger_than_the_file_justifies";
    if !is_child(TEST) {
        return rerun(TEST, "export MALLOC_ARENA_MAX=1; ulimit -v 65536");
    }
    // What a claim that is believed would ask for cannot be had.
    assert!(Vec::<u8>::new().try_reserve_exact(64 << 20).is_err());
    for case in cases("") {
        let _ = outcome(&case);
        check(case.extension(), &case.bytes);
    }
    // A bomb is an error too where there is no memory for what is in it, and can be verified.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.npz");
    let (len, member) = bomb();
    fs::write(&path, archive::zip(&[member])).unwrap();
    assert!(len > 128 << 20 && fs::metadata(&path).unwrap().len() < 1 << 20);
    let npz = Npz::open(&path).unwrap();
    assert_eq!(npz.entry("a").unwrap().nbytes(), len as u64);
    let error = npz.decode("a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("not enough memory"), "{error}");
    assert!(npz.read::<u8, Ix1>("a").is_err());
    assert!(npz.verify().unwrap().is_empty());
}

/// A member of many NULs: how many, and deflated to about a thousandth.
#[cfg(target_os = "linux")]
fn bomb() -> (usize, archive::Member) {
    use flate2::{Compression, write::DeflateEncoder};
    use std::io::Write;

    // A run that ends at a byte, so that it can be repeated.
    let run = vec![0; 1 << 20];
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&run).unwrap();
    encoder.flush().unwrap();
    let packed_run = encoder.get_ref().clone();
    let runs = 160;
    let len = runs * run.len();
    let header = archive::npy("|u1", &[len], b"");
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&header).unwrap();
    encoder.flush().unwrap();
    let mut packed = encoder.get_ref().clone();
    (0..runs).for_each(|_| packed.extend(&packed_run));
    // The last block, which is empty.
    packed.extend([3, 0]);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&header);
    (0..runs).for_each(|_| crc.update(&run));
    let member = archive::Member {
        method: 8,
        crc: crc.finalize(),
        size: (header.len() + len) as u32,
        ..archive::Member::stored("a", packed)
    };
    (len, member)
}

#[test]
fn every_file_of_the_corpus_has_the_properties_of_its_format() {
    for case in cases("") {
        check(case.extension(), &case.bytes);
    }
}

#[test]
fn the_corpus_holds_what_its_manifest_lists() {
    let mut listed: Vec<_> = cases("").into_iter().map(|case| case.path).collect();
    let files = |name: &str| fs::read_dir(folder().join(name)).unwrap();
    let mut found: Vec<_> = ["valid", "hostile"]
        .into_iter()
        .flat_map(files)
        .map(|entry| entry.unwrap().path())
        .collect();
    listed.sort();
    found.sort();
    assert_eq!(listed, found);
}

/// All that can be decoded of the archive in a file with these bytes; nothing where it is none.
fn decoded(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let archive = Archive::from_file(properties::file(bytes)).ok()?;
    let read = |name: &String| archive.decode(name).ok().map(|array| array.as_bytes().to_vec());
    Some(archive.names().iter().filter_map(read).collect())
}

#[test]
fn cut_anywhere_a_valid_file_is_refused() {
    for case in cases("valid/") {
        let (found, error) = outcome(&case);
        assert_eq!((found.as_str(), case.expected.as_str()), ("reads", "reads"), "{error:?}");
        for len in 0..case.bytes.len() {
            let cut = &case.bytes[..len];
            check(case.extension(), cut);
            let is_refused = match case.extension() {
                "npy" => ArrayFile::from_file(properties::file(cut)).is_err(),
                "dtype" | "slice" => true,
                "journal" => open_beside(cut).unwrap_err().kind() == ErrorKind::Format,
                _ => decoded(cut).is_none(),
            };
            assert!(is_refused, "{len} bytes of {}", case.path.display());
        }
    }
}

#[test]
fn with_any_bit_flipped_a_valid_file_is_an_error_or_an_array_within_the_file() {
    for case in cases("valid/") {
        let mut bytes = case.bytes.clone();
        let elements = decoded(&bytes).unwrap_or_default();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                check(case.extension(), &bytes);
                // The only format with checksums.
                if case.extension() == "npz" {
                    for found in decoded(&bytes).unwrap_or_default() {
                        assert!(elements.contains(&found), "bit {bit} of byte {at}: {found:?}");
                    }
                }
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn with_any_number_made_as_large_as_can_be_nothing_breaks() {
    for case in cases("valid/") {
        for at in 0..case.bytes.len() {
            for width in [2, 4, 8] {
                let mut bytes = case.bytes.clone();
                bytes.iter_mut().skip(at).take(width).for_each(|byte| *byte = 0xff);
                check(case.extension(), &bytes);
            }
        }
    }
}

#[test]
fn the_generator_writes_the_corpus_that_is_checked_in() {
    const TEST: &str = "the_generator_writes_the_corpus_that_is_checked_in";
    let Some(python) = common::python() else {
        return common::skip(TEST, "MAPRAY_PYTHON is not set");
    };
    let made = common::scratch();
    let mut generator = std::process::Command::new(python);
    generator.arg(folder().join("corpus.py")).arg(made.path());
    assert!(generator.env("PYTHONDONTWRITEBYTECODE", "1").status().unwrap().success());
    let read = |of: &Path| fs::read(of).unwrap();
    assert!(read(&made.path().join("manifest.tsv")) == read(&folder().join("manifest.tsv")));
    for case in cases("") {
        let name = case.path.strip_prefix(folder()).unwrap();
        assert!(read(&made.path().join(name)) == case.bytes, "{} is another", name.display());
    }
}
