//! `cargo xtask setup`: the tests' surroundings.

use std::fs;
use std::path::{Path, PathBuf};

use crate::python::{self, Lack};
use crate::workspace::{Workspace, at, installed, succeeds, tool};

/// Programs that tests and chores start, and the Debian packages that hold them.
const PROGRAMS: [(&str, &str); 4] =
    [("mkfs.ext2", "e2fsprogs"), ("mount", "mount"), ("unzip", "unzip"), ("valgrind", "valgrind")];

/// Tools that `cargo xtask ci` starts, and the toolchain's components that hold them.
const COMPONENTS: [(&str, &str); 2] = [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")];

/// Installs the system packages and toolchain components that are missing, and only those.
pub fn install_missing() -> Result<(), String> {
    let here = Path::new(".");
    let mut packages: Vec<&str> = missing(&PROGRAMS);
    match python::lack(here) {
        Some(Lack::Python) => packages.extend(["python3", "python3-venv"]),
        Some(Lack::Venv) => packages.push("python3-venv"),
        None => {}
    }
    if !packages.is_empty() {
        let list = packages.join(" ");
        if !installed("apt-get") {
            return Err(format!("these packages are missing, and there is no apt-get: {list}"));
        }
        let apt = |arguments: &[&str]| {
            let mut apt = tool("apt-get", here);
            succeeds(apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        let install = [&["install", "-y", "--no-install-recommends"], packages.as_slice()].concat();
        // A fresh image has no package lists.
        if !(apt(&["update"]) && apt(&install)) {
            return Err(format!("apt-get cannot install {list}"));
        }
    }
    let components = missing(&COMPONENTS);
    if !components.is_empty() {
        let mut rustup = tool("rustup", here);
        if !succeeds(rustup.args(["component", "add"]).args(&components)) {
            return Err(format!("rustup cannot add {}", components.join(" ")));
        }
    }
    Ok(())
}

fn missing<'a>(programs: &[(&str, &'a str)]) -> Vec<&'a str> {
    programs
        .iter()
        .filter(|(program, _)| !installed(program))
        .map(|(_, package)| *package)
        .collect()
}

/// A virtual environment: its folder among what Cargo builds, and the file that says what is in it.
pub struct Environment {
    folder: &'static str,
    requirements: &'static str,
}

/// What the benchmarks compare with in Python.
pub const PEERS: Environment =
    Environment { folder: "venv-peers", requirements: "xtask/requirements-peers.txt" };

/// NumPy and others, that Rust's tests ask what is right.
pub const ORACLE: Environment =
    Environment { folder: "venv", requirements: "xtask/requirements.txt" };

/// What the Python package is built and tested with.
pub const PACKAGE: Environment =
    Environment { folder: "venv-package", requirements: "xtask/requirements-package.txt" };

/// The interpreter of the virtual environment, which is made unless it is up to date.
///
/// A patient setup tries longer to reach the package index.
pub fn virtual_environment(
    workspace: &Workspace,
    environment: &Environment,
    patient: bool,
) -> Result<PathBuf, String> {
    let requirements = workspace.root.join(environment.requirements);
    let wanted = fs::read_to_string(&requirements).map_err(at(&requirements))?;
    let environment = workspace.target.join(environment.folder);
    let interpreter = python::interpreter(&environment);
    let stamp = environment.join("requirements.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && python::runs(&interpreter) {
        return Ok(interpreter);
    }
    match python::lack(&workspace.root) {
        Some(Lack::Python) => {
            return Err("there is no python3; install Python 3.11 or later".into());
        }
        Some(Lack::Venv) => {
            return Err("python3 lacks the modules venv and ensurepip; install them \
                        (on Debian and Ubuntu: apt-get install python3-venv)"
                .into());
        }
        None => {}
    }
    eprintln!("making {} with {}", environment.display(), wanted.trim().replace('\n', ", "));
    python::make_environment(&environment, &workspace.root)?;
    python::install(&interpreter, &requirements, patient)?;
    // Last, so that an environment cut short is made anew.
    fs::write(&stamp, wanted).map_err(at(&stamp))?;
    Ok(interpreter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_asked_for() {
        assert_eq!(missing(&[("sh", "dash"), ("no-such-program", "nothing")]), ["nothing"]);
    }
}
