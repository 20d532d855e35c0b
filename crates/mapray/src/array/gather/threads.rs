//! Work in pieces that helping threads do a part of, if they come in time.

use std::any::Any;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;

/// More threads than this gain nothing: they wait for the memory.
const MOST: usize = 16;

/// How many threads there are to be.
pub(super) fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    let known = || thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    *THREADS.get_or_init(known)
}

type Piece<'a> = dyn Fn(usize) + Sync + 'a;

/// So many pieces of work, each for whoever takes it first.
struct Pieces {
    work: *const Piece<'static>,
    count: usize,
    taken: AtomicUsize,
    done: Mutex<Done>,
    changed: Condvar,
}

#[derive(Default)]
struct Done {
    count: usize,
    panic: Option<Box<dyn Any + Send>>,
}

// SAFETY: `work` is `Sync`, and the pointer is followed only as `help` says; the rest is locked.
unsafe impl Send for Pieces {}
// SAFETY: as above.
unsafe impl Sync for Pieces {}

impl Pieces {
    /// Does pieces until all are taken.
    fn help(&self) {
        loop {
            let piece = self.taken.fetch_add(1, Ordering::Relaxed);
            if piece >= self.count {
                return;
            }
            // SAFETY: this piece is not done, and `in_pieces`, which borrows the work, does not return
            // before all are.
            let work = unsafe { &*self.work };
            let outcome = catch_unwind(AssertUnwindSafe(|| work(piece)));
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            done.count += 1;
            done.panic = done.panic.take().or(outcome.err());
            if done.count == self.count {
                self.changed.notify_all();
            }
        }
    }
}

/// Does the pieces of a work, each once, on this thread and on so many that help.
///
/// The threads are started for this work: a pool would be missing in the child of a process that forks, as
/// data loaders do. One that starts late, on a machine with other work, finds nothing left to do, and is not
/// waited for.
pub(super) fn in_pieces(count: usize, helpers: usize, work: &Piece<'_>) {
    // SAFETY: only the lifetime goes; `help` says why the work is there whenever it is called.
    let work = unsafe { std::mem::transmute::<&Piece<'_>, &'static Piece<'static>>(work) };
    let (done, changed) = (Mutex::default(), Condvar::new());
    let pieces = Arc::new(Pieces { work, count, taken: AtomicUsize::new(0), done, changed });
    for _ in 0..helpers {
        let helper = pieces.clone();
        // Where the system gives no thread, the others do its part.
        if thread::Builder::new().spawn(move || helper.help()).is_err() {
            break;
        }
    }
    pieces.help();
    let done = pieces.done.lock().unwrap_or_else(PoisonError::into_inner);
    let is_at_work = |done: &mut Done| done.count < count;
    let waited = pieces.changed.wait_while(done, is_at_work);
    let mut done = waited.unwrap_or_else(PoisonError::into_inner);
    if let Some(panic) = done.panic.take() {
        drop(done);
        resume_unwind(panic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_is_done_once_whoever_helps() {
        for helpers in [0, 1, 7] {
            for count in [0, 1, 2, 100] {
                let done: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                in_pieces(count, helpers, &|piece| {
                    done[piece].fetch_add(1, Ordering::Relaxed);
                });
                assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn a_panic_comes_back_once_all_pieces_are_done() {
        let done = AtomicUsize::new(0);
        let work = |piece: usize| {
            done.fetch_add(1, Ordering::Relaxed);
            assert_ne!(piece, 3, "the third");
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| in_pieces(50, 3, &work)));
        assert!(outcome.is_err());
        assert_eq!(done.load(Ordering::Relaxed), 50);
    }
}
