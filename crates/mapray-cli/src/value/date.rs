//! Dates in ISO 8601 as counts of units since 1970.

use mapray::dtype::{TimeUnit, Unit};

const EXPECTED: &str =
    "expected one in ISO 8601, such as 2024-02-29 or 2024-02-29T13:30:00.5, or NaT";

/// How many of the unit, from 1970 on, the date is.
///
/// # Errors
///
/// Where it is no date, or one that falls between two counts, or is out of their range.
pub fn count(text: &str, unit: TimeUnit) -> Result<i64, String> {
    if text == "NaT" {
        return Ok(i64::MIN);
    }
    let TimeUnit::Every(every, unit) = unit else {
        return text.parse().map_err(|_| format!("'{text}' is no count of a time without a unit"));
    };
    let date = Date::parse(text)?;
    let (count, rest) = date.count(unit);
    let every = i128::from(every);
    if rest || count % every != 0 {
        return Err(format!("{text} falls between two times of the unit {every} {unit}"));
    }
    let fits = i64::try_from(count / every).ok().filter(|&count| count != i64::MIN);
    fits.ok_or_else(|| format!("{text} is out of the range of the unit {every} {unit}"))
}

/// A date, taken apart.
struct Date {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
    attosecond: i64,
}

impl Date {
    fn parse(text: &str) -> Result<Date, String> {
        let wrong = || format!("'{text}' is no date: {EXPECTED}");
        let (date, clock) = match text.split_once(['T', ' ']) {
            Some((date, clock)) => (date, Some(clock.strip_suffix('Z').unwrap_or(clock))),
            None => (text, None),
        };
        let (sign, digits) = date.strip_prefix('-').map_or((1, date), |digits| (-1, digits));
        let mut parts = digits.split('-');
        let mut part = |low, high| match parts.next() {
            None => Some(1),
            Some(digits) => number(digits).filter(|number| (low..=high).contains(number)),
        };
        let year = sign * part(0, i64::from(i32::MAX)).ok_or_else(wrong)?;
        let month = part(1, 12).ok_or_else(wrong)?;
        let day = part(1, 31).ok_or_else(wrong)?;
        if parts.next().is_some() || clock.is_some() && digits.split('-').count() < 3 {
            return Err(wrong());
        }
        if day > days_of(year, month) {
            return Err(format!("'{text}' is no date: there is no such day"));
        }
        let (second, attosecond) = clock.map_or(Some((0, 0)), of_day).ok_or_else(wrong)?;
        Ok(Date { year, month, day, second, attosecond })
    }

    /// How many whole units since 1970, and whether something is left over.
    fn count(&self, unit: Unit) -> (i128, bool) {
        let is_midnight = self.second == 0 && self.attosecond == 0;
        let months = i128::from((self.year - 1970) * 12 + self.month - 1);
        match unit {
            Unit::Year => {
                (i128::from(self.year - 1970), self.month > 1 || self.day > 1 || !is_midnight)
            }
            Unit::Month => (months, self.day > 1 || !is_midnight),
            _ => {
                let seconds = i128::from(days(self.year, self.month, self.day)) * 86_400;
                let seconds = seconds + i128::from(self.second);
                let (of_second, seconds_of) = lengths(unit);
                let attoseconds = i128::from(self.attosecond);
                let part = 10_i128.pow(18) / of_second;
                let count = seconds.div_euclid(seconds_of) * of_second + attoseconds / part;
                (count, seconds.rem_euclid(seconds_of) != 0 || attoseconds % part != 0)
            }
        }
    }
}

/// How many of the unit a second has, or how many seconds the unit has.
fn lengths(unit: Unit) -> (i128, i128) {
    match unit {
        Unit::Week => (1, 7 * 86_400),
        Unit::Hour => (1, 3_600),
        Unit::Minute => (1, 60),
        Unit::Second => (1, 1),
        Unit::Millisecond => (1_000, 1),
        Unit::Microsecond => (1_000_000, 1),
        Unit::Nanosecond => (10_i128.pow(9), 1),
        Unit::Picosecond => (10_i128.pow(12), 1),
        Unit::Femtosecond => (10_i128.pow(15), 1),
        Unit::Attosecond => (10_i128.pow(18), 1),
        Unit::Day | Unit::Month | Unit::Year => (1, 86_400),
    }
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Seconds and attoseconds of `13`, `13:30`, `13:30:00` or `13:30:00.5`.
fn of_day(clock: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let parts: Vec<i64> = whole.split(':').map(number).collect::<Option<_>>()?;
    let is_second_given = parts.len() == 3;
    let (hour, minute, second) = match *parts.as_slice() {
        [hour] => (hour, 0, 0),
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let is_time = hour < 24 && minute < 60 && second < 60 && fraction.len() <= 18;
    if !is_time || clock.contains('.') && (!is_second_given || fraction.is_empty()) {
        return None;
    }
    Some((hour * 3_600 + minute * 60 + second, number(&format!("{fraction:0<18}"))?))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Leap days before the year's first day, counted from year 1.
    let before = year - 1;
    let leaps = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let of_year: i64 = (1..month).map(|month| days_of(year, month)).sum();
    before * 365 + leaps + of_year + day - 1 - 719_162
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_numpy() {
        let of = |text: &str, every, unit| count(text, TimeUnit::Every(every, unit));
        assert_eq!(of("1970-01-01", 1, Unit::Day), Ok(0));
        assert_eq!(of("2000-03-01", 1, Unit::Day), Ok(11_017));
        assert_eq!(of("0001-01-01", 1, Unit::Day), Ok(-719_162));
        assert_eq!(of("-0044-03-15", 1, Unit::Day), Ok(-735_525));
        assert_eq!(of("1999", 1, Unit::Year), Ok(29));
        assert_eq!(of("1969-12", 1, Unit::Month), Ok(-1));
        assert_eq!(of("1970-01-08", 1, Unit::Week), Ok(1));
        assert_eq!(of("1969-12-31T23:59:59.5", 1, Unit::Millisecond), Ok(-500));
        assert_eq!(of("2024-02-29 13:30", 1, Unit::Minute), Ok(28_486_890));
        assert_eq!(of("1970-01-01T00:00:00.000025Z", 25, Unit::Microsecond), Ok(1));
        assert_eq!(count("7", TimeUnit::Generic), Ok(7));
        for (text, unit) in [
            ("2024-13-01", Unit::Day),
            ("2023-02-29", Unit::Day),
            ("2024-02-29T24", Unit::Hour),
            ("2024-02-29T12", Unit::Day),
            ("2024-02", Unit::Year),
            ("1970-01-02", Unit::Week),
            ("yesterday", Unit::Day),
            ("", Unit::Day),
            ("9999-01-01", Unit::Nanosecond),
        ] {
            assert!(of(text, 1, unit).is_err(), "{text}");
        }
    }
}
