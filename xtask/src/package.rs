//! The tests of the Python package: its wheel, built and installed into an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python;
use crate::setup::{self, PACKAGE};
use crate::tally::Tally;
use crate::test::{Options, count};
use crate::workspace::{Workspace, at, succeeds, tool};

const FOLDER: &str = "crates/mapray-python";

/// What pytest runs: a label, and its arguments.
const RUNS: [(&str, &[&str]); 3] = [
    (" (Python)", &["."]),
    (" (Python examples)", &["--doctest-modules", "--pyargs", "mapray"]),
    (
        " (NumPy's own tests)",
        &[
            "-p",
            "swap_numpy",
            "--pyargs",
            "numpy._core.tests.test_memmap",
            "numpy.lib.tests.test_format",
        ],
    ),
];

/// Builds the wheel and runs everything that there is for it.
pub fn run(workspace: &Workspace, options: &Options, tally: &mut Tally) {
    let interpreter = match setup::virtual_environment(workspace, &PACKAGE, options.no_skip) {
        Ok(interpreter) => interpreter,
        Err(reason) if options.no_skip => return tally.fail(&format!("setup: {reason}")),
        Err(reason) => return tally.skip("the Python package", &reason),
    };
    if let Err(reason) = install(workspace, Profile::Debug, &interpreter, &interpreter) {
        return tally.fail(&format!("the wheel: {reason}"));
    }
    let tests = workspace.root.join(FOLDER).join("tests");
    for (label, arguments) in RUNS {
        let mut pytest = tool(&interpreter, &tests);
        pytest.args(["-m", "pytest", "--quiet", "-p", "harness", "-p", "no:cacheprovider"]);
        pytest.args(arguments).env("PYTHONPATH", &tests).env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(filter) = &options.filter {
            pytest.args(["-k", &expression(filter)]);
        }
        if let Err(error) = count(&mut pytest, label, &workspace.target, tally) {
            tally.fail(&format!("pytest{label}: {error}"));
        }
    }
}

/// How the wheel is built.
#[derive(Clone, Copy, PartialEq)]
pub enum Profile {
    Debug,
    Release,
}

/// Builds the package by what the one interpreter has, and installs it for the other.
pub fn install(
    workspace: &Workspace,
    profile: Profile,
    builder: &Path,
    user: &Path,
) -> Result<(), String> {
    let wheel = build(workspace, profile, builder)?;
    python::replace(user, &wheel, &workspace.root)
}

/// Builds the wheel, alone in its folder, by what this interpreter has.
fn build(workspace: &Workspace, profile: Profile, interpreter: &Path) -> Result<PathBuf, String> {
    let wheels = workspace.target.join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).map_err(at(&wheels))?;
    }
    let mut maturin: Command = tool(interpreter, &workspace.root);
    maturin.args(["-m", "maturin", "build", "--quiet", "--locked", "--manifest-path"]);
    maturin.arg(format!("{FOLDER}/Cargo.toml")).arg("--interpreter").arg(interpreter);
    maturin.arg("--out").arg(&wheels);
    if profile == Profile::Release {
        maturin.arg("--release");
    }
    if !succeeds(&mut maturin) {
        return Err("maturin cannot build it".into());
    }
    let mut made = fs::read_dir(&wheels).map_err(at(&wheels))?;
    let wheel = made.next().ok_or("maturin has built nothing")?.map_err(at(&wheels))?;
    Ok(wheel.path())
}

/// A part of a name as pytest's `-k` takes it: there it is an expression.
fn expression(filter: &str) -> String {
    let words = filter.split(|character: char| !character.is_alphanumeric() && character != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_an_expression_of_its_words() {
        assert_eq!(expression("npy"), "npy");
        assert_eq!(expression("closing::a_close"), "closing and a_close");
    }
}
