//! A table of address ranges that a signal handler can read.

use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

/// The slots of the first chunk. Each further chunk has twice as many as the one before.
const FIRST: u32 = 64;
/// All chunks together have more slots than a process can have maps.
const CHUNKS: usize = 26;

/// Ranges of addresses that do not overlap, each with a pointer to what is there.
///
/// Looking up takes neither locks nor memory: slots lie in chunks that are made when they are needed
/// and stay where they are, and a slot that is being changed is passed over. Whoever looks up an
/// address that is in use finds its range, since only a range that nobody uses is taken out.
pub(super) struct Ranges<T> {
    chunks: [OnceLock<Box<[Slot<T>]>>; CHUNKS],
    /// How many slots have ever been in use.
    used: AtomicU32,
    /// The free slots, as a stack: in the lower half 1 + the number of the topmost one, or 0; in the
    /// upper half a count of changes, so that a stack that looks the same again is told apart.
    free: AtomicU64,
}

struct Slot<T> {
    /// Odd while the slot is being changed.
    version: AtomicUsize,
    start: AtomicUsize,
    /// As the start where the slot is free.
    end: AtomicUsize,
    value: AtomicPtr<T>,
    /// In the stack of free slots: 1 + the number of the one below, or 0.
    below: AtomicU32,
}

impl<T> Slot<T> {
    fn new() -> Slot<T> {
        Slot {
            version: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            value: AtomicPtr::new(ptr::null_mut()),
            below: AtomicU32::new(0),
        }
    }

    /// To be called by the one who has taken the slot.
    fn set(&self, range: Range<usize>, value: *mut T) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.start.store(range.start, Ordering::Relaxed);
        self.end.store(range.end, Ordering::Relaxed);
        self.value.store(value, Ordering::Relaxed);
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    /// The range and the pointer, if they belong together and the slot is not free.
    fn get(&self) -> Option<(Range<usize>, NonNull<T>)> {
        let version = self.version.load(Ordering::Acquire);
        let range = self.start.load(Ordering::Relaxed)..self.end.load(Ordering::Relaxed);
        let value = self.value.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let is_whole = version.is_multiple_of(2) && version == self.version.load(Ordering::Relaxed);
        Some((range, NonNull::new(value)?)).filter(|_| is_whole)
    }
}

impl<T> Ranges<T> {
    pub(super) const fn new() -> Ranges<T> {
        Ranges {
            chunks: [const { OnceLock::new() }; CHUNKS],
            used: AtomicU32::new(0),
            free: AtomicU64::new(0),
        }
    }

    /// Adds a range; gives the number of its slot.
    pub(super) fn insert(&self, range: Range<usize>, value: NonNull<T>) -> u32 {
        let number = self.pop().unwrap_or_else(|| self.used.fetch_add(1, Ordering::Relaxed));
        self.slot(number).set(range, value.as_ptr());
        number
    }

    /// Takes out what [`insert`](Ranges::insert) gave this number.
    pub(super) fn remove(&self, number: u32) {
        self.slot(number).set(0..0, ptr::null_mut());
        self.push(number);
    }

    /// What is at this address, which must be in use while this runs.
    pub(super) fn find(&self, address: usize) -> Option<NonNull<T>> {
        self.iter().find(|(range, _)| range.contains(&address)).map(|(_, value)| value)
    }

    /// All ranges that nobody is changing.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Range<usize>, NonNull<T>)> {
        self.chunks.iter().filter_map(OnceLock::get).flatten().filter_map(Slot::get)
    }

    fn slot(&self, number: u32) -> &Slot<T> {
        let chunk = ((number + FIRST) / FIRST).ilog2();
        let len = FIRST << chunk;
        let slots = self.chunks[chunk as usize]
            .get_or_init(|| (0..len).map(|_| Slot::new()).collect::<Vec<Slot<T>>>().into());
        &slots[(number + FIRST - len) as usize]
    }

    fn pop(&self) -> Option<u32> {
        let mut top = self.free.load(Ordering::Acquire);
        loop {
            let number = (top as u32).checked_sub(1)?;
            let below = self.slot(number).below.load(Ordering::Relaxed);
            match self.change_top(top, below) {
                Ok(()) => return Some(number),
                Err(now) => top = now,
            }
        }
    }

    fn push(&self, number: u32) {
        let mut top = self.free.load(Ordering::Relaxed);
        loop {
            self.slot(number).below.store(top as u32, Ordering::Relaxed);
            match self.change_top(top, number + 1) {
                Ok(()) => return,
                Err(now) => top = now,
            }
        }
    }

    fn change_top(&self, top: u64, number: u32) -> Result<(), u64> {
        let changed = ((top >> 32).wrapping_add(1) << 32) | u64::from(number);
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.free.compare_exchange_weak(top, changed, success, failure).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    /// What a thread of the model keeps in the table: its address says which range it is for.
    struct Owner {
        range: Range<usize>,
    }

    fn owner(range: Range<usize>) -> Box<Owner> {
        Box::new(Owner { range })
    }

    #[test]
    fn what_is_in_the_table_is_found_by_each_of_its_addresses_and_nothing_else_is() {
        let table = Ranges::<Owner>::new();
        let mut owners = Vec::new();
        let mut numbers = HashSet::new();
        for i in 1..=1000 {
            let owner = owner(i * 100..i * 100 + 50);
            let number = table.insert(owner.range.clone(), NonNull::from(&*owner));
            assert!(numbers.insert(number), "slot {number} was given out twice");
            owners.push((number, owner));
        }
        for (i, (number, owner)) in owners.iter().enumerate() {
            let Range { start, end } = owner.range;
            for at in [start, start + 25, end - 1] {
                assert_eq!(table.find(at), Some(NonNull::from(&**owner)));
            }
            assert_eq!((table.find(start - 1), table.find(end)), (None, None));
            if i % 3 == 0 {
                table.remove(*number);
                assert_eq!(table.find(start), None);
            }
        }
        assert_eq!(table.iter().count(), 1000 - 334);
        let used = table.used.load(Ordering::Relaxed);
        for i in 0..334 {
            let owner = owner(i * 10..i * 10 + 10);
            table.insert(owner.range.clone(), NonNull::from(&*owner));
            owners.push((0, owner));
        }
        assert_eq!(table.used.load(Ordering::Relaxed), used, "free slots are used again");
    }

    #[test]
    fn threads_that_come_and_go_find_their_own_ranges_and_none_of_the_others() {
        const THREADS: usize = 4;
        const MAPS: usize = 2500;
        let table = Ranges::<Owner>::new();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let table = &table;
                scope.spawn(move || {
                    // Addresses come back, as those of maps do, but never two at a time.
                    let range = |i: usize| {
                        let start = (1 + (i % 50) * THREADS + thread) * 4096;
                        start..start + 4096
                    };
                    let mut held = Vec::new();
                    for i in 0..MAPS {
                        let owner = owner(range(i));
                        let value = NonNull::from(&*owner);
                        let number = table.insert(owner.range.clone(), value);
                        assert_eq!(table.find(owner.range.start + i % 4096), Some(value));
                        held.push((number, owner));
                        if held.len() == 50 {
                            // Not in the order in which they came.
                            for _ in 0..1 + i % 50 {
                                let (number, owner) = held.swap_remove(i % held.len());
                                assert!(table.find(owner.range.start).is_some());
                                table.remove(number);
                                assert_eq!(table.find(owner.range.start), None);
                            }
                            held.drain(..).for_each(|(number, _)| table.remove(number));
                        }
                    }
                    held.drain(..).for_each(|(number, _)| table.remove(number));
                });
            }
        });
        assert_eq!(table.iter().count(), 0);
        let used = table.used.load(Ordering::Relaxed) as usize;
        assert!(used <= THREADS * 50, "{used} slots for at most 200 ranges at a time");
    }
}
