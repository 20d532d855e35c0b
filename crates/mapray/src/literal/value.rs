//! The values that a header can hold.

use std::fmt;

use super::repr::write_text;

/// A Python value made of dictionaries, tuples, lists, text, integers, `True`, `False` and `None`.
///
/// [`Display`](fmt::Display) prints it as Python's `repr` does, which is how it stands in an `.npy` header.
///
/// ```
/// use mapray::dtype::{DType, Literal};
///
/// let dtype: DType = "i1,f4".parse()?;
/// let Literal::List(fields) = dtype.descr_literal() else { panic!("a record is a list") };
/// assert_eq!(fields[1].to_string(), "('f1', '<f4')");
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer; one that needs more than 64 bits is refused where it is read.
    Int(i64),
    /// Text.
    Str(String),
    /// `(1, 2)`.
    Tuple(Vec<Literal>),
    /// `[1, 2]`.
    List(Vec<Literal>),
    /// `{'a': 1}`, in the order in which it was written.
    Dict(Vec<(Literal, Literal)>),
}

impl Literal {
    /// What it is, for an error to name.
    pub(crate) fn describe(&self) -> String {
        match self {
            Literal::Dict(_) => "a dictionary".to_owned(),
            Literal::List(_) => "a list".to_owned(),
            Literal::Tuple(items) if items.is_empty() => "an empty tuple".to_owned(),
            Literal::Tuple(items) => format!("a tuple of {}", items.len()),
            Literal::Str(text) => format!("the text {}", Excerpt(text)),
            Literal::Int(value) => format!("the integer {value}"),
            Literal::None | Literal::Bool(_) => self.to_string(),
        }
    }
}

/// At most so much of a text that it fits into a message.
pub(crate) struct Excerpt<'a>(pub(crate) &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(40) {
            Some((end, _)) => {
                write_text(f, &self.0[..end])?;
                f.write_str("...")
            }
            None => write_text(f, self.0),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::None => f.write_str("None"),
            Literal::Bool(true) => f.write_str("True"),
            Literal::Bool(false) => f.write_str("False"),
            Literal::Int(value) => write!(f, "{value}"),
            Literal::Str(text) => write_text(f, text),
            Literal::Tuple(items) => {
                f.write_str("(")?;
                write_items(f, items)?;
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Literal::List(items) => {
                f.write_str("[")?;
                write_items(f, items)?;
                f.write_str("]")
            }
            Literal::Dict(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_items(f: &mut fmt::Formatter<'_>, items: &[Literal]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Literal::*;

    #[test]
    fn prints_as_python_does() {
        let value = Dict(vec![
            (Str("a".into()), Tuple(vec![Int(-3)])),
            (Str("b".into()), List(vec![Bool(true), None, Tuple(vec![])])),
        ]);
        assert_eq!(value.to_string(), "{'a': (-3,), 'b': [True, None, ()]}");
    }
}
