//! Dates and differences of time.
//!
//! Dates are those of the proleptic Gregorian calendar. Multiples of units wrap around where they
//! leave the range of an `i64`, as in NumPy.

use mapray::dtype::{TimeUnit, Unit};

const NAT: i64 = i64::MIN;

/// How the dates or differences of an array are printed, found from all of them.
pub struct TimeFormat {
    /// The unit of dates; differences are printed as plain numbers.
    unit: Option<TimeUnit>,
    width: usize,
}

impl TimeFormat {
    /// The format of dates, counted in `unit`.
    pub fn dates(unit: TimeUnit, values: impl Iterator<Item = i64> + Clone) -> TimeFormat {
        TimeFormat { unit: Some(unit), width: 0 }.fit(values)
    }

    /// The format of differences.
    pub fn differences(values: impl Iterator<Item = i64> + Clone) -> TimeFormat {
        TimeFormat { unit: None, width: 0 }.fit(values)
    }

    /// NumPy measures only the first and the last date, not the longest.
    fn fit(mut self, values: impl Iterator<Item = i64> + Clone) -> TimeFormat {
        let times = values.clone().filter(|value| *value != NAT);
        let width = |value: Option<i64>| value.map_or(0, |value| self.text(value).len());
        let widest = width(times.clone().max()).max(width(times.min()));
        let has_nat = values.clone().any(|value| value == NAT);
        self.width = if has_nat { widest.max("'NaT'".len()) } else { widest };
        self
    }

    /// One date or difference.
    pub fn format(&self, value: i64) -> String {
        let text = if value == NAT { "'NaT'".to_owned() } else { self.text(value) };
        format!("{text:>width$}", width = self.width)
    }

    fn text(&self, value: i64) -> String {
        match self.unit {
            Some(unit) => format!("'{}'", date(value, unit)),
            None => value.to_string(),
        }
    }
}

/// A difference on its own, such as `5 days`.
pub fn difference(value: i64, unit: TimeUnit) -> String {
    if value == NAT {
        return "NaT".to_owned();
    }
    match unit {
        TimeUnit::Generic => format!("{value} generic time units"),
        TimeUnit::Every(number, unit) => {
            let name = match unit {
                Unit::Year => "years",
                Unit::Month => "months",
                Unit::Week => "weeks",
                Unit::Day => "days",
                Unit::Hour => "hours",
                Unit::Minute => "minutes",
                Unit::Second => "seconds",
                Unit::Millisecond => "milliseconds",
                Unit::Microsecond => "microseconds",
                Unit::Nanosecond => "nanoseconds",
                Unit::Picosecond => "picoseconds",
                Unit::Femtosecond => "femtoseconds",
                Unit::Attosecond => "attoseconds",
            };
            format!("{} {name}", value.wrapping_mul(i64::from(number)))
        }
    }
}

/// A date on its own in ISO 8601, to the precision of the unit.
///
/// A count without a unit is no date, and NumPy refuses to print it: here it is the number.
pub fn date(value: i64, unit: TimeUnit) -> String {
    let (number, unit) = match unit {
        _ if value == NAT => return "NaT".to_owned(),
        TimeUnit::Generic => return value.to_string(),
        TimeUnit::Every(number, unit) => (number, unit),
    };
    let value = value.wrapping_mul(i64::from(number));
    match unit {
        Unit::Year => year_text(value.wrapping_add(1970)),
        Unit::Month => {
            let year = value.div_euclid(12).wrapping_add(1970);
            format!("{}-{:02}", year_text(year), value.rem_euclid(12) + 1)
        }
        Unit::Week => day_text(value.wrapping_mul(7)),
        Unit::Day => day_text(value),
        Unit::Hour => clock_text(value, Clock::Hours),
        Unit::Minute => clock_text(value, Clock::Minutes),
        Unit::Second => clock_text(value, Clock::Seconds { decimals: 0 }),
        Unit::Millisecond => clock_text(value, Clock::Seconds { decimals: 3 }),
        Unit::Microsecond => clock_text(value, Clock::Seconds { decimals: 6 }),
        Unit::Nanosecond => clock_text(value, Clock::Seconds { decimals: 9 }),
        Unit::Picosecond => clock_text(value, Clock::Seconds { decimals: 12 }),
        Unit::Femtosecond => clock_text(value, Clock::Seconds { decimals: 15 }),
        Unit::Attosecond => clock_text(value, Clock::Seconds { decimals: 18 }),
    }
}

/// How finely the time of the day is told.
enum Clock {
    Hours,
    Minutes,
    Seconds { decimals: u32 },
}

fn clock_text(value: i64, clock: Clock) -> String {
    let (value, below_second, below_minute) = match clock {
        Clock::Hours => (value, None, None),
        Clock::Minutes => (value, None, Some(60)),
        Clock::Seconds { decimals } => (value, Some(decimals), Some(60)),
    };
    let (mut rest, mut text) = (value, String::new());
    let mut split_off = |unit: i64| {
        let part = rest.rem_euclid(unit);
        rest = rest.div_euclid(unit);
        part
    };
    if let Some(decimals) = below_second {
        let fraction = split_off(10_i64.pow(decimals));
        let second = split_off(60);
        text = match decimals {
            0 => format!(":{second:02}"),
            _ => format!(":{second:02}.{fraction:0width$}", width = decimals as usize),
        };
    }
    if let Some(minutes) = below_minute {
        text = format!(":{:02}{text}", split_off(minutes));
    }
    let hour = split_off(24);
    format!("{}T{hour:02}{text}", day_text(rest))
}

fn day_text(days: i64) -> String {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    // Days since 2000-03-01: years that start in March end in their leap day.
    let days = days.wrapping_sub(11_017);
    let cycle = days.div_euclid(DAYS_IN_400_YEARS);
    let day_of_cycle = days.rem_euclid(DAYS_IN_400_YEARS);
    // The last century and the last year of four have a day more: their last day is not a new one.
    let century = (day_of_cycle / 36_524).min(3);
    let day_of_century = day_of_cycle - century * 36_524;
    let leap_cycle = day_of_century / 1_461;
    let day_of_leap_cycle = day_of_century % 1_461;
    let year_of_four = (day_of_leap_cycle / 365).min(3);
    let day_of_year = day_of_leap_cycle - year_of_four * 365;
    // Five months from March on have 153 days, and so have the next five.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year =
        2000 + 400 * cycle + 100 * century + 4 * leap_cycle + year_of_four + i64::from(month <= 2);
    format!("{}-{month:02}-{day:02}", year_text(year))
}

/// At least four characters, a minus sign included.
fn year_text(year: i64) -> String {
    format!("{year:04}")
}
