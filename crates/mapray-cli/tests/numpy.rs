//! The command against NumPy: text and files, byte for byte.

mod common;

use std::process::Command;

use common::{run, skip};
use serde_json::Value;

#[test]
fn text_and_files_are_those_of_numpy() {
    let Some(python) = std::env::var_os("MAPRAY_PYTHON").filter(|path| !path.is_empty()) else {
        let reason = "MAPRAY_PYTHON does not name a Python with NumPy";
        return skip("text_and_files_are_those_of_numpy", reason);
    };
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/command.py");
    let oracle = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    assert!(oracle.status.success(), "{}", String::from_utf8_lossy(&oracle.stderr));

    let (mut texts, mut files, mut wrong) = (0, 0, Vec::new());
    for line in String::from_utf8(oracle.stdout).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let args: Vec<&str> =
            case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        let output = run(folder.path(), &args);
        let message = String::from_utf8_lossy(&output.stderr);
        let (found, expected) = match case["text"].as_str() {
            Some(text) => {
                texts += 1;
                (String::from_utf8_lossy(&output.stdout).into_owned(), format!("{text}\n"))
            }
            None => {
                files += 1;
                let written = args.iter().find(|arg| arg.starts_with("OUT.")).unwrap();
                let bytes = std::fs::read(folder.path().join(written)).unwrap_or_default();
                // What one case wrote must not stand in for what the next one should.
                let _ = std::fs::remove_file(folder.path().join(written));
                (hexadecimal(&bytes), case["bytes"].as_str().unwrap().to_owned())
            }
        };
        if found != expected || !message.is_empty() || output.status.code() != Some(0) {
            wrong.push(format!("{args:?}\n{expected}\n{found}\n{message}"));
        }
    }
    assert!(texts > 500 && files > 500, "only {texts} texts and {files} files were compared");
    // The shortest first: they show the cause best.
    wrong.sort_by_key(String::len);
    let some = wrong.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differ (NumPy first):\n{some}", wrong.len());
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
