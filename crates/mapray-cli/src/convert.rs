//! `mapray convert`: the same elements in another format, dtype, byte order or order.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use mapray::{Archive, Casting, Conversion, DType, Fault, Order, SaveOptions, SavezOptions};
use serde_json::json;

use crate::address::Address;
use crate::checksum::ByteOrder;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::raw::{RawArgs, dtype};
use crate::{output, progress};

/// What NumPy calls an array that is saved without a name.
const UNNAMED: &str = "arr_0";

/// Copy arrays between .npy, .npz and raw files, into another dtype, byte order or order
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray convert data.npy data.raw
  mapray convert data.npy small.npy --dtype f4
  mapray convert data.npy data.npy --dtype i2 --casting clip
  mapray convert data.npy fortran.npy --order F
  mapray convert camera.raw camera.npy --dtype '>i2' --shape 480,640 --byteorder little
  mapray convert camera.raw camera.npy --dtype '>i2' --shape 480,640 --to-dtype f4
  mapray convert 'data.npy[:, 0]' column.npy
  mapray convert compressed.npz stored.npz
  mapray convert archive.npz::weights weights.npy

An archive becomes an archive of all its arrays, stored uncompressed and aligned to 64 bytes, so
that they can be mapped; it must be sound. For another format, say which array with '::MEMBER',
unless it holds one only. An array without a name becomes the member arr_0 of an archive, as
np.savez would call it.

Of a file without a header, --dtype and --order say what is in it, and --to-dtype and --to-order
what it becomes. Of every other array, --dtype and --order are short for --to-dtype and
--to-order.

Values that the new dtype cannot hold are an error, which names the first one. --casting says
otherwise: truncate cuts fractions off (toward zero), the low digits of integers that are too
large to be exact, imaginary parts and the end of text; clip also takes the nearest number in the
range; wrap lets integers wrap around, as NumPy's astype. Floating-point numbers are always
rounded.

However large the array, it takes some 30 MiB of memory; an archive whose arrays change their
order needs room on the disk for the largest one once more.

In JSON: path and format (npy, npz or raw) of what was written, and size, the bytes of the file
(null where it is none).")]
pub struct Args {
    /// The array: FILE, 'FILE[SLICE]' or 'ARCHIVE::MEMBER[SLICE]'; or ARCHIVE, for all in it
    #[arg(value_name = "IN")]
    input: OsString,
    /// The file to write or replace: a .npy file or .npz archive if its name says so, else the
    /// elements alone, in C order unless another is asked for, as NumPy's tofile writes them
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// What each element becomes, in any of NumPy's spellings [default: what it is]
    #[arg(long, value_parser = dtype, value_name = "DTYPE")]
    to_dtype: Option<DType>,
    /// Whether the last axis (C) or the first (F) is to run fastest [default: as it is; C if raw]
    #[arg(long, value_name = "C|F")]
    to_order: Option<Order>,
    /// The byte order of all numbers: little, big or native [default: as it is]
    #[arg(long, value_name = "ORDER", hide_possible_values = true)]
    byteorder: Option<ByteOrder>,
    /// What becomes of values that do not fit: checked (an error), truncate, clip or wrap
    #[arg(long, value_name = "HOW", default_value = "checked", hide_possible_values = true)]
    #[arg(hide_default_value = true)]
    casting: How,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// What becomes of values that do not fit.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    /// An error
    Checked,
    /// Fractions go
    Truncate,
    /// The nearest number in the range
    Clip,
    /// Integers wrap around
    Wrap,
}

/// Writes the copy.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let format = write(args)?;
    if !args.json {
        return Ok(ExitCode::SUCCESS);
    }
    let size = args.output.metadata().ok().filter(|it| it.is_file()).map(|it| it.len());
    let path = args.output.to_string_lossy();
    output::print(&json!({ "path": path, "format": format, "size": size }).to_string())
}

/// Writes the copy, and tells in which format.
fn write(args: &Args) -> Result<&'static str, Failure> {
    let (address, conversion) = understood(args)?;
    let extension = args.output.extension().unwrap_or_default();
    if extension.eq_ignore_ascii_case("npz") {
        archive(&address, &args.output, &conversion)?;
        return Ok("npz");
    }
    let (array, options) = (address.open()?, SaveOptions::new().conversion(conversion));
    let is_npy = extension == "npy";
    array.with(|array| match is_npy {
        true => options.save_dyn(&args.output, array),
        false => options.save_raw(&args.output, array),
    })?;
    Ok(if is_npy { "npy" } else { "raw" })
}

/// What is read, and what becomes of it.
fn understood(args: &Args) -> Result<(Address, Conversion), Failure> {
    let without = Address::new(&args.input, &RawArgs::default())?;
    let is_raw = args.raw.says_where() || without.is_raw();
    let (address, dtype, order) = match is_raw {
        true => (Address::new(&args.input, &args.raw)?, None, None),
        false => {
            let (dtype, order) = args.raw.dtype_and_order();
            if dtype.is_some() && args.to_dtype.is_some()
                || order.is_some() && args.to_order.is_some()
            {
                return Err(format!(
                    "{}: --dtype and --order say what is in a file without a header, which this is \
                     not; leave them out beside --to-dtype and --to-order",
                    args.input.display()
                )
                .into());
            }
            (without, dtype, order)
        }
    };
    let mut conversion = Conversion::new().casting(match args.casting {
        How::Checked => Casting::Checked,
        How::Truncate => Casting::Truncate,
        How::Clip => Casting::Clip,
        How::Wrap => Casting::Wrap,
    });
    if let Some(dtype) = args.to_dtype.clone().or(dtype) {
        conversion = conversion.dtype(dtype);
    }
    if let Some(order) = args.to_order.or(order) {
        conversion = conversion.order(order);
    }
    if let Some(order) = args.byteorder {
        conversion = conversion.byte_order(order.endian());
    }
    Ok((address, conversion))
}

/// Writes an archive of what the address names.
fn archive(address: &Address, output: &Path, conversion: &Conversion) -> Result<(), Failure> {
    let input = address.archive()?;
    // The copy gets checksums of its own, which would vouch for damaged bytes.
    if let (Some(input), None, None) = (&input, &address.member, &address.slice)
        && let Some(fault) = verified(address, input)?.into_iter().next()
    {
        return Err(fault.error.into());
    }
    let mut archive = SavezOptions::new().create(output)?;
    for (name, array) in members(address, input.as_ref())? {
        let array = array()?;
        array.with(|array| archive.add_converted(name, array, conversion))?;
    }
    Ok(archive.finish()?)
}

/// What is wrong with the whole archive.
fn verified(address: &Address, archive: &Archive) -> Result<Vec<Fault>, Failure> {
    let len = address.path.metadata().map_or(0, |metadata| metadata.len());
    let _progress = progress::start("checking", len as usize);
    Ok(archive.verify()?)
}

type Open<'a> = Box<dyn FnOnce() -> Result<Opened, Failure> + 'a>;

/// The arrays that the address names, under the names that they get, opened one by one.
fn members<'a>(
    address: &'a Address,
    input: Option<&'a Archive>,
) -> Result<Vec<(String, Open<'a>)>, Failure> {
    let Some(input) = input else {
        return Ok(vec![(UNNAMED.to_owned(), Box::new(|| address.open()))]);
    };
    if address.member.is_none() && address.slice.is_none() {
        let open = |name: String| -> (String, Open<'a>) {
            (name.clone(), Box::new(move || Opened::member(input, &name)))
        };
        return Ok(input.names().into_iter().map(open).collect());
    }
    let name = input.entry(&address.name_in(input)?)?.name;
    let name = name.unwrap_or_else(|| UNNAMED.to_owned());
    Ok(vec![(name, Box::new(|| address.open()))])
}
