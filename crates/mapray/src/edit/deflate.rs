//! Deflating on several threads: a stream is cut into blocks, each of which is compressed by itself.
//!
//! Every block knows the bytes before it as its dictionary, and all but the last end with an empty
//! stored block, which ends on a whole byte. One behind the other they are one raw deflate stream,
//! as in [pigz](https://zlib.net/pigz/). Where the cuts are depends on the bytes alone, so the output
//! is the same for any number of threads.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::error::{Error, ErrorKind, Result};

/// How much is compressed at once.
const BLOCK: usize = 256 << 10;

/// How far back deflate can refer.
const WINDOW: usize = 32 << 10;

/// How many blocks may wait for each thread, which bounds the memory.
const WAITING: usize = 4;

/// Compresses streams, one behind the other.
pub(super) struct Deflater {
    level: u32,
    threads: usize,
    /// The block that is being filled, behind its dictionary.
    block: Vec<u8>,
    dictionary: usize,
    /// What comes out, in the order in which it went in.
    pending: VecDeque<Pending>,
    jobs: Option<Sender<Job>>,
    /// The workers' end. Should all of them die, it goes, and nobody waits for what is in it.
    queue: Weak<Mutex<Receiver<Job>>>,
    workers: Vec<JoinHandle<()>>,
    /// Does the work where there are no threads.
    own: Option<Compress>,
}

/// A part of the compressed stream.
#[derive(Debug, PartialEq)]
pub(super) struct Deflated {
    pub bytes: Vec<u8>,
    /// Whether it ends its stream.
    pub last: bool,
}

enum Pending {
    Done(Result<Deflated>),
    Working(Receiver<Result<Deflated>>),
}

struct Job {
    bytes: Vec<u8>,
    dictionary: usize,
    last: bool,
    done: SyncSender<Result<Deflated>>,
}

impl Deflater {
    /// With a level from 0 to 9, on so many threads.
    pub(super) fn new(level: u32, threads: usize) -> Deflater {
        Deflater {
            level,
            threads,
            block: Vec::new(),
            dictionary: 0,
            pending: VecDeque::new(),
            jobs: None,
            queue: Weak::new(),
            workers: Vec::new(),
            own: None,
        }
    }

    /// Takes as many of the bytes as the next block has room for, and returns the others. While it
    /// [is full](Deflater::is_full), [`pull`](Deflater::pull) first.
    pub(super) fn push<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.block.len() == self.dictionary + BLOCK {
            self.submit(false);
        }
        let room = self.dictionary + BLOCK - self.block.len();
        let (now, rest) = bytes.split_at(room.min(bytes.len()));
        self.block.extend_from_slice(now);
        rest
    }

    /// Ends the stream.
    pub(super) fn end(&mut self) {
        self.submit(true);
    }

    /// Whether as much is waiting as may.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= WAITING * self.threads
    }

    /// The next part of what went in, waited for; `None` where nothing is left.
    pub(super) fn pull(&mut self) -> Option<Result<Deflated>> {
        Some(match self.pending.pop_front()? {
            Pending::Done(deflated) => deflated,
            Pending::Working(done) => done.recv().unwrap_or_else(|_| Err(failed("a thread died"))),
        })
    }

    fn submit(&mut self, last: bool) {
        let start = if last { self.block.len() } else { self.block.len().saturating_sub(WINDOW) };
        let mut next = Vec::with_capacity(if last { 0 } else { WINDOW + BLOCK });
        next.extend_from_slice(&self.block[start..]);
        let dictionary = std::mem::replace(&mut self.dictionary, next.len());
        let bytes = std::mem::replace(&mut self.block, next);
        if self.workers.len() < self.threads.min(self.pending.len() + 1) && self.threads > 1 {
            self.hire();
        }
        let pending = match &self.jobs {
            Some(jobs) => {
                let (done, result) = sync_channel(1);
                // Where nobody takes the job, its result says so.
                let _ = jobs.send(Job { bytes, dictionary, last, done });
                Pending::Working(result)
            }
            None => {
                let own = self.own.get_or_insert_with(|| compress(self.level));
                Pending::Done(deflate(own, &bytes, dictionary, last))
            }
        };
        self.pending.push_back(pending);
    }

    /// Starts one more thread, if the system lets it.
    fn hire(&mut self) {
        let (jobs, queue) = match (self.jobs.take(), self.queue.upgrade()) {
            (Some(jobs), Some(queue)) => (jobs, queue),
            _ => {
                let (jobs, queue) = channel();
                (jobs, Arc::new(Mutex::new(queue)))
            }
        };
        self.queue = Arc::downgrade(&queue);
        let level = self.level;
        let work = move || {
            let mut own = compress(level);
            loop {
                let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(job) = job else { break };
                let deflated = deflate(&mut own, &job.bytes, job.dictionary, job.last);
                // Nobody waits for it any more where the archive was given up.
                let _ = job.done.send(deflated);
            }
        };
        let name = "mapray-deflate".to_owned();
        match thread::Builder::new().name(name).spawn(work) {
            Ok(worker) => self.workers.push(worker),
            Err(_) => self.threads = self.workers.len().max(1),
        }
        // Without any worker the work is done here.
        self.jobs = Some(jobs).filter(|_| !self.workers.is_empty());
    }
}

impl Drop for Deflater {
    fn drop(&mut self) {
        self.jobs = None;
        // What was given up need not be finished.
        if let Some(queue) = self.queue.upgrade()
            && let Ok(queue) = queue.try_lock()
        {
            queue.try_iter().for_each(drop);
        }
        for worker in self.workers.drain(..) {
            // A panic there has been told as an error already.
            let _ = worker.join();
        }
    }
}

fn compress(level: u32) -> Compress {
    Compress::new(Compression::new(level), false)
}

/// Compresses what follows the dictionary.
fn deflate(
    compress: &mut Compress,
    bytes: &[u8],
    dictionary: usize,
    last: bool,
) -> Result<Deflated> {
    let (dictionary, mut rest) = bytes.split_at(dictionary);
    compress.reset();
    if !dictionary.is_empty() {
        compress.set_dictionary(dictionary).map_err(failed)?;
    }
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut out = Vec::with_capacity(rest.len() / 2 + 64);
    loop {
        let before = compress.total_in();
        let status = compress.compress_vec(rest, &mut out, flush).map_err(failed)?;
        rest = &rest[(compress.total_in() - before) as usize..];
        // All has come out only where there is room left.
        let room = out.len() < out.capacity();
        if status == Status::StreamEnd || (!last && rest.is_empty() && room) {
            return Ok(Deflated { bytes: out, last });
        }
        out.reserve(out.len() / 2 + 64);
    }
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Io, format!("cannot deflate: {why}"))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn deflated(streams: &[Vec<u8>], level: u32, threads: usize) -> Vec<Vec<u8>> {
        let mut deflater = Deflater::new(level, threads);
        let mut out = vec![Vec::new()];
        let mut place = |deflated: Result<Deflated>| {
            let deflated = deflated.unwrap();
            out.last_mut().unwrap().extend(deflated.bytes);
            if deflated.last {
                out.push(Vec::new());
            }
        };
        for stream in streams {
            // Pieces that have nothing to do with the blocks.
            for mut piece in stream.chunks(100_003) {
                while !piece.is_empty() {
                    piece = deflater.push(piece);
                    while deflater.is_full() {
                        place(deflater.pull().unwrap());
                    }
                }
            }
            deflater.end();
        }
        while let Some(deflated) = deflater.pull() {
            place(deflated);
        }
        assert_eq!(out.pop(), Some(Vec::new()));
        out
    }

    /// Bytes with repetitions near and far, and some without.
    fn stream(len: usize, seed: u32) -> Vec<u8> {
        let mut state = seed | 1;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let mut bytes = Vec::new();
        while bytes.len() < len {
            let piece = random() as usize % 3000;
            match random() % 3 {
                0 => bytes.extend((0..piece).map(|_| random() as u8)),
                1 => bytes.resize(bytes.len() + piece, 7),
                _ => {
                    let start = (bytes.len() as u32).saturating_sub(random() % 40_000) as usize;
                    bytes.extend_from_within(start..bytes.len().min(start + piece));
                }
            }
        }
        bytes.truncate(len);
        bytes
    }

    #[test]
    fn any_level_and_number_of_threads_inflates_to_what_went_in() {
        let lens = [0, 1, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 77];
        let streams: Vec<_> = lens.iter().map(|&len| stream(len, len as u32)).collect();
        for level in [0, 1, 6, 9] {
            let one = deflated(&streams, level, 1);
            for threads in [2, 3, 16] {
                assert!(deflated(&streams, level, threads) == one, "level {level}");
            }
            assert_eq!(one.len(), streams.len());
            for (stream, deflated) in streams.iter().zip(&one) {
                let mut inflated = Vec::new();
                let mut reader = flate2::read::DeflateDecoder::new(deflated.as_slice());
                reader.read_to_end(&mut inflated).unwrap();
                assert!(inflated == *stream, "level {level}, {} bytes", stream.len());
                assert_eq!(reader.total_in(), deflated.len() as u64);
            }
        }
    }

    #[test]
    fn blocks_refer_to_the_bytes_before_them() {
        // Random bytes that repeat at the distance of half a window, a block long.
        let repeating: Vec<u8> =
            stream(3 * BLOCK, 5).chunks(BLOCK).flat_map(|_| stream(WINDOW / 2, 9)).collect();
        let repeating = repeating.repeat(BLOCK / (WINDOW / 2));
        let whole = {
            let mut own = compress(6);
            deflate(&mut own, &repeating, 0, true).unwrap().bytes.len()
        };
        let cut = deflated(&[repeating], 6, 2)[0].len();
        assert!(cut < whole + whole / 10 + 100, "{cut} bytes in blocks, {whole} in one");
    }

    #[test]
    fn what_is_given_up_leaves_no_thread_waiting() {
        let mut deflater = Deflater::new(9, 4);
        let bytes = stream(8 * BLOCK, 3);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() && !deflater.is_full() {
            rest = deflater.push(rest);
        }
        drop(deflater);
    }
}
