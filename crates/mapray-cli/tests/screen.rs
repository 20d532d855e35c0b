//! What people see: real pseudo-terminals of three widths, with and without colours, and the progress
//! bar.

#![cfg(target_os = "linux")]

mod common;

use std::path::Path;

use common::terminal::{Terminal, on_screen, readable, shown};
use common::{examples, mapray};

fn command(folder: &Path, args: &[&str]) -> std::process::Command {
    let mut command = mapray(folder);
    command.args(args);
    command
}

/// The same commands on each screen.
const SHOWN: [&[&str]; 6] = [
    &["info", "points.npy"],
    &["ls", "archive.npz", "compressed.npz", "runs/one.npy"],
    &["head", "points.npy", "-n", "2"],
    &["slice", "data.npy", "--table"],
    &["tail", "archive.npz::weights", "-n", "2", "--table"],
    &["evict", "--help"],
];

fn screen(columns: u16, coloured: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    examples::prepare(folder.path());
    let mut text = String::new();
    for args in SHOWN {
        let command = command(folder.path(), args);
        let output = on_screen(command, columns, coloured);
        let output = readable(&output);
        // How much is in memory is the machine's affair.
        let lines = output.lines().filter(|line| !line.contains("in memory ("));
        text += &format!("$ mapray {}\n", args.join(" "));
        text.extend(lines.map(|line| format!("{line}\n")));
    }
    text
}

#[test]
fn a_narrow_screen() {
    insta::assert_snapshot!("40_colour", screen(40, true));
    insta::assert_snapshot!("40_plain", screen(40, false));
}

#[test]
fn a_common_screen() {
    insta::assert_snapshot!("80_colour", screen(80, true));
    insta::assert_snapshot!("80_plain", screen(80, false));
}

#[test]
fn a_wide_screen() {
    insta::assert_snapshot!("160_colour", screen(160, true));
    insta::assert_snapshot!("160_plain", screen(160, false));
}

#[test]
fn colours_are_where_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    examples::prepare(folder.path());
    let on_terminal = |args: &[&str], env: Option<(&str, &str)>| {
        let mut command = command(folder.path(), args);
        command.env("TERM", "xterm-256color").envs(env);
        Terminal::start_as_is(command, (80, 24)).finish().0.contains(&0x1b)
    };
    let in_pipe = |args: &[&str]| {
        let output = command(folder.path(), args).output().unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    assert!(on_terminal(&["info", "data.npy"], None));
    assert!(on_terminal(&["info", "none.npy"], None), "errors too");
    assert!(!on_terminal(&["info", "data.npy"], Some(("NO_COLOR", "1"))));
    assert!(on_terminal(&["info", "data.npy", "--color", "always"], Some(("NO_COLOR", "1"))));
    assert!(!on_terminal(&["info", "data.npy", "--color", "never"], None));
    assert!(!on_terminal(&["info", "data.npy"], Some(("TERM", "dumb"))));
    assert!(!on_terminal(&["info", "data.npy", "--json"], None), "data has none");
    assert!(!in_pipe(&["info", "data.npy"]) && !in_pipe(&["info", "none.npy"]));
    assert!(in_pipe(&["info", "data.npy", "--color", "always"]));
}

/// A sparse file that takes seconds to read.
fn huge(folder: &Path) {
    let args = ["create", "huge.npy", "--shape", "100000,100000", "--sparse"];
    assert!(command(folder, &args).status().unwrap().success());
}

#[test]
fn a_long_run_shows_how_far_it_is() {
    let folder = tempfile::tempdir().unwrap();
    huge(folder.path());
    let run = command(folder.path(), &["stats", "huge.npy"]);
    let mut terminal = Terminal::start(run, (100, 24));
    assert!(terminal.wait_for("reading ["));
    assert!(terminal.wait_for("% of 74.51 GiB, "), "the whole is said");
    assert!(terminal.wait_for("/s, ") && terminal.wait_for(" left"), "rate and remaining time");
    terminal.press("\x03");
    let (_, status) = terminal.finish();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
}

#[test]
fn a_short_run_shows_none_and_so_does_a_quiet_one() {
    let folder = tempfile::tempdir().unwrap();
    examples::prepare(folder.path());
    let output = shown(command(folder.path(), &["stats", "archive.npz::bias"]), (100, 24));
    assert!(output.starts_with("count  32\r\n"), "{output}");

    huge(folder.path());
    let run = command(folder.path(), &["-q", "stats", "huge.npy"]);
    let mut terminal = Terminal::start(run, (100, 24));
    std::thread::sleep(std::time::Duration::from_millis(1200));
    terminal.press("\x03");
    let (output, _) = terminal.finish();
    let output = String::from_utf8_lossy(&output).replace("^C", "");
    assert_eq!(output, "");

    // Stderr that goes elsewhere gets none either.
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut run = command(folder.path(), &["stats", "huge.npy"]);
    let mut child = run.stderr(log).stdout(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1200));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(std::fs::read(folder.path().join("log")).unwrap(), b"");
}

#[test]
fn the_bar_is_gone_when_the_run_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["create", "some.npy", "--shape", "1000,10000", "--sparse"];
    assert!(command(folder.path(), &create).status().unwrap().success());
    let output = shown(command(folder.path(), &["stats", "some.npy"]), (100, 24));
    // The line of the bar is cleared before the answer is printed.
    let (bar, answer) = output.rsplit_once("\x1b[2K").unwrap_or(("", &output));
    assert!(bar.is_empty() || bar.contains("reading ["), "{output:?}");
    assert!(answer.contains("count  10000000\r\n") && !answer.contains("reading"), "{answer:?}");
}
