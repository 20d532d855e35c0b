//! Two processes that hand work to each other through a shared segment.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mapray::{LiveMap, MapOptions, Mode, Result};
use ndarray::Ix1;

use super::Tour;
use crate::itself;

/// The variable that tells a process of this program that it is a worker, and which.
const WORKER: &str = "MAPRAY_TOUR_WORKER";

/// How often each worker counts.
const COUNTS: u64 = 10_000;

/// The places of the segment.
const READY: usize = 0;
const SUM: usize = 1;
const COUNTER: usize = 2;
const NUMBERS: usize = 3;
const LEN: usize = 8;

/// The number of this worker; `None` where this process is none.
pub fn number() -> Option<usize> {
    std::env::var(WORKER).ok()?.parse().ok()
}

/// Starts two workers on a segment of memory, and looks at what they did.
pub fn share(tour: &mut Tour, _: &Path) -> Result<()> {
    let segment: LiveMap<u64, Ix1> = LiveMap::memfd("mapray-tour", LEN)?;
    let start = |number: usize| {
        let segment = Stdio::from(segment.file().ok()?);
        let mut command = itself::command()?;
        command.arg("tour").env(WORKER, number.to_string()).stdin(segment).stdout(Stdio::null());
        command.spawn().ok()
    };
    let workers = [start(0), start(1)];
    let done = workers.map(|worker| worker.and_then(|mut worker| worker.wait().ok()));
    let done = done.map(|status| status.is_some_and(|status| status.success()));
    tour.step("two processes were started on one segment and are done", done, [true, true]);
    let read = |place: usize| segment.atomic(place)?.load(Ordering::Acquire);
    tour.step("the first wrote five numbers; the second found their sum", read(SUM)?, 150);
    tour.step("both counted in one place; nothing was lost", read(COUNTER)?, 2 * COUNTS);
    Ok(())
}

/// What a worker does with the segment that is its standard input.
pub fn work(number: usize) -> Result<(), Box<dyn std::error::Error>> {
    let file = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let segment: LiveMap<u64, Ix1> =
        MapOptions::new().mode(Mode::ReadWrite).shape(LEN).live(file)?;
    let ready = segment.atomic(READY)?;
    if number == 0 {
        for i in NUMBERS..LEN {
            segment.set(i, 10 * (i - NUMBERS + 1) as u64)?;
        }
        // Whoever sees the flag sees the numbers.
        ready.store(1, Ordering::Release)?;
    } else {
        let start = Instant::now();
        while ready.load(Ordering::Acquire)? == 0 {
            if start.elapsed() > Duration::from_secs(30) {
                return Err("the other process never came".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let sum =
            (NUMBERS..LEN).try_fold(0, |sum, i| Ok::<_, mapray::Error>(sum + segment.get(i)?))?;
        segment.atomic(SUM)?.store(sum, Ordering::Release)?;
    }
    let counter = segment.atomic(COUNTER)?;
    for _ in 0..COUNTS {
        counter.fetch_add(1, Ordering::Relaxed)?;
    }
    Ok(())
}
