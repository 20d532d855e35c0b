//! NumPy's `.npz`: a zip archive of `.npy` files.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::{Error, ErrorKind, Result};
use crate::format::zip::{Directory, Local, Member, Method};
use crate::format::{Checksum, Codec, Content, Entry, Upkeep, npy};
use crate::layout::Layout;
use crate::source::{Inflate, ReadAt};

/// What NumPy adds to the name of an array to get that of its member.
pub(crate) const SUFFIX: &str = ".npy";

/// The member that NumPy would read under this name: the one that is called so, else the one with
/// `.npy` behind it.
pub(crate) fn find<'a>(directory: &'a Directory, name: &str) -> Option<&'a Member> {
    directory.find(name).or_else(|| directory.find(&[name, SUFFIX].concat()))
}

/// The names of the arrays, each once, as NumPy gives them: without `.npy`, unless another member is
/// called so, which NumPy would read instead.
pub(crate) fn names(directory: &Directory) -> Vec<String> {
    let members: Vec<_> = directory.members().iter().map(|member| directory.name(member)).collect();
    array_names(&members)
}

/// The same, from the names of the members.
pub(crate) fn array_names(members: &[Cow<'_, str>]) -> Vec<String> {
    let exact: HashSet<&str> = members.iter().map(|name| &**name).collect();
    let mut seen = HashSet::new();
    let names = members.iter().map(|name| key(name, |key| exact.contains(key)));
    names.filter(|&name| seen.insert(name)).map(str::to_owned).collect()
}

/// The name of an array, from that of its member; `is_member` tells whether another member has it.
fn key(member: &str, is_member: impl FnOnce(&str) -> bool) -> &str {
    member.strip_suffix(SUFFIX).filter(|key| !is_member(key)).unwrap_or(member)
}

/// The array in a member, and where its checksum stands.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] where the member is encrypted, or compressed in a way that is not
/// known; [`ErrorKind::Format`] where it holds no array, or the archive is wrong about it.
pub(crate) fn entry(
    source: &(impl ReadAt + ?Sized),
    directory: &Directory,
    member: &Member,
) -> Result<Entry> {
    let member_name = directory.name(member);
    let name = key(&member_name, |key| directory.find(key).is_some());
    let entry = nameless_entry(source, directory, member);
    let mut entry = entry.map_err(|error| error.at_member(name))?;
    entry.name = Some(name.to_owned());
    Ok(entry)
}

/// The same, without looking for what the array is called among all the others.
pub(crate) fn nameless_entry(
    source: &(impl ReadAt + ?Sized),
    directory: &Directory,
    member: &Member,
) -> Result<Entry> {
    let method = member.method()?;
    let local = Local::read(source, directory, member)?;
    match method {
        Method::Stored => stored(source, directory, member, local),
        Method::Deflate => deflated(source, member, &local),
    }
}

fn stored(
    source: &(impl ReadAt + ?Sized),
    directory: &Directory,
    member: &Member,
    mut local: Local,
) -> Result<Entry> {
    let data = local.data;
    require_array(&local.first)?;
    let mut entry = npy::entry(&mut local.first, member.size, |at, buffer| {
        source.read_at(data.start + at, buffer)
    })
    .map_err(|error| error.moved(data.start))?;
    match &mut entry.content {
        Content::Stored(layout) => {
            require_room(layout, member.size)?;
            let at = data.start + layout.offset();
            *layout = Layout::contiguous(layout.dtype().clone(), layout.shape(), entry.order, at)?;
        }
        Content::Encoded { range, .. } => *range = data.start + range.start..data.end,
    }
    let slots = std::mem::take(&mut local.slots);
    let checksum = Some(Checksum { range: data, slots, file_len: directory.file_len() });
    entry.upkeep = Upkeep { checksum, growth: None };
    Ok(entry)
}

fn deflated(source: &(impl ReadAt + ?Sized), member: &Member, local: &Local) -> Result<Entry> {
    let (range, len) = (local.data.clone(), member.size);
    let mut inflate = Inflate::new(source, range.clone(), len)?;
    let mut first = vec![0; len.min(npy::Prelude::MAX_LEN as u64) as usize];
    inflate.fill(&mut first)?;
    require_array(&first)?;
    let mut entry = npy::entry(&mut first, len, |_, buffer| inflate.fill(buffer))
        .map_err(|error| error.hint("bytes are counted from the start of the inflated member"))?;
    match &mut entry.content {
        Content::Stored(layout) => {
            require_room(layout, len)?;
            let codec = Codec::Deflate { skip: layout.offset(), len, crc: member.crc };
            let (dtype, shape) = (layout.dtype().clone(), layout.shape().to_vec());
            entry.content = Content::Encoded { codec, range, dtype, shape };
        }
        Content::Encoded { range: pickle, .. } => *pickle = range,
    }
    entry.upkeep = Upkeep::default();
    Ok(entry)
}

fn require_array(first: &[u8]) -> Result<()> {
    if first.starts_with(&npy::MAGIC) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Format, "the member is not an array")
        .expected(r"a .npy file, which starts with the bytes \x93NUMPY")
        .found(format!("\"{}\"", first[..first.len().min(6)].escape_ascii())))
}

/// Checks that a member of `len` bytes holds the array that its header tells of.
fn require_room(layout: &Layout, len: u64) -> Result<()> {
    let end = layout.span().end;
    if end <= len {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Truncated, "the member is shorter than the array in it")
        .expected(format!("at least {end} bytes"))
        .found(len))
}
