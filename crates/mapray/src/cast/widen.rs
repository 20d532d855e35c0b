//! Numbers as those of a dtype that holds each of them, in one step.

use std::marker::PhantomData;

use super::swap::{reverse_units, reversed};
use crate::dtype::Kind;
use crate::element::{Element, WritableElement};
use crate::halves;
use crate::simd::{self, Kernel};

/// Converts numbers that lie side by side to ones that lie side by side: of these bytes, which may be
/// those of the other byte order, into that room, in which they may be wanted in the other one.
pub(super) type Widening = fn(bytes: &[u8], swapped: bool, out: &mut [u8], swaps: bool);

/// The way from one kind to another which holds every number of it.
pub(super) fn widening(from: &Kind, to: &Kind) -> Option<Widening> {
    macro_rules! ways {
        ($($kind:ident: $from:ty => $($wider:ident: $to:ty),+;)*) => {
            match (from, to) {
                (Kind::Float16, Kind::Float32) => Some(widen_halves),
                $($((Kind::$kind, Kind::$wider) => Some(widen::<$from, $to>),)+)*
                _ => None,
            }
        };
    }
    ways! {
        Int8: i8 => Int16: i16, Int32: i32, Int64: i64, Float32: f32, Float64: f64;
        Int16: i16 => Int32: i32, Int64: i64, Float32: f32, Float64: f64;
        Int32: i32 => Int64: i64, Float64: f64;
        UInt8: u8 => UInt16: u16, UInt32: u32, UInt64: u64, Int16: i16, Int32: i32, Int64: i64, Float32: f32, Float64: f64;
        UInt16: u16 => UInt32: u32, UInt64: u64, Int32: i32, Int64: i64, Float32: f32, Float64: f64;
        UInt32: u32 => UInt64: u64, Int64: i64, Float64: f64;
        Float32: f32 => Float64: f64;
    }
}

fn widen<A: Element, B: From<A> + WritableElement>(
    bytes: &[u8],
    swapped: bool,
    out: &mut [u8],
    swaps: bool,
) {
    simd::dispatch(Widen { bytes, swapped, out, swaps, of: PhantomData::<(A, B)> });
}

struct Widen<'a, T> {
    bytes: &'a [u8],
    swapped: bool,
    out: &'a mut [u8],
    swaps: bool,
    of: PhantomData<T>,
}

impl<A: Element, B: From<A> + WritableElement> Kernel for Widen<'_, (A, B)> {
    #[inline(always)]
    fn run(self) {
        let values = self.bytes.chunks_exact(size_of::<A>()).map(bytemuck::pod_read_unaligned::<A>);
        let places = self.out.chunks_exact_mut(size_of::<B>());
        let pairs = values.zip(places);
        // A loop for each, none of which asks for each value.
        match (self.swapped, self.swaps) {
            (false, false) => pairs.for_each(|(value, place)| B::from(value).store(place)),
            (true, false) => {
                pairs.for_each(|(value, place)| B::from(value.swap_bytes()).store(place));
            }
            (false, true) => {
                pairs.for_each(|(value, place)| B::from(value).swap_bytes().store(place));
            }
            (true, true) => pairs.for_each(|(value, place)| {
                B::from(value.swap_bytes()).swap_bytes().store(place);
            }),
        }
    }
}

/// Many at a time, where the processor can.
fn widen_halves(bytes: &[u8], swapped: bool, out: &mut [u8], swaps: bool) {
    const N: usize = 512;
    let mut turned = [0; 2 * N];
    for (bytes, out) in bytes.chunks(2 * N).zip(out.chunks_mut(4 * N)) {
        let bytes = if swapped { reversed(bytes, 2, &mut turned) } else { bytes };
        halves::widen(bytes.as_chunks().0, out.as_chunks_mut().0);
        if swaps {
            reverse_units(out, 4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::{Cast, Casting};
    use crate::dtype::DType;

    /// So many numbers of this dtype as those of another, one after the other: fields of records do
    /// not lie side by side.
    fn one_by_one(from: &str, to: &str, bytes: &[u8]) -> Vec<u8> {
        let record = |dtype: &str| format!("{dtype},u1").parse::<DType>().unwrap();
        let (from, to) = (record(from), record(to));
        let cast = Cast::new(&from, &to, Casting::Checked).unwrap();
        let records: Vec<u8> = (bytes.chunks(from.itemsize() - 1))
            .flat_map(|value| value.iter().copied().chain([7]))
            .collect();
        let mut out = vec![0; records.len() / from.itemsize() * to.itemsize()];
        cast.apply(&records, &mut out).unwrap();
        out.chunks(to.itemsize()).flat_map(|record| &record[..to.itemsize() - 1]).copied().collect()
    }

    #[test]
    fn many_numbers_are_those_that_are_made_one_by_one() {
        let noise: Vec<u8> =
            (0..2048_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for (from, wider) in [
            ("i1", &["i2", "i4", "i8", "f4", "f8"][..]),
            ("i2", &["i4", "i8", "f4", "f8"]),
            ("i4", &["i8", "f8"]),
            ("u1", &["u2", "u4", "u8", "i2", "i4", "i8", "f4", "f8"]),
            ("u2", &["u4", "u8", "i4", "i8", "f4", "f8"]),
            ("u4", &["u8", "i8", "f8"]),
            ("f2", &["f4"]),
            ("f4", &["f8"]),
        ] {
            let size: usize = from[1..].parse().unwrap();
            for (to, orders) in
                wider.iter().flat_map(|to| ["<<", "<>", "><", ">>"].map(|o| (to, o)))
            {
                let (from, to) =
                    (format!("{}{from}", &orders[..1]), format!("{}{to}", &orders[1..]));
                let (a, b): (DType, DType) = (from.parse().unwrap(), to.parse().unwrap());
                assert!(widening(a.kind(), b.kind()).is_some(), "{from} {to}");
                let cast = Cast::new(&a, &b, Casting::Checked).unwrap();
                for (start, n) in (0..4).flat_map(|start| [0, 1, 7, 33, 100].map(|n| (start, n))) {
                    let bytes = &noise[start..][..n * size];
                    // Rooms at odd addresses, too.
                    let mut out = vec![0; start + n * cast.to().itemsize()];
                    cast.apply(bytes, &mut out[start..]).unwrap();
                    assert_eq!(
                        out[start..],
                        one_by_one(&from, &to, bytes),
                        "{n} of {from} to {to}"
                    );
                }
            }
        }
    }
}
