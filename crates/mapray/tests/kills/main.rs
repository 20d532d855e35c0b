//! Processes killed at any moment of their work: what they leave is whole, and either what they said
//! was done, or what they were doing. `MAPRAY_KILLS` is how many are killed at each kind of work.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;

mod append;
#[cfg(not(mapray_portable))]
mod commit;
mod edit;
mod save;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use common::scratch;
use ndarray::Array1;

/// How many are killed unless something else is asked for.
const KILLS: usize = 50;
/// Which work a child is to do, at which path, from which state on.
const WORK: [&str; 3] = ["MAPRAY_TEST_WORK", "MAPRAY_TEST_PATH", "MAPRAY_TEST_STATE"];

/// A kind of work: it takes a file from state to state.
pub struct Work {
    name: &'static str,
    file: &'static str,
    /// Makes the file in state 0.
    begin: fn(&Path),
    /// Works on the file from this state on, for good, and says when each state is reached.
    go_on: fn(&Path, usize, &mut dyn FnMut(usize)),
    /// Opens the file, which may have to recover it, and says in which state it is.
    state: fn(&Path) -> usize,
    /// What NumPy must find in it in this state.
    in_numpy: fn(usize) -> String,
}

const WORKS: &[Work] = &[
    save::SAVE,
    save::SAVEZ,
    append::APPEND,
    append::APPENDER,
    edit::EDIT,
    edit::REWRITE,
    #[cfg(not(mapray_portable))]
    commit::COMMIT,
];

/// What the oracle says of an array.
pub fn described(array: &Array1<u32>) -> String {
    let bytes: Vec<u8> = array.iter().flat_map(|value| value.to_le_bytes()).collect();
    format!("<u4 {} {:08x}", array.len(), crc32fast::hash(&bytes))
}

/// NumPy, which loads what it is told to.
struct Oracle {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Oracle {
    fn start() -> Option<Oracle> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/loader.py");
        let mut child = Command::new(common::python()?)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Some(Oracle { child, stdin, stdout: BufReader::new(stdout) })
    }

    fn load(&mut self, path: &Path) -> String {
        writeln!(self.stdin, "{}", path.display()).unwrap();
        let mut said = String::new();
        self.stdout.read_line(&mut said).unwrap();
        said.trim_end().to_owned()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does the work that the environment names, until it is killed.
fn be_a_child() {
    let [work, path, state] = WORK.map(|name| env::var(name).unwrap());
    let work = WORKS.iter().find(|one| one.name == work).unwrap();
    let mut out = std::io::stdout().lock();
    let mut say = |state: usize| writeln!(out, "\nreached {state}").and_then(|()| out.flush());
    let state = state.parse().unwrap();
    say(state).unwrap();
    (work.go_on)(Path::new(&path), state, &mut |state| say(state).unwrap());
}

/// Starts the work from this state on, kills it after so long, and gives the last state it spoke of.
fn start_and_kill(work: &Work, path: &Path, state: usize, after: Duration) -> usize {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "what_killed_processes_leave_is_whole", "--nocapture"])
        .env(WORK[0], work.name)
        .env(WORK[1], path)
        .env(WORK[2], state.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.ends_with(&format!("reached {state}\n")) {
        assert!(out.read_line(&mut said).unwrap() > 0, "{} did not begin: {said}", work.name);
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    // A last line may have been cut off.
    out.read_to_string(&mut said).unwrap();
    let whole = &said[..said.rfind('\n').unwrap()];
    let mut reached = whole.lines().filter_map(|line| line.strip_prefix("reached "));
    reached.next_back().unwrap().parse().unwrap()
}

#[test]
fn what_killed_processes_leave_is_whole() {
    if env::var_os(WORK[0]).is_some() {
        return be_a_child();
    }
    let kills = env::var("MAPRAY_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut oracle = Oracle::start();
    if oracle.is_none() {
        common::skip("what_killed_processes_leave_is_whole", "no NumPy to load what is left");
    }
    let mut random = 1_u64;
    for work in WORKS {
        let folder = scratch();
        let path = folder.path().join(work.file);
        (work.begin)(&path);
        let (mut state, mut progress) = (0, 0);
        // Follows the speed of the disk, so that each is killed in the midst of its work.
        let mut longest = 5000;
        for kill in 0..kills {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let after = Duration::from_micros((random >> 33) % longest);
            let reached = start_and_kill(work, &path, state, after);
            let found = (work.state)(&path);
            let possible = reached..=reached + 1;
            assert!(
                possible.contains(&found),
                "{}, kill {kill}: {found} not in {possible:?}",
                work.name
            );
            if let Some(oracle) = &mut oracle {
                assert_eq!(
                    oracle.load(&path),
                    (work.in_numpy)(found),
                    "{}, kill {kill}",
                    work.name
                );
            }
            longest = match found - state {
                0 => (longest * 2).min(1_000_000),
                1..=4 => longest,
                _ => (longest / 2).max(1000),
            };
            progress += found - state;
            state = found;
        }
        println!("measured: {}: {kills} kills, {progress} states", work.name);
        assert!(progress > kills / 4, "{}: hardly anything was done before the kills", work.name);
        let mut names: Vec<_> =
            folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.retain(|name| *name != *work.file);
        println!("measured: {}: left behind: {names:?}", work.name);
    }
}
