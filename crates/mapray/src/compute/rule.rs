//! When two elements are equal.

use std::cmp::Ordering;

use crate::cast::{Level, Pair, Real, Reals, Run, TimeScale, characters, load_reals, pair_up};
use crate::dtype::{DType, Endian, Kind};

/// How far apart numbers may be that are taken for equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerance {
    pub rtol: f64,
    pub atol: f64,
    pub equal_nan: bool,
}

impl Tolerance {
    fn is_none(&self) -> bool {
        self.rtol == 0.0 && self.atol == 0.0
    }

    fn allows(&self, distance: f64, b: f64) -> bool {
        b.is_finite() && distance <= self.atol + self.rtol * b.abs()
    }
}

/// Two parts that are not equal.
pub(super) struct Outcome {
    pub distance: Option<f64>,
}

/// How parts of two elements are compared.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Real,
    /// The dtypes of the parts; one of them may be a real number itself.
    Complex(DType, DType),
    Time(TimeScale),
    Text,
    /// Byte by byte, one side from back to front in groups of so many.
    Bytes {
        reversed: usize,
    },
}

/// The rules for all parts of two dtypes; `None` where they cannot be compared.
pub(super) fn rules(a: &DType, b: &DType) -> Option<Vec<(Pair, Rule)>> {
    let with_rule = |pair: Pair| {
        let rule = rule(&pair.a.dtype, &pair.b.dtype)?;
        pair.same_names.then_some((pair, rule))
    };
    pair_up(a, b)?.into_iter().map(with_rule).collect()
}

fn rule(a: &DType, b: &DType) -> Option<Rule> {
    match (a.kind(), b.kind()) {
        (Kind::DateTime(x), Kind::DateTime(y)) => TimeScale::new(*x, *y, true).map(Rule::Time),
        (Kind::TimeDelta(x), Kind::TimeDelta(y)) => TimeScale::new(*x, *y, false).map(Rule::Time),
        (Kind::Bytes(_), Kind::Bytes(_)) | (Kind::Str(_), Kind::Str(_)) => Some(Rule::Text),
        (Kind::Void(x), Kind::Void(y)) if x == y => Some(Rule::Bytes { reversed: 1 }),
        (Kind::LongDouble, Kind::LongDouble)
        | (Kind::ComplexLongDouble, Kind::ComplexLongDouble) => {
            let reversed = if a.endian() == b.endian() { 1 } else { 16 };
            Some(Rule::Bytes { reversed })
        }
        (x, y) => match (part(a), part(b)) {
            (Some(a), Some(b)) if is_complex(x) || is_complex(y) => Some(Rule::Complex(a, b)),
            (Some(_), Some(_)) => Some(Rule::Real),
            _ => None,
        },
    }
}

fn is_complex(kind: &Kind) -> bool {
    matches!(kind, Kind::Complex64 | Kind::Complex128)
}

/// What the parts of a complex number are; a real number itself.
fn part(dtype: &DType) -> Option<DType> {
    let endian = dtype.endian().unwrap_or(Endian::NATIVE);
    match dtype.kind() {
        Kind::Complex64 => Some(DType::new(Kind::Float32, endian)),
        Kind::Complex128 => Some(DType::new(Kind::Float64, endian)),
        kind => crate::element::for_type!(kind, T => {
            (size_of::<T>() > 0).then(|| dtype.clone())
        }, {} else None),
    }
}

impl Rule {
    /// Whether equal bytes may be unequal: NaN and NaT.
    pub(super) fn has_nan(&self) -> bool {
        matches!(self, Rule::Real | Rule::Complex(..) | Rule::Time(_))
    }

    /// The rule with room for what it loads.
    pub(super) fn start<'a>(&'a self, pair: &'a Pair, tolerance: Tolerance) -> Started<'a> {
        let room = |dtype: &DType| [Reals::of(dtype), Reals::of(dtype)];
        let (a, b) = match self {
            Rule::Complex(a, b) => (room(a), room(b)),
            _ => (room(&pair.a.dtype), room(&pair.b.dtype)),
        };
        Started { rule: self, pair, tolerance, a, b }
    }
}

/// A rule at work.
pub(super) struct Started<'a> {
    rule: &'a Rule,
    pair: &'a Pair,
    tolerance: Tolerance,
    /// Real and imaginary parts, or numbers only.
    a: [Reals; 2],
    b: [Reals; 2],
}

impl Started<'_> {
    /// Hands out the parts of a run that are not equal.
    pub(super) fn compare(
        &mut self,
        bytes_a: &[u8],
        bytes_b: &[u8],
        run: &Run,
        found: &mut dyn FnMut(usize, Outcome),
    ) {
        let Level { n, a: step_a, b: step_b } = run.level;
        let (dtype_a, dtype_b) = (&self.pair.a.dtype, &self.pair.b.dtype);
        let (size_a, size_b) = (dtype_a.itemsize(), dtype_b.itemsize());
        let parts = |i: usize| {
            let a = &bytes_a[run.a + i * step_a..][..size_a];
            (a, &bytes_b[run.b + i * step_b..][..size_b])
        };
        match self.rule {
            Rule::Real => {
                load_reals(dtype_a, bytes_a, run.a, step_a, n, &mut self.a[0]);
                load_reals(dtype_b, bytes_b, run.b, step_b, n, &mut self.b[0]);
                if let (Reals::Float(a), Reals::Float(b)) = (&self.a[0], &self.b[0])
                    && a == b
                {
                    return;
                }
                for i in 0..n {
                    if let Some(outcome) = self.numbers(self.a[0].get(i), self.b[0].get(i)) {
                        found(i, outcome);
                    }
                }
            }
            Rule::Complex(part_a, part_b) => {
                let loads = [
                    (dtype_a, part_a, bytes_a, run.a, step_a, &mut self.a),
                    (dtype_b, part_b, bytes_b, run.b, step_b, &mut self.b),
                ];
                for (dtype, part, bytes, at, step, [re, im]) in loads {
                    load_reals(part, bytes, at, step, n, re);
                    let imaginary = at + part.itemsize();
                    if is_complex(dtype.kind()) {
                        load_reals(part, bytes, imaginary, step, n, im);
                    } else {
                        *im = Reals::Int(vec![0; n]);
                    }
                }
                for i in 0..n {
                    let a = [self.a[0].get(i), self.a[1].get(i)];
                    let b = [self.b[0].get(i), self.b[1].get(i)];
                    if let Some(outcome) = self.complex(a, b) {
                        found(i, outcome);
                    }
                }
            }
            Rule::Time(scale) => {
                load_reals(dtype_a, bytes_a, run.a, step_a, n, &mut self.a[0]);
                load_reals(dtype_b, bytes_b, run.b, step_b, n, &mut self.b[0]);
                let (Reals::Int(a), Reals::Int(b)) = (&self.a[0], &self.b[0]) else {
                    unreachable!("times are counts")
                };
                for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
                    if let Some(outcome) = self.times(a, b, scale) {
                        found(i, outcome);
                    }
                }
            }
            Rule::Text => {
                for i in 0..n {
                    let (a, b) = parts(i);
                    if a != b || dtype_a != dtype_b {
                        let same = characters(dtype_a, a) == characters(dtype_b, b);
                        if !same {
                            found(i, Outcome { distance: None });
                        }
                    }
                }
            }
            Rule::Bytes { reversed } => {
                for i in 0..n {
                    let (a, b) = parts(i);
                    let same = match reversed {
                        0 | 1 => a == b,
                        size => a
                            .chunks_exact(*size)
                            .zip(b.chunks_exact(*size))
                            .all(|(a, b)| a.iter().eq(b.iter().rev())),
                    };
                    if !same {
                        found(i, Outcome { distance: None });
                    }
                }
            }
        }
    }

    fn numbers(&self, a: Real, b: Real) -> Option<Outcome> {
        match a.compare(b) {
            Some(Ordering::Equal) => None,
            None if self.tolerance.equal_nan && a.is_nan() && b.is_nan() => None,
            None => Some(Outcome { distance: None }),
            Some(_) => {
                let distance = a.distance(b);
                let close = !self.tolerance.is_none() && self.tolerance.allows(distance, b.wide());
                (!close).then_some(Outcome { distance: Some(distance) })
            }
        }
    }

    fn complex(&self, a: [Real; 2], b: [Real; 2]) -> Option<Outcome> {
        let is_nan = |parts: [Real; 2]| parts.into_iter().any(Real::is_nan);
        if is_nan(a) || is_nan(b) {
            let same = self.tolerance.equal_nan && is_nan(a) && is_nan(b);
            return (!same).then_some(Outcome { distance: None });
        }
        if a.iter().zip(&b).all(|(a, b)| a.compare(*b) == Some(Ordering::Equal)) {
            return None;
        }
        let distance = a[0].distance(b[0]).hypot(a[1].distance(b[1]));
        let magnitude = b[0].wide().hypot(b[1].wide());
        let close = !self.tolerance.is_none() && self.tolerance.allows(distance, magnitude);
        (!close).then_some(Outcome { distance: Some(distance) })
    }

    fn times(&self, a: i64, b: i64, scale: &TimeScale) -> Option<Outcome> {
        const NAT: i64 = i64::MIN;
        if a == NAT || b == NAT {
            let same = self.tolerance.equal_nan && a == b;
            return (!same).then_some(Outcome { distance: None });
        }
        match scale.compare(a, b) {
            (Ordering::Equal, _) => None,
            (_, distance) => Some(Outcome { distance: Some(distance) }),
        }
    }
}
