//! Slice expressions, held against Python's rules element by element.

use mapray::layout::{Index, Order, Slice};
use mapray::{ErrorKind, Layout};

/// Reads the bytes as an expression, and applies it to arrays of several shapes.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let slice = match text.parse::<Slice>() {
        Ok(slice) => slice,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Index, "{error}");
            assert!(error.character().is_some_and(|at| at <= text.chars().count()), "{error}");
            return;
        }
    };
    assert_eq!(slice.to_string().parse::<Slice>().unwrap(), slice);
    let shapes: [&[usize]; 7] = [&[], &[5], &[1], &[4, 0], &[3, 4], &[2, 3, 4], &[2, 1, 2, 3]];
    for (shape, order) in shapes.iter().zip([Order::C, Order::F].into_iter().cycle()) {
        compare(&slice, shape, order);
    }
    // Nothing overflows, whatever is asked of the largest arrays that there can be.
    for shape in [&[i64::MAX as usize - 100][..], &[1 << 31, 1 << 31], &[1 << 40, 0, 1 << 20]] {
        let huge = Layout::contiguous("u1".parse().unwrap(), shape, Order::C, 100).unwrap();
        if let Ok(sliced) = huge.slice(&slice) {
            assert!(sliced.is_empty() || sliced.span().start >= huge.span().start);
            assert!(sliced.span().end <= huge.span().end);
            assert!(sliced.len() <= huge.len());
        }
    }
}

fn compare(slice: &Slice, shape: &[usize], order: Order) {
    let layout = Layout::contiguous("u2".parse().unwrap(), shape, order, 6).unwrap();
    let sliced = match layout.slice(slice) {
        Ok(sliced) => sliced,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Index, "{error}");
            assert!(picked(slice, shape).is_none(), "{slice} of {shape:?}: {error}");
            return;
        }
    };
    let axes = picked(slice, shape).unwrap_or_else(|| panic!("{slice} fits no {shape:?}"));
    let kept: Vec<usize> = axes.iter().filter_map(Axis::len).collect();
    assert_eq!(sliced.shape(), kept, "{slice} of {shape:?}");
    for index in indices(&kept) {
        let mut index_iter = index.iter();
        let mut whole = Vec::new();
        for axis in &axes {
            match axis {
                Axis::One(at) => whole.push(*at),
                Axis::Many(places) => whole.push(places[*index_iter.next().unwrap()]),
                Axis::New => drop(index_iter.next()),
            }
        }
        assert_eq!(
            sliced.element(&index),
            layout.element(&whole),
            "{slice} of {shape:?}: {index:?}"
        );
    }
}

/// What an expression takes of an axis.
enum Axis {
    One(usize),
    Many(Vec<usize>),
    New,
}

impl Axis {
    fn len(&self) -> Option<usize> {
        match self {
            Axis::One(_) => None,
            Axis::Many(places) => Some(places.len()),
            Axis::New => Some(1),
        }
    }
}

/// What Python would take of each axis; nothing where it would refuse.
fn picked(slice: &Slice, shape: &[usize]) -> Option<Vec<Axis>> {
    let uses = |index: &&Index| matches!(index, Index::At(_) | Index::Range { .. });
    let rest = shape.len().checked_sub(slice.indices().iter().filter(uses).count())?;
    let mut items = slice.indices().to_vec();
    let ellipses: Vec<_> =
        (0..items.len()).filter(|&item| items[item] == Index::Ellipsis).collect();
    let whole = vec![Index::range(None, None, None); rest];
    match ellipses[..] {
        [] => items.extend(whole),
        [item] => drop(items.splice(item..=item, whole)),
        _ => return None,
    }
    let mut axes = shape.iter();
    let mut taken = Vec::new();
    for item in items {
        taken.push(match item {
            Index::NewAxis => Axis::New,
            Index::At(at) => {
                let n = *axes.next()? as i128;
                let at = if at < 0 { i128::from(at) + n } else { at.into() };
                Axis::One(usize::try_from(at).ok().filter(|_| at < n)?)
            }
            Index::Range { start, stop, step } => {
                Axis::Many(range(*axes.next()?, start, stop, step.unwrap_or(1))?)
            }
            Index::Ellipsis => unreachable!("it has been spelled out"),
        });
    }
    (taken.iter().filter_map(Axis::len).count() <= 64).then_some(taken)
}

/// The places that `start:stop:step` takes of `n`, one by one.
fn range(n: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> Option<Vec<usize>> {
    let n = n as i128;
    let from_start = |at: i64| if at < 0 { i128::from(at) + n } else { at.into() };
    let step = i128::from(step);
    let mut places = Vec::new();
    if step > 0 {
        let mut at = start.map_or(0, from_start).max(0);
        while at < stop.map_or(n, from_start).min(n) {
            places.push(at as usize);
            at += step;
        }
    } else if step < 0 {
        let mut at = start.map_or(n - 1, from_start).min(n - 1);
        while at > stop.map_or(-1, from_start).max(-1) {
            places.push(at as usize);
            at += step;
        }
    } else {
        return None;
    }
    Some(places)
}

/// Every index of an array of this shape.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |indices, &n| {
        let with_each = |index: Vec<usize>| (0..n).map(move |i| [&index[..], &[i]].concat());
        indices.into_iter().flat_map(with_each).collect()
    })
}
