//! `mapray man`: the manual pages.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Command;
use clap_mangen::Man;

use crate::failure::Failure;
use crate::output;

/// Print the manual page of mapray or of a subcommand, or write them all
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray man | man -l -
  mapray man slice | man -l -
  mapray man -o ~/.local/share/man/man1")]
pub struct Args {
    /// A subcommand [default: the page of mapray itself]
    #[arg(value_name = "SUBCOMMAND")]
    subcommand: Option<String>,
    /// Write the page of each subcommand into this folder, and print nothing
    #[arg(short, long, value_name = "FOLDER", conflicts_with = "subcommand")]
    output: Option<PathBuf>,
}

/// Prints one page, or writes all of them.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let pages = pages();
    if let Some(folder) = &args.output {
        for page in &pages {
            let path = folder.join(format!("{}.1", page.get_name()));
            let written = std::fs::write(&path, roff(page)?);
            written
                .map_err(|error| format!("{}: cannot write the page: {error}", path.display()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = match &args.subcommand {
        None => "mapray".to_owned(),
        Some(subcommand) => format!("mapray-{}", subcommand.replace(' ', "-")),
    };
    let Some(page) = pages.iter().find(|page| page.get_name() == wanted) else {
        let names = pages.iter().filter_map(|page| page.get_name().strip_prefix("mapray-"));
        let names = names.collect::<Vec<_>>().join(", ");
        let found = args.subcommand.as_deref().unwrap_or_default();
        return Err(format!("there is no subcommand '{found}': expected one of {names}").into());
    };
    let page = roff(page)?;
    output::stream(|out| out.write_all(&page).map_err(Failure::Output))
}

/// The definitions, each named as its page is.
fn pages() -> Vec<Command> {
    let mut root = crate::args::definition();
    root.build();
    let mut pages = Vec::new();
    collect(&root, "mapray", &mut pages);
    pages
}

fn collect(command: &Command, name: &str, pages: &mut Vec<Command>) {
    // The name outlives the process: clap takes no other.
    let page = command.clone().name(&*name.to_owned().leak());
    pages.push(page);
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        collect(one, &format!("{name}-{}", one.get_name()), pages);
    }
}

fn roff(page: &Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    Man::new(page.clone()).render(&mut text).map_err(Failure::Output)?;
    Ok(text)
}
