//! Arithmetic on packed numbers: that of the value, packed again.

use std::iter::{Product, Sum};
use std::ops::{
    Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign,
};

use ndarray::ScalarOperand;
use num_traits::{FromPrimitive, One, Zero};

use super::{ByteOrder, Packable, Packed};

macro_rules! binary {
    ($($operator:ident $apply:ident $assigner:ident $assign:ident),*) => {$(
        impl<T: Packable + $operator<Output = T>, E: ByteOrder> $operator for Packed<T, E> {
            type Output = Self;

            #[inline]
            fn $apply(self, right: Self) -> Self {
                Packed::new(self.get().$apply(right.get()))
            }
        }

        impl<T: Packable + $operator<Output = T>, E: ByteOrder> $operator<T> for Packed<T, E> {
            type Output = Self;

            #[inline]
            fn $apply(self, right: T) -> Self {
                Packed::new(self.get().$apply(right))
            }
        }

        impl<T: Packable + $operator<Output = T>, E: ByteOrder> $assigner for Packed<T, E> {
            #[inline]
            fn $assign(&mut self, right: Self) {
                *self = (*self).$apply(right);
            }
        }

        impl<T: Packable + $operator<Output = T>, E: ByteOrder> $assigner<T> for Packed<T, E> {
            #[inline]
            fn $assign(&mut self, right: T) {
                *self = (*self).$apply(right);
            }
        }
    )*};
}

binary!(
    Add add AddAssign add_assign,
    Sub sub SubAssign sub_assign,
    Mul mul MulAssign mul_assign,
    Div div DivAssign div_assign,
    Rem rem RemAssign rem_assign
);

impl<T: Packable + Neg<Output = T>, E: ByteOrder> Neg for Packed<T, E> {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Packed::new(-self.get())
    }
}

impl<T: Packable + Zero, E: ByteOrder> Zero for Packed<T, E> {
    #[inline]
    fn zero() -> Self {
        Packed::new(T::zero())
    }

    #[inline]
    fn is_zero(&self) -> bool {
        self.get().is_zero()
    }
}

impl<T: Packable + One, E: ByteOrder> One for Packed<T, E> {
    #[inline]
    fn one() -> Self {
        Packed::new(T::one())
    }
}

macro_rules! from_primitive {
    ($($from:ident $number:ty),*) => {$(
        #[inline]
        fn $from(number: $number) -> Option<Self> {
            T::$from(number).map(Packed::new)
        }
    )*};
}

impl<T: Packable + FromPrimitive, E: ByteOrder> FromPrimitive for Packed<T, E> {
    from_primitive!(from_i64 i64, from_u64 u64, from_i128 i128, from_u128 u128);
    from_primitive!(from_f32 f32, from_f64 f64);
}

impl<T: Packable + Zero, E: ByteOrder> Sum for Packed<T, E> {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        Packed::new(numbers.fold(T::zero(), |sum, number| sum + number.get()))
    }
}

impl<T: Packable + One, E: ByteOrder> Product for Packed<T, E> {
    fn product<I: Iterator<Item = Self>>(numbers: I) -> Self {
        Packed::new(numbers.fold(T::one(), |product, number| product * number.get()))
    }
}

impl<T: Packable, E: ByteOrder> ScalarOperand for Packed<T, E> {}

#[cfg(test)]
mod tests {
    use half::f16;
    use ndarray::{Array2, ArrayView1, ArrayView2, Axis, arr1, s};
    use num_complex::Complex;

    use super::*;
    use crate::element::{Be, Big, Le, Little};

    /// Calls `check` with a view of the numbers at an odd address.
    fn at_an_odd_address<T: Packable, E: ByteOrder>(
        numbers: &[T],
        check: impl FnOnce(ArrayView1<'_, Packed<T, E>>),
    ) {
        let packed: Vec<Packed<T, E>> = numbers.iter().copied().map(Packed::new).collect();
        let packed: &[u8] = bytemuck::cast_slice(&packed);
        let mut words = vec![0u64; packed.len() / 8 + 2];
        let odd = &mut bytemuck::cast_slice_mut(&mut words)[1..=packed.len()];
        odd.copy_from_slice(packed);
        assert_eq!(odd.as_ptr().addr() % 2, 1);
        check(ArrayView1::from(bytemuck::cast_slice(odd)));
    }

    #[test]
    fn ndarray_sums_averages_and_multiplies_at_an_odd_address() {
        at_an_odd_address::<f64, Big>(&[1.5, -2.25, 8.0, 4.0], |view| {
            assert_eq!(view.sum(), 11.25);
            assert_eq!(view.mean().unwrap(), 2.8125);
            assert_eq!(view.product(), -108.0);
            assert_eq!(view.slice(s![..;-2]).sum(), 1.75);
            let matrix = view.into_shape_with_order((2, 2)).unwrap();
            assert_eq!(matrix.sum_axis(Axis(0)).mapv(Packed::get), arr1(&[9.5, 1.75]));
            assert_eq!(matrix.mean_axis(Axis(1)).unwrap().mapv(Packed::get), arr1(&[-0.375, 6.0]));
        });
    }

    #[test]
    fn every_number_type_is_summed_and_averaged() {
        fn check<T>(numbers: [T; 2], sum: T, mean: T)
        where
            T: Packable + FromPrimitive + Zero + PartialEq + std::fmt::Debug,
            T: Div<Output = T>,
        {
            at_an_odd_address::<T, Little>(&numbers, |view| {
                assert_eq!((view.sum().get(), view.mean().unwrap().get()), (sum, mean));
            });
            at_an_odd_address::<T, Big>(&numbers, |view| {
                assert_eq!((view.sum().get(), view.mean().unwrap().get()), (sum, mean));
            });
        }
        check([300i16, -100], 200, 100);
        check([70_000i32, -10_000], 60_000, 30_000);
        check([1i64 << 40, 0], 1 << 40, 1 << 39);
        check([300u16, 100], 400, 200);
        check([70_000u32, 10_000], 80_000, 40_000);
        check([1u64 << 40, 0], 1 << 40, 1 << 39);
        check([1.5f32, 2.0], 3.5, 1.75);
        check([1.5f64, 2.0], 3.5, 1.75);
        let [a, b] = [1.5, 2.0].map(f16::from_f32);
        check([a, b], f16::from_f32(3.5), f16::from_f32(1.75));
        let [a, b] = [Complex::new(1.0f32, 2.0), Complex::new(3.0, -4.0)];
        check([a, b], Complex::new(4.0, -2.0), Complex::new(2.0, -1.0));
        let [a, b] = [Complex::new(1.0f64, 2.0), Complex::new(3.0, -4.0)];
        check([a, b], Complex::new(4.0, -2.0), Complex::new(2.0, -1.0));
    }

    #[test]
    fn a_plain_number_may_stand_on_the_right() {
        let number = Be::new(6.0f32);
        assert_eq!([number + 1.0, number - 1.0, number * 0.5], [7.0, 5.0, 3.0]);
        assert_eq!([number / 4.0, number % 4.0, -number], [1.5, 2.0, -6.0]);
        let mut number = Le::new(6i32);
        number += 1;
        number *= Le::new(3);
        number -= 1;
        number /= 3;
        number %= 4;
        assert_eq!(number, 2);
    }

    #[test]
    fn arrays_scale_by_plain_and_by_packed_numbers() {
        let image =
            Array2::from_shape_fn((2, 2), |(row, column)| Be::new((2 * row + column) as f64));
        let view: ArrayView2<'_, Be<f64>> = image.view();
        assert_eq!((&view * 0.5).sum(), 3.0);
        assert_eq!((&view * Be::new(0.5)).sum(), 3.0);
        assert_eq!((&view + &view).sum(), 12.0);
        let mut image = image.clone();
        image *= Be::new(2.0);
        image += &view;
        assert_eq!(image.sum(), 18.0);
    }

    #[test]
    fn iterators_sum_and_multiply() {
        let numbers = [1u16, 2, 3, 4].map(Be::new);
        assert_eq!(numbers.into_iter().sum::<Be<u16>>(), 10);
        assert_eq!(numbers.into_iter().product::<Be<u16>>(), 24);
    }

    #[test]
    fn fractions_survive_from_primitive() {
        assert_eq!(Be::<f64>::from_f64(0.5).unwrap(), 0.5);
        assert_eq!(Be::<f32>::from_f32(0.5).unwrap(), 0.5);
        assert_eq!(Be::<u16>::from_i64(-1), None);
    }
}
