//! Random cases: what to map, how, and what to do with it.

use std::fs;
use std::io::Write;
use std::path::Path;

use mapray::layout::Index;
use mapray::{Mode, Result};
use ndarray::{ArrayD, Axis, Dimension, IxDyn, ShapeBuilder};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::naive::{Request, Strided};

/// Live maps do not work on systems other than Linux.
pub const LIVE: bool = !cfg!(mapray_portable);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tier {
    File,
    Live,
    Stable,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub dtype: usize,
    pub request: Request,
    pub mode: Mode,
    pub tier: Tier,
    /// The file at first, as bytes more or fewer than the array needs; `None`: there is none.
    pub surplus: Option<i64>,
    pub work: Vec<Work>,
}

#[derive(Clone, Debug)]
pub enum Work {
    Slice(Vec<Index>),
    Unslice,
    Get(u64),
    Set(u64, u64),
    Fill(u64),
    Assign(u64, u8),
    ReadInto(u8),
    Fold,
    Blocks(usize),
    Field(u64),
    View(u64),
    Flush,
    Pages(usize),
    WriteFile(u64),
    Reopen(Mode, Tier),
}

fn mode() -> impl Strategy<Value = Mode> {
    select(vec![Mode::Read, Mode::ReadWrite, Mode::Write, Mode::CopyOnWrite])
}

fn tier() -> impl Strategy<Value = Tier> {
    select(vec![Tier::File, Tier::Live, Tier::Live, Tier::Stable])
}

fn index() -> impl Strategy<Value = Index> {
    let part = || option::of(-6_i64..7);
    prop_oneof![
        3 => (-4_i64..4).prop_map(Index::At),
        6 => (part(), part(), option::of(-3_i64..4))
            .prop_map(|(start, stop, step)| Index::Range { start, stop, step }),
        2 => Just(Index::step_by(-1)),
        1 => Just(Index::Ellipsis),
        1 => Just(Index::NewAxis),
    ]
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        4 => vec(index(), 0..4).prop_map(Work::Slice),
        3 => Just(Work::Unslice),
        2 => any::<u64>().prop_map(Work::Get),
        4 => any::<(u64, u64)>().prop_map(|(at, seed)| Work::Set(at, seed)),
        1 => any::<u64>().prop_map(Work::Fill),
        3 => (any::<u64>(), 0_u8..4).prop_map(|(seed, kind)| Work::Assign(seed, kind)),
        1 => (0_u8..4).prop_map(Work::ReadInto),
        1 => Just(Work::Fold),
        1 => (1_usize..40).prop_map(Work::Blocks),
        1 => any::<u64>().prop_map(Work::Field),
        1 => any::<u64>().prop_map(Work::View),
        1 => Just(Work::Flush),
        2 => (0_usize..7).prop_map(Work::Pages),
        1 => any::<u64>().prop_map(Work::WriteFile),
        1 => (mode(), tier()).prop_map(|(mode, tier)| Work::Reopen(mode, tier)),
    ]
}

pub fn case() -> impl Strategy<Value = Case> {
    let offset = prop_oneof![0_i64..20, 4090_i64..4102, Just(8192_i64)];
    let strides =
        option::weighted(0.3, vec((-3_i64..4, prop_oneof![3 => Just(0), 1 => -2_i64..3]), 4));
    let shape = option::weighted(0.9, vec(0_usize..5, 0..4));
    let surplus =
        option::weighted(0.95, prop_oneof![4 => Just(0), 2 => 1_i64..20, 1 => -40_i64..0]);
    let request = (0_usize..9, offset, shape, strides, any::<bool>(), any::<bool>());
    let rest = (mode(), tier(), surplus, vec(work(), 1..16));
    (request, rest).prop_map(|(request, (mode, tier, surplus, work))| {
        let (dtype, mut offset, shape, strides, fortran, shifted) = request;
        let itemsize = [1, 2, 2, 4, 8, 4, 8, 8, 7][dtype];
        let strides = strides.zip(shape.as_ref()).map(|(steps, shape)| {
            let bytes = |&(elements, bytes): &(i64, i64)| elements * itemsize as i64 + bytes;
            steps.iter().take(shape.len()).map(bytes).collect()
        });
        let mut request = Request { itemsize, offset, shape, strides, fortran };
        // Most layouts that would reach before the file are moved into it.
        let low = request.array().map_or(0, |array| array.bounds().0);
        if low < 0 && shifted {
            offset -= low;
            request.offset = offset;
        }
        Case { dtype, request, mode, tier, surplus, work }
    })
}

/// The tier and mode that come nearest to these two and go together.
pub fn possible(mode: Mode, tier: Tier) -> (Mode, Tier) {
    match tier {
        Tier::File => (Mode::Read, tier),
        Tier::Live if !LIVE => (mode, Tier::Stable),
        _ => (mode, tier),
    }
}

/// Writes all bytes of a file that has as many, without cutting it meanwhile.
pub fn overwrite(path: &Path, bytes: &[u8]) {
    fs::File::options().write(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// `len` bytes that hang on the seed alone.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| {
            let mixed = (seed ^ i << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56) as u8
        })
        .collect()
}

/// An array of this shape: in C order, in Fortran's, with all axes backwards, or with gaps.
pub fn arranged<T: Copy>(shape: &[usize], kind: u8, mut value: impl FnMut() -> T) -> ArrayD<T> {
    let shape = IxDyn(shape);
    match kind {
        0 => ArrayD::from_shape_simple_fn(shape, value),
        1 => ArrayD::from_shape_simple_fn(shape.f(), value),
        2 => {
            let mut array = ArrayD::from_shape_simple_fn(shape, value);
            (0..array.ndim()).for_each(|axis| array.invert_axis(Axis(axis)));
            array
        }
        _ => {
            let mut wide = shape.clone();
            (0..shape.ndim()).for_each(|axis| wide[axis] *= 2);
            let mut array = ArrayD::from_shape_simple_fn(wide, &mut value);
            for axis in 0..shape.ndim() {
                array.slice_axis_inplace(Axis(axis), ndarray::Slice::new(0, None, 2));
            }
            array
        }
    }
}

pub fn all_bytes(array: &Strided, read: impl FnOnce(&mut [u8]) -> Result<()>) -> Vec<u8> {
    let mut bytes = vec![0xEE; array.len() * array.itemsize];
    read(&mut bytes).unwrap();
    bytes
}
