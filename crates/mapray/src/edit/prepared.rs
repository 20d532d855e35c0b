//! An array that is about to be written to an archive, and the name that it gets there.

use std::cell::Cell;
use std::collections::HashSet;

use crate::array::require_plain;
use crate::edit::convert::Plan;
use crate::edit::member::{Lent, MemberArray};
use crate::edit::save::{copy, npy_parts};
use crate::error::{Error, ErrorKind, Result};
use crate::format::npz::SUFFIX;
use crate::format::zip::write::{self as zip, Member, Method};
use crate::layout::Layout;

/// An array that is to become a member: all that can be known before it is read.
pub(super) struct Prepared<'a> {
    name: String,
    array: Lent<'a>,
    /// Where it changes on the way.
    plan: Option<&'a Plan>,
    /// Whether an element was found that its new dtype cannot hold.
    misfits: Cell<bool>,
    header: Vec<u8>,
    elements: Layout,
    size: u64,
}

impl<'a> Prepared<'a> {
    /// A member that is called so, `.npy` included.
    pub(super) fn new(
        name: String,
        array: &'a (impl MemberArray + ?Sized),
    ) -> Result<Prepared<'a>> {
        let array = array.lend().map_err(|error| error.at_member(key_of(&name)))?;
        Prepared::of(name, array, None)
    }

    /// As [`new`](Prepared::new), for what a plan that keeps the order of the elements makes of
    /// them.
    pub(super) fn of(
        name: String,
        array: Lent<'a>,
        plan: Option<&'a Plan>,
    ) -> Result<Prepared<'a>> {
        let layout = array.array().layout();
        let parts = require_plain(layout.dtype()).and_then(|()| {
            let (_, elements) = npy_parts(layout)?;
            let target = plan.map_or(layout, |plan| &plan.target);
            let (header, _) = npy_parts(target)?;
            Ok((header, elements, target.nbytes() as u64))
        });
        let (header, elements, nbytes) = parts.map_err(|error| error.at_member(key_of(&name)))?;
        let size = header.len() as u64 + nbytes;
        Ok(Prepared { name, array, plan, misfits: Cell::new(false), header, elements, size })
    }

    /// Whether an element was found that its new dtype cannot hold.
    pub(super) fn misfits(&self) -> bool {
        self.misfits.get()
    }

    /// Of the data, header included.
    fn size(&self) -> u64 {
        self.size
    }

    /// The entry of a stored member from byte `at` on, its elements at a multiple of `align`.
    pub(super) fn stored(&self, at: u64, align: usize) -> Member {
        let size = self.size();
        let zip64 = Member::needs_zip64(size);
        let unpadded = zip::unpadded_header_len(self.name.len(), zip64) + self.header.len();
        let elements = at.saturating_add(unpadded as u64);
        Member {
            name: self.name.clone(),
            method: Method::Stored,
            crc: 0,
            compressed: size,
            uncompressed: size,
            offset: at,
            zip64,
            padding: (zip::padding(elements, align as u64), align as u64),
        }
    }

    /// The byte behind it.
    pub(super) fn end(&self, entry: &Member) -> u64 {
        let data = entry.offset.saturating_add(entry.local_header_len() as u64);
        data.saturating_add(self.size())
    }

    /// The entry of a deflated member, whose place and sizes are not known yet.
    pub(super) fn deflated(&self) -> Member {
        let size = self.size();
        // What does not compress becomes longer, by some bytes for each 16 KiB.
        let most = size.saturating_add(size / 64 + 1024);
        Member {
            name: self.name.clone(),
            method: Method::Deflated,
            crc: 0,
            compressed: 0,
            uncompressed: size,
            offset: 0,
            zip64: Member::needs_zip64(most),
            padding: (0, 1),
        }
    }

    /// Hands out the data, piece by piece.
    pub(super) fn read(&self, work: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        work(&self.header)?;
        let array = self.array.array();
        let Some(plan) = self.plan else { return copy(&self.elements, array, work) };
        copy(&self.elements, array, &mut |bytes| {
            if plan.convert(bytes, work)? {
                return Ok(());
            }
            self.misfits.set(true);
            Err(Error::new(ErrorKind::Dtype, "an element does not fit its new dtype"))
        })
    }

    /// Names the member in an error, unless that is about another file.
    pub(super) fn named(&self, error: Error) -> Error {
        if error.path().is_none() { error.at_member(key_of(&self.name)) } else { error }
    }
}

/// The name of an array, from that of its member.
fn key_of(name: &str) -> &str {
    name.strip_suffix(SUFFIX).unwrap_or(name)
}

/// The names of members that are taken, `.npy` included.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Names that are there already, whatever they are.
    pub(super) fn of(names: impl Iterator<Item = String>) -> Names {
        Names(names.collect())
    }

    /// Takes the name of an array, and returns that of its member.
    pub(super) fn add(&mut self, key: &str) -> Result<String> {
        let name = self.member_name(key).map_err(|error| error.at_member(key))?;
        self.0.insert(name.clone());
        Ok(name)
    }

    /// The name of a new member for an array.
    fn member_name(&self, key: &str) -> Result<String> {
        let refuse = |message: &str| Error::new(ErrorKind::Format, message);
        let name = format!("{key}{SUFFIX}");
        if key.contains('\0') {
            let error = refuse("readers of archives end the name of a member at a NUL");
            return Err(error.found(format!("{key:?}")));
        }
        if name.len() > zip::MAX_NAME {
            return Err(refuse("the name of a member is too long")
                .expected(format!("at most {} bytes", zip::MAX_NAME - SUFFIX.len()))
                .found(key.len()));
        }
        if self.0.contains(&name) {
            return Err(refuse("the archive has a member of this name already"));
        }
        // As NumPy looks for them: `x` means the member `x`, else `x.npy`.
        let other = self.0.get(key).or_else(|| self.0.get(&format!("{name}{SUFFIX}")));
        if let Some(other) = other {
            let message = format!("this member and '{}' could not be told apart", key_of(other));
            return Err(refuse(&message).hint("a member 'x' is found as 'x.npy', too"));
        }
        Ok(name)
    }

    /// The name of the member that is meant by that of an array: the one that is called so, else the
    /// one with `.npy` behind it.
    pub(super) fn find(&self, key: &str) -> Option<&str> {
        self.0.get(key).or_else(|| self.0.get(&format!("{key}{SUFFIX}"))).map(String::as_str)
    }

    /// Lets go of the name of a member.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}
