//! What `warm`, `evict` and `residency` have in common: bytes of files, and the page cache.

use std::ffi::OsString;
use std::process::ExitCode;

use mapray::format::Content;
use mapray::{ArrayFile, MapOptions, Residency};
use serde_json::json;

use crate::address::Address;
use crate::describe::bytes_text;
use crate::failure::Failure;
use crate::raw::RawArgs;
use crate::{output, progress};

/// The arrays that are worked on.
#[derive(clap::Args, Debug)]
pub struct Subjects {
    /// The arrays: FILE, 'FILE[SLICE]', 'ARCHIVE::MEMBER[SLICE]' or ARCHIVE
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<OsString>,
    /// Print one JSON object on a line for each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    raw: RawArgs,
}

impl Subjects {
    /// Does this to the bytes of each, and prints what is in memory then: even if nobody wants to
    /// hear of it where that is the result, and only what was `done` else.
    pub fn each(
        &self,
        done: bool,
        work: impl Fn(&ArrayFile) -> Result<(), Failure>,
    ) -> Result<ExitCode, Failure> {
        for address in &self.addresses {
            let file = bytes_of(&Address::new(address, &self.raw)?)?;
            work(&file)?;
            if done && progress::is_quiet() {
                continue;
            }
            let address = address.to_string_lossy();
            let residency = file.residency().ok();
            output::print(&match residency {
                _ if self.json => json_text(&address, residency),
                Some(residency) => format!("{address}: {}", residency_text(residency)),
                None => format!("{address}: the system does not tell what is in memory"),
            })?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The interface that scripts rely on.
fn json_text(address: &str, residency: Option<Residency>) -> String {
    let resident = residency.map(|residency| residency.resident);
    let total = residency.map(|residency| residency.total);
    json!({ "address": address, "resident": resident, "total": total }).to_string()
}

/// How much of something is in memory, in words.
pub fn residency_text(residency: Residency) -> String {
    let Residency { resident, total } = residency;
    let (part, whole) = (bytes_text(resident as u64), bytes_text(total as u64));
    match (resident as u128 * 100).checked_div(total as u128) {
        None => "nothing to keep in memory".to_owned(),
        Some(percent) => format!("{part} of {whole} in memory ({percent}%)"),
    }
}

/// The bytes that the address names, decoded or not: of an archive without a member, all of them.
pub fn bytes_of(address: &Address) -> Result<ArrayFile, Failure> {
    let bytes = |options: MapOptions| -> Result<ArrayFile, Failure> {
        let file = options.dtype("u1".parse()?).file(&address.path)?;
        file.count_reads(progress::counter());
        Ok(file)
    };
    let Some(archive) = address.archive()? else {
        return match &address.slice {
            Some(slice) => Ok(address.open_file()?.slice(slice)?),
            None => address.open_file(),
        };
    };
    if address.member.is_none() && address.slice.is_none() {
        return bytes(MapOptions::new());
    }
    let name = address.name_in(&archive)?;
    match (archive.entry(&name)?.content, &address.slice) {
        (Content::Encoded { range, .. }, None) => {
            let len = (range.end - range.start) as usize;
            bytes(MapOptions::new().offset(range.start).shape(len))
        }
        (_, slice) => {
            let member = archive.member(&name)?;
            Ok(match slice {
                Some(slice) => member.slice(slice)?,
                None => member,
            })
        }
    }
}
