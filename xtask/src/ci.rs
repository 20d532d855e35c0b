//! `cargo xtask ci`: the linters, then every test with no skip allowed.

use std::process::Command;

use crate::tally::Tally;
use crate::test;
use crate::workspace::{Workspace, succeeds};

/// Runs everything, whatever fails on the way; a linter that fails counts as a failed test.
pub fn run(workspace: &Workspace) -> Tally {
    let mut failed = Vec::new();
    for (name, mut command) in linters(workspace) {
        if !succeeds(&mut command) {
            failed.push(name);
        }
    }
    let options = test::Options { no_skip: true, filter: None };
    let mut tally = test::run(workspace, &options);
    for name in failed {
        tally.fail(name);
    }
    tally
}

fn linters(workspace: &Workspace) -> Vec<(&'static str, Command)> {
    let with = |mut command: Command, arguments: &str| {
        command.args(arguments.split_whitespace());
        command
    };
    let mut rustdoc = with(workspace.cargo(), "doc --workspace --no-deps");
    rustdoc.env("RUSTDOCFLAGS", "-D warnings");
    vec![
        ("rustfmt", with(workspace.cargo(), "fmt --all --check")),
        ("rustfmt (fuzz)", with(workspace.cargo(), "fmt --manifest-path fuzz/Cargo.toml --check")),
        (
            "rustfmt (compare)",
            with(workspace.cargo(), "fmt --manifest-path crates/mapray-compare/Cargo.toml --check"),
        ),
        ("clippy", with(workspace.cargo(), "clippy --workspace --all-targets -- -D warnings")),
        (
            "clippy (portable)",
            with(
                workspace.portable_cargo(),
                "clippy --package mapray --all-targets -- -D warnings",
            ),
        ),
        ("rustdoc", rustdoc),
    ]
}
