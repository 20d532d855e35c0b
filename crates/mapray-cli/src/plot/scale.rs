//! From numbers to places along an axis, and what is written beside it.

use mapray::dtype::Kind;
use mapray::{DType, Scalar};

use crate::number::{element_text, float_text};

/// Labels with more decimals than this are told apart by less than what is written in front of them.
const DECIMALS: i32 = 6;

/// A range of numbers along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
}

/// What is written along an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    /// The numbers, and their texts.
    pub labels: Vec<(f64, String)>,
    /// What is to be added to each text.
    pub offset: Option<String>,
}

impl Scale {
    /// From one number to another, with some room where they are the same, or nearly so.
    pub fn new(low: f64, high: f64) -> Scale {
        if high - low >= f64::MIN_POSITIVE {
            return Scale { low, high };
        }
        let room = (low.abs() * 1e-3).clamp(0.5, f64::MAX / 4.0);
        Scale { low: (low - room).max(f64::MIN), high: (low + room).min(f64::MAX) }
    }

    /// How far along the range a number is, from 0 to 1; less or more outside of it.
    pub fn share(&self, value: f64) -> f64 {
        // Halves, as the range may be wider than the largest number.
        (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    /// The same with some room at both ends, which is given as a share of the range.
    pub fn with_room(&self, share: f64) -> Scale {
        let room = (self.high / 2.0 - self.low / 2.0) * share * 2.0;
        Scale { low: (self.low - room).max(f64::MIN), high: (self.high + room).min(f64::MAX) }
    }

    /// At most so many round numbers in the range, 1, 2 or 5 times a power of ten apart (but 2 as its
    /// ends where there is nothing round).
    pub fn ticks(&self, most: usize) -> Ticks {
        self.ticks_apart(most, f64::MIN_POSITIVE)
    }

    /// The same, but whole numbers, for counts and indices.
    pub fn whole_ticks(&self, most: usize) -> Ticks {
        self.ticks_apart(most, 1.0)
    }

    /// The same for elements of this dtype: times are written as such.
    pub fn ticks_of(&self, most: usize, dtype: &DType) -> Ticks {
        match dtype.kind() {
            Kind::DateTime(_) | Kind::TimeDelta(_) => {
                let whole = self.whole_ticks(most);
                let text = |at: f64| element_text(Scalar::Int(at as i64), dtype);
                let labels = whole.labels.into_iter().map(|(at, _)| (at, text(at))).collect();
                Ticks { labels, offset: None }
            }
            Kind::Float16 | Kind::Float32 | Kind::Float64 => self.ticks(most),
            Kind::Complex64 | Kind::Complex128 => self.ticks(most),
            _ => self.whole_ticks(most),
        }
    }

    fn ticks_apart(&self, most: usize, least_step: f64) -> Ticks {
        let most = most.max(1);
        let rough = (self.high / 2.0 - self.low / 2.0) / most as f64 * 2.0;
        let power = rough.clamp(least_step, f64::MAX).log10().floor() as i32;
        let steps = (power..power + 3).flat_map(|power| [1.0, 2.0, 5.0].map(|it| (it, power)));
        for (factor, power) in steps {
            let at = |k: f64| scaled(k * factor, power);
            let unit = at(1.0);
            let (first, last) = ((self.low / unit).ceil(), (self.high / unit).floor());
            if unit < least_step || last - first >= most as f64 {
                continue;
            }
            let places = (0..most).map(|k| at(first + k as f64));
            let mut found: Vec<f64> =
                places.filter(|at| (self.low..=self.high).contains(at)).collect();
            found.dedup();
            if !found.is_empty() {
                return labelled(&found, power);
            }
        }
        let mut labels = vec![(self.low, float_text(self.low)), (self.high, float_text(self.high))];
        labels.truncate(most);
        Ticks { labels, offset: None }
    }
}

/// `number` times a power of ten, rounded once.
fn scaled(number: f64, power: i32) -> f64 {
    match power {
        // Smaller powers than this are no normal numbers.
        ..-300 => number * 10_f64.powi(power),
        -300..0 => number / 10_f64.powi(-power),
        0.. => number * 10_f64.powi(power),
    }
}

/// Texts for multiples of a power of ten.
fn labelled(found: &[f64], power: i32) -> Ticks {
    let exponent = |value: f64| value.abs().log10().floor() as i32;
    let largest = found.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let top = if largest > 0.0 { exponent(largest) } else { power };
    let digits = top - power;
    if digits > DECIMALS {
        // What all have in common is said once.
        let unit = scaled(1.0, power + 2);
        let base = (found[0] / unit).floor() * unit;
        let rests: Vec<f64> = found.iter().map(|value| value - base).collect();
        let rest = labelled(&rests, power).labels;
        let labels = found.iter().zip(rest).map(|(&at, (_, text))| (at, text)).collect();
        return Ticks { labels, offset: Some(format!("{base}")) };
    }
    let text = |value: f64| match value {
        0.0 => "0".to_owned(),
        _ if top > 6 || power < -6 => {
            let decimals = (exponent(value) - power).max(0) as usize;
            let text = format!("{value:.decimals$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let short = match mantissa.contains('.') {
                true => mantissa.trim_end_matches('0').trim_end_matches('.'),
                false => mantissa,
            };
            format!("{short}e{exponent}")
        }
        _ => format!("{value:.*}", (-power).max(0) as usize),
    };
    Ticks { labels: found.iter().map(|&at| (at, text(at))).collect(), offset: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &Ticks) -> Vec<&str> {
        ticks.labels.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_in_the_range() {
        let of = |low, high, most| Scale::new(low, high).ticks(most);
        assert_eq!(texts(&of(0.0, 1.0, 6)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&of(-3.0, 17.0, 5)), ["0", "5", "10", "15"]);
        assert_eq!(texts(&of(0.0, 1498.0, 4)), ["0", "500", "1000"]);
        assert_eq!(texts(&of(0.0, 2e9, 5)), ["0", "5e8", "1e9", "1.5e9", "2e9"]);
        assert_eq!(texts(&of(0.0, 3e-9, 4)), ["0", "1e-9", "2e-9", "3e-9"]);
        assert_eq!(texts(&of(-1.5e308, 1.5e308, 3)), ["-1e308", "0", "1e308"]);
        let scale = Scale::new(0.0, 3.0);
        assert_eq!(texts(&scale.whole_ticks(10)), ["0", "1", "2", "3"]);
    }

    #[test]
    fn what_all_ticks_have_in_common_is_said_once() {
        let ticks = Scale::new(1e9, 1e9 + 4.0).ticks(5);
        assert_eq!(texts(&ticks), ["0", "1", "2", "3", "4"]);
        assert_eq!(ticks.offset.as_deref(), Some("1000000000"));
        assert_eq!(ticks.labels[1].0, 1e9 + 1.0);
    }

    #[test]
    fn every_range_has_few_ticks_in_it() {
        let ends =
            [f64::MIN, -1e300, -1.5, -1e-320, 0.0, 5e-324, 1e-7, 1.0, 1.0 + 1e-15, 1e17, f64::MAX];
        for low in ends {
            for high in ends.into_iter().filter(|&high| high >= low) {
                for most in [1, 2, 5, 11] {
                    let scale = Scale::new(low, high);
                    assert!(scale.low < scale.high && scale.high.is_finite(), "{scale:?}");
                    let ticks = scale.ticks(most).labels;
                    assert!(!ticks.is_empty() && ticks.len() <= most, "{scale:?} {ticks:?}");
                    for (at, text) in ticks {
                        assert!((scale.low..=scale.high).contains(&at), "{scale:?} {at}");
                        assert!(text.len() < 26, "{text}");
                    }
                    let half = scale.share(scale.low / 2.0 + scale.high / 2.0);
                    assert!((0.0..=1.0).contains(&half), "{scale:?} {half}");
                }
            }
        }
    }

    #[test]
    fn times_are_written_as_such() {
        let dtype = "<M8[D]".parse().unwrap();
        let ticks = Scale::new(0.0, 40.0).ticks_of(3, &dtype);
        assert_eq!(texts(&ticks), ["1970-01-01", "1970-01-21", "1970-02-10"]);
    }
}
