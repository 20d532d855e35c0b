//! `mapray ls`: the arrays of files and folders.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mapray::DType;
use mapray::dtype::Kind;
use mapray::format::Entry;
use serde_json::{Map, Value};

use crate::address::Address;
use crate::describe::{self, bytes_text, count, dtype_json, encoding, shape_text};
use crate::failure::Failure;
use crate::raw::RawArgs;
use crate::render::align;
use crate::{output, sniff};

/// List the arrays of files, of archives and of all files in folders, a line for each
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray ls
  mapray ls runs/
  mapray ls archive.npz data.npy
  mapray ls runs/ --json

Of a folder those files are listed that start like, or are named like, a format with a header (.npy,
.npz, .safetensors); folders in it are not entered. What cannot be read has its error in its line.

In JSON, one object on a line for each array: path, name (of a member, else null), then dtype, shape,
order, nbytes, encoding (stored, deflated, packed, pickled), offset, mappable, as info prints them;
or error.")]
pub struct Args {
    /// Files, 'ARCHIVE::MEMBER' or folders [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<OsString>,
    /// Print one JSON object on a line for each array
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// An array, or what was to be one.
struct Row {
    path: PathBuf,
    name: Option<String>,
    entry: Result<Entry, Failure>,
}

/// Lists them in the order of the arguments, those of a folder by name.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let here = [OsString::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
    let mut rows = Vec::new();
    for path in paths {
        if Path::new(path).is_dir() {
            folder(Path::new(path), &args.raw, &mut rows)?;
        } else {
            rows.extend(arrays(&Address::new(path, &args.raw)?)?);
        }
    }
    match (args.json, rows.is_empty()) {
        (_, true) => Ok(ExitCode::SUCCESS),
        (true, _) => output::print(&rows.iter().map(json_text).collect::<Vec<_>>().join("\n")),
        (false, _) => output::print_styled(&align(&table(&rows))),
    }
}

/// The arrays of the files in a folder.
fn folder(folder: &Path, raw: &RawArgs, rows: &mut Vec<Row>) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| -> Failure {
        format!("{}: cannot list the folder: {error}", folder.display()).into()
    };
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder).map_err(cannot)? {
        let file = file.map_err(cannot)?;
        let is_hidden = file.file_name().as_encoded_bytes().starts_with(b".");
        // As the user named it: `./` in front of each file of the current folder says nothing.
        let path = if folder == Path::new(".") { file.file_name().into() } else { file.path() };
        if !is_hidden && sniff::has_arrays(&path) {
            files.push(path);
        }
    }
    files.sort();
    for path in files {
        match Address::new(path.as_os_str(), raw).and_then(|address| arrays(&address)) {
            Ok(found) => rows.extend(found),
            Err(error) => rows.push(Row { path, name: None, entry: Err(error) }),
        }
    }
    Ok(())
}

/// The array that the address names, or all of the archive.
fn arrays(address: &Address) -> Result<Vec<Row>, Failure> {
    let path = address.path.clone();
    let Some(archive) = address.archive()? else {
        return Ok(vec![Row { path, name: None, entry: Ok(describe::single(address)?) }]);
    };
    if address.member.is_some() || address.slice.is_some() {
        let entry = describe::member(address, &archive)?;
        return Ok(vec![Row { path, name: entry.name.clone(), entry: Ok(entry) }]);
    }
    let row = |name: String| {
        let entry = archive.entry(&name).map_err(Failure::from);
        Row { path: path.clone(), name: Some(name), entry }
    };
    Ok(archive.names().into_iter().map(row).collect())
}

/// The interface that scripts rely on.
fn json_text(row: &Row) -> String {
    let mut keys = Map::new();
    keys.insert("path".into(), row.path.to_string_lossy().into());
    keys.insert("name".into(), row.name.as_deref().into());
    match &row.entry {
        Ok(entry) => {
            keys.insert("dtype".into(), dtype_json(entry.dtype()));
            keys.insert("shape".into(), entry.shape().into());
            keys.insert("order".into(), entry.order.to_string().into());
            keys.insert("nbytes".into(), entry.nbytes().into());
            keys.insert("encoding".into(), encoding(entry).into());
            keys.insert("offset".into(), entry.offset().into());
            keys.insert("mappable".into(), entry.is_mappable().into());
        }
        Err(error) => {
            keys.insert("error".into(), error.to_string().into());
        }
    }
    Value::Object(keys).to_string()
}

/// A dtype as NumPy spells it, where that is short.
fn dtype_text(dtype: &DType) -> String {
    match dtype.kind() {
        Kind::Record(record) => {
            format!("record of {}", count(record.fields().len() as u64, "field"))
        }
        _ => dtype.to_string(),
    }
}

fn table(rows: &[Row]) -> Vec<Vec<String>> {
    let head = ["name", "dtype", "shape", "order", "size", "encoding", "offset", "mappable"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for row in rows {
        let path = row.path.to_string_lossy();
        let name = row.name.as_ref().map(|name| format!("::{name}")).unwrap_or_default();
        let name = format!("{path}{name}").escape_debug().to_string();
        table.push(match &row.entry {
            Ok(entry) => vec![
                name,
                dtype_text(entry.dtype()),
                shape_text(entry.shape()),
                entry.order.to_string(),
                bytes_text(entry.nbytes()),
                encoding(entry).to_owned(),
                entry.offset().to_string(),
                if entry.is_mappable() { "yes" } else { "no" }.to_owned(),
            ],
            Err(error) => vec![name, format!("error: {error}")],
        });
    }
    table
}
