//! A row of the table: one piece of work on one file, and who does it.

use crate::input::Input;
use crate::subject::Subject;

/// What the page cache holds of the input when the clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it, and none of it dirty.
    Warm,
    /// None of it.
    Cold,
}

/// What the numbers that the contenders print say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A result, which all must agree on.
    Result,
    /// The size of a file, which may differ.
    Size,
}

/// One piece of work on one file.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    /// What the work is, for people.
    pub title: String,
    pub input: Input,
    pub state: State,
    pub work: &'static str,
    /// Keys and values of the work, besides the paths.
    pub options: Vec<(&'static str, String)>,
    pub subjects: Vec<Subject>,
    /// How many bytes the work reads, or writes where it writes: what the limits move. 0 where that
    /// says nothing.
    pub bytes: u64,
    /// How much fresh memory and page cache a figure needs.
    pub fresh: u64,
    pub value: Value,
    /// The arguments of the command, where it is a contender.
    pub command: Vec<&'static str>,
    /// What whoever reads the figures must know.
    pub note: Option<&'static str>,
}

impl Row {
    /// A row of work on a warm file: of all its bytes, into little memory.
    pub fn new(name: &str, title: &str, input: Input, work: &'static str) -> Row {
        let bytes = input.bytes();
        Row {
            name: name.to_owned(),
            title: title.to_owned(),
            input,
            state: State::Warm,
            work,
            options: Vec::new(),
            subjects: Vec::new(),
            bytes,
            fresh: 0,
            value: Value::Result,
            command: Vec::new(),
            note: None,
        }
    }

    pub fn option(mut self, key: &'static str, value: impl ToString) -> Row {
        self.options.push((key, value.to_string()));
        self
    }

    pub fn subjects(mut self, subjects: &[Subject]) -> Row {
        self.subjects.extend_from_slice(subjects);
        self
    }

    /// Work that writes a file of about so many bytes, and so many more into fresh memory.
    pub fn writes(mut self, bytes: u64, memory: u64) -> Row {
        self.bytes = bytes;
        self.fresh = bytes + memory;
        self.value = Value::Size;
        self
    }
}
