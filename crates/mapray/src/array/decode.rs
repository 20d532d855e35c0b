//! Arrays that must be decoded, and so lie in memory.

use std::ops::Range;

use ndarray::{Array, Dimension};

use crate::array::read::{new_array_of_bytes, zeroed};
use crate::array::view::require_plain;
use crate::array::{DynView, file};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{Checksum, Codec, Content, Entry};
use crate::layout::Layout;
use crate::map::stored_checksum;
use crate::source::{Inflate, ReadAt, Source, update_crc32};

/// An array in memory of its own, of a dtype known at run time: what a compressed member becomes.
///
/// ```
/// use mapray::Archive;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-decoded-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("model.safetensors");
/// # let header = r#"{"scale":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}"#;
/// # let data = [1.5_f64.to_le_bytes(), 2.5_f64.to_le_bytes()].concat();
/// # let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
/// # std::fs::write(&path, file).unwrap();
/// let array = Archive::open(&path)?.decode("scale")?;
/// let values = array.view().typed::<f64, ndarray::IxDyn>()?;
/// assert_eq!(values.mean(), Some(2.0));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DecodedArray {
    /// More than bytes, so that they are aligned for every element.
    memory: Vec<u128>,
    /// What lies in front of the elements.
    lead: usize,
    layout: Layout,
}

impl DecodedArray {
    /// The array that the file says is there. Checksums are checked.
    pub(super) fn new(source: &Source, entry: &Entry) -> Result<DecodedArray> {
        let made = layout(entry).and_then(|layout| {
            let lead = lead(entry, size_of::<u128>());
            let len = lead + layout.nbytes();
            let mut memory = zeroed::<u128>(len.div_ceil(size_of::<u128>()))?;
            decode(source, entry, lead, &mut bytemuck::cast_slice_mut(&mut memory)[..len])?;
            Ok(DecodedArray { memory, lead, layout })
        });
        made.map_err(|error| file::name(source, entry, error))
    }

    /// The array.
    pub fn view(&self) -> DynView<'_> {
        DynView::new(self.as_bytes(), self.layout.clone()).expect("the memory was made for it")
    }

    /// The elements as they lay in the file, side by side.
    pub fn as_bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.memory)[self.lead..][..self.layout.nbytes()]
    }

    /// As [`as_bytes`](DecodedArray::as_bytes), to be written.
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.memory)[self.lead..][..self.layout.nbytes()]
    }

    /// Where the elements lie in [`as_bytes`](DecodedArray::as_bytes).
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What each element is.
    pub fn dtype(&self) -> &DType {
        self.layout.dtype()
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }
}

impl ReadAt for DecodedArray {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.view().read_at(offset, buffer)
    }

    fn in_memory(&self, layout: &Layout) -> Option<*const u8> {
        self.view().in_memory(layout)
    }
}

/// As [`DecodedArray::new`], for a known element type.
pub(super) fn read<T: Element, D: Dimension>(
    source: &Source,
    entry: &Entry,
) -> Result<Array<T, D>> {
    let read = layout(entry).and_then(|layout| {
        let lead = lead(entry, size_of::<T>());
        new_array_of_bytes(layout.dtype(), layout.shape(), entry.order, lead, |bytes| {
            decode(source, entry, lead, bytes)
        })
    });
    read.map_err(|error| file::name(source, entry, error))
}

/// Where the elements lie when they are decoded.
fn layout(entry: &Entry) -> Result<Layout> {
    require_plain(entry.dtype())?;
    Layout::contiguous(entry.dtype().clone(), entry.shape(), entry.order, 0)
}

/// The most deflated bytes that are held in memory beside what they become.
const AT_ONCE: u64 = 256 << 20;

/// How many bytes in front of the elements are worth memory, too: those of an entry that is inflated in one
/// go, if they end where an item of this size may begin.
fn lead(entry: &Entry, itemsize: usize) -> usize {
    match &entry.content {
        Content::Encoded { codec: Codec::Deflate { skip, len, .. }, range, .. }
            if cfg!(feature = "libdeflate") && range.end - range.start <= AT_ONCE =>
        {
            let ends_there = skip + entry.nbytes() == *len;
            let lead = usize::try_from(*skip).unwrap_or(0);
            if ends_there && lead.checked_rem(itemsize) == Some(0) { lead } else { 0 }
        }
        _ => 0,
    }
}

/// Fills `out`, which has their size and that of the [`lead`], with the elements as they lie.
fn decode(source: &Source, entry: &Entry, lead: usize, out: &mut [u8]) -> Result<()> {
    match &entry.content {
        Content::Stored(layout) => match &entry.upkeep.checksum {
            Some(checksum) => copy_checked(source, layout.offset(), checksum, out),
            None => source.read_at(layout.offset(), out),
        },
        Content::Encoded { codec: Codec::Deflate { crc, .. }, range, .. }
            if lead > 0 && decode_at_once(source, range, out)? =>
        {
            require_crc(*crc, crc32fast::hash(out))
        }
        // Also where that failed: it finds the offset of what is wrong.
        Content::Encoded { codec: Codec::Deflate { skip, len, crc }, range, .. } => {
            let mut inflate = Inflate::new(source, range.clone(), *len)?;
            inflate.skip(*skip)?;
            inflate.fill(&mut out[lead..])?;
            require_crc(*crc, inflate.finish(*len)?)
        }
        Content::Encoded { codec, .. } => Err(file::encoded(*codec)),
    }
}

/// Inflates bytes of the file in one go. Whether they are what `out` has room for.
#[cfg(feature = "libdeflate")]
fn decode_at_once(source: &Source, range: &Range<u64>, out: &mut [u8]) -> Result<bool> {
    let Ok(mut deflated) = zeroed::<u8>((range.end - range.start) as usize) else {
        return Ok(false);
    };
    source.read_at(range.start, &mut deflated)?;
    Ok(crate::source::inflate_at_once(&deflated, out))
}

#[cfg(not(feature = "libdeflate"))]
fn decode_at_once(_: &Source, _: &Range<u64>, _: &mut [u8]) -> Result<bool> {
    Ok(false)
}

/// Copies the bytes from `start` on, and checks the checksum of the range that they are a part of.
fn copy_checked(source: &Source, start: u64, checksum: &Checksum, out: &mut [u8]) -> Result<()> {
    let mut hasher = crc32fast::Hasher::new();
    update_crc32(&mut hasher, source, checksum.range.start..start)?;
    source.read_at(start, out)?;
    hasher.update(out);
    update_crc32(&mut hasher, source, start + out.len() as u64..checksum.range.end)?;
    // Where the directory stood when it was read there may be something else now, or nothing.
    let mut stored = checksum.slots.iter().map(|slot| stored_checksum(source, slot));
    match stored.next() {
        Some(Ok(stored)) => require_crc(stored, hasher.finalize()),
        Some(Err(error)) => {
            let other = stored.find_map(Result::ok).ok_or(error)?;
            require_crc(other, hasher.finalize())
        }
        None => Ok(()),
    }
}

fn require_crc(expected: u32, found: u32) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Format, "the member's checksum (CRC-32) does not fit its bytes")
        .expected(format!("{expected:#010x}"))
        .found(format!("{found:#010x}"))
        .hint("it is damaged, or was edited without a flush, which `Npz::repair` mends"))
}
