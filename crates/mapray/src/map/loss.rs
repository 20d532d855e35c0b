//! Pages of a map that the kernel could no longer give: zeros in their place, and a note of it.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

use crate::error::{Error, ErrorKind};
use crate::map::registry::Record;
use crate::sys;

/// Whether a map of this process has ever lost a page.
static ANY: AtomicBool = AtomicBool::new(false);

/// No file has this length.
const UNKNOWN: u64 = u64::MAX;

/// What a map has lost: written by a signal handler, read by everybody.
#[derive(Debug)]
pub(super) struct Loss {
    /// The process whose thread is putting zeros in place, or 0. (The others are not in a child.)
    busy: AtomicU32,
    /// From this address on there is nothing but zeros.
    rest: AtomicUsize,
    /// From the first lost byte to the last one, by their addresses; empty where nothing is lost.
    first: AtomicUsize,
    end: AtomicUsize,
    /// The shortest length of the file that was found then.
    len: AtomicU64,
}

impl Loss {
    /// For a map that is whole and ends at this address.
    pub(super) fn none(end: usize) -> Loss {
        Loss {
            busy: AtomicU32::new(0),
            rest: AtomicUsize::new(end),
            first: AtomicUsize::new(usize::MAX),
            end: AtomicUsize::new(0),
            len: AtomicU64::new(UNKNOWN),
        }
    }

    /// Whether any map of this process has ever lost a page: asked behind the loads that may have met one.
    #[inline]
    pub(super) fn is_any() -> bool {
        fence(Ordering::Acquire);
        ANY.load(Ordering::Relaxed)
    }

    /// Whether no page is lost. What was loaded before is sure not to come out of such a page if none is.
    #[inline]
    pub(super) fn is_none(&self) -> bool {
        fence(Ordering::Acquire);
        self.first.load(Ordering::Relaxed) == usize::MAX
    }

    /// Whether one of the bytes at these addresses is lost.
    pub(super) fn meets(&self, addresses: &Range<usize>) -> bool {
        self.first.load(Ordering::Relaxed) < addresses.end
            && self.end.load(Ordering::Relaxed) > addresses.start
    }

    /// Before the bytes are replaced: who sees a zero in their place must see this too.
    pub(super) fn note(&self, addresses: &Range<usize>, len: Option<u64>) {
        self.len.fetch_min(len.unwrap_or(UNKNOWN), Ordering::Relaxed);
        self.end.fetch_max(addresses.end, Ordering::Relaxed);
        self.first.fetch_min(addresses.start, Ordering::Relaxed);
        ANY.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Runs `work` while no other thread does. Signals must be held off, lest one of them gets here.
    fn in_turn<T>(&self, work: impl FnOnce() -> T) -> T {
        let own = sys::process_id();
        loop {
            let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
            let other = match self.busy.compare_exchange(0, own, success, failure) {
                Ok(_) => break,
                Err(other) if other == own => {
                    sys::let_others_run();
                    continue;
                }
                Err(other) => other,
            };
            // It was held in the parent when this process was forked off.
            if self.busy.compare_exchange(other, own, success, failure).is_ok() {
                break;
            }
        }
        let done = work();
        self.busy.store(0, Ordering::Release);
        done
    }
}

impl Record {
    /// Puts zeros in the place of the page at this address, for which the kernel has none, and of
    /// everything else that is lost with it; whether the address can be reached now. Runs in a signal
    /// handler.
    ///
    /// Where the file ends before the page, all that lies behind its end is replaced at once. Where it
    /// does not (its disk is full, or failing), or where its length cannot be told, it is this page alone:
    /// what can still be read is never given up.
    pub(super) fn restore(&self, address: usize) -> bool {
        self.loss.in_turn(|| {
            let size = sys::page_size();
            let page = address / size * size;
            if sys::has_page(page, self.mode.access()) {
                // It is back, or another thread was here first.
                return true;
            }
            let len = self.file_len();
            let rest = self.loss.rest.load(Ordering::Relaxed);
            if let Some(cut) = len.map(|len| self.address_behind(len))
                && (cut..rest).contains(&page)
            {
                self.loss.note(&(cut..rest), len);
                // SAFETY: the pages are this map's, a byte of which is just being asked for, and the
                // file ends before them.
                if unsafe { sys::replace_with_zeros(cut..rest, self.mode.is_writable()) } {
                    self.loss.rest.store(cut, Ordering::Relaxed);
                    return true;
                }
            }
            self.loss.note(&(page..page + size), len);
            // SAFETY: as above; the kernel has just said that it has no such page.
            unsafe { sys::replace_with_zeros(page..page + size, self.mode.is_writable()) }
        })
    }

    /// The address of the first page of which a file of this length has no byte.
    fn address_behind(&self, len: u64) -> usize {
        let pages = len.saturating_sub(self.base).div_ceil(sys::page_size() as u64);
        let bytes = pages.saturating_mul(sys::page_size() as u64);
        usize::try_from(bytes)
            .map_or(self.addresses.end, |bytes| self.addresses.start.saturating_add(bytes))
            .min(self.addresses.end)
    }

    /// What to say of the lost pages; `None` where there are none.
    pub(super) fn lost(&self) -> Option<Error> {
        if self.loss.is_none() {
            return None;
        }
        if self.is_let_go() {
            let message = "the map was detached from its file";
            return Some(Error::new(ErrorKind::Mode, message).hint("open the file anew"));
        }
        let len = match self.loss.len.load(Ordering::Relaxed) {
            UNKNOWN => self.file_len(),
            len => Some(len),
        };
        let first = self.loss.first.load(Ordering::Relaxed);
        let first = self.bytes.start.max(self.base + (first - self.addresses.start) as u64);
        Some(match len {
            Some(len) if len < self.bytes.end => cut_short(&self.bytes, len)
                .hint("what was cut off reads as zeros in this map; open the file anew"),
            Some(_) => no_page(first)
                .hint("what is lost reads as zeros in this map; make room, and open the file anew"),
            None => Error::new(ErrorKind::Truncated, "the map has lost pages of its file")
                .at_offset(first)
                .hint("the file was cut short, or its disk is full or failing; open it anew"),
        })
    }
}

/// The error for a file that has become so short under a map of these bytes of it.
pub(super) fn cut_short(bytes: &Range<u64>, len: u64) -> Error {
    Error::new(ErrorKind::Truncated, "the file was cut short under its map")
        .at_offset(len.max(bytes.start))
        .expected(format!("at least {} bytes", bytes.end))
        .found(len)
}

/// The error where the file has the byte, but the kernel has no page for it.
pub(super) fn no_page(offset: u64) -> Error {
    let message = "the system has no page for the map: the disk is full, or failing";
    Error::new(ErrorKind::Space, message).at_offset(offset)
}
