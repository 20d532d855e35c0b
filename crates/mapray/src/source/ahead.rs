//! The disk, kept ahead of those who walk through bytes.

use std::ops::Range;

use crate::source::ReadAt;

/// How many bytes the disk is ahead: enough for many requests at once.
const AHEAD: u64 = 64 << 20;

/// How many it is asked for at once: to look whether they are in memory takes a while, too.
const ASKED: u64 = 32 << 20;

/// Bytes that are about to be walked through, from the first to the last, by one thread or several that
/// take them in turn.
pub(crate) struct Ahead<'a> {
    source: &'a dyn ReadAt,
    bytes: Range<u64>,
}

impl<'a> Ahead<'a> {
    /// Has the disk read the first of the bytes, and does not wait.
    pub(crate) fn new(source: &'a dyn ReadAt, bytes: Range<u64>) -> Ahead<'a> {
        let ahead = Ahead { source, bytes };
        let start = ahead.bytes.start;
        ahead.ask_for(start..start.next_multiple_of(ASKED) + AHEAD);
        ahead
    }

    /// Has the disk read what comes some way behind these bytes, the turn of which it is.
    pub(crate) fn pass(&self, bytes: Range<u64>) {
        let parts = bytes.start.next_multiple_of(ASKED)..bytes.end.next_multiple_of(ASKED);
        if !parts.is_empty() {
            self.ask_for(parts.start + AHEAD..parts.end + AHEAD);
        }
    }

    fn ask_for(&self, ahead: Range<u64>) {
        let ahead = ahead.start.min(self.bytes.end)..ahead.end.min(self.bytes.end);
        if !ahead.is_empty() && !self.source.are_in_memory(&[ahead.start, ahead.end - 1]) {
            self.source.read_ahead(&[ahead]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::error::Result;

    /// Notes what it is asked for.
    #[derive(Default)]
    struct Disk {
        asked: Mutex<Vec<Range<u64>>>,
        is_warm: bool,
    }

    impl ReadAt for Disk {
        fn read_at(&self, _: u64, _: &mut [u8]) -> Result<()> {
            unreachable!("nothing is read")
        }

        fn read_ahead(&self, ranges: &[Range<u64>]) {
            self.asked.lock().unwrap().extend_from_slice(ranges);
        }

        fn are_in_memory(&self, _: &[u64]) -> bool {
            self.is_warm
        }
    }

    fn walk(disk: &Disk, bytes: Range<u64>, step: usize) -> Vec<Range<u64>> {
        let ahead = Ahead::new(disk, bytes.clone());
        for start in bytes.clone().step_by(step) {
            ahead.pass(start..bytes.end.min(start + step as u64));
        }
        disk.asked.lock().unwrap().clone()
    }

    #[test]
    fn every_byte_is_asked_for_once_and_before_its_turn() {
        for (bytes, step) in [(0..300 << 20, 4 << 20), (77..(200 << 20) + 5, 1 << 20), (3..9, 2)] {
            let asked = walk(&Disk::default(), bytes.clone(), step);
            assert_eq!((asked[0].start, asked.last().unwrap().end), (bytes.start, bytes.end));
            assert!(asked.windows(2).all(|two| two[0].end == two[1].start), "{asked:?}");
        }
    }

    #[test]
    fn what_is_in_memory_is_not_asked_for() {
        assert_eq!(walk(&Disk { is_warm: true, ..Disk::default() }, 0..300 << 20, 4 << 20), []);
    }
}
