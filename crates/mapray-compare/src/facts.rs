//! What the figures were taken on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use crate::figures::Surroundings;

/// A fact: what, and how it is.
pub type Fact = (&'static str, String);

/// Peers whose versions count, as the lock file has them.
const PEERS: [&str; 7] =
    ["memmap2", "ndarray", "ndarray-npy", "npyz", "safetensors", "rayon", "flate2"];

/// All that is known of the machine and the programs.
pub fn all(here: &Surroundings, command: &str, rounds: usize) -> Vec<Fact> {
    let unknown = || "unknown".to_owned();
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(unknown);
    let cores = std::thread::available_parallelism().map_or_else(|_| unknown(), |n| n.to_string());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(unknown);
    let kernel = read("/proc/sys/kernel/osrelease").unwrap_or_else(unknown);
    let huge = read("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_else(unknown);
    let load = read("/proc/loadavg").unwrap_or_else(unknown);
    let script = here.scripts.join("work.py");
    let numpy = output(Command::new(&here.python).arg(script).arg("versions"));
    vec![
        ("command", command.to_owned()),
        (
            "date",
            output(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))
                .unwrap_or_else(unknown),
        ),
        ("rounds", rounds.to_string()),
        ("processor", format!("{cpu}, {cores} threads")),
        ("memory", memory),
        ("kernel", kernel),
        ("file system", file_system(&here.folder).unwrap_or_else(unknown)),
        ("read_ahead_kb", read_ahead(&here.folder).unwrap_or_else(unknown)),
        ("transparent huge pages", huge),
        ("load average at the start", load),
        ("mapray", commit().unwrap_or_else(unknown)),
        ("NumPy", numpy.unwrap_or_else(unknown)),
        ("compiler", output(Command::new("rustc").arg("--version")).unwrap_or_else(unknown)),
        ("crates", crates()),
    ]
}

fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// What stands behind the first `key:` of a file.
fn field(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The revision, and whether anything was changed since.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        output(Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR")]).args(arguments))
    };
    let revision = git(&["rev-parse", "--short=12", "HEAD"])?;
    let clean = git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(if clean { revision } else { format!("{revision} and changes") })
}

/// The type of the file system that the folder is on: that of the last mount on the way to it.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let fields = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let holding = fields.filter(|(mount, _)| folder.starts_with(mount));
    Some(holding.max_by_key(|(mount, _)| mount.len())?.1.to_owned())
}

/// The read-ahead of the device that the folder is on.
fn read_ahead(folder: &Path) -> Option<String> {
    let device = fs::metadata(folder).ok()?.dev();
    let (major, minor) = (libc::major(device), libc::minor(device));
    read(&format!("/sys/class/bdi/{major}:{minor}/read_ahead_kb"))
}

/// The versions of the crates that the figures depend on.
fn crates() -> String {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    PEERS.iter().filter_map(|name| version(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_each_peer() {
        assert_eq!(crates().split(", ").count(), PEERS.len());
    }
}
