//! `cargo xtask test`: every test that the machine can run, counted and summed up in one line.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::package;
use crate::setup::{self, ORACLE};
use crate::tally::Tally;
use crate::workspace::{Workspace, at, show};

/// Which tests of the library run once more on the backend of systems other than Linux.
const PORTABLE: [&str; 4] = ["--package", "mapray", "--lib", "--tests"];

/// What `cargo xtask test` is asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// Whether a skipped test fails.
    pub no_skip: bool,
    /// A part of the names of the tests to run.
    pub filter: Option<String>,
}

/// Runs the tests and counts them.
pub fn run(workspace: &Workspace, options: &Options) -> Tally {
    let mut tally = Tally::default();
    let oracle = setup::virtual_environment(workspace, &ORACLE, options.no_skip);
    if let Err(reason) = &oracle {
        eprintln!("NumPy is missing: {reason}");
        if options.no_skip {
            tally.fail(&format!("setup: {reason}"));
            return tally;
        }
    }
    let runs = [
        ("", with(workspace.cargo(), &["--workspace"])),
        (" (portable)", with(workspace.portable_cargo(), &PORTABLE)),
    ];
    for (label, mut cargo) in runs {
        cargo.args(&options.filter);
        match &oracle {
            Ok(python) => cargo.env("MAPRAY_PYTHON", python),
            Err(reason) => cargo.env_remove("MAPRAY_PYTHON").env("MAPRAY_PYTHON_MISSING", reason),
        };
        if options.no_skip {
            cargo.env("MAPRAY_NO_SKIP", "1");
        }
        if let Err(error) = count(&mut cargo, label, &workspace.target, &mut tally) {
            tally.fail(&format!("cargo test{label}: {error}"));
        }
    }
    package::run(workspace, options, &mut tally);
    tally
}

fn with(mut cargo: Command, packages: &[&str]) -> Command {
    cargo.args(["test", "--no-fail-fast"]).args(packages);
    cargo
}

/// Runs tests that report as Rust's harness does, passing their output on while counting it.
pub fn count(
    command: &mut Command,
    label: &str,
    target: &Path,
    tally: &mut Tally,
) -> Result<(), String> {
    let log = target.join("skipped-tests.log");
    fs::write(&log, "").map_err(at(&log))?;
    show(command);
    let command = command.env("MAPRAY_SKIP_LOG", &log).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot run it: {error}"))?;
    let mut tests = Tally::labelled(label);
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            // The count matters even when nobody reads along.
            let _ = io::stdout().write_all(&line).and_then(|()| io::stdout().flush());
            tests.read_line(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    let status = child.wait().map_err(|error| format!("cannot wait for it: {error}"))?;
    tests.read_skip_log(&fs::read_to_string(&log).map_err(at(&log))?);
    tests.end(status.success());
    tally.add(tests);
    Ok(())
}
