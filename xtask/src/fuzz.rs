//! `cargo xtask fuzz`: the fuzz targets, each for so many executions. FUZZING.md tells of them.

use std::fs;
use std::process::Command;

use crate::workspace::{Workspace, at, installed, succeeds, tool};

/// Targets that work in memory alone. All others make files, which takes longer.
const IN_MEMORY: [&str; 3] = ["dtype", "npy_header", "slice"];

/// How often one kind of target is run, and the longest input in bytes.
const IN_MEMORY_RUNS: (u64, u64) = (10_000_000, 512);
const ON_FILES_RUNS: (u64, u64) = (1_000_000, 2048);

/// The most memory in MiB that one allocation, and all of them, may take, and the most seconds that
/// one input may.
const LIMITS: [&str; 3] = ["-malloc_limit_mb=64", "-rss_limit_mb=2048", "-timeout=20"];

/// What `cargo xtask fuzz` is asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// The target to run; all of them otherwise.
    pub target: Option<String>,
    /// How many inputs each is to try.
    pub runs: Option<u64>,
}

impl Options {
    /// What `[--runs N] [TARGET]` asks for.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--runs" {
                let runs = rest.next().and_then(|runs| runs.parse().ok());
                options.runs = Some(runs.ok_or("'--runs' needs a number")?);
            } else if argument.starts_with('-') {
                return Err(format!("'fuzz' has no option '{argument}'"));
            } else if options.target.replace(argument.clone()).is_some() {
                return Err(format!("'fuzz' cannot use the argument '{argument}'"));
            }
        }
        Ok(options)
    }
}

/// Runs the targets one by one, up to the first finding. Whether there was none.
pub fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    let targets = targets(workspace)?;
    let wanted: Vec<&String> = match &options.target {
        None => targets.iter().collect(),
        Some(name) => targets.iter().filter(|target| *target == name).collect(),
    };
    if wanted.is_empty() {
        return Err(format!("there is no such target; there are {}", targets.join(", ")));
    }
    if !installed("cargo-fuzz") {
        let mut install = workspace.cargo();
        if !succeeds(install.args(["install", "--locked", "cargo-fuzz"])) {
            return Err("cargo cannot install cargo-fuzz".to_owned());
        }
    }
    for target in wanted {
        let corpus = workspace.root.join("fuzz/corpus").join(target);
        fs::create_dir_all(&corpus).map_err(at(&corpus))?;
        let mut fuzz = nightly(workspace);
        fuzz.args(["fuzz", "run", "--target-dir"]).arg(workspace.target.join("fuzz"));
        // What is found goes to the first folder; the others are read only.
        fuzz.arg(target).arg(corpus).args(["fuzz/valid", "fuzz/hostile", "--"]).args(LIMITS);
        let is_in_memory = IN_MEMORY.contains(&target.as_str());
        let (usual, longest) = if is_in_memory { IN_MEMORY_RUNS } else { ON_FILES_RUNS };
        let runs = options.runs.unwrap_or(usual);
        fuzz.args([format!("-runs={runs}"), format!("-max_len={longest}")]);
        fuzz.arg("-print_final_stats=1");
        if !succeeds(&mut fuzz) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names of the targets: each is a file.
fn targets(workspace: &Workspace) -> Result<Vec<String>, String> {
    let folder = workspace.root.join("fuzz/src/bin");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let path = entry.map_err(at(&folder))?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// Cargo with a compiler that takes the options of sanitizers: a nightly one, or else the usual one
/// made to.
fn nightly(workspace: &Workspace) -> Command {
    let rustup = || {
        let mut rustup = tool("rustup", &workspace.root);
        rustup.args(["run", "nightly", "cargo"]);
        rustup
    };
    if rustup().arg("--version").output().is_ok_and(|output| output.status.success()) {
        return rustup();
    }
    let mut cargo = workspace.cargo();
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_in_memory_are_among_the_targets() {
        let targets = targets(&Workspace::find().unwrap()).unwrap();
        assert!(targets.len() >= 6);
        for name in IN_MEMORY {
            assert!(targets.iter().any(|target| target == name), "{name}");
        }
    }
}
