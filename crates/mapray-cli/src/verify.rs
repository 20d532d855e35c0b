//! `mapray verify`: whether a file is what it says it is.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mapray::{Archive, ArrayFile, Error, ErrorKind, FaultKind, inspect};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::{output, progress, sniff};

/// Check that files are whole, reading all of an archive: headers, lengths and checksums
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray verify archive.npz
  mapray verify *.npy *.npz
  mapray verify model.safetensors --json

Of a .npy file the header and the length are checked, of a .npz archive also that each member can be
read and has its checksum, of a safetensors file the header and that the arrays fill the file.

Each fault is one line on stdout. The exit code is 0 where all files are sound, 1 where one has
faults, 2 where one cannot be read or is in no known format; the others are checked all the same.")]
pub struct Args {
    /// The files: .npy, .npz or safetensors
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON object on one line for each file: path, format, sound, faults (each with
    /// member, kind and message)
    #[arg(long)]
    json: bool,
}

/// Something wrong.
struct Fault {
    member: Option<String>,
    kind: &'static str,
    message: String,
}

/// Prints the faults of each file; the exit code tells whether there are any.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (mut code, mut unreadable) = (ExitCode::SUCCESS, None);
    for file in &args.files {
        match faults(file) {
            Ok((format, faults)) => {
                let text = if args.json { json_text } else { human_text };
                output::print(&text(file, format, &faults))?;
                if !faults.is_empty() {
                    code = ExitCode::FAILURE;
                }
            }
            Err(failure) => unreadable = Some(failure.report()),
        }
    }
    Ok(unreadable.unwrap_or(code))
}

/// The format of the file, and what is wrong with it.
fn faults(path: &Path) -> Result<(&'static str, Vec<Fault>), Failure> {
    let known = match path.metadata() {
        Ok(metadata) if metadata.is_file() => sniff::format(path).flatten(),
        _ => None,
    };
    if known == Some("npy") {
        // Python objects cannot be opened, but their header can be read.
        let opened = inspect(path).and_then(|entry| {
            if entry.is_mappable() { ArrayFile::open(path).map(drop) } else { Ok(()) }
        });
        return Ok(("npy", of_result(opened)?));
    }
    match (Archive::open(path), known) {
        (Ok(archive), _) => {
            archive.count_reads(progress::counter());
            let len = path.metadata().map_or(0, |metadata| metadata.len());
            let _progress = progress::start("checking", len as usize);
            let faults = archive.verify()?;
            Ok((archive.format(), faults.into_iter().map(of_archive).collect()))
        }
        (Err(error), Some(format)) => Ok((format, of_result(Err(error))?)),
        (Err(error), None) => Err(error.into()),
    }
}

fn of_archive(fault: mapray::Fault) -> Fault {
    let kind = match fault.kind {
        FaultKind::Checksum => "checksum",
        FaultKind::Structure => "structure",
        FaultKind::Content => "content",
        FaultKind::Unchecked => "unchecked",
        _ => "other",
    };
    let message = fault.to_string();
    Fault { member: Some(fault.member), kind, message }
}

/// What is wrong with a file that cannot be opened, unless it cannot be read at all.
fn of_result(opened: Result<(), Error>) -> Result<Vec<Fault>, Failure> {
    match opened {
        Ok(()) => Ok(Vec::new()),
        Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Unsupported) => {
            Err(error.into())
        }
        Err(error) => {
            let member = error.member().map(str::to_owned);
            Ok(vec![Fault { member, kind: "structure", message: error.to_string() }])
        }
    }
}

/// The interface that scripts rely on.
fn json_text(path: &Path, format: &str, faults: &[Fault]) -> String {
    let fault = |fault: &Fault| json!({ "member": fault.member, "kind": fault.kind, "message": fault.message });
    let list: Vec<Value> = faults.iter().map(fault).collect();
    let path = path.to_string_lossy();
    json!({ "path": path, "format": format, "sound": faults.is_empty(), "faults": list })
        .to_string()
}

fn human_text(path: &Path, format: &str, faults: &[Fault]) -> String {
    if faults.is_empty() {
        return format!("{}: sound ({format})", path.display());
    }
    faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("\n")
}
