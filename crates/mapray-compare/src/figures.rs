//! Running a row: each figure by a process of its own, the contenders in turn and in another order
//! each round.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::child;
use crate::input;
use crate::row::{Row, State, Value};
use crate::subject::{Role, Subject};

/// Where things are.
pub struct Surroundings {
    /// The folder for inputs and outputs.
    pub folder: PathBuf,
    /// An interpreter that has NumPy, NumExpr and the package.
    pub python: PathBuf,
    /// The folder of the Python scripts.
    pub scripts: PathBuf,
    /// The command `mapray`, where it was built.
    pub command: Option<PathBuf>,
}

/// What became of one contender.
pub struct Measured {
    pub subject: Subject,
    /// One figure a round.
    pub seconds: Vec<f64>,
    pub value: f64,
    /// Why there is none, or no more.
    pub failure: Option<String>,
}

impl Measured {
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            len if len % 2 == 1 => Some(sorted[half]),
            _ => Some(f64::midpoint(sorted[half - 1], sorted[half])),
        }
    }
}

/// A contender that has taken so many seconds in a row of the table is not run again, once there are
/// [`FEWEST`] figures: what is many times slower than the others needs no more to show it.
const PATIENCE: f64 = 40.0;
/// The same for those whom no target names.
const PATIENCE_WITH_PEERS: f64 = 5.0;
const FEWEST: usize = 3;

impl Measured {
    fn is_done(&self) -> bool {
        let patience = match self.subject.role() {
            Role::Peer => PATIENCE_WITH_PEERS,
            Role::NumPy | Role::Mapray | Role::Limit => PATIENCE,
        };
        let is_slow = self.seconds.iter().sum::<f64>() > patience;
        self.failure.is_some() || is_slow && self.seconds.len() >= FEWEST
    }
}

/// What became of a row.
pub struct Result {
    pub row: Row,
    pub measured: Vec<Measured>,
    pub notes: Vec<String>,
}

/// Results that differ by more than this part of NumPy's are not the same.
const TOLERANCE: f64 = 1e-3;

/// Runs a row for so many rounds, and one before them that does not count: it reads the programs
/// from the disk.
pub fn run(
    row: &Row,
    rounds: usize,
    here: &Surroundings,
) -> std::result::Result<Result, Box<dyn Error>> {
    let path = row.input.path(&here.folder);
    row.input.make(&here.folder, &here.python, &here.scripts.join("inputs.py"))?;
    let mut notes: Vec<String> = row.note.iter().map(ToString::to_string).collect();
    if row.state == State::Warm {
        input::warm(&path)?;
        notes.push(folios(input::huge_part(&path)?));
    }
    let mut measured: Vec<Measured> = row
        .subjects
        .iter()
        .map(|&subject| Measured { subject, seconds: vec![], value: f64::NAN, failure: None })
        .collect();
    let mut left_resident = 0.0_f64;
    let mut order: Vec<usize> = (0..measured.len()).collect();
    for round in 0..=rounds {
        fastrand::shuffle(&mut order);
        for &index in &order {
            let contender = &mut measured[index];
            if contender.is_done() {
                continue;
            }
            match row.state {
                State::Warm => input::warm(&path)?,
                State::Cold => left_resident = left_resident.max(input::evict(&path)?),
            }
            child::touch(row.fresh)?;
            match figure(row, contender.subject, here) {
                Ok((_, value)) if round == 0 => contender.value = value,
                Ok((seconds, _)) => contender.seconds.push(seconds),
                Err(error) => contender.failure = Some(error.to_string()),
            }
        }
    }
    if left_resident > 0.0 {
        notes.push(format!("up to {:.1} % of the file stayed in memory", 100.0 * left_resident));
    }
    let few = |one: &&Measured| one.failure.is_none() && one.seconds.len() < rounds;
    let stopped = measured.iter().filter(few);
    notes.extend(stopped.map(|one| format!("{}: {} rounds", one.subject, one.seconds.len())));
    notes.extend(disagreements(row, &measured));
    Ok(Result { row: row.clone(), measured, notes })
}

fn folios(huge: Option<f64>) -> String {
    match huge {
        Some(part) => format!("FilePmdMapped: {:.0} % of the file", 100.0 * part),
        None => "the kernel does not say FilePmdMapped".to_owned(),
    }
}

/// The seconds of one process, and the number that it prints.
fn figure(
    row: &Row,
    subject: Subject,
    here: &Surroundings,
) -> std::result::Result<(f64, f64), Box<dyn Error>> {
    let path = row.input.path(&here.folder);
    // NumPy adds the ending that it wants unless it is there.
    let out = here.folder.join(if row.work == "savez" { "out.npz" } else { "out.npy" });
    if subject == Subject::Command {
        let command = here.command.as_ref().ok_or("the command was not built")?;
        let mut command = Command::new(command);
        command.args(&row.command).arg(&path);
        let start = Instant::now();
        let output = command.output()?;
        let seconds = start.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&output.stderr);
        return if output.status.success() { Ok((seconds, f64::NAN)) } else { Err(said.into()) };
    }
    let mut command = if subject.is_python() {
        let mut python = Command::new(&here.python);
        python.arg(here.scripts.join("work.py"));
        python
    } else {
        let mut child = Command::new(std::env::current_exe()?);
        child.arg("child");
        child
    };
    command.args([subject.key(), row.work]);
    command.args(row.options.iter().map(|(key, value)| format!("{key}={value}")));
    let paths = [("path", &path), ("out", &out), ("tensors", &row.input.tensors(&here.folder))];
    command.args(paths.map(|(key, path)| format!("{key}={}", path.display())));
    command.arg(format!("bytes={}", row.bytes));
    let output = command.output()?;
    // What is dirty of it would be written while the next figure is taken.
    let _ = fs::remove_file(&out);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        return Err(format!("{} {last}", output.status).into());
    }
    let printed = String::from_utf8(output.stdout)?;
    let (seconds, value) = printed.trim().split_once(' ').ok_or("no figure was printed")?;
    Ok((seconds.parse()?, value.parse()?))
}

/// Whose results are not NumPy's, or how large their files are.
fn disagreements(row: &Row, measured: &[Measured]) -> Vec<String> {
    let told = |one: &&Measured| {
        one.failure.is_none() && !one.value.is_nan() && one.subject.role() != Role::Limit
    };
    let numpy = measured.iter().find(|one| one.subject.role() == Role::NumPy);
    let Some(numpy) = numpy.filter(told) else { return Vec::new() };
    // A result that is infinite is near to nothing else.
    let near = TOLERANCE * numpy.value.abs().min(f64::MAX);
    let differs =
        |one: &&Measured| one.value != numpy.value && (one.value - numpy.value).abs() > near;
    let differing = measured.iter().filter(told).filter(differs);
    match row.value {
        Value::Result => differing
            .map(|one| format!("{} finds {}, NumPy {}", one.subject, one.value, numpy.value))
            .collect(),
        Value::Size => differing
            .map(|one| format!("{} writes {} bytes, NumPy {}", one.subject, one.value, numpy.value))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        let median = |seconds: &[f64]| {
            let seconds = seconds.to_vec();
            let subject = Subject::NumPy;
            Measured { subject, seconds, value: 0.0, failure: None }.median()
        };
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
