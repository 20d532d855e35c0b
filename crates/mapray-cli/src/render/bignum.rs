//! Natural numbers of any size, with no more arithmetic than printing a float exactly needs.

use std::cmp::Ordering;

/// A natural number: 32-bit limbs, least significant first, the last one never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Natural {
    limbs: Vec<u32>,
}

impl Natural {
    pub fn from_u128(mut value: u128) -> Natural {
        let mut limbs = Vec::with_capacity(4);
        while value != 0 {
            limbs.push(value as u32);
            value >>= 32;
        }
        Natural { limbs }
    }

    pub fn shift_left(&mut self, bits: u32) {
        if self.limbs.is_empty() {
            return;
        }
        let within = bits % 32;
        if within != 0 {
            let mut carry = 0;
            for limb in &mut self.limbs {
                let wide = u64::from(*limb) << within | carry;
                *limb = wide as u32;
                carry = wide >> 32;
            }
            if carry != 0 {
                self.limbs.push(carry as u32);
            }
        }
        let whole = (bits / 32) as usize;
        self.limbs.splice(0..0, std::iter::repeat_n(0, whole));
    }

    pub fn multiply(&mut self, factor: u32) {
        let mut carry = 0;
        for limb in &mut self.limbs {
            let wide = u64::from(*limb) * u64::from(factor) + carry;
            *limb = wide as u32;
            carry = wide >> 32;
        }
        if carry != 0 {
            self.limbs.push(carry as u32);
        }
        self.trim();
    }

    pub fn multiply_by_power_of_ten(&mut self, mut exponent: u32) {
        const STEP: u32 = 9;
        while exponent >= STEP {
            self.multiply(10_u32.pow(STEP));
            exponent -= STEP;
        }
        self.multiply(10_u32.pow(exponent));
    }

    /// This number times `factor`.
    pub fn times(&self, factor: u64) -> Natural {
        let mut low = self.clone();
        low.multiply(factor as u32);
        let mut high = self.clone();
        high.multiply((factor >> 32) as u32);
        high.shift_left(32);
        low.add(&high);
        low
    }

    /// How this number plus `addend` compares with `other`.
    pub fn compare_sum(&self, addend: &Natural, other: &Natural) -> Ordering {
        let mut sum = self.clone();
        sum.add(addend);
        sum.cmp(other)
    }

    pub fn add(&mut self, other: &Natural) {
        let length = self.limbs.len().max(other.limbs.len());
        self.limbs.resize(length, 0);
        let mut carry = 0;
        for (index, limb) in self.limbs.iter_mut().enumerate() {
            let addend = other.limbs.get(index).copied().unwrap_or(0);
            let wide = u64::from(*limb) + u64::from(addend) + carry;
            *limb = wide as u32;
            carry = wide >> 32;
        }
        if carry != 0 {
            self.limbs.push(carry as u32);
        }
    }

    /// Leaves the remainder of the division by `divisor` and returns the quotient, which the
    /// caller knows to be a digit: it is found by subtracting.
    pub fn divide_to_digit(&mut self, divisor: &Natural) -> u8 {
        let mut quotient = 0;
        while quotient < 9 && *self >= *divisor {
            self.subtract(divisor);
            quotient += 1;
        }
        quotient
    }

    /// Subtracts a number that is not larger.
    fn subtract(&mut self, other: &Natural) {
        let mut borrow = false;
        for (index, limb) in self.limbs.iter_mut().enumerate() {
            let (first, under) = limb.overflowing_sub(other.limbs.get(index).copied().unwrap_or(0));
            let (second, under_again) = first.overflowing_sub(u32::from(borrow));
            *limb = second;
            borrow = under || under_again;
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Natural) -> Ordering {
        let by_length = self.limbs.len().cmp(&other.limbs.len());
        by_length.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Natural) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
