//! `mapray set`: values into an array that is there.

use std::ffi::OsString;
use std::process::ExitCode;

use mapray::layout::Index;
use mapray::{AnyArray, ArrayFile, DynLiveMap, DynView, ErrorKind, Layout, Mode, Order, Slice};
use serde_json::json;

use crate::address::Address;
use crate::describe::encoding;
use crate::failure::Failure;
use crate::opened::{Opened, dotted};
use crate::raw::RawArgs;
use crate::render::Elements;
use crate::{output, progress, value};

/// How much is stored between two looks at the progress bar.
const AT_ONCE: usize = 64 << 20;
/// What of a file is copied into memory before it is stored elsewhere in the same file.
const MOST_MOVED: usize = 1 << 30;

/// Store a value, or the elements of another array, into an array or a part of it
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray set 'data.npy[0, 0]' 1.5
  mapray set 'data.npy[:, -1]' nan
  mapray set 'data.npy[10:20]' --from other.npy
  mapray set 'data.npy[0]' -- -inf
  mapray set 'points.npy[-1]' --field t 2024-02-29T12:00
  mapray set archive.npz::weights 0

Elements are stored where they lie, through a map, and the disk has them at the end. The checksum of an
archive's member is brought up to date. Another array must have the same dtype, in either byte
order, and a shape that NumPy would broadcast. If the run is stopped, a part of the elements is stored.

In JSON: address, shape and nbytes of what was stored.")]
pub struct Args {
    /// Where to store: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(value_name = "ADDRESS")]
    address: OsString,
    /// The value: a number (1.5, -3, 1e-9, nan, 1-2j), true or false, a text, a date in ISO 8601, bytes in
    /// hexadecimal
    #[arg(value_name = "VALUE", required_unless_present = "from", conflicts_with = "from")]
    #[arg(allow_negative_numbers = true)]
    value: Option<String>,
    /// Store the elements of this array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'
    #[arg(long, value_name = "ADDRESS")]
    from: Option<OsString>,
    /// Store into this field of each record; a.b is the field b of the records in field a
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// Checks everything, then stores.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let address = Address::new(&args.address, &args.raw)?;
    let target = target(&address, args.field.as_deref())?;
    if let Some(text) = &args.value {
        let element = value::element(text, target.dtype())
            .map_err(|error| format!("{}: {error}", args.address.display()))?;
        let map = target.map_live_dyn(Mode::ReadWrite)?;
        fill(&map, &element)?;
        map.close()?;
    } else if let Some(from) = &args.from {
        let from = Address::new(from, &RawArgs::default())?.open()?;
        let from = apart(from, &target)?;
        let map = target.map_live_dyn(Mode::ReadWrite)?;
        {
            let _progress = progress::start("storing", from.layout().nbytes());
            from.store(&map)?;
        }
        map.close()?;
    }
    if !args.json {
        return Ok(ExitCode::SUCCESS);
    }
    let address = args.address.to_string_lossy();
    let (shape, nbytes) = (target.shape(), target.layout().nbytes());
    output::print(&json!({ "address": address, "shape": shape, "nbytes": nbytes }).to_string())
}

/// The part that is to be stored into.
fn target(address: &Address, field: Option<&str>) -> Result<ArrayFile, Failure> {
    let mut target = match address.archive()? {
        Some(archive) => {
            let name = address.name_in(&archive)?;
            if encoding(&archive.entry(&name)?) == "deflated" {
                let path = address.path.display();
                return Err(format!(
                    "{path}::{name}: the member is compressed, and cannot be edited where it lies; \
                     `mapray convert {path} STORED.npz` stores it so that it can"
                )
                .into());
            }
            archive.member(&name)?
        }
        None => address.open_file()?,
    };
    if let Some(slice) = &address.slice {
        target = target.slice(slice)?;
    }
    match field {
        None => Ok(target),
        Some(name) => Ok(dotted(&target, name, ArrayFile::field)?),
    }
}

/// Stores one element everywhere, some rows at a time.
fn fill(map: &DynLiveMap, element: &[u8]) -> Result<(), Failure> {
    let _progress = progress::start("storing", map.layout().nbytes());
    let Some(&rows) = map.shape().first().filter(|&&rows| rows > 0) else {
        return Ok(map.fill_element(element)?);
    };
    let step = (AT_ONCE / (map.layout().nbytes() / rows).max(1)).max(1);
    for first in (0..rows).step_by(step) {
        let rows = Index::range(first as i64, first.saturating_add(step) as i64, None);
        let part = map.slice(&Slice::new([rows]))?;
        part.fill_element(element)?;
        part.pages().flush()?;
        progress::add(part.layout().nbytes() as u64);
    }
    Ok(())
}

/// Elements that are to be stored.
enum Source {
    Opened(Box<Opened>),
    /// A copy in memory.
    Copy(Vec<u8>, Layout),
}

impl Source {
    fn layout(&self) -> &Layout {
        match self {
            Source::Opened(opened) => opened.layout(),
            Source::Copy(_, layout) => layout,
        }
    }

    fn store(&self, map: &DynLiveMap) -> Result<(), Failure> {
        let assign = |array: &dyn AnyArray| {
            map.assign_dyn(array).map_err(|error| match error.kind() {
                ErrorKind::Dtype => {
                    format!("{error}; `mapray convert --dtype` makes a copy with another dtype")
                        .into()
                }
                _ => Failure::from(error),
            })
        };
        match self {
            Source::Opened(opened) => match &**opened {
                Opened::File(file) => assign(file),
                Opened::Decoded(decoded) => assign(&decoded.view()?),
            },
            Source::Copy(bytes, layout) => assign(&DynView::new(bytes, layout.clone())?),
        }
    }
}

/// Elements of the same file are copied first: what is stored must not be read again.
fn apart(from: Opened, target: &ArrayFile) -> Result<Source, Failure> {
    let Opened::File(file) = &from else { return Ok(Source::Opened(Box::new(from))) };
    let place = |file: &ArrayFile| file.path().and_then(|path| path.canonicalize().ok());
    let (ours, theirs) = (target.layout().span(), file.layout().span());
    if place(file) != place(target) || ours.end <= theirs.start || theirs.end <= ours.start {
        return Ok(Source::Opened(Box::new(from)));
    }
    let nbytes = from.layout().nbytes();
    if nbytes > MOST_MOVED {
        return Err(format!(
            "the two parts of the file overlap, and one would be changed while it is read: expected at \
             most {MOST_MOVED} bytes, found {nbytes}; copy it first, with `mapray slice -o`"
        )
        .into());
    }
    let layout = Layout::contiguous(from.dtype().clone(), from.shape(), Order::C, 0)?;
    Ok(Source::Copy(from.part(&Slice::all())?, layout))
}
