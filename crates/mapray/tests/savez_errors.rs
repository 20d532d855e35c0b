//! Archives that cannot be written: an error that says why, and the old file as it was.

mod common;

use std::fs;
use std::path::Path;

use mapray::{ArrayFile, Compression, Error, ErrorKind, MemberArray, SavezOptions};
use ndarray::{Array1, arr0, arr1};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn options() -> [SavezOptions; 2] {
    [SavezOptions::new(), SavezOptions::new().compression(Compression::Deflate(1)).threads(2)]
}

fn assert_says(error: &Error, kind: ErrorKind, words: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text} lacks one of {words:?}");
}

#[test]
fn members_that_could_not_be_told_apart_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.npz");
    let one = arr0(1_u8);
    let long = "n".repeat(65_532);
    for (first, second, word) in [
        ("x", "x", "already"),
        ("", "", "already"),
        ("x", "x.npy", "'x'"),
        ("x.npy", "x", "'x.npy'"),
        ("", ".npy", "apart"),
        ("x", "a\0b", "NUL"),
        ("x", &long, "65531"),
    ] {
        for options in options() {
            let error = options.save(&path, [(first, &one), ("y", &one), (second, &one)]);
            let error = error.unwrap_err();
            assert_says(&error, ErrorKind::Format, &["z.npz", word]);
            assert_eq!(error.member(), Some(second));
            assert_eq!(error.path(), Some(path.as_path()));

            // A name that is refused does no harm to the others.
            let mut archive = options.create(&path).unwrap();
            archive.add(first, &one).unwrap();
            assert_says(&archive.add(second, &one).unwrap_err(), ErrorKind::Format, &[word]);
            archive.add("y", &one).unwrap();
            archive.finish().unwrap();
            fs::remove_file(&path).unwrap();
        }
    }
    for fits in [["x", "x.npy.npy"], ["X", "x"], ["x.npy", "y"], ["a/x", "x"], ["x", "x.np"]] {
        mapray::savez(&path, fits.map(|name| (name, &one))).unwrap();
    }
    mapray::savez(&path, [(&long[1..], &one)]).unwrap();
    assert_eq!(names(folder.path()), ["z.npz"]);
}

#[test]
fn what_cannot_be_had_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.npz");
    let one = arr0(1_u8);
    let deflate = |level| SavezOptions::new().compression(Compression::Deflate(level));
    for (options, word) in [
        (deflate(10), "found 10"),
        (deflate(255), "0 to 9"),
        (SavezOptions::new().align(0), "power of two"),
        (SavezOptions::new().align(48), "found 48"),
        (SavezOptions::new().align(32768), "16384"),
        (SavezOptions::new().align(usize::MAX), "power of two"),
    ] {
        let error = options.save(&path, [("a", &one)]).unwrap_err();
        assert_says(&error, ErrorKind::Unsupported, &["z.npz", word]);
        assert_says(&options.create(&path).unwrap_err(), ErrorKind::Unsupported, &[word]);
    }
    let error = mapray::savez(folder.path(), [("a", &one)]).unwrap_err();
    assert_says(&error, ErrorKind::Unsupported, &["regular file"]);
    #[cfg(unix)]
    assert_says(
        &mapray::savez_compressed("/dev/null", [("a", &one)]).unwrap_err(),
        ErrorKind::Unsupported,
        &["/dev/null", "regular file"],
    );
    let error = mapray::savez(folder.path().join("no/z.npz"), [("a", &one)]).unwrap_err();
    assert_says(&error, ErrorKind::Io, &["no/z.npz"]);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn an_array_that_cannot_be_read_leaves_the_old_archive() {
    let folder = tempfile::tempdir().unwrap();
    let (path, saved) = (folder.path().join("z.npz"), folder.path().join("cut.npy"));
    let small = arr1(&[1_u64, 2, 3]);
    for options in options() {
        options.save(&path, [("old", &small)]).unwrap();
        let old = fs::read(&path).unwrap();
        mapray::save(&saved, &Array1::<u64>::ones(1_000_000)).unwrap();
        let cut = ArrayFile::open(&saved).unwrap();
        fs::File::options().write(true).open(&saved).unwrap().set_len(5_000_000).unwrap();
        let members: [(&str, &dyn MemberArray); 3] = [("a", &small), ("b", &cut), ("c", &small)];
        let error = options.save(&path, members).unwrap_err();
        assert_says(&error, ErrorKind::Truncated, &["cut.npy"]);
        assert_eq!((error.path(), error.member()), (Some(saved.as_path()), None));
        assert!(fs::read(&path).unwrap() == old);

        let mut archive = options.create(&path).unwrap();
        archive.add("a", &small).unwrap();
        assert!(archive.add("b", &cut).is_err());
        // The archive lacks what its writer was asked to add: it must not look whole.
        assert_says(&archive.add("c", &small).unwrap_err(), ErrorKind::Io, &["lacks a member"]);
        assert_says(&archive.finish().unwrap_err(), ErrorKind::Io, &["z.npz", "lacks a member"]);
        assert!(fs::read(&path).unwrap() == old);
        assert_eq!(names(folder.path()), ["cut.npy", "z.npz"]);
    }
}

#[test]
fn an_archive_that_is_not_finished_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("z.npz");
    for options in options() {
        fs::write(&path, "old").unwrap();
        let mut archive = options.create(&path).unwrap();
        archive.add("a", &Array1::<f64>::ones(2_000_000)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(archive);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["z.npz"]);
    }
}

/// Bytes that no compression makes fewer.
#[cfg(target_os = "linux")]
fn noise(len: usize) -> Array1<u64> {
    let mut state = 1_u64;
    Array1::from_shape_simple_fn(len / 8, || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_old_archive_and_nothing_else() {
    use common::disk::Disk;

    let test = "a_full_disk_leaves_the_old_archive_and_nothing_else";
    let (small, large) = (noise(300_000), noise(16 << 20));
    for kind in ["ext4", "ext2", "tmpfs"] {
        let disk = match Disk::mount(kind, 8) {
            Ok(disk) => disk,
            Err(reason) => {
                common::skip(test, &format!("no small {kind} to fill: {reason}"));
                continue;
            }
        };
        let path = disk.root().join("z.npz");
        if !cfg!(mapray_portable) {
            // More than any disk holds, all of it the same byte: not one block is written of it.
            let (byte, free) = (arr1(&[7_u8]), disk.free());
            let huge = byte.broadcast(1 << 61).unwrap();
            let error = mapray::savez(&path, [("huge", &huge)]).unwrap_err();
            assert_says(&error, error.kind(), &["make room"]);
            assert_eq!((disk.names().contains(&"z.npz".to_owned()), disk.free()), (false, free));
        }
        for options in options() {
            for has_old in [false, true] {
                if has_old {
                    options.save(&path, [("old", &small)]).unwrap();
                }
                let (old, listed, free) = (fs::read(&path).ok(), disk.names(), disk.free());
                let check = |error: Error, doing: &str| {
                    assert_says(&error, ErrorKind::Space, &["z.npz"]);
                    assert!(fs::read(&path).ok() == old, "{doing} on {kind}");
                    assert_eq!(disk.names(), listed, "{doing} on {kind}");
                    let lost = free.saturating_sub(disk.free());
                    assert!(lost < 64 << 10, "{doing} on {kind}: {lost} bytes are gone");
                };
                let members = [("small", &small), ("large", &large)];
                check(options.save(&path, members).unwrap_err(), "save");
                let mut archive = options.create(&path).unwrap();
                archive.add("small", &small).unwrap();
                // What is compressed may wait in memory until the next call.
                let error = archive.add("large", &large).and_then(|()| archive.finish());
                check(error.unwrap_err(), "add");
            }
            fs::remove_file(&path).unwrap();
        }
    }
}
