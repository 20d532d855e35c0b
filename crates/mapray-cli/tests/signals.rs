//! Ctrl-C and other signals leave no litter, and what was there.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use common::terminal::Terminal;
use common::{mapray, printed};

const INTERRUPT: i32 = 2;
const TERMINATE: i32 = 15;

/// A sparse array of 512 MiB, and a file that is to be replaced.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let args = ["create", "big.npy", "--shape", "8192,8192", "--sparse"];
    printed(folder.path(), args);
    fs::write(folder.path().join("out.npy"), "as it was").unwrap();
    folder
}

/// A slow way to write much: backwards along both axes.
const SLOW: [&str; 3] = ["convert", "big.npy[::-1, ::-1]", "out.npy"];

#[track_caller]
fn is_as_it_was(folder: &Path) {
    assert_eq!(fs::read(folder.join("out.npy")).unwrap(), b"as it was");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["big.npy", "out.npy"]);
}

fn kill(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Waits until the child has written some of its output.
fn wait_until_at_work(child: &Child) {
    let start = Instant::now();
    let io = format!("/proc/{}/io", child.id());
    let has_written = || {
        let io = fs::read_to_string(&io).unwrap_or_default();
        let written = io.lines().find_map(|line| line.strip_prefix("wchar: "));
        written.and_then(|bytes| bytes.parse::<u64>().ok()).is_some_and(|bytes| bytes > 1 << 20)
    };
    while !has_written() {
        assert!(start.elapsed() < Duration::from_secs(60), "the command never wrote");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn slow(folder: &Path) -> Child {
    mapray(folder).args(SLOW).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn ctrl_c_in_a_terminal_ends_the_run_and_leaves_what_was_there() {
    let folder = folder();
    let mut command = mapray(folder.path());
    command.args(SLOW);
    let mut terminal = Terminal::start(command, (100, 24));
    assert!(terminal.wait_for("reading ["), "the bar shows that it is at work");
    terminal.press("\x03");
    let (_, status) = terminal.finish();
    assert_eq!(status.signal(), Some(INTERRUPT), "a shell sees that it was the signal");
    is_as_it_was(folder.path());
}

#[test]
fn every_ending_signal_leaves_what_was_there() {
    for (name, signal) in [("-INT", INTERRUPT), ("-TERM", TERMINATE), ("-HUP", 1), ("-KILL", 9)] {
        let folder = folder();
        let mut child = slow(folder.path());
        wait_until_at_work(&child);
        kill(&child, name);
        let status: ExitStatus = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal), "{name}");
        is_as_it_was(folder.path());
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let folder = folder();
    let mut child = Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mapray")])
        .args(SLOW)
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    wait_until_at_work(&child);
    kill(&child, "-HUP");
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "nohup keeps it going");
    kill(&child, "-TERM");
    assert_eq!(child.wait().unwrap().signal(), Some(TERMINATE));
    is_as_it_was(folder.path());
}

#[test]
fn the_tour_takes_its_folder_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = mapray(folder.path());
    command.arg("tour").env("TMPDIR", folder.path());
    let mut terminal = Terminal::start(command, (100, 24));
    assert!(terminal.wait_for("Mode w+"));
    terminal.press("\x03");
    // It may have been done before.
    terminal.finish();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
