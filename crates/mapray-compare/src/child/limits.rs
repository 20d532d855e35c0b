//! What the machine can do: the work's bytes moved, and nothing else done.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use memmap2::{MmapMut, MmapOptions};

use super::gather;
use super::memory::{read, share, threads, warmed};
use super::{Figure, OPENINGS, Options, Outcome, lacks, often, once};
use crate::subject::Subject;

pub fn run(subject: Subject, work: &str, options: &Options) -> Outcome {
    let bytes = || options.number("bytes");
    match subject {
        Subject::ReadAll => scaled(bytes()?, |bytes| read_memory(bytes, threads())),
        Subject::CopyOne => scaled(bytes()?, |bytes| copy_memory(bytes, 1)),
        Subject::CopyAll => scaled(bytes()?, |bytes| copy_memory(bytes, threads())),
        Subject::BareOpen => bare_open(options.get("path")?),
        Subject::Pwrite => pwrite(options),
        Subject::Direct => direct(options.get("path")?),
        Subject::Scattered => gather::limit(options),
        Subject::Msync => msync(options.get("path")?),
        _ => lacks(work),
    }
}

/// How many bytes are read or copied for a limit: more than any cache holds. What would move
/// more is as many times slower, and its memory need not be touched first.
const MOVED: usize = 512 << 20;

/// Times work on `bytes` bytes by some of them.
fn scaled(bytes: usize, work: impl FnOnce(usize) -> Outcome) -> Outcome {
    let moved = bytes.min(MOVED);
    let figure = work(moved)?;
    Ok(Figure { seconds: figure.seconds * bytes as f64 / moved as f64, ..figure })
}

fn read_memory(bytes: usize, threads: usize) -> Outcome {
    let memory = warmed(bytes)?;
    let sum = || {
        thread::scope(|scope| {
            let parts = memory.chunks(share(bytes, threads));
            let parts: Vec<_> = parts.map(|part| scope.spawn(|| read(part))).collect();
            parts.into_iter().map(|part| part.join().expect("no panic")).fold(0, u64::wrapping_add)
        })
    };
    once(|| Ok(black_box(sum())), |_| f64::NAN)
}

fn copy_memory(bytes: usize, threads: usize) -> Outcome {
    let (from, mut to) = (warmed(bytes)?, warmed(bytes)?);
    let part = share(bytes, threads);
    let copy = || {
        thread::scope(|scope| {
            for (from, to) in from.chunks(part).zip(to.chunks_mut(part)) {
                scope.spawn(|| to.copy_from_slice(from));
            }
        });
        Ok(())
    };
    once(copy, |()| f64::NAN)
}

fn bare_open(path: &str) -> Outcome {
    let open = || {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut header = [0; 512];
        file.read_exact_at(&mut header, 0)?;
        // SAFETY: nobody else writes the benchmarks' files.
        let map = unsafe { MmapOptions::new().len(usize::try_from(len)?).map(&file)? };
        Ok(f64::from(black_box(map[128])))
    };
    often(open, OPENINGS)
}

const BLOCK: usize = 8 << 20;

fn pwrite(options: &Options) -> Outcome {
    let bytes = options.number("bytes")?;
    let memory = warmed(bytes.min(BLOCK))?;
    let write = || {
        let file = File::create(options.get("out")?)?;
        // SAFETY: a call without pointers.
        let error = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes as libc::off_t) };
        if error != 0 {
            return Err(std::io::Error::from_raw_os_error(error).into());
        }
        for at in (0..bytes).step_by(BLOCK) {
            file.write_all_at(&memory[..BLOCK.min(bytes - at)], at as u64)?;
        }
        if options.is_set("synced") {
            file.sync_all()?;
        }
        Ok(())
    };
    once(write, |()| f64::NAN)
}

const DEPTH: usize = 8;
const DIRECT_BLOCK: usize = 4 << 20;

fn direct(path: &str) -> Outcome {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(path)?;
    let len = file.metadata()?.len();
    let mut memory = warmed(DEPTH * DIRECT_BLOCK)?;
    let next = AtomicU64::new(0);
    let read = |buffer: &mut [u8]| -> std::io::Result<()> {
        loop {
            let at = next.fetch_add(DIRECT_BLOCK as u64, Ordering::Relaxed);
            if at >= len {
                return Ok(());
            }
            // The last block ends with the file.
            file.read_at(buffer, at)?;
        }
    };
    let work = || {
        thread::scope(|scope| {
            let buffers = memory.chunks_mut(DIRECT_BLOCK);
            let readers: Vec<_> = buffers.map(|buffer| scope.spawn(|| read(buffer))).collect();
            readers.into_iter().try_for_each(|reader| reader.join().expect("no panic"))
        })?;
        Ok(())
    };
    once(work, |()| f64::NAN)
}

fn msync(path: &str) -> Outcome {
    const ROW: usize = 4096;
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    // SAFETY: nobody else writes the benchmarks' files.
    let mut map = unsafe { MmapMut::map_mut(&file)? };
    let rows = (map.len() - 128) / ROW;
    for row in (0..256).chain((rows / 2..rows).step_by(16)) {
        map[128 + row * ROW..][..4].copy_from_slice(&0.5_f32.to_ne_bytes());
    }
    once(|| Ok(map.flush_range(0, 256 * ROW)?), |()| 0.0)
}

/// Caps the private memory at as many MiB above what there is as this key says.
pub fn cap(key: &str, options: &Options) -> Result<(), Box<dyn Error>> {
    let Some(cap) = options.find(key) else { return Ok(()) };
    let status = std::fs::read_to_string("/proc/self/status")?;
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:")).ok_or("no VmData")?;
    let data: u64 = data.trim().trim_end_matches(" kB").parse()?;
    let bytes = (data << 10) + (cap.parse::<u64>()? << 20);
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: the limit lives through the call.
    match unsafe { libc::setrlimit(libc::RLIMIT_DATA, &raw const limit) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().into()),
    }
}
