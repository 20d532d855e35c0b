//! Why the command could not do what was asked, and how it says so.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::style::BAD;

/// Wrong arguments, or files that cannot be read or written.
const CODE: u8 = 2;

/// Why the command could not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// What the command itself has to say.
    Message(String),
    /// What the library says.
    Library(mapray::Error),
    /// Stdout takes no more.
    Output(io::Error),
}

impl Failure {
    /// Says why on stderr, in one paragraph; the exit code of the command.
    pub fn report(&self) -> ExitCode {
        if self.is_closed_pipe() {
            return ExitCode::SUCCESS;
        }
        // With stderr gone too, the exit code is all that can be said.
        let _ = write!(anstream::stderr(), "{BAD}mapray:{BAD:#} ");
        let _ = writeln!(io::stderr(), "{self}");
        ExitCode::from(CODE)
    }

    /// Whether the reader of a pipe has seen enough, which is its good right.
    fn is_closed_pipe(&self) -> bool {
        let closed = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
        match self {
            Failure::Message(_) => false,
            Failure::Library(error) => {
                error.source().and_then(|source| source.downcast_ref()).is_some_and(closed)
            }
            Failure::Output(error) => closed(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Message(message) => f.write_str(message),
            Failure::Library(error) => write!(f, "{error}"),
            Failure::Output(error) => write!(f, "cannot write to stdout: {error}"),
        }
    }
}

impl From<mapray::Error> for Failure {
    fn from(error: mapray::Error) -> Failure {
        Failure::Library(error)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::Message(message)
    }
}
