//! `cargo xtask`: the project's chores.

mod ci;
mod crash;
mod fuzz;
mod python;
mod screenshots;
mod setup;
mod tally;
mod test;
mod valgrind;
mod workspace;

use std::io::{self, Write};
use std::process::ExitCode;

use tally::Tally;
use workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  setup [--ci]               make the virtual environment with the pinned NumPy;
                             --ci also installs the system packages that the tests need
  test [--no-skip] [FILTER]  run every test, or those whose name holds FILTER;
                             --no-skip makes each skip a failure
  ci                         rustfmt, clippy, rustdoc, then test --no-skip
  screenshots                draw docs/images anew
  valgrind [FILTER]          the library's tests under memcheck
  crash [--kills N]          1000 processes, or N, killed at each kind of work, and the power cut
  fuzz [--runs N] [TARGET]   every fuzz target, or one, until it has tried N inputs; without N
                             10 million where it works in memory, 1 million on files
";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
enum Command {
    Help,
    Setup { install: bool },
    Test(test::Options),
    Ci,
    Screenshots,
    Valgrind { filter: Option<String> },
    Fuzz(fuzz::Options),
    Crash { kills: u64 },
}

fn parse(arguments: &[String]) -> Result<Command, String> {
    let (name, rest) = arguments.split_first().ok_or("a command is missing")?;
    let is_flag = |argument: &&String| argument.starts_with('-');
    let (flags, filters): (Vec<_>, Vec<_>) = rest.iter().partition(is_flag);
    let (known, places): (&[&str], usize) = match name.as_str() {
        "help" | "--help" | "-h" => return Ok(Command::Help),
        "setup" => (&["--ci"], 0),
        "test" => (&["--no-skip"], 1),
        "ci" | "screenshots" => (&[], 0),
        "valgrind" => (&[], 1),
        "fuzz" => return fuzz::Options::parse(rest).map(Command::Fuzz),
        "crash" => return crash::parse(rest).map(|kills| Command::Crash { kills }),
        _ => return Err(format!("there is no command '{name}'")),
    };
    if let Some(flag) = flags.iter().find(|flag| !known.contains(&flag.as_str())) {
        return Err(format!("'{name}' has no option '{flag}'"));
    }
    if let Some(extra) = filters.get(places) {
        return Err(format!("'{name}' cannot use the argument '{extra}'"));
    }
    Ok(match name.as_str() {
        "setup" => Command::Setup { install: !flags.is_empty() },
        "test" => Command::Test(test::Options {
            no_skip: !flags.is_empty(),
            filter: filters.first().map(|filter| filter.to_string()),
        }),
        "valgrind" => {
            Command::Valgrind { filter: filters.first().map(|filter| filter.to_string()) }
        }
        "screenshots" => Command::Screenshots,
        _ => Command::Ci,
    })
}

fn run(command: Command) -> Result<bool, String> {
    if command == Command::Help {
        print!("{USAGE}");
        return Ok(true);
    }
    let workspace = Workspace::find()?;
    match command {
        Command::Help => Ok(true),
        Command::Setup { install } => {
            if install {
                setup::install_missing()?;
            }
            let python = setup::virtual_environment(&workspace, install)?;
            println!("{} is ready", python.display());
            Ok(true)
        }
        Command::Test(options) => Ok(close(&test::run(&workspace, &options), options.no_skip)),
        Command::Ci => Ok(close(&ci::run(&workspace), true)),
        Command::Screenshots => screenshots::run(&workspace),
        Command::Valgrind { filter } => valgrind::run(&workspace, filter.as_deref()),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
        Command::Crash { kills } => crash::run(&workspace, kills),
    }
}

/// Prints the report, whose last line closes the output, and says whether all is well.
fn close(tally: &Tally, no_skip: bool) -> bool {
    let holds = tally.holds(no_skip);
    // Whoever stopped reading still gets the exit code.
    let _ = write!(io::stdout(), "\n{}", tally.report());
    holds
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = match parse(&arguments) {
        Ok(command) => command,
        Err(message) => {
            eprint!("error: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn each_command_takes_its_own_arguments_only() {
        let test = |no_skip, filter: Option<&str>| {
            Ok(Command::Test(test::Options { no_skip, filter: filter.map(str::to_owned) }))
        };
        assert_eq!(parse_line("setup"), Ok(Command::Setup { install: false }));
        assert_eq!(parse_line("setup --ci"), Ok(Command::Setup { install: true }));
        assert_eq!(parse_line("test"), test(false, None));
        assert_eq!(parse_line("test npy --no-skip"), test(true, Some("npy")));
        assert_eq!(parse_line("ci"), Ok(Command::Ci));
        assert_eq!(parse_line("screenshots"), Ok(Command::Screenshots));
        assert_eq!(parse_line("--help"), Ok(Command::Help));
        let filter =
            |filter: Option<&str>| Ok(Command::Valgrind { filter: filter.map(str::to_owned) });
        assert_eq!(parse_line("valgrind"), filter(None));
        assert_eq!(parse_line("valgrind npy"), filter(Some("npy")));
        let fuzz = |target: Option<&str>, runs| {
            Ok(Command::Fuzz(fuzz::Options { target: target.map(str::to_owned), runs }))
        };
        assert_eq!(parse_line("fuzz"), fuzz(None, None));
        assert_eq!(parse_line("fuzz npz --runs 1000"), fuzz(Some("npz"), Some(1000)));
        assert_eq!(parse_line("fuzz --runs 7"), fuzz(None, Some(7)));
        assert_eq!(parse_line("crash"), Ok(Command::Crash { kills: 1000 }));
        assert_eq!(parse_line("crash --kills 7"), Ok(Command::Crash { kills: 7 }));
        for wrong in
            ["crash 7", "crash --kills", "crash --kills x", "crash --kills 0", "crash --ci"]
        {
            assert!(parse_line(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "tset", "setup --no-skip", "setup now", "test a b", "test --ci", "ci x"] {
            assert!(parse_line(wrong).is_err(), "{wrong}");
        }
        for wrong in ["fuzz a b", "fuzz --runs", "fuzz --runs x", "fuzz --ci", "valgrind a b"] {
            assert!(parse_line(wrong).is_err(), "{wrong}");
        }
    }
}
