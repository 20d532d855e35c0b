//! What is in a file that holds several arrays under names.

use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::{self, Directory, interrupted};
use crate::format::{Entry, names, npz, safetensors};
use crate::source::{ReadAt, Source};

/// What is in a file that holds several arrays under names.
#[derive(Clone, Debug)]
pub(crate) enum Contents {
    /// A zip archive, of which only the directory has been read.
    Zip(Directory),
    /// A file whose header tells all.
    Listing(Listing),
}

/// All that the header of a file says.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub format: &'static str,
    /// What it says of the file as a whole.
    pub attributes: Vec<(String, String)>,
    /// The arrays, each with a name of its own.
    pub entries: Vec<Entry>,
}

impl Contents {
    /// What a file that starts with `first` holds; `None` where it is no such file.
    pub(crate) fn probe(source: &Source, first: &[u8]) -> Result<Option<Contents>> {
        let len = require_len(source, source.len()?)?;
        let contents = if zip::MAGICS.iter().any(|magic| first.starts_with(magic)) {
            return Contents::zip(source).map(Some);
        } else if safetensors::is_likely(first, len) {
            safetensors::listing(source, len).map(Contents::Listing)
        } else {
            return Ok(None);
        };
        contents.map(Some).map_err(|error| source.name(error))
    }

    /// A zip archive, whatever the file starts with.
    pub(crate) fn zip(source: &Source) -> Result<Contents> {
        /// So often an archive may be edited while it is opened.
        const MOST: usize = 100;
        let mut len = require_len(source, interrupted::settled_len(source)?)?;
        for _ in 0..MOST {
            let directory = Directory::read(source, len);
            let len_now = require_len(source, interrupted::settled_len(source)?)?;
            if len_now == len {
                return directory.map(Contents::Zip).map_err(|error| source.name(error));
            }
            len = len_now;
        }
        let error =
            Error::new(ErrorKind::Changed, "the archive changes faster than it can be read");
        Err(source.name(error))
    }

    pub(crate) fn format(&self) -> &'static str {
        match self {
            Contents::Zip(_) => "npz",
            Contents::Listing(listing) => listing.format,
        }
    }

    pub(crate) fn attributes(&self) -> &[(String, String)] {
        match self {
            Contents::Zip(_) => &[],
            Contents::Listing(listing) => &listing.attributes,
        }
    }

    /// The names of the arrays, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Contents::Zip(directory) => npz::names(directory),
            Contents::Listing(listing) => {
                listing.entries.iter().filter_map(|entry| entry.name.clone()).collect()
            }
        }
    }

    /// What the file says of one array.
    pub(crate) fn entry(&self, source: &(impl ReadAt + ?Sized), name: &str) -> Result<Entry> {
        let entry = match self {
            Contents::Zip(directory) => match npz::find(directory, name) {
                Some(member) => Some(npz::entry(source, directory, member)?),
                None => None,
            },
            Contents::Listing(listing) => {
                listing.entries.iter().find(|entry| entry.name.as_deref() == Some(name)).cloned()
            }
        };
        entry.ok_or_else(|| names::unknown(name, &self.names()))
    }
}

fn require_len(source: &Source, len: Option<u64>) -> Result<u64> {
    len.ok_or_else(|| {
        let error = Error::new(ErrorKind::Unsupported, "a device without an end is no archive");
        source.name(error)
    })
}
