//! The command among other processes: pipes, devices, limits.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::large::{in_64_mib, sparse};
use common::{mapray, refused, skip};
use mapray::CreateOptions;
use ndarray::{Array1, Ix2};

/// A file of 1 TiB that takes a few blocks of the disk: 2²⁰ × 2¹⁷ numbers, all 0 but the last.
fn one_tebibyte(folder: &Path) {
    sparse(folder, "huge.npy", (1 << 20, 1 << 17));
}

/// Runs the command with 256 MiB of address space and returns what it prints.
fn limited(folder: &Path, args: &[&str]) -> String {
    let start = Instant::now();
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 262144; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mapray")])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    // Reading all of it takes many minutes.
    assert!(start.elapsed() < Duration::from_secs(20), "{args:?}: {:?}", start.elapsed());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_tebibyte_is_shown_at_once_and_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    one_tebibyte(folder.path());
    let run = |args: &[&str]| limited(folder.path(), args);
    assert!(run(&["info", "huge.npy"]).contains("1099511627776 bytes (1.0 TiB)"));
    assert!(run(&["info", "huge.npy", "--json"]).contains("\"nbytes\":1099511627776"));
    let whole = "[[0.  0.  0.  ... 0.  0.  0. ]\n [0.  0.  0.  ... 0.  0.  0. ]\n \
                 [0.  0.  0.  ... 0.  0.  0. ]\n ...\n [0.  0.  0.  ... 0.  0.  0. ]\n \
                 [0.  0.  0.  ... 0.  0.  0. ]\n [0.  0.  0.  ... 0.  0.  1.5]]\n";
    assert_eq!(run(&["slice", "huge.npy"]), whole);
    assert_eq!(run(&["slice", "huge.npy[-1]"]), "[0.  0.  0.  ... 0.  0.  1.5]\n");
    assert_eq!(run(&["slice", "huge.npy[:, -1]"]), "[0.  0.  0.  ... 0.  0.  1.5]\n");
    assert_eq!(run(&["slice", "huge.npy[-1, -1]"]), "1.5\n");
    assert_eq!(
        run(&["head", "huge.npy[::-1, ::-1]", "-n", "1"]),
        "[[1.5 0.  0.  ... 0.  0.  0. ]]\n"
    );
    assert_eq!(run(&["head", "huge.npy", "-n", "1"]), "[[0. 0. 0. ... 0. 0. 0.]]\n");

    run(&["slice", "huge.npy[-2:, -3:]", "-o", "end.npy"]);
    let end = mapray::load::<f64, Ix2>(folder.path().join("end.npy")).unwrap();
    assert_eq!(end, ndarray::arr2(&[[0.0, 0.0, 0.0], [0.0, 0.0, 1.5]]));
    run(&["convert", "huge.npy[-100:]", "rows.raw"]);
    assert_eq!(fs::metadata(folder.path().join("rows.raw")).unwrap().len(), 100 << 20);
}

#[test]
fn a_tebibyte_takes_less_than_64_mib_of_private_memory() {
    let folder = tempfile::tempdir().unwrap();
    one_tebibyte(folder.path());
    let run = |args: &[&str]| in_64_mib(folder.path(), args);
    assert!(run(&["info", "huge.npy"]).contains(" of 1.0 TiB in memory (0%)"));
    assert!(run(&["ls"]).contains("1.0 TiB"));
    assert!(run(&["head", "huge.npy", "-n", "2"]).starts_with("[[0. 0. 0. ..."));
    assert!(run(&["tail", "huge.npy", "-n", "1"]).contains("1.5"));
    assert!(run(&["slice", "huge.npy"]).contains("1.5"));
    assert!(run(&["slice", "huge.npy", "--table"]).contains("1.5"));
    assert!(run(&["slice", "huge.npy[-1, -3:]", "--json"]).contains("[0.0,0.0,1.5]"));
    assert!(run(&["residency", "huge.npy[::1000, 0]"]).contains("in memory"));
    run(&["warm", "huge.npy"]);
    run(&["set", "huge.npy[-1, -2]", "2.5"]);
    run(&["set", "huge.npy[0]", "--from", "huge.npy[-1]"]);
    assert_eq!(run(&["slice", "huge.npy[0, -3:]", "--csv"]), "0.0\n2.5\n1.5\n");
    // A slice of very many pieces is described at once.
    assert!(run(&["info", "huge.npy[:, 0]", "--json"]).contains("\"resident\":null"));
}

#[test]
fn elements_too_large_to_print_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dtype = "S2000000000".parse().unwrap();
    let path = folder.path().join("long.npy");
    CreateOptions::new([100]).sparse(true).file(&path, dtype).unwrap();
    let message = refused(folder.path(), ["head", "long.npy"]);
    assert!(message.contains("too large: expected at most 1073741824 bytes"), "{message}");
}

/// A folder with a file that prints and writes more than a pipe holds.
fn long_text() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dtype = "S100000".parse().unwrap();
    let path = folder.path().join("long.npy");
    let file = CreateOptions::new([10]).file(&path, dtype).unwrap();
    let start = file.layout().offset();
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&[b'x'; 1_000_000], start).unwrap();
    folder
}

#[test]
fn a_closed_pipe_ends_the_command_quietly() {
    let folder = long_text();
    for args in [
        &["slice", "long.npy"][..],
        &["head", "long.npy"],
        &["info", "long.npy", "--json"],
        &["head", "long.npy", "--table"],
        &["slice", "long.npy", "--csv"],
        &["slice", "long.npy", "--json"],
        &["ls", "long.npy"],
        &["residency", "long.npy"],
        &["completions", "zsh"],
        &["man"],
        &["slice", "long.npy", "-o", "/dev/stdout"],
        &["convert", "long.npy", "/dev/stdout"],
        &["--help"],
        &["tour"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = mapray(folder.path()).args(args).stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        // Where the pipe breaks in the middle of the tour, whether it went well is not known.
        assert!(output.status.code() == Some(0) || args == ["tour"], "{args:?}: {output:?}");
    }
    let head = Command::new("sh")
        .args(["-c", "{ \"$0\" slice long.npy; echo $? >&2; } | head -c 10"])
        .arg(env!("CARGO_BIN_EXE_mapray"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&head.stdout), "[b'xxxxxxx");
    assert_eq!(String::from_utf8_lossy(&head.stderr), "0\n");
}

#[test]
fn a_full_disk_is_an_error() {
    let folder = long_text();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let output = mapray(folder.path()).args(["head", "long.npy"]).stdout(full()).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.starts_with("mapray: cannot write to stdout: No space left"), "{message}");
    assert_eq!(output.status.code(), Some(2));
    let message = refused(folder.path(), ["slice", "long.npy", "-o", "/dev/full"]);
    assert!(message.contains("/dev/full: cannot write the file: No space left"), "{message}");
}

#[test]
fn a_disk_that_is_full_keeps_the_file_that_was_to_be_replaced() {
    let test = "a_disk_that_is_full_keeps_the_file_that_was_to_be_replaced";
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |args: &[&str]| {
        let run = Command::new(args[0]).args(&args[1..]).arg(&disk).output();
        run.is_ok_and(|run| run.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs"]) {
        return skip(test, "no small disk can be mounted");
    }
    let ones = Array1::<u8>::ones(2 << 20);
    mapray::save(folder.path().join("large.npy"), &ones).unwrap();
    for (target, what) in [("a.npy", "npy"), ("a.npz", "npz"), ("a.bin", "raw")] {
        let path = disk.join(target);
        fs::write(&path, what).unwrap();
        let message = refused(folder.path(), ["convert", "large.npy", &format!("disk/{target}")]);
        let member = if what == "npz" { "::arr_0" } else { "" };
        assert!(message.starts_with(&format!("mapray: disk/{target}{member}: ")), "{message}");
        assert!(message.to_lowercase().contains("no space left"), "{message}");
        assert_eq!(fs::read_to_string(&path).unwrap(), what);
        assert_eq!(fs::read_dir(&disk).unwrap().count(), 1, "litter");
        fs::remove_file(path).unwrap();
    }
    assert!(mount(&["umount"]));
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    one_tebibyte(folder.path());
    let mut command = mapray(folder.path());
    let command = command.args(["stats", "huge.npy"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let stats = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let file = File::options().write(true).open(folder.path().join("huge.npy")).unwrap();
    file.set_len(4096).unwrap();
    let output = stats.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{}: {message}", output.status);
    assert!(message.contains("mapray: huge.npy: the file "), "{message}");
}

#[test]
fn messages_that_nobody_takes_do_not_change_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = mapray(folder.path()).args(["info", "none.npy"]).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn devices_and_pipes_are_written_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    mapray::save(folder.path().join("a.npy"), &Array1::from_iter(0..5_u8)).unwrap();
    let npy = fs::read(folder.path().join("a.npy")).unwrap();
    let written = |args: &[&str]| {
        let output = mapray(folder.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    assert_eq!(written(&["slice", "a.npy", "-o", "/dev/null"]), b"");
    assert_eq!(written(&["slice", "a.npy", "-o", "/dev/stdout"]), npy);
    assert_eq!(written(&["convert", "a.npy[1:]", "/dev/stdout"]), [1, 2, 3, 4]);

    let out = File::create(folder.path().join("out.npy")).unwrap();
    let args = ["slice", "a.npy", "-o", "/dev/stdout"];
    assert!(mapray(folder.path()).args(args).stdout(out).status().unwrap().success());
    assert_eq!(fs::read(folder.path().join("out.npy")).unwrap(), npy);
    assert!(fs::metadata("/dev/null").unwrap().len() == 0 && !Path::new("/dev/null").is_file());
}

#[test]
fn a_pipe_cannot_be_opened_as_an_array() {
    let folder = tempfile::tempdir().unwrap();
    for args in [&["info", "/dev/stdin"][..], &["head", "/dev/stdin", "--dtype", "u1"]] {
        let child = mapray(folder.path())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("a pipe cannot be read by position"), "{message}");
        assert_eq!((output.status.code(), output.stdout), (Some(2), vec![]));
    }
}

#[test]
fn a_device_without_an_end_needs_a_shape() {
    let folder = tempfile::tempdir().unwrap();
    let zeros = common::printed(folder.path(), ["slice", "/dev/zero", "--shape", "2,2"]);
    assert_eq!(zeros, "[[0 0]\n [0 0]]\n");
    let message = refused(folder.path(), ["slice", "/dev/zero", "--dtype", "u1"]);
    assert!(message.contains("the device has no end; give a shape"), "{message}");
    refused(folder.path(), ["info", "/dev/zero"]);
}

#[test]
fn folders_and_files_that_cannot_be_written_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    mapray::save(folder.path().join("a.npy"), &Array1::from_iter(0..5_u8)).unwrap();
    for args in [
        &["create", "/proc/self/out.npy", "--shape", "3"][..],
        &["convert", "a.npy", "/proc/self/out.npy"],
        &["man", "-o", "/proc/self"],
        &["set", "/proc/self/status[0]", "1"],
        &["set", "/dev/full[0]", "1", "--shape", "1"],
    ] {
        let message = refused(folder.path(), args);
        assert!(message.contains(": ") && !message.contains("panicked"), "{message}");
    }
    // Not even root writes to what is immutable; where that cannot be had, to a file without the right.
    let path = folder.path().join("a.npy");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let output = common::run(folder.path(), ["set", "a.npy[0]", "9"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || message.contains("cannot open the file"), "{message}");
}

#[test]
fn a_folder_that_takes_no_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    mapray::save(folder.path().join("a.npy"), &Array1::from_iter(0..5_u8)).unwrap();
    // Not even root makes files there.
    let message = refused(folder.path(), ["slice", "a.npy", "-o", "/proc/self/out.npy"]);
    assert!(message.starts_with("mapray: /proc/self/out.npy: cannot write"), "{message}");
}
