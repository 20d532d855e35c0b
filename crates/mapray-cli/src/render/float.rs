//! Floats as NumPy lays them out: one number of digits, one width, one choice of exponents for
//! all elements shown together.

use std::cmp::Ordering;

use super::digits::{Places, unique_digits};
use super::real::{Finite, Magnitude, Real, Width};

/// NumPy's `precision`: at most so many digits after the point.
const PRECISION: usize = 8;

/// How the floats of an array are printed, found from all of them.
#[derive(Debug)]
pub struct FloatFormat {
    width: Width,
    /// Whether positive numbers get a `+`, as imaginary parts do.
    plus: bool,
    /// Characters left of the point, and right of it.
    left: usize,
    right: usize,
    exponents: Option<Exponents>,
}

/// Set where numbers are printed with an exponent.
#[derive(Debug)]
struct Exponents {
    digits: usize,
    /// Digits after the point.
    precision: usize,
}

impl FloatFormat {
    /// Finds the format. `values` are the bytes of floats of this width, least significant first;
    /// `plus` is whether positive ones get a `+`.
    pub fn new<V: AsRef<[u8]>>(
        width: Width,
        plus: bool,
        values: impl Iterator<Item = V> + Clone,
    ) -> FloatFormat {
        let values = values.map(|bytes| width.decode(bytes.as_ref()));
        let finite = values.clone().filter_map(|real| match real.magnitude {
            Magnitude::Finite(finite) => Some((sign(real.negative, plus), finite)),
            _ => None,
        });
        let mut format = FloatFormat { width, plus, left: 0, right: 0, exponents: None };
        if wants_exponents(width, finite.clone().map(|(_, finite)| finite)) {
            let (mut digits, mut precision) = (0, 0);
            for (sign, value) in finite {
                let parts = scientific(value, 0, Some(PRECISION));
                digits = digits.max(exponent_digits(parts.exponent).len());
                precision = precision.max(parts.fraction.trim_end_matches('0').len());
                format.left = format.left.max(sign.len() + 1);
            }
            format.right = digits + 2 + precision;
            format.exponents = Some(Exponents { digits, precision });
        } else {
            for (sign, value) in finite {
                let (whole, fraction) = positional(value, Some(PRECISION));
                format.left = format.left.max(sign.len() + whole.len());
                format.right = format.right.max(fraction.len());
            }
        }
        for real in values {
            let width = match real.magnitude {
                Magnitude::Finite(_) => 0,
                // A minus sign of any infinity makes room before every NaN and infinity.
                Magnitude::Infinite if real.negative || plus => "-inf".len(),
                _ if plus => "+inf".len(),
                _ => "inf".len(),
            };
            format.left = format.left.max(width.saturating_sub(format.right + 1));
        }
        format
    }

    /// One float, in as many characters as any other.
    pub fn format(&self, bytes: &[u8]) -> String {
        let real = self.width.decode(bytes);
        let sign = sign(real.negative, self.plus);
        let value = match real.magnitude {
            Magnitude::Finite(value) => value,
            Magnitude::Infinite => return self.word(&format!("{sign}inf")),
            Magnitude::NotANumber | Magnitude::Refused(_) => {
                return self.word(if self.plus { "+nan" } else { "nan" });
            }
        };
        match &self.exponents {
            Some(exponents) => {
                let at_least = exponents.precision;
                let parts = scientific(value, at_least, Some(exponents.precision));
                let exponent = exponent_digits(parts.exponent);
                let first = format!("{sign}{}", parts.first);
                format!(
                    "{first:>left$}.{:0<at_least$}e{}{exponent:0>digits$}",
                    parts.fraction,
                    if parts.exponent < 0 { '-' } else { '+' },
                    left = self.left,
                    digits = exponents.digits,
                )
            }
            None => {
                let (whole, fraction) = positional(value, Some(PRECISION));
                let (left, right) = (self.left, self.right);
                format!("{:>left$}.{fraction:<right$}", format!("{sign}{whole}"))
            }
        }
    }

    fn word(&self, word: &str) -> String {
        format!("{word:>width$}", width = self.left + self.right + 1)
    }
}

fn sign(negative: bool, plus: bool) -> &'static str {
    match (negative, plus) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) => "",
    }
}

/// Whether a number is large, one small, or they are far apart.
fn wants_exponents(width: Width, values: impl Iterator<Item = Finite>) -> bool {
    let mut range: Option<(Finite, Finite)> = None;
    for value in values.filter(|value| !value.is_zero()) {
        let (low, high) = range.get_or_insert((value, value));
        if value.compare(*low) == Ordering::Less {
            *low = value;
        }
        if value.compare(*high) == Ordering::Greater {
            *high = value;
        }
    }
    let Some((low, high)) = range else { return false };
    let large = Finite::from_f64(match width {
        Width::Half => 1e3,
        Width::Single => 1e6,
        Width::Double | Width::Long => 1e8,
    });
    // NumPy compares with 0.0001 in the precision of the data.
    let small = match width {
        Width::Half => Finite { mantissa: 0x68e, exponent: -24, uneven: false },
        Width::Single => Finite::from_f64(f64::from(1e-4_f32)),
        Width::Double | Width::Long => Finite::from_f64(1e-4),
    };
    high.compare(large) != Ordering::Less
        || low.compare(small) == Ordering::Less
        || high.quotient_exceeds_thousand(low, width)
}

/// The digits before and after the point, without trailing zeros.
fn positional(value: Finite, at_most: Option<usize>) -> (String, String) {
    let at_most = at_most.map(|count| count as i32);
    let decimal = unique_digits(value, Places::Fractional { at_most });
    let mut whole = String::new();
    let mut fraction = String::new();
    let mut position = decimal.exponent.max(0);
    for digit in std::iter::repeat_n(0, decimal.exponent.min(0).unsigned_abs() as usize)
        .chain(decimal.digits)
    {
        let part = if position >= 0 { &mut whole } else { &mut fraction };
        part.push(char::from(b'0' + digit));
        position -= 1;
    }
    whole.extend(std::iter::repeat_n('0', usize::try_from(position + 1).unwrap_or(0)));
    fraction.truncate(fraction.trim_end_matches('0').len());
    (whole, fraction)
}

struct Scientific {
    first: char,
    fraction: String,
    exponent: i32,
}

/// The digits with one before the point; `at_least` and `at_most` so many after it.
fn scientific(value: Finite, at_least: usize, at_most: Option<usize>) -> Scientific {
    let places = Places::Significant {
        at_least: at_least as i32 + 1,
        at_most: at_most.map(|count| count as i32 + 1),
    };
    let decimal = unique_digits(value, places);
    let mut digits = decimal.digits.into_iter().map(|digit| char::from(b'0' + digit));
    Scientific {
        first: digits.next().unwrap_or('0'),
        fraction: digits.collect(),
        exponent: decimal.exponent,
    }
}

fn exponent_digits(exponent: i32) -> String {
    format!("{:02}", exponent.unsigned_abs())
}

/// A float on its own: all its digits, and an exponent only where it is large or small.
///
/// `point` is whether a whole number ends in `.0`.
pub fn scalar_float(width: Width, bytes: &[u8], plus: bool, point: bool) -> String {
    let real = width.decode(bytes);
    let sign = sign(real.negative, plus);
    let value = match real.magnitude {
        Magnitude::Finite(value) | Magnitude::Refused(Some(value)) => value,
        Magnitude::Infinite | Magnitude::Refused(None) => return format!("{sign}inf"),
        Magnitude::NotANumber => return if plus { "+nan".into() } else { "nan".into() },
    };
    let large = Finite::from_f64(match width {
        Width::Half => 1e3,
        Width::Single => 1e6,
        Width::Double | Width::Long => 1e16,
    });
    let small = match width {
        Width::Half | Width::Single | Width::Double => Finite::from_f64(1e-4),
        // The `long double` that is nearest to 0.0001.
        Width::Long => Finite { mantissa: 0xd1b7_1758_e219_652c, exponent: -77, uneven: false },
    };
    let positions =
        value.compare(large) == Ordering::Less && value.compare(small) != Ordering::Less;
    if value.is_zero() || positions {
        let (whole, fraction) = positional(value, None);
        match (fraction.as_str(), point) {
            ("", true) => format!("{sign}{whole}.0"),
            ("", false) => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{fraction}"),
        }
    } else {
        let parts = scientific(value, 0, None);
        let point = if parts.fraction.is_empty() { "" } else { "." };
        let Scientific { first, fraction, exponent } = &parts;
        let exponent_sign = if *exponent < 0 { '-' } else { '+' };
        format!("{sign}{first}{point}{fraction}e{exponent_sign}{}", exponent_digits(*exponent))
    }
}

/// A complex number on its own: `(a+bj)`, or `bj` where `a` is zero without a sign.
pub fn scalar_complex(width: Width, real: &[u8], imaginary: &[u8]) -> String {
    let Real { negative, magnitude } = width.decode(real);
    let zero = matches!(magnitude, Magnitude::Finite(value) if value.is_zero());
    if zero && !negative {
        return format!("{}j", scalar_float(width, imaginary, false, false));
    }
    let real = scalar_float(width, real, false, false);
    format!("({real}{}j)", scalar_float(width, imaginary, true, false))
}
