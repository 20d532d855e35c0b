//! Tests that need a process of their own: to live under a limit, or to be measured.

use std::env;
use std::process::{Command, Output};

const CHILD: &str = "MAPRAY_TEST_CHILD";
const PART: &str = "MAPRAY_TEST_PART";

/// Whether this process was started by [`rerun`] for this test.
pub fn is_child(test: &str) -> bool {
    env::var_os(CHILD).is_some_and(|name| name == test)
}

/// Which part of the test this process was started for by [`run_part`].
pub fn part(test: &str) -> Option<String> {
    env::var(PART).ok().filter(|_| is_child(test))
}

/// Runs this one test again in a process of its own, after the shell commands `before` (limits,
/// say), and passes on the lines of its output that start with `measured`.
///
/// # Panics
///
/// If it does not pass there.
pub fn rerun(test: &str, before: &str) {
    let output = start(test, before, "");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let passed = output.status.success() && stdout.contains("1 passed");
    assert!(passed, "in its own process ({}):\n{stdout}\n{stderr}", output.status);
    for line in stdout.lines().filter(|line| line.starts_with("measured")) {
        println!("{line}");
    }
}

/// Runs one part of this test in a process of its own, and says how that ended.
pub fn run_part(test: &str, part: &str) -> Output {
    start(test, "", part)
}

fn start(test: &str, before: &str, part: &str) -> Output {
    Command::new("sh")
        .args(["-c", &format!("{before}\nexec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        .env(PART, part)
        .output()
        .unwrap()
}
