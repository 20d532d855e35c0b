//! From counts of one unit of time to counts of another.

use std::cmp::Ordering;

use crate::dtype::{TimeUnit, Unit};

/// What a count of one unit is in another.
///
/// Years and months have no fixed length, so dates go by way of the days of the proleptic Gregorian
/// calendar, and spans of time cannot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeScale {
    /// Months in a count of the one, where it becomes days first.
    months: Option<i128>,
    /// Months in a count of the other, where it is found from days.
    other_months: Option<i128>,
    /// A count (or day) of the one is `num / den` counts (or days) of the other.
    num: i128,
    den: i128,
}

impl TimeScale {
    /// Between two units of dates, or of spans of time; `None` where no number of the one is a
    /// number of the other. Counts without a unit are taken for counts of any.
    pub(crate) fn new(from: TimeUnit, to: TimeUnit, are_dates: bool) -> Option<TimeScale> {
        let plain = |num: i128, den: i128| TimeScale::reduced(None, None, num, den);
        let (TimeUnit::Every(n, from), TimeUnit::Every(m, to)) = (from, to) else {
            return plain(1, 1);
        };
        let (n, m) = (i128::from(n), i128::from(m));
        match (months(from), months(to)) {
            (Some(a), Some(b)) => plain(n * a, m * b),
            (None, None) => plain(n * attoseconds(from), m * attoseconds(to)),
            _ if !are_dates => None,
            (Some(a), None) => {
                let (num, den) = (attoseconds(Unit::Day), m * attoseconds(to));
                TimeScale::reduced(Some(n * a), None, num, den)
            }
            (None, Some(b)) => {
                let (num, den) = (n * attoseconds(from), attoseconds(Unit::Day));
                TimeScale::reduced(None, Some(m * b), num, den)
            }
        }
    }

    fn reduced(
        months: Option<i128>,
        other_months: Option<i128>,
        num: i128,
        den: i128,
    ) -> Option<TimeScale> {
        // A multiple of 0 is a unit that NumPy can spell, and that counts nothing.
        if num == 0 || den == 0 || months == Some(0) || other_months == Some(0) {
            return None;
        }
        let (mut a, mut b) = (num, den);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Some(TimeScale { months, other_months, num: num / a, den: den / a })
    }

    /// The count in the other unit, rounded down as NumPy does, and whether it is exact; `None`
    /// where it is beyond any number of 64 bits.
    pub(crate) fn convert(&self, count: i64) -> Option<(i128, bool)> {
        let scaled = self.own(count).checked_mul(self.num)?;
        let (whole, rest) = (scaled.div_euclid(self.den), scaled.rem_euclid(self.den));
        let Some(months) = self.other_months else { return Some((whole, rest == 0)) };
        let (month, day) = month_of(whole);
        let exact = rest == 0 && day == 0 && month.rem_euclid(months) == 0;
        Some((month.div_euclid(months), exact))
    }

    /// How a count compares with one of the other unit, and how far apart they are in the other
    /// unit (in days where that is of months).
    pub(crate) fn compare(&self, count: i64, other: i64) -> (Ordering, f64) {
        let (a, b) = (self.own(count), self.other(other));
        match (a.checked_mul(self.num), b.checked_mul(self.den)) {
            (Some(a), Some(b)) => {
                let distance = a.checked_sub(b).map_or(a as f64 - b as f64, |exact| exact as f64);
                (a.cmp(&b), distance.abs() / self.den as f64)
            }
            // Only one of two numbers without a common divisor is large, so the products are not
            // equal if one overflows.
            _ => {
                let (a, b) = (a as f64 * self.num as f64, b as f64 * self.den as f64);
                let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
                (order, (a - b).abs() / self.den as f64)
            }
        }
    }

    fn own(&self, count: i64) -> i128 {
        let count = i128::from(count);
        self.months.map_or(count, |months| day_of(count * months))
    }

    fn other(&self, count: i64) -> i128 {
        let count = i128::from(count);
        self.other_months.map_or(count, |months| day_of(count * months))
    }
}

fn months(unit: Unit) -> Option<i128> {
    match unit {
        Unit::Year => Some(12),
        Unit::Month => Some(1),
        _ => None,
    }
}

/// How long the units are that have a length.
fn attoseconds(unit: Unit) -> i128 {
    const SECOND: i128 = 1_000_000_000_000_000_000;
    match unit {
        Unit::Year | Unit::Month => unreachable!("no fixed length"),
        Unit::Week => 604_800 * SECOND,
        Unit::Day => 86_400 * SECOND,
        Unit::Hour => 3_600 * SECOND,
        Unit::Minute => 60 * SECOND,
        Unit::Second => SECOND,
        Unit::Millisecond => SECOND / 1_000,
        Unit::Microsecond => SECOND / 1_000_000,
        Unit::Nanosecond => SECOND / 1_000_000_000,
        Unit::Picosecond => 1_000_000,
        Unit::Femtosecond => 1_000,
        Unit::Attosecond => 1,
    }
}

/// The days from 1970-01-01 to the first day of a month, which is counted from 1970-01.
///
/// Source: H. Hinnant, "chrono-compatible low-level date algorithms". Years begin with March there,
/// so that the day that leap years add is the last one.
fn day_of(month: i128) -> i128 {
    // From 0000-03.
    let from_march = month + 1970 * 12 - 2;
    let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5;
    era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468
}

/// The month, counted from 1970-01, that this day from 1970-01-01 is in, and which day of it,
/// counted from 0.
fn month_of(day: i128) -> (i128, i128) {
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let from_march = (era * 400 + year) * 12 + month;
    (from_march + 2 - 1970 * 12, day - (153 * month + 2) / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_days_lead_back_to_each_other() {
        assert_eq!((day_of(0), month_of(0)), (0, (0, 0)));
        assert_eq!((day_of(1), month_of(30), month_of(31)), (31, (0, 30), (1, 0)));
        // 2000-02-29, and 1900-03-01, before which there was none.
        assert_eq!(month_of(11_016), (361, 28));
        assert_eq!(month_of(-25_508), (-838, 0));
        assert_eq!(month_of(-25_509), (-839, 27));
        for month in (-40_000..40_000).step_by(7) {
            assert_eq!(month_of(day_of(month)), (month, 0), "{month}");
            assert_eq!(month_of(day_of(month + 1) - 1).0, month, "{month}");
        }
    }

    #[test]
    fn counts_of_the_longest_units_compare_with_those_of_the_shortest() {
        let every = |n, unit| TimeUnit::Every(n, unit);
        let scale =
            TimeScale::new(every(i32::MAX as u32, Unit::Week), every(1, Unit::Attosecond), false);
        let scale = scale.unwrap();
        assert_eq!(scale.convert(i64::MAX), None);
        assert_eq!(scale.compare(i64::MAX, i64::MAX).0, Ordering::Greater);
        assert_eq!(scale.compare(-1, i64::MIN + 1).0, Ordering::Less);
        assert!(TimeScale::new(every(0, Unit::Second), every(1, Unit::Day), true).is_none());
        assert!(TimeScale::new(every(1, Unit::Year), every(1, Unit::Day), false).is_none());
    }
}
