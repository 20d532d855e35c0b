//! Tests that need a process of their own: to live under a limit, or to be measured.

use std::env;
use std::process::Command;

const CHILD: &str = "MAPRAY_TEST_CHILD";

/// Whether this process was started by [`rerun`] for this test.
pub fn is_child(test: &str) -> bool {
    env::var_os(CHILD).is_some_and(|name| name == test)
}

/// Runs this one test again in a process of its own, after the shell commands `before` (limits,
/// say), and passes on the lines of its output that start with `measured`.
///
/// # Panics
///
/// If it does not pass there.
pub fn rerun(test: &str, before: &str) {
    let output = Command::new("sh")
        .args(["-c", &format!("{before}\nexec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, test)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let passed = output.status.success() && stdout.contains("1 passed");
    assert!(passed, "in its own process ({}):\n{stdout}\n{stderr}", output.status);
    for line in stdout.lines().filter(|line| line.starts_with("measured")) {
        println!("{line}");
    }
}
