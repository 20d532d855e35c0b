//! Work shared out among threads, by a loop that is compiled once, whatever the work.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::sys;

/// Work on fewer bytes than this is done before another thread has begun.
pub(crate) const WORTHWHILE: usize = 1 << 20;

/// How many threads can work at once: those of rayon's pool, or of the caller's.
pub(crate) fn count() -> usize {
    /// The process that made the pool. In a process that was forked off there are no threads in it.
    static OWNER: AtomicU32 = AtomicU32::new(0);
    let own = sys::process_id();
    match OWNER.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed) {
        Err(owner) if owner != own => 1,
        _ => rayon::current_num_threads(),
    }
}

/// How many threads read where each read waits for a disk: more than keep it busy, since some compute.
const READERS: usize = 12;

/// The stack of such a thread, all of which counts as this process's memory where that is limited.
const READER_STACK: usize = 512 << 10;

/// How many threads read at once: those of the pool, or more where `waits` says that each read waits for a
/// disk.
pub(crate) fn readers(waits: bool) -> usize {
    if waits { READERS } else { count() }
}

/// Hands each item to `work`, in their order, on up to `most` threads, each of which makes a `state`
/// of its own first.
///
/// # Errors
///
/// That of the first item, in their order, whose work fails. No further ones are begun then.
pub(crate) fn for_each<S, T: Send, E: Send>(
    most: usize,
    items: impl Iterator<Item = T> + Send,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    for_each_read(false, most, items, state, work)
}

/// As [`for_each`], for work that waits for a disk most of the time where `waits` says so: more threads than
/// those of the pool, then.
pub(crate) fn for_each_read<S, T: Send, E: Send>(
    waits: bool,
    most: usize,
    items: impl Iterator<Item = T> + Send,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let items = Mutex::new(items.enumerate());
    let failed: Mutex<Option<(usize, E)>> = Mutex::new(None);
    let work = || {
        let mut state = state();
        loop {
            if lock(&failed).is_some() {
                return;
            }
            // Whoever holds an item finishes it, so all before one that fails are finished.
            let Some((index, item)) = lock(&items).next() else { return };
            if let Err(error) = work(&mut state, item) {
                let mut failed = lock(&failed);
                if failed.as_ref().is_none_or(|(other, _)| index < *other) {
                    *failed = Some((index, error));
                }
                return;
            }
        }
    };
    match waits {
        true => on_own_threads(most.min(READERS), &work),
        false => on_threads(most, &work),
    }
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the same work on `most` threads, or as many as there are: this one alone, or those of the pool, so
/// that there is not one more than it has.
fn on_threads(most: usize, work: &(dyn Fn() + Sync)) {
    let threads = if most < 2 { 1 } else { most.min(count()) };
    if threads < 2 {
        return work();
    }
    rayon::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| work());
        }
        work();
    });
}

/// Runs the same work on this thread and on others that are started for it, as far as they can be.
fn on_own_threads(threads: usize, work: &(dyn Fn() + Sync)) {
    thread::scope(|scope| {
        for _ in 1..threads {
            let _ = thread::Builder::new().stack_size(READER_STACK).spawn_scoped(scope, work);
        }
        work();
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_item_is_worked_on_once() {
        for threads in [1, 2, 7] {
            let mut done = vec![0; 1000];
            let began = AtomicUsize::new(0);
            let state = || began.fetch_add(1, Ordering::Relaxed);
            pool(threads).install(|| {
                for_each(usize::MAX, done.iter_mut(), state, |_, item| {
                    *item += 1;
                    Ok::<(), ()>(())
                })
                .unwrap();
            });
            assert_eq!(done, vec![1; 1000]);
            assert!(began.into_inner() <= threads);
        }
    }

    #[test]
    fn the_error_is_that_of_the_first_item_that_fails() {
        for threads in [1, 2, 7] {
            let failed = pool(threads).install(|| {
                for_each(
                    usize::MAX,
                    0..1000,
                    || (),
                    |(), i: usize| {
                        if i % 100 == 37 { Err(i) } else { Ok(()) }
                    },
                )
            });
            assert_eq!(failed, Err(37));
        }
    }

    #[test]
    fn one_thread_is_the_callers() {
        let own = std::thread::current().id();
        for_each(
            1,
            0..10,
            || (),
            |(), _| {
                assert_eq!(std::thread::current().id(), own);
                Ok::<(), ()>(())
            },
        )
        .unwrap();
    }
}
