//! One figure: a process that does one piece of work, once, and prints the seconds it took and a
//! number that tells whether it was the same work.
//!
//! `mapray-compare child SUBJECT WORK [KEY=VALUE ...]`; `python/work.py` is what is done in Python.
//!
//! | work | what is timed | keys |
//! |---|---|---|
//! | `open` | open, map, read the first element, close; the median of many | `path` |
//! | `open-member` | the same of one member of an archive | `path`, `member` |
//! | `reduce` | open, map and reduce | `path`, `own-cap` (MiB of private memory that mapray's contenders may have), `op`, `axis`, `view` (whole, step: `[::2]`, transposed: `[:, 256:768].T`), `accumulate` (dtype) |
//! | `summary` | min, max, mean, std, NaN and infinities | `path` |
//! | `gather` | copy the rows of an index list; with `batches` the median of so many lists, of a map that is open, else open and map, too | `path`, `rows`, `batches` |
//! | `load`, `load-members` | open and copy into fresh memory | `path` |
//! | `save` | write an array that is in memory | `path`, `out`, `synced` (0, 1) |
//! | `savez` | write it as an archive of so many members | `path`, `out`, `members`, `compressed` (0, 1) |
//! | `convert` | write a mapped array in another dtype or order | `path`, `out`, `dtype`, `order`, `cap` (MiB of private memory) |
//! | `multiply` | write half of each element of a mapped array | `path`, `out` |
//! | `flush` | flush `[:256]` of a map whose second half has many dirty pages | `path` |
//!
//! The limits get `bytes`, how many bytes the work reads or writes, too.

mod gather;
mod limits;
mod mapray;
mod memory;
mod peers;

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use crate::subject::{Role, Subject};

pub use memory::touch;

type Outcome = Result<Figure, Box<dyn Error>>;

/// What a child process prints.
struct Figure {
    seconds: f64,
    value: f64,
}

/// The keys of a command line and their values.
struct Options(HashMap<String, String>);

impl Options {
    fn get(&self, key: &str) -> Result<&str, String> {
        self.find(key).ok_or_else(|| format!("'{key}=' is missing"))
    }

    fn find(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn number(&self, key: &str) -> Result<usize, Box<dyn Error>> {
        Ok(self.get(key)?.parse()?)
    }

    fn is_set(&self, key: &str) -> bool {
        self.find(key) == Some("1")
    }
}

/// Does the work that the command line names, and prints the figure.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [subject, work, pairs @ ..] = arguments else { return Err("no work is named".into()) };
    let subject = Subject::of_key(subject).ok_or("there is no such contender")?;
    let pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
    let options = Options(pairs.map(|(key, value)| (key.into(), value.into())).collect());
    let figure = match subject.role() {
        Role::Mapray => mapray::run(subject, work, &options),
        Role::Peer => peers::run(subject, work, &options),
        Role::Limit => limits::run(subject, work, &options),
        Role::NumPy => Err("NumPy is no business of this program".into()),
    }?;
    println!("{:e} {:e}", figure.seconds, figure.value);
    Ok(())
}

/// Times one run of the work; what it returns is dropped after the clock has stopped.
fn once<T>(
    work: impl FnOnce() -> Result<T, Box<dyn Error>>,
    value: impl FnOnce(&T) -> f64,
) -> Outcome {
    let start = Instant::now();
    let result = work()?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Figure { seconds, value: value(&result) })
}

/// The median of many runs, after some that do not count.
fn often(mut work: impl FnMut() -> Result<f64, Box<dyn Error>>, times: usize) -> Outcome {
    for _ in 0..3 {
        work()?;
    }
    let runs = (0..times).map(|_| once(&mut work, |value| *value));
    let mut runs: Vec<Figure> = runs.collect::<Result<_, _>>()?;
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(runs.swap_remove(times / 2))
}

/// As in NumPy's part.
const OPENINGS: usize = 200;
const MEMBER_OPENINGS: usize = 30;

/// The name of a work that a contender was asked for and does not have.
fn lacks(work: &str) -> Outcome {
    Err(format!("this contender has no work '{work}'").into())
}

fn file_len(path: &str) -> f64 {
    std::fs::metadata(path).map_or(f64::NAN, |metadata| metadata.len() as f64)
}
