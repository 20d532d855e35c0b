//! The help is true: each subcommand has examples, each example runs, completions and manual pages tell of
//! every subcommand and option, and the page `docs/command.md` shows what the command prints.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{examples, mapray, printed, refused};

/// The subcommands that the help lists, and those of subcommands, such as `npz add`.
fn subcommands(folder: &Path) -> Vec<String> {
    let listed = |path: &[&str]| -> Vec<String> {
        let help = printed(folder, path.iter().chain(&["--help"]));
        let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
        let list = list.lines().take_while(|line| !line.is_empty());
        let list = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = list.filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    };
    let mut names = Vec::new();
    for name in listed(&[]) {
        let inner = listed(&[&name]);
        names.push(name.clone());
        names.extend(inner.iter().map(|inner| format!("{name} {inner}")));
    }
    assert!(names.len() > 10 && names.contains(&"slice".to_owned()), "{names:?}");
    names
}

/// The help of one.
fn help(folder: &Path, name: &str) -> String {
    printed(folder, name.split(' ').chain(["--help"]))
}

/// The examples of a help text.
fn examples_of(help: &str) -> Vec<String> {
    let Some((_, examples)) = help.split_once("Examples:\n") else { return Vec::new() };
    let lines = examples.lines().take_while(|line| line.starts_with("  "));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_subcommand_has_examples_and_each_of_them_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let mut helps = vec![("mapray".to_owned(), printed(folder.path(), ["--help"]))];
    for name in subcommands(folder.path()) {
        let help = help(folder.path(), &name);
        helps.push((format!("mapray {name}"), help));
    }
    for (name, help) in helps {
        let examples = examples_of(&help);
        if !examples.iter().any(|example| example.starts_with(&name)) {
            wrong.push(format!("{name}: there is no example in its help"));
        }
        let folder = tempfile::tempdir().unwrap();
        examples::prepare(folder.path());
        for example in examples {
            let output = examples::shell(folder.path(), &example);
            // A difference is an answer, not a failure.
            let is_answer = output.status.code() == Some(1) && name.ends_with(" diff");
            if !output.status.success() && !is_answer {
                let message = String::from_utf8_lossy(&output.stderr).into_owned();
                wrong.push(format!("{example}: {}: {message}", output.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_subcommand_can_print_json_unless_it_prints_no_data() {
    let folder = tempfile::tempdir().unwrap();
    for name in subcommands(folder.path()) {
        let help = help(folder.path(), &name);
        let has_json = help.contains("--json");
        let prints_none = ["tour", "completions", "man", "npz"].contains(&&*name);
        assert!(has_json || prints_none, "{name} has no --json");
        assert!(!has_json || help.contains("JSON"), "{name} does not say its keys");
    }
}

#[test]
fn completions_know_every_subcommand() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(folder.path(), ["completions", shell]);
        for name in subcommands(folder.path()) {
            let last = name.split(' ').next_back().unwrap();
            assert!(script.contains(last), "{shell} does not know {name}");
        }
        assert!(script.contains("--strides") || shell == "fish" && script.contains("strides"));
    }
    let message = refused(folder.path(), ["completions", "bsh"]);
    assert!(message.contains("bash"), "{message}");
}

#[test]
fn bash_completes_what_was_begun() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script"), printed(folder.path(), ["completions", "bash"]))
        .unwrap();
    let ask = "source ./script; COMP_WORDS=(mapray resi); COMP_CWORD=1; _mapray mapray resi mapray; \
               echo ${COMPREPLY[@]}";
    let output =
        Command::new("bash").args(["-c", ask]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "residency\n", "{output:?}");
}

#[test]
fn there_is_a_manual_page_for_every_subcommand() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(printed(folder.path(), ["man", "-o", "."]), "");
    let pages = fs::read_dir(folder.path()).unwrap();
    let pages: BTreeSet<String> =
        pages.map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    let names = subcommands(folder.path());
    let expected = names.iter().map(|name| format!("mapray-{}.1", name.replace(' ', "-")));
    assert_eq!(pages, expected.chain(["mapray.1".to_owned()]).collect());
    for name in names {
        let page = printed(folder.path(), ["man", &name]);
        let file = format!("mapray-{}", name.replace(' ', "-"));
        assert!(page.starts_with(".ie") && page.contains(&format!(".TH {file} 1")), "{page}");
        assert!(page.contains("Examples:"), "{name}");
        assert_eq!(page, fs::read_to_string(folder.path().join(format!("{file}.1"))).unwrap());
    }
    let message = refused(folder.path(), ["man", "slcie"]);
    assert!(message.contains("expected one of") && message.contains("slice"), "{message}");
    refused(folder.path(), ["man", "-o", "none"]);
}

#[test]
fn what_is_nearest_is_suggested() {
    let folder = tempfile::tempdir().unwrap();
    mapray::savez(folder.path().join("z.npz"), [("weights", &ndarray::arr1(&[1.0]))]).unwrap();
    for (args, nearest) in [
        (&["residncy", "a"][..], "'residency'"),
        (&["slice", "a", "--tabel"], "'--table'"),
        (&["completions", "bsh"], "'bash'"),
        (&["info", "z.npz::weigths"], "'weights'"),
        (&["info", "a", "--color", "alwys"], "'always'"),
        (&["set", "z.npz::weight", "1"], "'weights'"),
    ] {
        let message = refused(folder.path(), args);
        assert!(message.contains(nearest), "{message}");
    }
}

/// Each `console` block of a page is run as a person would, one after the other in one folder, and must
/// print what stands there. A new example needs nothing but its text; `MAPRAY_WRITE_PAGE=1` fills in what
/// is printed. Gives the commands.
fn require_true(page: &str, folder: &Path) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let page = fs::read_to_string(&path).unwrap();
    let (mut found, mut commands) = (String::new(), Vec::new());
    for (number, part) in page.split("```console\n").enumerate() {
        if number > 0 {
            let (block, rest) = part.split_once("```").expect("each block ends");
            let block = examples::replayed(folder, block, &mut commands);
            found += &format!("```console\n{block}```{rest}");
        } else {
            found += part;
        }
    }
    if std::env::var_os("MAPRAY_WRITE_PAGE").is_some() {
        fs::write(&path, &found).unwrap();
    } else {
        let differing =
            page.lines().zip(found.lines()).enumerate().find(|(_, (one, other))| one != other);
        assert!(page == found, "the first line that differs: {differing:?}\n{found}");
    }
    commands
}

#[test]
fn the_page_shows_what_the_command_prints() {
    let folder = tempfile::tempdir().unwrap();
    examples::prepare(folder.path());
    let commands = require_true("docs/command.md", folder.path());
    let shown =
        |name: &String| commands.iter().any(|line| line.contains(&format!("mapray {name}")));
    let missing: Vec<String> =
        subcommands(folder.path()).into_iter().filter(|name| !shown(name)).collect();
    assert!(missing.is_empty(), "the page has no example of {missing:?}");
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let folder = tempfile::tempdir().unwrap();
    examples::prepare_for_readme(folder.path());
    assert!(!require_true("README.md", folder.path()).is_empty());
}

#[test]
fn colours_of_the_help_are_those_that_were_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for (args, env, coloured) in [
        (&["--help"][..], None, false),
        (&["--color", "always", "--help"], None, true),
        (&["--color=always", "slice", "--help"], None, true),
        (&["slice", "--help", "--color", "always"], None, true),
        (&["--color", "never", "--help"], Some(("CLICOLOR_FORCE", "1")), false),
        (&["--help"], Some(("CLICOLOR_FORCE", "1")), true),
    ] {
        let mut command = mapray(folder.path());
        command.args(args).envs(env);
        let output = command.output().unwrap();
        assert_eq!(output.stdout.contains(&0x1b), coloured, "{args:?} {env:?}");
    }
}
