//! One opaque error for the whole library.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong, for programs that must decide what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused a call; [`std::error::Error::source`] holds its `io::Error`.
    Io,
    /// The bytes are not what their format says they must be.
    Format,
    /// The dtype does not fit the request, or is not one that can be handled.
    Dtype,
    /// A shape, stride, offset or count that does not fit the array or the file, or that overflows.
    Shape,
    /// An index or a slice expression that does not fit the array.
    Index,
    /// An archive has no member of this name, or was opened without saying which member.
    Member,
    /// The mode forbids it: a write to a read-only map, say.
    Mode,
    /// The file is shorter than the array in it, or was cut short under a map.
    Truncated,
    /// The disk has no room; nothing was overwritten.
    Space,
    /// The file at the path is no longer the one that was opened.
    Changed,
    /// Somebody else is using the file in a way that does not go with this one.
    Locked,
    /// This system, file system or build cannot do it.
    Unsupported,
}

/// The one error of the library: what went wrong, where, what was expected and what was found.
///
/// ```
/// let error = mapray::ArrayFile::open("no/such/file.npy").unwrap_err();
/// assert_eq!(error.kind(), mapray::ErrorKind::Io);
/// assert!(error.to_string().starts_with("no/such/file.npy: "));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    member: Option<String>,
    offset: Option<u64>,
    expected: Option<String>,
    found: Option<String>,
    hint: Option<String>,
    snippet: Option<(String, usize)>,
    source: Option<io::Error>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            member: None,
            offset: None,
            expected: None,
            found: None,
            hint: None,
            snippet: None,
            source: None,
        }))
    }

    /// A failed system call; `doing` completes "cannot …". A full disk gets its own kind.
    pub(crate) fn io(doing: &str, source: io::Error) -> Error {
        let kind = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Space,
            io::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Io,
        };
        let mut error = Error::new(kind, format!("cannot {doing}: {source}"));
        error.0.source = Some(source);
        error
    }

    /// Whether this user may not do it, here or at all.
    pub(crate) fn is_refused(&self) -> bool {
        let refused = [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
        self.0.source.as_ref().is_some_and(|source| refused.contains(&source.kind()))
    }

    /// Names the file, unless an inner call has named one already.
    pub(crate) fn at_path(mut self, path: &Path) -> Error {
        self.0.path.get_or_insert_with(|| path.to_owned());
        self
    }

    /// Names the member of the archive, unless an inner call has named one already.
    pub(crate) fn at_member(mut self, member: &str) -> Error {
        self.0.member.get_or_insert_with(|| member.to_owned());
        self
    }

    /// Counts the offset, if there is one, from the start of the file, which is `bytes` before that
    /// of the part that was read.
    pub(crate) fn moved(mut self, bytes: u64) -> Error {
        self.0.offset = self.0.offset.map(|offset| offset.saturating_add(bytes));
        self
    }

    pub(crate) fn at_offset(mut self, offset: u64) -> Error {
        self.0.offset = Some(offset);
        self
    }

    pub(crate) fn expected(mut self, what: impl fmt::Display) -> Error {
        self.0.expected = Some(what.to_string());
        self
    }

    pub(crate) fn found(mut self, what: impl fmt::Display) -> Error {
        self.0.found = Some(what.to_string());
        self
    }

    /// What to do instead.
    pub(crate) fn hint(mut self, what: impl fmt::Display) -> Error {
        self.0.hint = Some(what.to_string());
        self
    }

    /// The same without the text that was being read, for a message that goes on behind it.
    pub(crate) fn without_text(mut self) -> Error {
        self.0.snippet = None;
        self
    }

    /// The text that was being read and the character in it, counted from 0, where reading failed.
    pub(crate) fn at_character(mut self, text: &str, character: usize) -> Error {
        self.0.snippet = Some((text.to_owned(), character));
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file that was at work, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The member of the archive that was at work, where there is one.
    pub fn member(&self) -> Option<&str> {
        self.0.member.as_deref()
    }

    /// The byte of the file that the error is about, counted from 0, where there is one.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// What should have been there.
    pub fn expected_value(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What was there.
    pub fn found_value(&self) -> Option<&str> {
        self.0.found.as_deref()
    }

    /// In an expression that could not be read: the character, counted from 0, that the error is about.
    pub fn character(&self) -> Option<usize> {
        self.0.snippet.as_ref().map(|(_, character)| *character)
    }
}

/// A text from a file, fit for a message: what cannot be printed is escaped, and it is cut where it
/// is long.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(path) = &inner.path {
            write!(f, "{}", path.display())?;
        }
        if let Some(member) = &inner.member {
            write!(f, "::{}", shown(member))?;
        }
        if inner.path.is_some() || inner.member.is_some() {
            f.write_str(": ")?;
        }
        f.write_str(&inner.message)?;
        if let Some(offset) = inner.offset {
            write!(f, " (at byte {offset})")?;
        }
        match (&inner.expected, &inner.found) {
            (Some(expected), Some(found)) => write!(f, ": expected {expected}, found {found}")?,
            (Some(expected), None) => write!(f, ": expected {expected}")?,
            (None, Some(found)) => write!(f, ": found {found}")?,
            (None, None) => {}
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        if let Some((text, character)) = &inner.snippet {
            let text = text.replace(char::is_control, " ");
            write!(f, "\n  {text}\n  {:>width$}", '^', width = character + 1)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_cannot_command_the_terminal_or_fill_it() {
        let name = format!("\x1b[2J\n\u{202e}{}", "n".repeat(10_000));
        let error = Error::new(ErrorKind::Format, "wrong").at_member(&name);
        let said = error.at_character("a\x1b[2J", 1).to_string();
        assert!(said.starts_with(r"::\u{1b}[2J\n\u{202e}nnn"), "{said}");
        assert!(said.ends_with("…: wrong\n  a [2J\n   ^"), "{said}");
        assert!(said.len() < 200);
    }
}
