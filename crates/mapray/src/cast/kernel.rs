//! From one dtype to another.

use super::pair::{Pair, Part, for_each_run, pair_up};
use super::real::{CHUNK, Reals, load_reals};
use super::store::{store, store_halves};
use super::swap::reverse_units;
use super::text;
use super::time::TimeScale;
use super::widen::{Widening, widening};
use crate::dtype::{DType, Kind};
use crate::element::for_type;
use crate::error::{Error, ErrorKind, Result};

/// What becomes of values that another dtype cannot hold.
///
/// In every way floating-point numbers are rounded to the nearest one of a narrower type, which is
/// what such a type is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Casting {
    /// They are an error: beyond the range, with a fraction where integers are asked for, an
    /// integer that a floating-point type has no number for, an imaginary part that is not zero, a
    /// date that is no whole number of a longer unit, text that is too long.
    #[default]
    Checked,
    /// What is behind the point goes: fractions (toward zero), the low digits of large integers,
    /// imaginary parts, the part of a date below its unit (toward the past), the end of text. What
    /// is beyond the range is an error, and so are NaN and NaT where integers are asked for.
    Truncate,
    /// As [`Truncate`](Casting::Truncate), and what is beyond the range becomes the nearest number
    /// in it.
    Clip,
    /// As [`Truncate`](Casting::Truncate), and integers wrap around, as in NumPy's `astype`; what is
    /// beyond the range of floating-point numbers becomes infinite, NaN and infinities become the
    /// integer 0, NaT the least one, and every number but 0 becomes true.
    Wrap,
}

/// A way from elements of one dtype to those of another.
#[derive(Clone, Debug)]
pub(crate) struct Cast {
    from: DType,
    to: DType,
    casting: Casting,
    steps: Vec<(Pair, Op)>,
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// The bytes as they are, or in reverse order in groups of so many.
    Bytes {
        reversed: usize,
    },
    /// From number to number, and how that is done where they lie side by side and none can fail.
    Number(Option<Widening>),
    /// Nothing is stored, but the number must be zero.
    Zero,
    /// From a count of one unit to one of another.
    Time(TimeScale),
    Text,
}

/// An element that the other dtype cannot hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Misfit {
    /// Which of the elements.
    pub element: usize,
    /// Which field of it; empty outside of records.
    pub field: String,
    pub value: String,
}

impl Cast {
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] where there is no way.
    pub(crate) fn new(from: &DType, to: &DType, casting: Casting) -> Result<Cast> {
        let refuse = || {
            let message = format!("dtype '{from}' cannot be converted to '{to}'");
            Error::new(ErrorKind::Dtype, message).hint(
                "numbers become numbers, times become times or integers, text becomes text, and \
                 records of as many fields go field by field",
            )
        };
        let mut steps = Vec::new();
        for pair in pair_up(from, to).ok_or_else(refuse)? {
            add_steps(pair, casting, &mut steps).ok_or_else(refuse)?;
        }
        Ok(Cast { from: from.clone(), to: to.clone(), casting, steps })
    }

    pub(crate) fn casting(&self) -> Casting {
        self.casting
    }

    pub(crate) fn from(&self) -> &DType {
        &self.from
    }

    pub(crate) fn to(&self) -> &DType {
        &self.to
    }

    /// Converts elements that lie side by side, to ones that lie side by side. Some are stored even
    /// if one does not fit.
    ///
    /// # Panics
    ///
    /// If `out` has not room for just as many.
    pub(crate) fn apply(&self, bytes: &[u8], out: &mut [u8]) -> Result<(), Misfit> {
        let sizes = (self.from.itemsize(), self.to.itemsize());
        let n = match sizes {
            (0, 0) => return Ok(()),
            (0, to) => out.len() / to,
            (from, _) => bytes.len() / from,
        };
        assert_eq!((bytes.len(), out.len()), (n * sizes.0, n * sizes.1));
        if !self.fills() {
            out.fill(0);
        }
        for (pair, op) in &self.steps {
            self.step(pair, *op, n, sizes, bytes, out)?;
        }
        Ok(())
    }

    /// Whether a step stores every byte, so that none is left as it was.
    fn fills(&self) -> bool {
        let stores = |(pair, op): &(Pair, Op)| {
            let whole = pair.levels.is_empty() && pair.b.dtype.itemsize() == self.to.itemsize();
            whole && !matches!(op, Op::Zero | Op::Text)
        };
        self.steps.iter().any(stores)
    }

    /// The first count that is NaT in the one dtype and a number in the other.
    fn missing(&self, from: &DType, to: &DType, values: &Reals) -> Option<usize> {
        let is_time =
            |dtype: &DType| matches!(dtype.kind(), Kind::DateTime(_) | Kind::TimeDelta(_));
        match values {
            Reals::Int(counts) if self.casting != Casting::Wrap && is_time(from) != is_time(to) => {
                counts.iter().position(|&count| count == NAT)
            }
            _ => None,
        }
    }

    fn step(
        &self,
        pair: &Pair,
        op: Op,
        n: usize,
        sizes: (usize, usize),
        bytes: &[u8],
        out: &mut [u8],
    ) -> Result<(), Misfit> {
        let (from, to) = (&pair.a.dtype, &pair.b.dtype);
        let mut values = Reals::of(from);
        let size = (from.itemsize(), to.itemsize());
        // What needs no room for the values between is done in one go.
        let most = match op {
            Op::Number(Some(_)) if pair.levels.is_empty() && sizes == size => usize::MAX,
            _ => CHUNK,
        };
        for_each_run(pair, n, sizes, most, &mut |run| {
            let level = run.level;
            let misfit = |index: usize, value: String| Misfit {
                element: run.element + index * run.element_step,
                field: pair.field.clone(),
                value,
            };
            let source = |index: usize| &bytes[run.a + index * level.a..][..size.0];
            match op {
                Op::Bytes { reversed } if (level.a, level.b) == size => {
                    let n = level.n * level.a;
                    let out = &mut out[run.b..][..n];
                    out.copy_from_slice(&bytes[run.a..][..n]);
                    reverse_units(out, reversed);
                    Ok(())
                }
                Op::Bytes { reversed } => {
                    for i in 0..level.n {
                        let place = &mut out[run.b + i * level.b..][..size.1];
                        place.copy_from_slice(source(i));
                        if reversed > 1 {
                            place.chunks_exact_mut(reversed).for_each(<[u8]>::reverse);
                        }
                    }
                    Ok(())
                }
                Op::Number(Some(widen)) if (level.a, level.b) == size => {
                    let bytes = &bytes[run.a..][..level.n * size.0];
                    let out = &mut out[run.b..][..level.n * size.1];
                    widen(bytes, !from.is_native(), out, !to.is_native());
                    Ok(())
                }
                Op::Number(_) => {
                    load_reals(from, bytes, run.a, level.a, level.n, &mut values);
                    if let Some(i) = self.missing(from, to, &values) {
                        return Err(misfit(i, "NaT".to_owned()));
                    }
                    let swapped = !to.is_native();
                    if let (Kind::Float16, Reals::Float(values)) = (to.kind(), &values)
                        && level.b == size.1
                        && store_halves(values, swapped, &mut out[run.b..])
                    {
                        return Ok(());
                    }
                    let stored = for_type!(to.kind(), T => {
                        store::<T>(&values, self.casting, swapped, out, run.b, level.b)
                    }, {
                        Kind::DateTime(_) | Kind::TimeDelta(_) => i64,
                    } else unreachable!("steps are made for numbers only"));
                    stored.map_err(|index| misfit(index, values.get(index).to_string()))
                }
                Op::Zero => {
                    load_reals(from, bytes, run.a, level.a, level.n, &mut values);
                    match (0..level.n).find(|&i| values.get(i).wide() != 0.0) {
                        Some(i) => {
                            Err(misfit(i, format!("an imaginary part of {}", values.get(i))))
                        }
                        None => Ok(()),
                    }
                }
                Op::Time(scale) => {
                    load_reals(from, bytes, run.a, level.a, level.n, &mut values);
                    let Reals::Int(counts) = &mut values else { unreachable!("times are counts") };
                    for (i, count) in counts.iter_mut().enumerate() {
                        let scaled = scaled(*count, &scale, self.casting);
                        *count = scaled.ok_or_else(|| misfit(i, time_text(*count, from)))?;
                    }
                    let (casting, swapped) = (Casting::Wrap, !to.is_native());
                    store::<i64>(&values, casting, swapped, out, run.b, level.b)
                        .map_err(|_| unreachable!("counts are counts"))
                }
                Op::Text => {
                    for i in 0..level.n {
                        let characters = text::characters(from, source(i));
                        let place = &mut out[run.b + i * level.b..][..size.1];
                        let cut = self.casting != Casting::Checked;
                        if !text::store(from, &characters, to, place, cut) {
                            return Err(misfit(i, quoted(&characters)));
                        }
                    }
                    Ok(())
                }
            }
        })
    }
}

/// The steps from one part to another; `None` where there are none.
fn add_steps(pair: Pair, casting: Casting, steps: &mut Vec<(Pair, Op)>) -> Option<()> {
    let (from, to) = (pair.a.dtype.clone(), pair.b.dtype.clone());
    if from.kind() == to.kind() {
        let reversed = if from.endian() == to.endian() { 1 } else { unit_of(&from) };
        steps.push((pair, Op::Bytes { reversed }));
        return Some(());
    }
    let part = |part: &Part, kind: Kind, offset: usize| Part {
        offset: part.offset + offset,
        dtype: DType::new(kind, part.dtype.endian().unwrap_or(crate::dtype::Endian::NATIVE)),
    };
    match (real_part(from.kind()), real_part(to.kind())) {
        (Some(a), Some(b)) => {
            let (size_a, size_b) = (from.itemsize() / 2, to.itemsize() / 2);
            for (offset_a, offset_b) in [(0, 0), (size_a, size_b)] {
                let a = part(&pair.a, a.clone(), offset_a);
                let b = part(&pair.b, b.clone(), offset_b);
                let op = number(a.dtype.kind(), b.dtype.kind());
                steps.push((Pair { a, b, ..pair.clone() }, op));
            }
            Some(())
        }
        (Some(a), None) if is_real(to.kind()) => {
            let imaginary = part(&pair.a, a.clone(), from.itemsize() / 2);
            if casting == Casting::Checked || *to.kind() == Kind::Bool {
                steps.push((Pair { a: imaginary, ..pair.clone() }, Op::Zero));
            }
            let a = part(&pair.a, a, 0);
            let op = number(a.dtype.kind(), to.kind());
            steps.push((Pair { a, ..pair }, op));
            Some(())
        }
        (None, Some(b)) if is_real(from.kind()) => {
            let b = part(&pair.b, b, 0);
            let op = number(from.kind(), b.dtype.kind());
            steps.push((Pair { b, ..pair }, op));
            Some(())
        }
        _ => {
            steps.push((pair, op(from.kind(), to.kind())?));
            Some(())
        }
    }
}

fn op(from: &Kind, to: &Kind) -> Option<Op> {
    let is_count = |kind: &Kind| {
        matches!(
            kind,
            Kind::Int8
                | Kind::Int16
                | Kind::Int32
                | Kind::Int64
                | Kind::UInt8
                | Kind::UInt16
                | Kind::UInt32
                | Kind::UInt64
        )
    };
    let is_time = |kind: &Kind| matches!(kind, Kind::DateTime(_) | Kind::TimeDelta(_));
    match (from, to) {
        (Kind::DateTime(a), Kind::DateTime(b)) => TimeScale::new(*a, *b, true).map(Op::Time),
        (Kind::TimeDelta(a), Kind::TimeDelta(b)) => TimeScale::new(*a, *b, false).map(Op::Time),
        (Kind::Bytes(_) | Kind::Str(_), Kind::Bytes(_) | Kind::Str(_)) => Some(Op::Text),
        (from, to) if is_real(from) && is_real(to) => Some(number(from, to)),
        (from, to) if is_count(from) && is_time(to) || is_time(from) && is_count(to) => {
            Some(Op::Number(None))
        }
        _ => None,
    }
}

fn number(from: &Kind, to: &Kind) -> Op {
    Op::Number(widening(from, to))
}

fn is_real(kind: &Kind) -> bool {
    for_type!(kind, T => size_of::<T>() > 0, {} else false)
}

/// What the parts of a complex number are.
fn real_part(kind: &Kind) -> Option<Kind> {
    match kind {
        Kind::Complex64 => Some(Kind::Float32),
        Kind::Complex128 => Some(Kind::Float64),
        _ => None,
    }
}

/// How many bytes have an order among them.
fn unit_of(dtype: &DType) -> usize {
    match dtype.kind() {
        Kind::Str(_) => 4,
        Kind::Complex64 | Kind::Complex128 | Kind::ComplexLongDouble => dtype.itemsize() / 2,
        _ => dtype.itemsize(),
    }
}

/// The count that is no time.
const NAT: i64 = i64::MIN;

/// A count in another unit; NaT stays. `None` where it does not fit.
fn scaled(count: i64, scale: &TimeScale, casting: Casting) -> Option<i64> {
    if count == NAT {
        return Some(NAT);
    }
    match (scale.convert(count), casting) {
        (Some((_, false)), Casting::Checked) => None,
        (Some((value, _)), Casting::Wrap) => Some(value as i64),
        (Some((value, _)), Casting::Clip) => {
            Some(value.clamp(i128::from(NAT) + 1, i64::MAX.into()) as i64)
        }
        (Some((value, _)), _) => i64::try_from(value).ok().filter(|&value| value != NAT),
        (None, Casting::Clip) => Some(if count < 0 { NAT + 1 } else { i64::MAX }),
        (None, _) => None,
    }
}

fn time_text(count: i64, dtype: &DType) -> String {
    format!("{count} of {}", dtype.name())
}

fn quoted(characters: &[u32]) -> String {
    let text = characters.iter().map(|&one| char::from_u32(one).unwrap_or('\u{fffd}'));
    format!("{:?}", text.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cast(from: &str, to: &str, casting: Casting, bytes: &[u8]) -> Result<Vec<u8>, Misfit> {
        let (from, to) = (from.parse().unwrap(), to.parse::<DType>().unwrap());
        let cast = Cast::new(&from, &to, casting).unwrap();
        let mut out = vec![7; bytes.len() / from.itemsize() * to.itemsize()];
        cast.apply(bytes, &mut out).map(|()| out)
    }

    #[test]
    fn fields_of_records_are_cast_by_their_places() {
        let bytes = [1, 0, 2, 0, 3, b'a', 4, 0, 5, 0, 6, b'b'];
        let found = cast("(2,)<u2,u1,S1", "(2,)u1,>i2,<U1", Casting::Checked, &bytes).unwrap();
        assert_eq!(found, [1, 2, 0, 3, b'a', 0, 0, 0, 4, 5, 0, 6, b'b', 0, 0, 0]);
        let found = cast(
            "(2,)<u2,u1,S1",
            "(2,)u1,>i2,<U1",
            Casting::Checked,
            &[1, 0, 2, 0, 3, b'a', 4, 0, 0, 1, 6, b'b'],
        );
        let misfit = Misfit { element: 1, field: "f0".into(), value: "256".into() };
        assert_eq!(found, Err(misfit));
    }

    #[test]
    fn byte_orders_are_those_of_the_parts() {
        let found = cast("<c8", ">c8", Casting::Checked, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(found, [4, 3, 2, 1, 8, 7, 6, 5]);
        let found = cast("<U2", ">U2", Casting::Checked, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(found, [4, 3, 2, 1, 8, 7, 6, 5]);
    }

    #[test]
    fn text_is_cut_only_where_it_may_be() {
        assert_eq!(cast("S3", "S2", Casting::Checked, b"ab\0").unwrap(), b"ab");
        assert!(cast("S3", "S2", Casting::Checked, b"abc").is_err());
        assert_eq!(cast("S3", "S2", Casting::Clip, b"abc").unwrap(), b"ab");
        assert!(cast("<U1", "S1", Casting::Clip, &233_u32.to_le_bytes()).is_err());
        assert_eq!(cast("S1", ">U2", Casting::Checked, b"a").unwrap(), [0, 0, 0, 97, 0, 0, 0, 0]);
    }

    #[test]
    fn what_has_no_way_is_refused() {
        for (from, to) in [
            ("f8", "M8[s]"),
            ("M8[s]", "m8[s]"),
            ("m8[Y]", "m8[D]"),
            ("S3", "i4"),
            ("V3", "i4"),
            ("f16", "f8"),
            ("i4,i4", "i4"),
            ("i4,i4", "i4,i4,i4"),
            ("i4,(2,)i4", "i4,(3,)i4"),
        ] {
            let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
            let error = Cast::new(&from, &to, Casting::Wrap).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Dtype, "{from} {to}");
        }
    }
}
