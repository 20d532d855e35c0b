//! Rows by a list of indices: what mapray does, and what the disk can do.

use std::error::Error;
use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use mapray::{AnyArray, ArrayFile, DynMap, Gather, Mode};
use ndarray::{Array2, Ix2};

use super::memory::warmed;
use super::{Figure, Options, Outcome, often, once};
use crate::subject::Subject;

/// The same indices as in NumPy's part: those of one batch after the other.
struct Indices {
    state: u64,
    below: u64,
}

impl Indices {
    fn batch(&mut self, rows: usize) -> Vec<i64> {
        let next = |_| {
            let state = self.state.wrapping_mul(6_364_136_223_846_793_005);
            self.state = state.wrapping_add(1_442_695_040_888_963_407);
            ((self.state >> 33) % self.below) as i64
        };
        (0..rows).map(next).collect()
    }
}

pub fn mapray(subject: Subject, options: &Options) -> Outcome {
    let (path, rows) = (options.get("path")?, options.number("rows")?);
    let count = ArrayFile::open(path)?.shape()[0] as u64;
    let mut indices = Indices { state: 1, below: count };
    let first = indices.batch(rows);
    let value = |batch: &Array2<f32>| batch.column(0).iter().map(|&value| f64::from(value)).sum();
    if options.find("batches").is_none() {
        return once(|| Ok(open(subject, path)?.rows::<f32, Ix2>(&first)?), value);
    }
    let mut gather = open(subject, path)?;
    let mut batch = gather.rows::<f32, Ix2>(&first)?;
    let sum: f64 = value(&batch);
    let mut batches = Vec::new();
    batches.resize_with(options.number("batches")? + 3, || indices.batch(rows));
    let mut batches = batches.iter();
    let work = || {
        let indices = batches.next().ok_or("more batches than were made")?;
        gather.read_into(indices, &mut batch)?;
        Ok(0.0)
    };
    Ok(Figure { value: sum, ..often(work, options.number("batches")?)? })
}

fn open(subject: Subject, path: &str) -> Result<Gather<Box<dyn AnyArray>>, Box<dyn Error>> {
    let array: Box<dyn AnyArray> = match subject {
        Subject::ArrayFile => Box::new(ArrayFile::open(path)?),
        Subject::LiveMap => Box::new(ArrayFile::open(path)?.map_live_dyn(Mode::Read)?),
        // SAFETY: nobody else writes the benchmarks' files.
        _ => Box::new(unsafe { DynMap::open(path)? }),
    };
    Ok(Gather::new(array)?)
}

const DEPTH: usize = 64;
/// What direct reads must be multiples of.
const SECTOR: u64 = 4096;

/// Direct reads of the sectors that the rows lie in, so many at a time. The threads are started before the
/// clock is.
pub fn limit(options: &Options) -> Outcome {
    let path = options.get("path")?;
    let file = ArrayFile::open(path)?;
    let (first, row) = (file.layout().offset(), file.layout().strides()[0] as u64);
    let mut indices = Indices { state: 1, below: file.shape()[0] as u64 };
    let starts: Vec<u64> = indices
        .batch(options.number("rows")?)
        .iter()
        .map(|&index| first + index as u64 * row)
        .collect();
    let direct = OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(path)?;
    let len = (row + SECTOR).next_multiple_of(SECTOR) as usize;
    let mut memory = warmed(DEPTH * len)?;
    let (next, start) = (AtomicUsize::new(0), Barrier::new(DEPTH + 1));
    let read = |buffer: &mut [u8]| -> std::io::Result<()> {
        start.wait();
        while let Some(&row) = starts.get(next.fetch_add(1, Ordering::Relaxed)) {
            // The last read ends with the file.
            direct.read_at(buffer, row / SECTOR * SECTOR)?;
        }
        Ok(())
    };
    let seconds = thread::scope(|scope| {
        let buffers = memory.chunks_mut(len);
        let readers: Vec<_> = buffers.map(|buffer| scope.spawn(|| read(buffer))).collect();
        start.wait();
        let clock = Instant::now();
        readers.into_iter().try_for_each(|reader| reader.join().expect("no panic"))?;
        Ok::<f64, std::io::Error>(clock.elapsed().as_secs_f64())
    })?;
    Ok(Figure { seconds, value: f64::NAN })
}
