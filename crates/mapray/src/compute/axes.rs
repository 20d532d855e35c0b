//! Which axes a reduction takes away, and where each element of the array goes.

use crate::error::{Error, ErrorKind, Result};
use crate::layout::display_shape;

/// The axes of an array, those to reduce marked.
pub(super) struct Axes<'a> {
    shape: &'a [usize],
    reduced: Vec<bool>,
}

/// How far one step along each axis of the array leads.
pub(super) struct Steps {
    /// Among the elements of the result, in C order.
    pub slot: Vec<usize>,
    /// Among the elements that are reduced to one, in C order.
    pub position: Vec<usize>,
}

impl<'a> Axes<'a> {
    /// NumPy's `axis`: negative ones count from the end, `None` is all of them.
    pub fn new(shape: &'a [usize], axes: Option<&[isize]>) -> Result<Axes<'a>> {
        let Some(axes) = axes else {
            return Ok(Axes { shape, reduced: vec![true; shape.len()] });
        };
        let mut reduced = vec![false; shape.len()];
        for &axis in axes {
            // As in NumPy, an array without axes may be reduced along its only one.
            if shape.is_empty() && axes.len() == 1 && matches!(axis, 0 | -1) {
                continue;
            }
            let ndim = shape.len() as isize;
            let index = if axis < 0 { axis.checked_add(ndim) } else { Some(axis) };
            let index = index.filter(|index| (0..ndim).contains(index)).ok_or_else(|| {
                let message = format!("axis {axis} is out of bounds for array of dimension {ndim}");
                Error::new(ErrorKind::Index, message)
                    .hint(format!("the shape is {}", display_shape(shape)))
            })?;
            if std::mem::replace(&mut reduced[index as usize], true) {
                return Err(Error::new(ErrorKind::Index, "duplicate value in 'axis'")
                    .found(format!("axis {axis} twice in {axes:?}")));
            }
        }
        Ok(Axes { shape, reduced })
    }

    /// How many elements are reduced to one.
    pub fn reduced_len(&self) -> usize {
        self.lengths(true).product()
    }

    /// How many elements the result has.
    pub fn slots(&self) -> usize {
        self.lengths(false).product()
    }

    fn lengths(&self, reduced: bool) -> impl Iterator<Item = usize> {
        let axes = self.shape.iter().zip(&self.reduced);
        axes.filter(move |&(_, &is)| is == reduced).map(|(&n, _)| n)
    }

    /// The shape of the result.
    pub fn result_shape(&self, keepdims: bool) -> Vec<usize> {
        if !keepdims {
            return self.lengths(false).collect();
        }
        let axes = self.shape.iter().zip(&self.reduced);
        axes.map(|(&n, &reduced)| if reduced { 1 } else { n }).collect()
    }

    pub fn steps(&self) -> Steps {
        let mut steps =
            Steps { slot: vec![0; self.shape.len()], position: vec![0; self.shape.len()] };
        let (mut slot, mut position) = (1, 1);
        for (axis, (&n, &reduced)) in self.shape.iter().zip(&self.reduced).enumerate().rev() {
            let (step, next) = match reduced {
                true => (&mut steps.position[axis], &mut position),
                false => (&mut steps.slot[axis], &mut slot),
            };
            *step = *next;
            *next *= n;
        }
        steps
    }
}
