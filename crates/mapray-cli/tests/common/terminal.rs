//! The command in a real pseudo-terminal: it sees a screen of some size, and keys can be pressed.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus};

use pty_process::Size;
use pty_process::blocking::{self, Pty};

/// A program that runs in a terminal of its own, with stdin, stdout and stderr.
pub struct Terminal {
    pty: Pty,
    child: Child,
    output: Vec<u8>,
}

impl Terminal {
    /// Starts the command in a terminal that shows all colours.
    pub fn start(mut command: Command, (columns, rows): (u16, u16)) -> Terminal {
        command.env_remove("NO_COLOR").env("TERM", "xterm-256color").env("COLORTERM", "truecolor");
        Terminal::start_as_is(command, (columns, rows))
    }

    /// Starts the command with the environment that it brings along.
    pub fn start_as_is(command: Command, (columns, rows): (u16, u16)) -> Terminal {
        let (pty, pts) = blocking::open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let child = blocking::Command::from(command).spawn(pts).unwrap();
        Terminal { pty, child, output: Vec::new() }
    }

    /// Presses keys: `"\x03"` is Ctrl-C, which the terminal makes a signal of.
    pub fn press(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this text is on the screen, or was. `false` where the command ends before.
    pub fn wait_for(&mut self, text: &str) -> bool {
        let is_there = |output: &[u8]| output.windows(text.len()).any(|it| it == text.as_bytes());
        while !is_there(&self.output) {
            if !self.read() {
                return false;
            }
        }
        true
    }

    /// What was written until the command ended, as the terminal got it (lines end with `"\r\n"`),
    /// and how it ended.
    pub fn finish(mut self) -> (Vec<u8>, ExitStatus) {
        while self.read() {}
        (self.output, self.child.wait().unwrap())
    }

    /// Reads some of the output; `false` at its end.
    fn read(&mut self) -> bool {
        let mut some = [0; 4096];
        match self.pty.read(&mut some) {
            Ok(n) => self.output.extend_from_slice(&some[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // EIO: the other end of the terminal is closed.
            Err(_) => return false,
        }
        true
    }
}

/// What the command writes to a terminal of this size where it does what was asked.
#[track_caller]
pub fn shown(command: Command, size: (u16, u16)) -> String {
    written(Terminal::start(command, size))
}

/// As [`shown`], on a screen of 24 rows and so many columns, with colours or without.
#[track_caller]
pub fn on_screen(mut command: Command, columns: u16, coloured: bool) -> String {
    if coloured {
        return shown(command, (columns, 24));
    }
    command.env("NO_COLOR", "1").env("TERM", "xterm-256color");
    written(Terminal::start_as_is(command, (columns, 24)))
}

#[track_caller]
fn written(terminal: Terminal) -> String {
    let (output, status) = terminal.finish();
    let output = String::from_utf8(output).unwrap();
    assert_eq!(status.code(), Some(0), "{output}");
    output
}

/// Terminal output with its escape characters made visible, to be kept as a snapshot.
pub fn readable(output: &str) -> String {
    output.replace("\r\n", "\n").replace('\x1b', "␛")
}
