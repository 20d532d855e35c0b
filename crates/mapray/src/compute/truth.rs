//! Which elements are true: not zero, not empty.

use std::marker::PhantomData;

use super::columns::NoColumns;
use super::double::LANES;
use super::fold::Accumulator;
use super::run::Run;
use super::value::Value;
use super::values::Values;
use crate::dtype::{DType, Kind};
use crate::element::Bool8;

/// How many values are true.
#[derive(Clone, Debug)]
pub(super) struct Count<T> {
    pub count: u64,
    values: PhantomData<T>,
}

impl<T> Default for Count<T> {
    fn default() -> Self {
        Count { count: 0, values: PhantomData }
    }
}

/// How many of at most [`CHUNK`](super::fold::CHUNK) values are true.
#[inline(always)]
pub(super) fn count_true<T: Value>(values: Values<'_, T>) -> u32 {
    let (rows, rest) = values.as_chunks::<LANES>();
    // Fewer than 255 for each, or they would have to be wider.
    let mut lanes = [0_u8; LANES];
    for row in rows {
        values.fetch_behind(row);
        for lane in 0..LANES {
            lanes[lane] += u8::from(row[lane].is_true());
        }
    }
    for value in rest {
        lanes[0] += u8::from(value.is_true());
    }
    lanes.iter().map(|&count| u32::from(count)).sum()
}

impl<T: Value> Accumulator for Count<T> {
    type Item = T;
    type Columns = NoColumns;

    fn push(&mut self, value: T, _: usize) {
        self.count += u64::from(value.is_true());
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, T>, _: usize, _: usize) {
        self.count += u64::from(count_true(values));
    }

    fn merge(&mut self, later: &Self) {
        self.count += later.count;
    }
}

/// Whether one value is true or, for `ALL`, whether all are.
#[derive(Clone, Debug)]
pub(super) struct Quantifier<T, const ALL: bool> {
    pub holds: bool,
    values: PhantomData<T>,
}

impl<T, const ALL: bool> Default for Quantifier<T, ALL> {
    fn default() -> Self {
        Quantifier { holds: ALL, values: PhantomData }
    }
}

impl<T: Value, const ALL: bool> Accumulator for Quantifier<T, ALL> {
    type Item = T;
    type Columns = NoColumns;
    const MAY_SETTLE: bool = true;

    fn push(&mut self, value: T, _: usize) {
        if value.is_true() != ALL {
            self.holds = !ALL;
        }
    }

    #[inline(always)]
    fn fold(&mut self, values: Values<'_, T>, _: usize, _: usize) {
        if !self.is_settled() && values.iter().any(|value| value.is_true() != ALL) {
            self.holds = !ALL;
        }
    }

    fn merge(&mut self, later: &Self) {
        if later.is_settled() {
            self.holds = !ALL;
        }
    }

    fn is_settled(&self) -> bool {
        self.holds != ALL
    }
}

/// Loads the truth of elements that are no numbers: of text and bytes, whether one byte is not
/// zero; of a record, whether a field is true.
pub(super) fn load_truth(dtype: &DType, run: Run<'_>, start: usize, values: &mut [Bool8]) {
    for (index, value) in values.iter_mut().enumerate() {
        *value = Bool8::from(is_true(dtype, run.element(start + index)));
    }
}

fn is_true(dtype: &DType, bytes: &[u8]) -> bool {
    let any = |bytes: &[u8]| bytes.iter().any(|&byte| byte != 0);
    // The bytes of a part, the one with the sign of zero among them.
    let float = |bytes: &[u8]| {
        let sign =
            if dtype.is_native() == cfg!(target_endian = "little") { bytes.len() - 1 } else { 0 };
        bytes.iter().enumerate().any(|(at, &byte)| (if at == sign { byte << 1 } else { byte }) != 0)
    };
    match dtype.kind() {
        Kind::Float16 | Kind::Float32 | Kind::Float64 => float(bytes),
        Kind::Complex64 | Kind::Complex128 => bytes.chunks_exact(bytes.len() / 2).any(float),
        Kind::Record(record) => record.fields().iter().any(|field| {
            let end = field.offset + field.dtype.itemsize();
            is_true(&field.dtype, &bytes[field.offset..end])
        }),
        Kind::SubArray(array) => {
            let itemsize = array.dtype().itemsize();
            itemsize > 0 && bytes.chunks_exact(itemsize).any(|item| is_true(array.dtype(), item))
        }
        _ => any(bytes),
    }
}

/// Whether C's `long double` is in it.
pub(super) fn has_long_double(dtype: &DType) -> bool {
    match dtype.kind() {
        Kind::LongDouble | Kind::ComplexLongDouble => true,
        Kind::Record(record) => record.fields().iter().any(|field| has_long_double(&field.dtype)),
        Kind::SubArray(array) => has_long_double(array.dtype()),
        _ => false,
    }
}
