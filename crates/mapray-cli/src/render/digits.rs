//! Decimal digits of a float: the fewest that tell it from its neighbours, or as many as asked.
//!
//! This is the free-format algorithm of Steele and White (1990) as Burger and Dybvig (1996) scale
//! it, on exact integers, with the cuts and the rounding of NumPy's printing.

use std::cmp::Ordering;

use super::bignum::Natural;
use super::real::Finite;

/// Decimal digits; the first one stands at `10^exponent`.
#[derive(Debug, PartialEq, Eq)]
pub struct Digits {
    /// Digits from 0 to 9; at least one.
    pub digits: Vec<u8>,
    pub exponent: i32,
}

/// Where digits end, other than where the number is told from its neighbours.
#[derive(Clone, Copy, Debug)]
pub enum Places {
    /// Counted from the first digit.
    Significant { at_least: i32, at_most: Option<i32> },
    /// Counted from the decimal point.
    Fractional { at_most: Option<i32> },
}

/// The digits of a number: the fewest that are unique, but within `places`.
pub fn unique_digits(value: Finite, places: Places) -> Digits {
    if value.is_zero() {
        return Digits { digits: vec![0], exponent: 0 };
    }
    let mut scaled = Scaled::new(value);
    // One above the exponent of the first digit; may be too low by one.
    let mut position = estimate(value);
    if let Places::Fractional { at_most: Some(at_most) } = places {
        position = position.max(1 - at_most);
    }
    scaled.divide_by_power_of_ten(position);
    if scaled.value >= scaled.scale {
        position += 1;
    } else {
        scaled.next_place();
    }
    let (last, first_end) = match places {
        Places::Significant { at_least, at_most } => {
            (at_most.map(|count| position - count), position - at_least)
        }
        Places::Fractional { at_most } => (at_most.map(|count| -count), position.min(0)),
    };

    let mut digits = Vec::new();
    let exponent = position - 1;
    loop {
        position -= 1;
        let digit = scaled.value.divide_to_digit(&scaled.scale);
        let (low, high) = (scaled.is_low(), scaled.is_high());
        if ((low || high) && position <= first_end) || Some(position) == last {
            let up = if low == high { scaled.rounds_up(digit) } else { high };
            return finish(digits, digit, up, exponent);
        }
        digits.push(digit);
        scaled.next_place();
    }
}

/// Appends the last digit, rounded.
fn finish(mut digits: Vec<u8>, last: u8, up: bool, exponent: i32) -> Digits {
    digits.push(last);
    if up {
        while digits.last() == Some(&9) {
            digits.pop();
        }
        match digits.last_mut() {
            Some(digit) => *digit += 1,
            None => return Digits { digits: vec![1], exponent: exponent + 1 },
        }
    }
    Digits { digits, exponent }
}

/// `floor(log10(value)) + 1`, or one less.
fn estimate(value: Finite) -> i32 {
    let highest_bit = 63 - value.mantissa.leading_zeros() as i32;
    // 0.69 is below 1 - log10(2), so the result is never too high, rounding errors included.
    (f64::from(highest_bit + value.exponent) * std::f64::consts::LOG10_2 - 0.69).ceil() as i32
}

/// What is left of the number, and how far it may be off before it is another, times `scale`.
struct Scaled {
    value: Natural,
    scale: Natural,
    margin_low: Natural,
    margin_high: Natural,
    /// Numbers with an even mantissa own the ends of their interval.
    even: bool,
}

impl Scaled {
    fn new(value: Finite) -> Scaled {
        // Everything times 4, so that half of the smaller margin is an integer.
        let (up, down) = (value.exponent.max(0) as u32, value.exponent.min(0).unsigned_abs());
        let shifted = |number: u128, bits| {
            let mut natural = Natural::from_u128(number);
            natural.shift_left(bits);
            natural
        };
        Scaled {
            value: shifted(u128::from(value.mantissa) * 4, up),
            scale: shifted(4, down),
            margin_low: shifted(if value.uneven { 1 } else { 2 }, up),
            margin_high: shifted(2, up),
            even: value.mantissa.is_multiple_of(2),
        }
    }

    fn divide_by_power_of_ten(&mut self, exponent: i32) {
        if exponent >= 0 {
            self.scale.multiply_by_power_of_ten(exponent.unsigned_abs());
        } else {
            for number in [&mut self.value, &mut self.margin_low, &mut self.margin_high] {
                number.multiply_by_power_of_ten(exponent.unsigned_abs());
            }
        }
    }

    fn next_place(&mut self) {
        for number in [&mut self.value, &mut self.margin_low, &mut self.margin_high] {
            number.multiply(10);
        }
    }

    /// Whether the digits so far are within the number's interval.
    fn is_low(&self) -> bool {
        match self.value.cmp(&self.margin_low) {
            Ordering::Less => true,
            Ordering::Equal => self.even,
            Ordering::Greater => false,
        }
    }

    /// Whether the digits so far, the last one plus 1, are within the number's interval.
    fn is_high(&self) -> bool {
        match self.value.compare_sum(&self.margin_high, &self.scale) {
            Ordering::Less => false,
            Ordering::Equal => self.even,
            Ordering::Greater => true,
        }
    }

    /// Whether what is left is above half a digit; exactly half goes to the even digit.
    fn rounds_up(&self, digit: u8) -> bool {
        match self.value.compare_sum(&self.value, &self.scale) {
            Ordering::Less => false,
            Ordering::Equal => digit % 2 == 1,
            Ordering::Greater => true,
        }
    }
}
