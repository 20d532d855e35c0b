//! What depends on bytes of a file and stands elsewhere in it.

use std::ops::Range;

/// What must be put right elsewhere in a file after elements were stored: data, so that a map can do
/// it without knowing any format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upkeep {
    /// A checksum over the elements.
    pub checksum: Option<Checksum>,
    /// How the array can become longer where it lies; `None` where it cannot.
    pub growth: Option<Growth>,
}

/// An array at the end of its file, along one axis of which more elements can follow: nothing but the
/// header has to be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Growth {
    /// The axis that can grow: the one whose stride is the widest.
    pub axis: usize,
    /// The header, which says how long it is.
    pub header: Range<u64>,
}

/// A CRC-32 (that of zip, gzip and PNG) over a run of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checksum {
    /// The bytes that it is of.
    pub range: Range<u64>,
    /// Where it stands, the place that readers go by first.
    pub slots: Vec<Slot>,
    /// The length of the file when these were found: in a file of another length they may no longer be
    /// the places that count, and nothing may be written there.
    pub file_len: u64,
}

/// A place in a file where four bytes, little endian, hold a checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slot {
    /// Its first byte.
    pub offset: u64,
    /// The bytes right before it, when the file was opened: where they are others now, somebody has
    /// moved things about, and nothing may be written there.
    pub before: Vec<u8>,
}
