//! `cargo xtask bench`: mapray beside NumPy, other crates and the machine's limits.
//! CONTRIBUTING.md tells how.

use std::process::Command;

use crate::workspace::{Workspace, succeeds, tool};
use crate::{package, setup};

/// What `cargo xtask bench` is asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    /// A part of the names of the rows; all of them otherwise.
    pub name: Option<String>,
    /// How often each figure is taken; what the benchmarks think right otherwise.
    pub rounds: Option<u32>,
    /// How large the files are.
    pub size: Size,
}

/// How large the files are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Size {
    /// To see that it runs.
    Small,
    /// For figures that count.
    #[default]
    Full,
}

impl Options {
    /// What `[--rounds N] [--size small|full] [NAME]` asks for.
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--rounds" => {
                    let rounds = rest.next().and_then(|rounds| rounds.parse().ok());
                    let rounds = rounds.filter(|rounds| *rounds > 0);
                    options.rounds = Some(rounds.ok_or("'--rounds' needs a number of 1 or more")?);
                }
                "--size" => {
                    options.size = match rest.next().map(String::as_str) {
                        Some("small") => Size::Small,
                        Some("full") => Size::Full,
                        _ => return Err("'--size' needs 'small' or 'full'".to_owned()),
                    };
                }
                option if option.starts_with('-') => {
                    return Err(format!("'bench' has no option '{option}'"));
                }
                _ if options.name.replace(argument.clone()).is_some() => {
                    return Err(format!("'bench' cannot use the argument '{argument}'"));
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

/// Builds the benchmarks and the command, and runs them. Whether every contender did its work.
pub fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    let python = setup::virtual_environment(workspace, &setup::PEERS, false)?;
    let builder = setup::virtual_environment(workspace, &setup::PACKAGE, false)?;
    package::install(workspace, package::Profile::Release, &builder, &python)?;
    let target = workspace.target.join("compare");
    let mut benchmarks = workspace.cargo();
    benchmarks.args(["build", "--release", "--locked"]).env("CARGO_TARGET_DIR", &target);
    benchmarks.args(["--manifest-path", "crates/mapray-compare/Cargo.toml"]);
    let mut command = workspace.cargo();
    command.args(["build", "--release", "--locked", "--package", "mapray-cli"]);
    command.env("CARGO_TARGET_DIR", &workspace.target);
    if !(succeeds(&mut benchmarks) && succeeds(&mut command)) {
        return Err("what is to be measured cannot be built".to_owned());
    }
    let mut compare = tool(target.join("release/mapray-compare"), &workspace.root);
    compare.arg("--python").arg(python);
    compare.arg("--command").arg(workspace.target.join("release/mapray"));
    compare.arg("--folder").arg(target.join("files"));
    compare.arg("--record").arg(workspace.root.join("benches/record"));
    pass_on(options, &mut compare);
    Ok(succeeds(&mut compare))
}

/// The options in the words of the benchmarks.
fn pass_on(options: &Options, compare: &mut Command) {
    compare.args(&options.name);
    if let Some(rounds) = options.rounds {
        compare.args(["--rounds", &rounds.to_string()]);
    }
    if options.size == Size::Small {
        compare.args(["--size", "small"]);
    }
}
