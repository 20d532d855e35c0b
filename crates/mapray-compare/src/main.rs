//! mapray beside NumPy, other crates and the machine's limits, in turn in one run.
//!
//! `cargo xtask bench` builds and starts it; CONTRIBUTING.md tells how.

mod child;
mod facts;
mod figures;
mod input;
mod options;
mod row;
mod rows;
mod subject;
mod table;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use facts::Fact;
use options::Options;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((first, rest)) if first == "child" => child::run(rest).map(|()| true),
        _ => Options::parse(&arguments).map_err(Into::into).and_then(|options| compare(&options)),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the rows, prints their tables and writes the record. Whether every contender did its work.
fn compare(options: &Options) -> Result<bool, Box<dyn Error>> {
    let name = options.filter.as_deref().unwrap_or_default();
    let mut rows = rows::all(options.size);
    let all: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    rows.retain(|row| row.name.contains(name));
    if rows.is_empty() {
        return Err(format!("no row's name holds '{name}'; there are {}", all.join(", ")).into());
    }
    let here = &options.surroundings;
    fs::create_dir_all(&here.folder)?;
    let facts = facts::all(here, &options.command_line(), options.rounds);
    let mut text = format!("# {}\n\n{}", options.title(), table::facts(&facts));
    println!("{text}");
    let record =
        options.record.as_deref().map(|folder| record_path(folder, &options.title(), &facts));
    let mut results = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let done = figures::run(row, options.rounds, here);
        if rows.get(index + 1).is_none_or(|next| next.input != row.input) {
            row.input.remove(&here.folder);
        }
        let result = done?;
        let section = table::section(&result);
        println!("{section}");
        text.push('\n');
        text.push_str(&section);
        results.push(result);
        // After each row, so that a run that is stopped leaves what it has found.
        if let Some(path) = &record {
            write_record(path, &facts, &text, &results)?;
        }
    }
    let failed = |one: &figures::Measured| one.failure.is_some();
    Ok(!results.iter().flat_map(|result| &result.measured).any(failed))
}

/// Where a run is recorded, without what the name ends with: a record of the same day is kept.
fn record_path(folder: &Path, title: &str, facts: &[Fact]) -> PathBuf {
    let date = facts.iter().find(|(what, _)| *what == "date").map_or("", |(_, date)| date);
    let day = date.split(' ').next().unwrap_or_default();
    let first = std::iter::once(format!("{day}-{title}"));
    let later = (2..).map(|run| format!("{day}-{title}-run-{run}"));
    let mut paths = first.chain(later).map(|name| folder.join(name));
    paths.find(|path| !path.with_extension("md").exists()).expect("there is always another number")
}

/// Writes what was found so far for people and for programs.
fn write_record(
    path: &Path,
    facts: &[Fact],
    text: &str,
    results: &[figures::Result],
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(path.parent().expect("it lies in a folder"))?;
    fs::write(path.with_extension("md"), text)?;
    let json = serde_json::to_string_pretty(&table::json(facts, results))?;
    fs::write(path.with_extension("json"), json + "\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_record_of_a_day_goes_beside_the_first() {
        let folder = std::env::temp_dir().join(format!("mapray-compare-{}", std::process::id()));
        let facts = [("date", "2026-01-02 03:04 UTC".to_owned())];
        let mut names = Vec::new();
        for _ in 0..3 {
            let path = record_path(&folder, "f4-", &facts);
            write_record(&path, &facts, "text", &[]).unwrap();
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
        let files = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names, ["2026-01-02-f4-", "2026-01-02-f4--run-2", "2026-01-02-f4--run-3"]);
        assert_eq!(files, 6);
    }
}
