//! Sums: exact for integers, in double-double for floating-point numbers.

use half::f16;
use num_complex::Complex;

use super::columns::{Columns, ExactSums, IntSums, NoColumns};
use super::double::Double;
use super::fold::Accumulator;
use super::truth::count_true;
use super::value::{Float, Value};
use super::values::Values;
use crate::element::{Bool8, DateTime64, TimeDelta64};

/// A value that can be summed.
pub(super) trait Summand: Value {
    type Sum: Total<Self>;
}

/// A sum of values under way.
pub(super) trait Total<T>: Copy + Default + Send + Sync {
    /// Many sums side by side.
    type Columns: Columns<T>;

    fn add(&mut self, value: T);

    /// Adds at most [`CHUNK`](super::fold::CHUNK) values.
    fn add_all(&mut self, values: Values<'_, T>);

    /// Adds another sum.
    fn merge(&mut self, other: Self);

    /// The sum of a column.
    fn of_column(_columns: &Self::Columns, _column: usize) -> Self {
        unreachable!("there are no columns of these")
    }

    fn summed(&self) -> Summed;
}

/// A sum, before it is fitted to a dtype.
#[derive(Clone, Copy, Debug)]
pub(super) enum Summed {
    Exact(i128),
    /// A NaT was among the times.
    NotATime,
    Real(Double),
    Complex(Double, Double),
}

/// A sum and the number of its values.
#[derive(Clone, Debug)]
pub(super) struct Sum<T: Summand> {
    pub count: u64,
    sum: T::Sum,
}

impl<T: Summand> Default for Sum<T> {
    fn default() -> Self {
        Sum { count: 0, sum: T::Sum::default() }
    }
}

impl<T: Summand> Sum<T> {
    pub fn summed(&self) -> Summed {
        self.sum.summed()
    }
}

impl<T: Summand> Accumulator for Sum<T> {
    type Item = T;
    type Columns = <T::Sum as Total<T>>::Columns;

    fn push(&mut self, value: T, _: usize) {
        self.count += 1;
        self.sum.add(value);
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, T>, _: usize, _: usize) {
        self.count += values.len() as u64;
        self.sum.add_all(values);
    }

    fn merge(&mut self, later: &Self) {
        self.count += later.count;
        self.sum.merge(later.sum);
    }

    fn of_column(columns: &Self::Columns, column: usize, rows: usize) -> Self {
        Sum { count: rows as u64, sum: T::Sum::of_column(columns, column) }
    }
}

/// A value whose sums are exact in 64 bits, for more of them than a block has.
pub(super) trait Exact: Value {
    fn exact(self) -> i64;
}

/// No array has so many elements that this could overflow: they are fewer than 2⁶³.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ExactSum(i128);

macro_rules! exact {
    ($($number:ty as $value:expr, $sum:expr, [$($columns:tt)*];)*) => {$(
        impl Summand for $number {
            type Sum = ExactSum;
        }

        impl Total<$number> for ExactSum {
            exact!(@columns $($columns)*);

            #[inline]
            fn add(&mut self, value: $number) {
                self.0 += $value(value) as i128;
            }

            #[inline(always)]
            fn add_all(&mut self, values: Values<'_, $number>) {
                self.0 += $sum(values) as i128;
            }

            fn merge(&mut self, other: ExactSum) {
                self.0 += other.0;
            }

            fn summed(&self) -> Summed {
                Summed::Exact(self.0)
            }
        }

        exact!(@exact $number, $value, $($columns)*);
    )*};
    (@columns $name:ident) => {
        type Columns = $name;

        fn of_column(columns: &$name, column: usize) -> ExactSum {
            ExactSum(columns.0[column].into())
        }
    };
    (@columns) => {
        type Columns = NoColumns;
    };
    (@exact $number:ty, $value:expr, $name:ident) => {
        impl Exact for $number {
            #[inline(always)]
            fn exact(self) -> i64 {
                $value(self).into()
            }
        }
    };
    (@exact $number:ty, $value:expr,) => {};
}

/// The sum of at most [`CHUNK`](super::fold::CHUNK) values, in a type that none can overflow.
#[inline(always)]
fn sum_in<T: Copy + Into<P>, P: std::iter::Sum>(values: Values<'_, T>) -> P {
    values.iter().map(|&value| value.into()).sum()
}

// A chunk of numbers of up to 16 bits cannot overflow 32, and one of up to 32 bits not 64.
exact! {
    Bool8 as Bool8::get, count_true, [IntSums];
    i8 as i8::from, sum_in::<i8, i32>, [IntSums];
    i16 as i16::from, sum_in::<i16, i32>, [IntSums];
    i32 as i32::from, sum_in::<i32, i64>, [IntSums];
    i64 as i64::from, sum_in::<i64, i128>, [];
    u8 as u8::from, sum_in::<u8, u32>, [IntSums];
    u16 as u16::from, sum_in::<u16, u32>, [IntSums];
    u32 as u32::from, sum_in::<u32, u64>, [IntSums];
    u64 as u64::from, sum_in::<u64, i128>, [];
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimeSum {
    sum: i128,
    nat: bool,
}

macro_rules! times {
    ($($time:ident),*) => {$(
        impl Summand for $time {
            type Sum = TimeSum;
        }

        impl Total<$time> for TimeSum {
            type Columns = NoColumns;

            #[inline]
            fn add(&mut self, value: $time) {
                self.nat |= value.is_nat();
                self.sum += i128::from(value.0);
            }

            #[inline(always)]
            fn add_all(&mut self, values: Values<'_, $time>) {
                values.iter().for_each(|&value| self.add(value));
            }

            fn merge(&mut self, other: TimeSum) {
                self.nat |= other.nat;
                self.sum += other.sum;
            }

            fn summed(&self) -> Summed {
                if self.nat { Summed::NotATime } else { Summed::Exact(self.sum) }
            }
        }
    )*};
}

times!(DateTime64, TimeDelta64);

impl<T: Float> Total<T> for Double {
    type Columns = ExactSums;

    #[inline]
    fn add(&mut self, value: T) {
        Double::add(self, value.wide());
    }

    #[inline(always)]
    fn add_all(&mut self, values: Values<'_, T>) {
        match T::exact_sum(values) {
            Some(sum) => *self = self.plus(sum),
            None => Double::add_all(self, values, T::wide),
        }
    }

    fn of_column(columns: &ExactSums, column: usize) -> Double {
        columns.column(column)
    }

    fn merge(&mut self, other: Double) {
        *self = self.plus(other);
    }

    fn summed(&self) -> Summed {
        Summed::Real(*self)
    }
}

impl Summand for f16 {
    type Sum = Double;
}

impl Summand for f32 {
    type Sum = Double;
}

impl Summand for f64 {
    type Sum = Double;
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ComplexSum {
    re: Double,
    im: Double,
}

impl<P: Float> Total<Complex<P>> for ComplexSum {
    type Columns = NoColumns;

    #[inline]
    fn add(&mut self, value: Complex<P>) {
        self.re.add(value.re.wide());
        self.im.add(value.im.wide());
    }

    #[inline(always)]
    fn add_all(&mut self, values: Values<'_, Complex<P>>) {
        self.re.add_all(values, |value| value.re.wide());
        self.im.add_all(values, |value| value.im.wide());
    }

    fn merge(&mut self, other: ComplexSum) {
        self.re = self.re.plus(other.re);
        self.im = self.im.plus(other.im);
    }

    fn summed(&self) -> Summed {
        Summed::Complex(self.re, self.im)
    }
}

impl Summand for Complex<f32> {
    type Sum = ComplexSum;
}

impl Summand for Complex<f64> {
    type Sum = ComplexSum;
}
