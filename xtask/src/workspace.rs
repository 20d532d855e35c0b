//! Where the workspace and its build folder lie, and how its tools are started.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folders that the chores work in.
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder, wherever the environment or a configuration file puts it.
    pub target: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Workspace, String> {
        // The variable, not the constant: worktrees that share a target folder share this binary.
        let manifest = env::var("CARGO_MANIFEST_DIR");
        let manifest = manifest.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&manifest).parent().ok_or("the workspace has no folder")?.to_owned();
        let mut cargo = tool(cargo(), &root);
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]).stderr(Stdio::inherit());
        let output = cargo.output().map_err(|error| format!("cannot run cargo: {error}"))?;
        let metadata = String::from_utf8_lossy(&output.stdout);
        let target = json_string(&metadata, "target_directory")
            .ok_or("'cargo metadata' names no target folder")?;
        Ok(Workspace { root, target: PathBuf::from(target) })
    }

    /// Cargo, run in the workspace.
    pub fn cargo(&self) -> Command {
        tool(cargo(), &self.root)
    }

    /// The same for the backend of systems other than Linux, in a target folder of its own: other
    /// flags would otherwise rebuild everything at every turn.
    pub fn portable_cargo(&self) -> Command {
        let mut command = self.cargo();
        let inherited = env::var("RUSTFLAGS").unwrap_or_default();
        command.env("RUSTFLAGS", format!("{inherited} --cfg mapray_portable").trim());
        command.env("CARGO_TARGET_DIR", self.target.join("portable"));
        command
    }
}

fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// A command that runs in a folder and reads no standard input.
pub fn tool(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Shows the command, runs it with the terminal's own output, and says whether it succeeded.
pub fn succeeds(command: &mut Command) -> bool {
    show(command);
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cannot run {}: {error}", command.get_program().display());
            false
        }
    }
}

/// Prints the command line to standard error.
pub fn show(command: &Command) {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    eprint!("$ {}", program.display());
    for argument in command.get_args() {
        eprint!(" {}", argument.display());
    }
    eprintln!();
}

/// Whether a program of this name is installed, in the administrator's folders too.
pub fn installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let administrators = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(administrators).any(|folder| folder.join(program).is_file())
}

/// Adds the path to a failure of the file system.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

/// The string under this key, wherever it first stands in a JSON text.
fn json_string(text: &str, key: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{key}\":"))?;
    let mut characters = rest.trim_start().strip_prefix('"')?.chars();
    let mut value = String::new();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => match characters.next()? {
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_string_is_read_with_its_escapes() {
        let text = r#"{"version":1,"target_directory":"/a \"b\"\\c\u00e9","workspace_root":"/r"}"#;
        assert_eq!(json_string(text, "target_directory").as_deref(), Some("/a \"b\"\\cé"));
        assert_eq!(json_string(text, "workspace_root").as_deref(), Some("/r"));
        assert_eq!(json_string(text, "version"), None);
        assert_eq!(json_string(text, "nothing"), None);
        assert_eq!(json_string(r#"{"cut":"sho"#, "cut"), None);
    }

    #[test]
    fn an_installed_program_is_found() {
        assert!(installed("sh"));
        assert!(!installed("no-program-has-this-name"));
    }
}
