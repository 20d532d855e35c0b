//! One item of a slice expression, and the Rust values that stand for one.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// One item between the commas of `[...]`.
///
/// Rust's own ranges and integers convert into it, and count as in Python: a negative number counts
/// from the end of the axis, and a range that reaches past an end is cut there.
///
/// ```
/// use mapray::layout::Index;
///
/// assert_eq!(Index::from(-1).to_string(), "-1");
/// assert_eq!(Index::from(2..5).to_string(), "2:5");
/// assert_eq!(Index::from(..-1).to_string(), ":-1");
/// assert_eq!(Index::from(-3..=-1).to_string(), "-3:");
/// assert_eq!(Index::step_by(-1).to_string(), "::-1");
/// assert_eq!(Index::range(10, None, -2).to_string(), "10::-2");
/// // Also `2..-1`, which Clippy takes for a mistake.
/// assert_eq!(Index::range(2, -1, None).to_string(), "2:-1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// The element at this place; its axis goes away.
    At(i64),
    /// Python's `start:stop:step`; `None` is a part that was left out.
    Range {
        /// The first element; left out, the first one in the direction of the step.
        start: Option<i64>,
        /// The element before which to stop; left out, all that follow.
        stop: Option<i64>,
        /// The distance from one element to the next, 1 when left out; zero is an error when applied.
        step: Option<i64>,
    },
    /// `...`: all of the axes that the other items leave.
    Ellipsis,
    /// `None` or `np.newaxis`: a new axis of length 1 and stride 0.
    NewAxis,
}

impl Index {
    /// The whole axis in steps, `::step`; a negative step runs from its end to its start.
    pub const fn step_by(step: i64) -> Index {
        Index::Range { start: None, stop: None, step: Some(step) }
    }

    /// `start:stop:step`, each an integer or `None`.
    pub fn range(
        start: impl Into<Option<i64>>,
        stop: impl Into<Option<i64>>,
        step: impl Into<Option<i64>>,
    ) -> Index {
        Index::Range { start: start.into(), stop: stop.into(), step: step.into() }
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Index::At(index) => write!(f, "{index}"),
            Index::Range { start, stop, step } => {
                let part = |part: Option<i64>| part.map_or(String::new(), |part| part.to_string());
                write!(f, "{}:{}", part(start), part(stop))?;
                step.map_or(Ok(()), |step| write!(f, ":{step}"))
            }
            Index::Ellipsis => f.write_str("..."),
            Index::NewAxis => f.write_str("None"),
        }
    }
}

impl From<i64> for Index {
    fn from(index: i64) -> Index {
        Index::At(index)
    }
}

impl From<Range<i64>> for Index {
    fn from(range: Range<i64>) -> Index {
        Index::range(range.start, range.end, None)
    }
}

impl From<RangeFrom<i64>> for Index {
    fn from(range: RangeFrom<i64>) -> Index {
        Index::range(range.start, None, None)
    }
}

impl From<RangeTo<i64>> for Index {
    fn from(range: RangeTo<i64>) -> Index {
        Index::range(None, range.end, None)
    }
}

impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Index {
        Index::range(None, None, None)
    }
}

/// Up to and including the last one named: `0..=-1` is the whole axis.
impl From<RangeInclusive<i64>> for Index {
    fn from(range: RangeInclusive<i64>) -> Index {
        Index::range(*range.start(), after(*range.end()), None)
    }
}

/// Up to and including the last one named: `..=-1` is the whole axis.
impl From<RangeToInclusive<i64>> for Index {
    fn from(range: RangeToInclusive<i64>) -> Index {
        Index::range(None, after(range.end), None)
    }
}

/// The stop that takes `last` in. What follows -1 is the end of the axis, where plain `last + 1`
/// would be its start.
fn after(last: i64) -> Option<i64> {
    if last == -1 { None } else { last.checked_add(1) }
}
