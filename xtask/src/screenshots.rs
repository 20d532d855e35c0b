//! `cargo xtask screenshots`: the pictures of the README, made by the command itself.

mod ansi;
mod svg;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{Workspace, at, show, succeeds};

/// What is typed in the terminal, and the picture of it.
const TERMINALS: [(&str, &[&str], (u16, u16)); 3] = [
    ("info.svg", &["info", "waves.npy"], (80, 24)),
    ("map.svg", &["plot", "waves.npy"], (80, 32)),
    ("line.svg", &["plot", "waves.npy[100]"], (80, 20)),
];

/// What `plot` writes itself.
const PICTURES: [(&str, &[&str]); 2] = [
    ("map.png", &["plot", "waves.npy", "--size", "880,580"]),
    ("line.png", &["plot", "waves.npy[100]", "--size", "880,380"]),
];

/// Builds the command and writes `docs/images`.
pub fn run(workspace: &Workspace) -> Result<bool, String> {
    let mut build = workspace.cargo();
    if !succeeds(build.args(["build", "--package", "mapray-cli"])) {
        return Ok(false);
    }
    let binary = workspace.target.join("debug/mapray");
    let folder = workspace.target.join("screenshots");
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let images = workspace.root.join("docs/images");
    fs::create_dir_all(&images).map_err(at(&images))?;
    let mapray = |args: &[&str]| {
        let mut command = Command::new(&binary);
        for name in ["COLUMNS", "LINES", "CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR"] {
            command.env_remove(name);
        }
        command.current_dir(&folder).args(args);
        command
    };
    let raw = folder.join("waves.raw");
    fs::write(&raw, waves()).map_err(at(&raw))?;
    let shape = format!("{},{}", SHAPE.0, SHAPE.1);
    let convert = ["convert", "waves.raw", "waves.npy", "--dtype", "<f4", "--shape", &shape];
    if !succeeds(&mut mapray(&convert)) || !succeeds(&mut mapray(&["warm", "-q", "waves.npy"])) {
        return Ok(false);
    }
    for (name, args, size) in TERMINALS {
        let command = mapray(args);
        show(&command);
        let output = in_terminal(command, size)?;
        let typed = args
            .iter()
            .map(|arg| if arg.contains('[') { format!("'{arg}'") } else { (*arg).to_owned() });
        let typed = typed.collect::<Vec<_>>().join(" ");
        let text = format!("\x1b[2m$\x1b[0m mapray {typed}\n{output}");
        write(&images.join(name), &svg::picture(&ansi::lines(&text), size.0.into()))?;
    }
    for (name, args) in PICTURES {
        if !succeeds(mapray(args).arg("-o").arg(images.join(name))) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(at(path))
}

/// What a command prints in a real pseudo-terminal of this size.
#[cfg(unix)]
fn in_terminal(mut command: Command, (columns, rows): (u16, u16)) -> Result<String, String> {
    use std::io::Read;

    use pty_process::{Size, blocking};

    let failed = |error: pty_process::Error| format!("no pseudo-terminal: {error}");
    command.env("TERM", "xterm-256color").env("COLORTERM", "truecolor");
    let (mut pty, pts) = blocking::open().map_err(failed)?;
    pty.resize(Size::new(rows, columns)).map_err(failed)?;
    let mut child = blocking::Command::from(command).spawn(pts).map_err(failed)?;
    let (mut output, mut some) = (Vec::new(), [0; 4096]);
    // At the end of a terminal there is an error.
    while let Ok(n @ 1..) = pty.read(&mut some) {
        output.extend_from_slice(&some[..n]);
    }
    let status = child.wait().map_err(|error| format!("cannot wait for it: {error}"))?;
    let output = String::from_utf8_lossy(&output).replace("\r\n", "\n");
    if status.success() { Ok(output) } else { Err(output) }
}

#[cfg(not(unix))]
fn in_terminal(_: Command, _: (u16, u16)) -> Result<String, String> {
    Err("there are no pseudo-terminals on this system".to_owned())
}

/// The shape of the array that is drawn.
const SHAPE: (usize, usize) = (400, 600);

/// Waves from two places that meet, with a hole of NaN where a third one would be: numbers of 32 bits.
fn waves() -> Vec<u8> {
    let value = |row: usize, column: usize| {
        let (y, x) = (row as f32 / 40.0 - 5.0, column as f32 / 40.0 - 7.5);
        let wave = |x: f32, y: f32| (4.0 * x.hypot(y)).cos() / (1.0 + 0.5 * x.hypot(y));
        let is_gap = (x - 5.5).hypot(y - 3.0) < 0.9;
        if is_gap { f32::NAN } else { wave(x + 3.0, y - 1.0) + wave(x - 2.5, y + 1.5) }
    };
    let rows = (0..SHAPE.0).flat_map(|row| (0..SHAPE.1).map(move |column| value(row, column)));
    rows.flat_map(f32::to_le_bytes).collect()
}
