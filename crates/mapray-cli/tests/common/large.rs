//! Arrays much larger than memory, and the command in little of it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use mapray::CreateOptions;

/// Runs the command with 64 MiB of private memory: what it maps or reads of a file does not count.
pub fn in_64_mib(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("sh")
        .args(["-c", "ulimit -d 65536; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mapray")])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A sparse file of zeros, the last number of which is 1.5.
pub fn sparse(folder: &Path, name: &str, shape: (usize, usize)) {
    let (path, dtype) = (folder.join(name), "<f8".parse().unwrap());
    let file = CreateOptions::new(shape).sparse(true).file(&path, dtype).unwrap();
    let last = file.layout().element(&[shape.0 - 1, shape.1 - 1]).unwrap();
    drop(file);
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&1.5_f64.to_le_bytes(), last).unwrap();
}
