//! Threads that work is shared out among.

use std::sync::OnceLock;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Runs the work for each number below `n`, in any order, and returns when all are done. One who
/// calls from a thread of a rayon pool has the work done by that pool.
pub(crate) fn for_each(n: usize, work: &(dyn Fn(usize) + Sync)) {
    let shared = || (0..n).into_par_iter().with_max_len(1).for_each(work);
    match pool() {
        _ if n < 2 => (0..n).for_each(work),
        _ if rayon::current_thread_index().is_some() => shared(),
        Some(pool) => pool.install(shared),
        None => (0..n).for_each(work),
    }
}

/// How many there are, about.
pub(crate) fn count() -> usize {
    match rayon::current_thread_index() {
        Some(_) => rayon::current_num_threads(),
        None => pool().map_or(1, ThreadPool::current_num_threads),
    }
}

/// The library's own threads, as many as rayon's would be. None where they cannot be had, and none
/// in a process that was forked off: threads stay with the parent, and whoever waits for them there
/// waits for ever.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<(u32, ThreadPool)>> = OnceLock::new();
    let name = |index| format!("mapray-{index}");
    let made = POOL.get_or_init(|| {
        let pool = ThreadPoolBuilder::new().thread_name(name).build().ok()?;
        Some((std::process::id(), pool))
    });
    let (process, pool) = made.as_ref()?;
    (*process == std::process::id()).then_some(pool)
}
