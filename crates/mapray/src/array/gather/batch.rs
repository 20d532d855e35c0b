//! Copying the rows of one batch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::array::AnyArray;
use crate::array::gather::rows::Rows;
use crate::array::gather::threads::{in_pieces, threads};
use crate::array::read::read_bytes;
use crate::error::Result;
use crate::map::{fetch, require_whole};
use crate::sys;

/// How many bytes are copied before another look whether they came from a disk. A part that a thread
/// takes is not smaller.
const LOOK: usize = 256 << 10;

/// How many bytes are asked for ahead of those that are copied.
const WINDOW: usize = 32 << 20;

/// How many requests to the disk are worth a thread of their own.
const REQUESTS: usize = 256;

/// How many threads ask at once.
const ASKING: usize = 4;

/// How many bytes are worth a thread of their own.
const SHARE: usize = 512 << 10;

/// Where byte 0 of an array would be that lies in memory.
#[derive(Clone, Copy)]
struct Memory(*const u8);

// SAFETY: it is only read through, and what it leads to does not change while the array is lent.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

/// What copies the rows that begin there, one behind the other.
type CopyRows<'a> = dyn Fn(&[u64], &mut [u8]) -> Result<()> + Sync + 'a;

/// An array, of which rows are wanted that are told by where they begin.
pub(super) struct Batch<'a> {
    array: &'a dyn AnyArray,
    rows: &'a Rows,
    memory: Option<Memory>,
}

impl<'a> Batch<'a> {
    pub fn new(array: &'a dyn AnyArray, rows: &'a Rows) -> Batch<'a> {
        Batch { array, rows, memory: array.in_memory(array.layout()).map(Memory) }
    }

    /// Whether the rows need not be fetched from a disk, as far as the first and the last one tell: a look
    /// at a page costs as much as a row of some KiB. What they hide, [`Batch::copy_while_there`] finds.
    pub fn are_in_memory(&self, starts: &[u64]) -> bool {
        match (starts.first(), starts.last()) {
            (Some(&first), Some(&last)) if self.rows.nbytes > 0 => {
                self.array.are_in_memory(&[first, last])
            }
            _ => true,
        }
    }

    /// Asks the disk for the rows, and does not wait for them. Of many, to ask is work itself, and waits for
    /// room in the queue of the disk.
    pub fn read_ahead(&self, starts: &[u64]) {
        let ranges = self.rows.ranges(starts);
        let pieces = ranges.len().div_ceil(REQUESTS);
        in_pieces(pieces, pieces.min(ASKING).saturating_sub(1), &|piece| {
            let rest = &ranges[piece * REQUESTS..];
            self.array.read_ahead(&rest[..rest.len().min(REQUESTS)]);
        });
    }

    /// Copies the rows. `is_ahead`: the disk has been asked for them.
    pub fn copy(&self, starts: &[u64], is_ahead: bool, out: &mut [u8]) -> Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        let there = |starts: &[u64], out: &mut [u8]| self.copy_there(starts, out);
        if is_ahead {
            self.on_threads(starts, out, &there)?;
        } else if self.are_in_memory(starts) {
            let is_cold = AtomicBool::new(false);
            let copy =
                |starts: &[u64], out: &mut [u8]| self.copy_while_there(starts, &is_cold, out);
            self.on_threads(starts, out, &copy)?;
        } else {
            self.copy_from_disk(starts, out, &|starts, out| self.on_threads(starts, out, &there))?;
        }
        let span = || self.array.layout().span();
        self.memory.map_or(Ok(()), |Memory(base)| require_whole(base, span()))
    }

    /// Copies rows of which none may be in memory: asks for one window of them ahead of the one that is
    /// copied, since memory need not hold them all.
    fn copy_from_disk(&self, starts: &[u64], out: &mut [u8], copy: &CopyRows<'_>) -> Result<()> {
        let rows = (WINDOW / self.rows.nbytes).max(1);
        let mut ahead = starts.chunks(rows);
        ahead.next().into_iter().for_each(|first| self.read_ahead(first));
        for (starts, out) in starts.chunks(rows).zip(out.chunks_mut(rows * self.rows.nbytes)) {
            ahead.next().into_iter().for_each(|next| self.read_ahead(next));
            copy(starts, out)?;
        }
        Ok(())
    }

    /// Copies rows that seem to be in memory. Once one was not, the disk is asked for the rest, and for all
    /// of what is copied with the same `is_cold`.
    fn copy_while_there(&self, starts: &[u64], is_cold: &AtomicBool, out: &mut [u8]) -> Result<()> {
        let nbytes = self.rows.nbytes;
        let (mut at, mut step) = (0, 2);
        let waits = sys::waits();
        while at < starts.len() && !is_cold.load(Ordering::Relaxed) {
            let end = starts.len().min(at + step);
            self.copy_there(&starts[at..end], &mut out[at * nbytes..end * nbytes])?;
            if sys::waits() != waits {
                is_cold.store(true, Ordering::Relaxed);
            }
            (at, step) = (end, (4 * step).min((LOOK / nbytes).max(1)));
        }
        let there = |starts: &[u64], out: &mut [u8]| self.copy_there(starts, out);
        self.copy_from_disk(&starts[at..], &mut out[at * nbytes..], &there)
    }

    /// Copies rows, whether they are there or not.
    fn copy_there(&self, starts: &[u64], out: &mut [u8]) -> Result<()> {
        let nbytes = self.rows.nbytes;
        match self.memory {
            Some(Memory(base)) if self.rows.are_runs => {
                let copy = match nbytes {
                    1 => copy_runs::<1>,
                    2 => copy_runs::<2>,
                    4 => copy_runs::<4>,
                    8 => copy_runs::<8>,
                    16 => copy_runs::<16>,
                    _ => copy_runs::<0>,
                };
                // SAFETY: rows of an array that is lent begin there, their elements side by side.
                unsafe { copy(base, starts, nbytes, out) };
                Ok(())
            }
            None if self.rows.are_runs => self.array.read_runs(starts, nbytes, out),
            _ => (starts.iter().zip(out.chunks_exact_mut(nbytes)))
                .try_for_each(|(&start, out)| read_bytes(self.array, &self.rows.at(start), out)),
        }
    }

    /// Shares rows out among threads, where they are worth it.
    fn on_threads(&self, starts: &[u64], out: &mut [u8], copy: &CopyRows<'_>) -> Result<()> {
        let count = match out.len() / SHARE {
            0 | 1 => 1,
            shares => shares.min(threads()).min(starts.len()),
        };
        if count == 1 {
            return copy(starts, out);
        }
        // Small pieces, since a thread may come late or be held up.
        let rows = starts.len().div_ceil(8 * count).max(LOOK / self.rows.nbytes);
        let parts = starts.chunks(rows).zip(out.chunks_mut(rows * self.rows.nbytes));
        let (parts, outcome) = (Mutex::new(parts), Mutex::new(Ok(())));
        in_pieces(starts.len().div_ceil(rows), count - 1, &|_| {
            let part = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
            let copied = part.map_or(Ok(()), |(starts, out)| copy(starts, out));
            if copied.is_err() {
                *outcome.lock().unwrap_or_else(PoisonError::into_inner) = copied;
            }
        });
        outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many rows ahead of the one that is copied the processor is asked to fetch.
const AHEAD: usize = 4;

/// Copies runs of `len` bytes that begin `starts` bytes behind `base`, one behind the other. `LEN` is the
/// same number, known to the compiler, or 0.
///
/// # Safety
///
/// The runs must be readable, and nobody may write to them meanwhile. `LEN` must be `len` or 0.
unsafe fn copy_runs<const LEN: usize>(base: *const u8, starts: &[u64], len: usize, out: &mut [u8]) {
    let len = if LEN == 0 { len } else { LEN };
    let at = |start: u64| base.wrapping_add(start as usize);
    for (i, (&start, out)) in starts.iter().zip(out.chunks_exact_mut(len)).enumerate() {
        if let Some(&later) = starts.get(i + AHEAD) {
            fetch(at(later), len);
        }
        // SAFETY: the caller's; `out` is as long, and borrowed for itself alone.
        unsafe { out.as_mut_ptr().copy_from_nonoverlapping(at(start), len) };
    }
}
