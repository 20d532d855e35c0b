//! Commits to members of archives: their checksums are part of the step.

use std::fs;
use std::path::Path;

use mapray::{ErrorKind, Mode, Npz};
use ndarray::{Array1, Ix1};

use crate::common::{self, scratch};

fn save(path: &Path) {
    let zeros = Array1::<f64>::zeros(3000);
    mapray::savez(path, [("a", &zeros), ("b", &zeros)]).unwrap();
}

#[test]
fn a_member_is_committed_with_its_checksum_and_the_others_stay() {
    let folder = scratch();
    let path = folder.path().join("a.npz");
    save(&path);
    let npz = Npz::open(&path).unwrap();
    let before = fs::read(&path).unwrap();
    let member = npz.member("b").unwrap();
    let mut map = member.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    for round in 1..4 {
        let value = f64::from(round);
        [0, 1000, 2999].iter().for_each(|&i| map.set(i, value).unwrap());
        assert!(npz.verify().unwrap().is_empty(), "the file knows nothing of it yet");
        map.commit().unwrap();
        assert!(npz.verify().unwrap().is_empty(), "round {round}");
        let stored = npz.read::<f64, Ix1>("b").unwrap();
        assert_eq!(stored.sum(), 3.0 * value);
        assert_eq!(npz.read::<f64, Ix1>("a").unwrap().sum(), 0.0);
    }
    [0, 1000, 2999].iter().for_each(|&i| map.set(i, 0.0).unwrap());
    map.commit().unwrap();
    assert!(fs::read(&path).unwrap() == before, "the old bytes, with the old checksum");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn numpy_takes_a_committed_member() {
    const TEST: &str = "archives::numpy_takes_a_committed_member";
    let Some(python) = common::python() else {
        return common::skip(TEST, "MAPRAY_PYTHON is not set");
    };
    let folder = scratch();
    let path = folder.path().join("a.npz");
    let numpy = |script: &str| {
        let mut command = std::process::Command::new(&python);
        let output = command.args(["-c", script]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    numpy("import numpy, sys; numpy.savez(sys.argv[1], a=numpy.arange(5000.), b=numpy.ones(7))");
    let member = Npz::open(&path).unwrap().member("a").unwrap();
    let mut map = member.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    map.set(4321, 0.5).unwrap();
    map.commit().unwrap();
    let said = numpy(
        "import numpy, sys, zipfile; z = numpy.load(sys.argv[1]); a = z['a']; \
         print(a.sum(), a[4321], z['b'].sum(), zipfile.ZipFile(sys.argv[1]).testzip())",
    );
    let sum = 4999.0 * 2500.0 - 4321.0 + 0.5;
    assert_eq!(said.trim(), format!("{sum} 0.5 7.0 None"));
}

#[test]
fn a_member_that_was_moved_is_not_written() {
    let folder = scratch();
    let path = folder.path().join("a.npz");
    save(&path);
    let member = Npz::open(&path).unwrap().member("b").unwrap();
    // The directory is not what it was when the member was looked up; the map is newer.
    let mut bytes = fs::read(&path).unwrap();
    let directory = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    bytes.splice(directory..directory, [0; 40]);
    fs::write(&path, &bytes).unwrap();
    let mut map = member.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    map.set(5, 1.0).unwrap();
    let error = map.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    assert_eq!(error.member(), Some("b"));
    assert!(fs::read(&path).unwrap() == bytes);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(map.get(5).unwrap(), 1.0);
}

#[test]
fn a_member_of_an_archive_that_was_edited_since_is_not_written() {
    let folder = scratch();
    let path = folder.path().join("a.npz");
    save(&path);
    let member = Npz::open(&path).unwrap().member("b").unwrap();
    // Its directory stands elsewhere now; the old one is still there.
    let mut editor = mapray::NpzEditor::open(&path).unwrap();
    editor.add("c", &Array1::<u8>::zeros(3)).unwrap();
    editor.finish().unwrap();
    let before = fs::read(&path).unwrap();
    let mut map = member.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    map.set(5, 1.0).unwrap();
    let error = map.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
    assert!(fs::read(&path).unwrap() == before);
    let member = Npz::open(&path).unwrap().member("b").unwrap();
    let mut map = member.map_live::<f64, Ix1>(Mode::CopyOnWrite).unwrap();
    map.set(5, 1.0).unwrap();
    map.commit().unwrap();
    let npz = Npz::open(&path).unwrap();
    assert!(npz.verify().unwrap().is_empty());
    assert_eq!(npz.read::<f64, Ix1>("b").unwrap()[5], 1.0);
}
