//! `mapray checksum`: checksums of elements, and whether they are as they were.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use mapray::dtype::Endian;
use mapray::{Algorithm, checksum};
use serde_json::{Value, json};

use crate::address::Address;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output;
use crate::raw::RawArgs;

/// Print checksums of the elements of arrays, or check them
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mapray checksum data.npy
  mapray checksum *.npy archive.npz --algorithm xxh3 > sums
  mapray checksum --check sums --algorithm xxh3
  mapray checksum 'data.npy[0:100]' --byteorder little --json

The checksum is that of the elements as bytes in C order, as convert writes them to a raw file:
the same in a .npy file, an archive (deflated or not) or a raw file, in C or in Fortran order.
Headers, shape and dtype do not count. The byte order does, unless --byteorder brings all into
one.

Of an archive without '::MEMBER' each array gets a line. Lines are those of sha256sum: the
checksum, two blanks, the address. The exit code is 1 where --check finds another checksum, and 2
where something cannot be read; the other lines are printed all the same.

In JSON: algorithm, and checksums, each with address and checksum. With --check: algorithm, same,
and checked, each with address, same, expected and found (null where it cannot be read, and then
error).")]
pub struct Args {
    /// The arrays: FILE, 'FILE[SLICE]', 'ARCHIVE::MEMBER[SLICE]', or ARCHIVE, for all in it
    #[arg(value_name = "ADDRESS", required_unless_present = "check")]
    addresses: Vec<OsString>,
    /// sha256, crc32 or xxh3 (128 bits)
    #[arg(long, short, value_name = "NAME", default_value_t)]
    algorithm: Algorithm,
    /// Bring numbers into this byte order first: little, big or native
    #[arg(long, value_name = "ORDER", hide_possible_values = true)]
    byteorder: Option<ByteOrder>,
    /// Check what an earlier run has printed into this file ('-' is stdin), with the same options
    #[arg(long, value_name = "FILE", conflicts_with = "addresses")]
    check: Option<PathBuf>,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ByteOrder {
    /// The lowest byte first
    Little,
    /// The highest byte first
    Big,
    /// That of this machine
    Native,
}

impl ByteOrder {
    pub fn endian(self) -> Endian {
        match self {
            ByteOrder::Little => Endian::Little,
            ByteOrder::Big => Endian::Big,
            ByteOrder::Native => Endian::NATIVE,
        }
    }
}

/// Prints the checksums, or how they compare.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.check {
        Some(file) => check(args, file),
        None => list(args),
    }
}

fn list(args: &Args) -> Result<ExitCode, Failure> {
    let (mut sums, mut failed) = (Vec::new(), None);
    for address in &args.addresses {
        match sums_of(args, address) {
            Ok(found) => sums.extend(found),
            Err(failure) => failed = Some(failure.report()),
        }
    }
    let text = if args.json {
        let sum =
            |(address, sum): &(String, String)| json!({ "address": address, "checksum": sum });
        let sums: Vec<Value> = sums.iter().map(sum).collect();
        json!({ "algorithm": args.algorithm.to_string(), "checksums": sums }).to_string()
    } else {
        sums.iter().map(|(address, sum)| line(address, sum)).collect::<Vec<_>>().join("\n")
    };
    if args.json || !sums.is_empty() {
        output::print(&text)?;
    }
    Ok(failed.unwrap_or(ExitCode::SUCCESS))
}

/// The checksums of what an address names, each with its own address.
fn sums_of(args: &Args, text: &OsStr) -> Result<Vec<(String, String)>, Failure> {
    let address = Address::new(text, &args.raw)?;
    let shown = text.to_string_lossy();
    if let (None, None) = (&address.member, &address.slice)
        && let Some(archive) = address.archive()?
    {
        let sum = |name: String| {
            Ok((format!("{shown}::{name}"), sum_of(args, &Opened::member(&archive, &name)?)?))
        };
        return archive.names().into_iter().map(sum).collect();
    }
    Ok(vec![(shown.into_owned(), sum_of(args, &address.open()?)?)])
}

fn sum_of(args: &Args, array: &Opened) -> Result<String, Failure> {
    let endian = args.byteorder.map(ByteOrder::endian);
    array.with(|array| checksum(array, args.algorithm, endian)).map(|sum| sum.to_string())
}

/// As `sha256sum`: where a name has a line break or backslash, those are escaped and the line
/// starts with a backslash.
fn line(address: &str, sum: &str) -> String {
    let escaped = address.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r");
    let mark = if escaped == address { "" } else { r"\" };
    format!("{mark}{sum}  {escaped}")
}

/// What a line says, its address and checksum.
fn parse(line: &str, digits: usize) -> Option<(String, String)> {
    let (line, is_escaped) = match line.strip_prefix('\\') {
        Some(line) => (line, true),
        None => (line, false),
    };
    let (sum, address) = line.split_once([' '])?;
    let address = address.strip_prefix([' ', '*'])?;
    let is_sum = sum.len() == digits && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_sum || address.is_empty() {
        return None;
    }
    let address = match is_escaped {
        false => address.to_owned(),
        true => {
            let marked = address.replace(r"\\", "\0");
            marked.replace(r"\n", "\n").replace(r"\r", "\r").replace('\0', r"\")
        }
    };
    Some((address, sum.to_ascii_lowercase()))
}

fn check(args: &Args, file: &PathBuf) -> Result<ExitCode, Failure> {
    let shown = file.display();
    let mut text = String::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().read_to_string(&mut text).map(drop),
        false => std::fs::read_to_string(file).map(|read| text = read),
    };
    read.map_err(|error| format!("{shown}: cannot read the checksums: {error}"))?;
    let (mut checked, mut lines) = (Vec::new(), Vec::new());
    let (mut same, mut failed) = (true, None);
    for (number, text) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (algorithm, digits) = (args.algorithm, args.algorithm.digits());
        let (address, expected) = parse(text, digits).ok_or_else(|| {
            format!(
                "{shown}: line {} is no checksum: expected {digits} hexadecimal digits, as \
                 {algorithm} has, two blanks and an address; --algorithm says which one it is",
                number + 1
            )
        })?;
        let found = Address::new(OsStr::new(&address), &args.raw)
            .and_then(|address| sum_of(args, &address.open()?));
        let verdict = match &found {
            Ok(found) if *found == expected => "OK",
            Ok(_) => "FAILED",
            Err(failure) => {
                failed = Some(failure.report());
                "FAILED to read"
            }
        };
        same &= verdict == "OK";
        lines.push(format!("{address}: {verdict}"));
        checked.push(json!({
            "address": address, "same": verdict == "OK", "expected": expected,
            "found": found.as_ref().ok(), "error": found.as_ref().err().map(Failure::to_string),
        }));
    }
    if checked.is_empty() {
        return Err(format!("{shown}: there are no checksums in it").into());
    }
    output::print(&match args.json {
        true => {
            let algorithm = args.algorithm.to_string();
            json!({ "algorithm": algorithm, "same": same, "checked": checked }).to_string()
        }
        false => lines.join("\n"),
    })?;
    let code = if same { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    Ok(failed.unwrap_or(code))
}
