//! Python and its virtual environments.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::workspace::tool;

const INTERPRETER: &str = "python3";

/// What must be installed before `python3 -m venv` works.
pub enum Lack {
    /// There is no interpreter.
    Python,
    /// The interpreter stands, without the modules that make environments.
    Venv,
}

/// What is lacking, if anything.
pub fn lack(folder: &Path) -> Option<Lack> {
    match tool(INTERPRETER, folder).args(["-c", "import venv, ensurepip"]).output() {
        Ok(output) if output.status.success() => None,
        // A launcher without an interpreter behind it cannot do even nothing.
        Ok(_) if runs(INTERPRETER.as_ref()) => Some(Lack::Venv),
        _ => Some(Lack::Python),
    }
}

/// The interpreter of a virtual environment.
pub fn interpreter(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Whether the interpreter starts.
pub fn runs(interpreter: &Path) -> bool {
    let output = tool(interpreter, Path::new(".")).args(["-c", ""]).output();
    output.is_ok_and(|output| output.status.success())
}

/// Makes an empty environment in the folder, in place of what is there.
pub fn make_environment(environment: &Path, folder: &Path) -> Result<(), String> {
    let mut python = tool(INTERPRETER, folder);
    python.args(["-m", "venv", "--clear"]).arg(environment);
    finish(python.output(), "python3 cannot make a virtual environment")
}

/// Installs what the file lists, wheels only: building from source would need compilers.
pub fn install(interpreter: &Path, requirements: &Path, patient: bool) -> Result<(), String> {
    let mut pip = tool(interpreter, Path::new("."));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--only-binary", ":all:", "--retries", if patient { "5" } else { "1" }]);
    pip.arg("--requirement").arg(requirements);
    finish(pip.output(), "pip cannot install the pinned packages (is there a network?)")
}

/// Installs a wheel in the place of what there is of that package, and nothing else.
pub fn replace(interpreter: &Path, wheel: &Path, folder: &Path) -> Result<(), String> {
    let mut pip = tool(interpreter, folder);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip.args(["--force-reinstall", "--no-deps", "--no-index"]).arg(wheel);
    finish(pip.output(), "pip cannot install the wheel")
}

fn finish(output: std::io::Result<Output>, failure: &str) -> Result<(), String> {
    let output = output.map_err(|error| format!("{failure}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{failure}: {}", gist(&String::from_utf8_lossy(&said))))
}

/// Of all that a tool said, what tells why it failed, on one line.
fn gist(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let errors: Vec<&str> = lines.clone().filter_map(|line| line.strip_prefix("ERROR: ")).collect();
    match (errors.is_empty(), lines.next_back()) {
        (false, _) => errors.join("; "),
        (true, Some(last)) => last.to_owned(),
        (true, None) => "it does not say why".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gist_is_the_errors_or_else_the_last_line() {
        let pip = "WARNING: Retrying\nERROR: No version of numpy\nERROR: No match\n";
        assert_eq!(gist(pip), "No version of numpy; No match");
        assert_eq!(gist("Traceback\n  OSError: no room\n\n"), "OSError: no room");
        assert_eq!(gist(" \n"), "it does not say why");
    }
}
