//! The units of dates and durations, and their spelling: the `[25us]` of `M8[25us]`.

use std::fmt;

/// The unit of a datetime or timedelta, as in `M8[25us]`.
///
/// ```
/// use mapray::dtype::{DType, Kind, TimeUnit, Unit};
///
/// let dtype: DType = "M8[25us]".parse()?;
/// assert_eq!(*dtype.kind(), Kind::DateTime(TimeUnit::Every(25, Unit::Microsecond)));
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// No unit given: `M8`.
    Generic,
    /// So many of a unit.
    Every(u32, Unit),
}

/// NumPy's units of time, from `Y` to `as`.
///
/// [`Display`](fmt::Display) prints NumPy's abbreviation.
///
/// ```
/// assert_eq!(mapray::dtype::Unit::Nanosecond.to_string(), "ns");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Picosecond,
    Femtosecond,
    Attosecond,
}

use Unit::*;

/// From the longest to the shortest.
const UNITS: [(Unit, &str); 13] = [
    (Year, "Y"),
    (Month, "M"),
    (Week, "W"),
    (Day, "D"),
    (Hour, "h"),
    (Minute, "m"),
    (Second, "s"),
    (Millisecond, "ms"),
    (Microsecond, "us"),
    (Nanosecond, "ns"),
    (Picosecond, "ps"),
    (Femtosecond, "fs"),
    (Attosecond, "as"),
];

impl Unit {
    fn parse(text: &str) -> Option<Unit> {
        // NumPy also takes the Greek letter mu, and not the micro sign that looks the same.
        let text = if text == "\u{3bc}s" { "us" } else { text };
        UNITS.iter().find(|(_, name)| *name == text).map(|(unit, _)| *unit)
    }

    /// The shorter units that NumPy tries when a unit is divided, and how many of each it holds.
    fn parts(self) -> &'static [(u32, Unit)] {
        match self {
            Year => &[(12, Month), (52, Week), (365, Day)],
            Month => &[(4, Week), (30, Day), (720, Hour)],
            Week => &[(7, Day), (168, Hour), (10_080, Minute)],
            Day => &[(24, Hour), (1_440, Minute), (86_400, Second)],
            Hour => &[(60, Minute), (3_600, Second)],
            Minute => &[(60, Second), (60_000, Millisecond)],
            Second => &[(1_000, Millisecond), (1_000_000, Microsecond)],
            Millisecond => &[(1_000, Microsecond), (1_000_000, Nanosecond)],
            Microsecond => &[(1_000, Nanosecond), (1_000_000, Picosecond)],
            Nanosecond => &[(1_000, Picosecond), (1_000_000, Femtosecond)],
            Picosecond => &[(1_000, Femtosecond), (1_000_000, Attosecond)],
            Femtosecond => &[(1_000, Attosecond)],
            Attosecond => &[],
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = UNITS.iter().find(|(unit, _)| unit == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl fmt::Display for TimeUnit {
    /// As it stands behind `M8`: nothing, `[s]` or `[25us]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeUnit::Generic => Ok(()),
            TimeUnit::Every(1, unit) => write!(f, "[{unit}]"),
            TimeUnit::Every(count, unit) => write!(f, "[{count}{unit}]"),
        }
    }
}

/// Why a unit was refused, and at which byte of it.
pub(super) struct BadUnit {
    pub(super) at: usize,
    pub(super) expected: String,
}

fn bad<T>(at: usize, expected: impl Into<String>) -> Result<T, BadUnit> {
    Err(BadUnit { at, expected: expected.into() })
}

/// Reads what follows `M8`, `m8`, `datetime64` or `timedelta64`: nothing, or a unit in brackets with a count
/// before it and a divisor after it, `[2D/24]`, which NumPy turns into a count of a shorter unit.
pub(super) fn parse(text: &str) -> Result<TimeUnit, BadUnit> {
    if text.is_empty() {
        return Ok(TimeUnit::Generic);
    }
    let Some(open) = text.strip_prefix('[') else { return bad(0, "a unit in brackets, like [ns]") };
    let Some(inner) = open.strip_suffix(']') else { return bad(text.len(), "a closing bracket") };
    let (unit, divisor) = match inner.split_once('/') {
        Some((unit, divisor)) => (unit, Some(divisor)),
        None => (inner, None),
    };
    let (count, name) = split_count(unit);
    let name_at = 1 + unit.len() - name.len();
    let count = match count.trim_start_matches(C_BLANKS).parse::<i32>() {
        _ if count.is_empty() => 1,
        Ok(count @ 0..) => count.unsigned_abs(),
        _ => return bad(1, "a count from 0 to 2147483647"),
    };
    let parsed = match Unit::parse(name) {
        Some(unit) => TimeUnit::Every(count, unit),
        None if name == "generic" => TimeUnit::Generic,
        None => return bad(name_at, "one of Y M W D h m s ms us ns ps fs as"),
    };
    match divisor {
        Some(divisor) => divide(parsed, divisor, unit.len() + 2),
        None => Ok(parsed),
    }
}

/// What C's `strtol` skips before a number.
pub(super) const C_BLANKS: [char; 6] = [' ', '\t', '\n', '\r', '\x0b', '\x0c'];

/// Splits what C's `strtol` would read from what follows it.
fn split_count(text: &str) -> (&str, &str) {
    let digits = text.trim_start_matches(C_BLANKS);
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == digits.len() { ("", text) } else { text.split_at(text.len() - rest.len()) }
}

fn divide(unit: TimeUnit, divisor: &str, at: usize) -> Result<TimeUnit, BadUnit> {
    let divisor = match divisor.trim_start_matches(C_BLANKS).parse::<i32>() {
        Ok(1) => return Ok(unit),
        Ok(divisor @ 2..) => divisor.unsigned_abs(),
        _ => return bad(at, "a positive divisor"),
    };
    let TimeUnit::Every(count, unit) = unit else { return bad(at, "no divisor of generic units") };
    let Some((parts, shorter)) = unit.parts().iter().find(|(parts, _)| parts % divisor == 0) else {
        return bad(at, format!("a divisor that takes {unit} to a whole number of a shorter unit"));
    };
    let count = count.checked_mul(parts / divisor).filter(|count| i32::try_from(*count).is_ok());
    match count {
        Some(count) => Ok(TimeUnit::Every(count, *shorter)),
        None => bad(at, "a count that fits into 31 bits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        parse(text).ok().map(|unit| unit.to_string())
    }

    #[test]
    fn units_print_as_numpy_prints_them() {
        for (text, wanted) in [
            ("", ""),
            ("[generic]", ""),
            ("[5generic]", ""),
            ("[1s]", "[s]"),
            ("[0s]", "[0s]"),
            ("[+3s]", "[3s]"),
            ("[ 3s]", "[3s]"),
            ("[2147483647as]", "[2147483647as]"),
            ("[\u{3bc}s]", "[us]"),
            ("[s/10]", "[100ms]"),
            ("[2D/24]", "[2h]"),
            ("[D/5]", "[288m]"),
            ("[as/1]", "[as]"),
            ("[generic/1]", ""),
            ("[Y/52]", "[W]"),
        ] {
            assert_eq!(printed(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_unit_is_refused_at_its_byte() {
        for (text, at) in [
            ("s", 0),
            ("[s", 2),
            ("[]", 1),
            ("[B]", 1),
            ("[3 s]", 2),
            ("[-1s]", 1),
            ("[2147483648s]", 1),
            ("[\u{b5}s]", 1),
            ("[s/7]", 3),
            ("[s/0]", 3),
            ("[s/-1]", 3),
            ("[as/10]", 4),
            ("[generic/2]", 9),
            ("[W/11]", 3),
            ("[2147483647D/2]", 13),
        ] {
            assert_eq!(parse(text).err().map(|bad| bad.at), Some(at), "{text}");
        }
    }
}
