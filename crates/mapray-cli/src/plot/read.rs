//! From an array of any size to as many numbers as a drawing has places for.

use mapray::layout::Index;
use mapray::{Bin, Counts, Slice, binned, histogram};

use super::scale::Scale;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::render::Elements;

/// How many elements of each place along an axis a quick look takes: of a line, of a map.
const SAMPLED: [usize; 2] = [8, 2];

/// How many elements a quick histogram counts, about.
const COUNTED: f64 = 100_000.0;

/// What was read for a line or a map.
pub struct Binned {
    /// How many bins there are along each axis.
    pub places: Vec<usize>,
    pub bins: Vec<Bin>,
    /// How many elements that were read are in a bin along each axis: the fewest and the most.
    pub each: Vec<(usize, usize)>,
    /// Of how many elements one was read along each axis.
    pub steps: Vec<usize>,
    /// How many elements were read that are not finite.
    pub nan: u64,
    pub infinite: u64,
}

impl Binned {
    /// At most so many bins along each axis of the array.
    pub fn read(array: Opened, most: &[usize], sample: bool) -> Result<Binned, Failure> {
        let places: Vec<usize> =
            array.shape().iter().zip(most).map(|(&n, &most)| n.min(most).max(1)).collect();
        let per_place = SAMPLED[places.len() - 1];
        let steps = places.iter().zip(array.shape());
        let steps: Vec<usize> = steps
            .map(|(&places, &n)| if sample { (n / places / per_place).max(1) } else { 1 })
            .collect();
        let array = sampled(array, &steps)?;
        let bins = array.with(|array| binned(array, &places))?;
        let each = array.shape().iter().zip(&places);
        let each = each.map(|(&n, &places)| (n / places, n.div_ceil(places))).collect();
        let nan = bins.iter().map(|bin| bin.nan).sum();
        let infinite = bins.iter().map(|bin| bin.above + bin.below).sum();
        Ok(Binned { places, bins, each, steps, nan, infinite })
    }

    /// How many elements were read.
    pub fn read_count(&self) -> u64 {
        self.bins.iter().map(|bin| bin.finite).sum::<u64>() + self.nan + self.infinite
    }
}

/// The range of these numbers, from 0 to 1 if there are none.
pub fn range_of(values: impl Iterator<Item = (f64, f64)>) -> Scale {
    let all = values.reduce(|(low, high), (least, greatest)| (low.min(least), high.max(greatest)));
    all.map_or(Scale { low: 0.0, high: 1.0 }, |(low, high)| Scale::new(low, high))
}

/// A histogram, and of how many elements one was counted along each axis.
pub fn counted(
    array: Opened,
    bins: usize,
    range: Option<(f64, f64)>,
    sample: bool,
) -> Result<(Counts, Vec<usize>), Failure> {
    let (ndim, count) = (array.shape().len(), array.layout().len() as f64);
    let step = match sample {
        true => (count / COUNTED).powf(1.0 / ndim.max(1) as f64).ceil().max(1.0) as usize,
        false => 1,
    };
    let steps: Vec<usize> = array.shape().iter().map(|&n| step.clamp(1, n.max(1))).collect();
    let array = sampled(array, &steps)?;
    let counts = array.with(|array| {
        let histogram = histogram(array).bins(bins);
        match range {
            Some((first, last)) => histogram.range(first, last).count(),
            None => histogram.count(),
        }
    })?;
    Ok((counts, steps))
}

/// One of each so many elements along each axis, spread evenly.
fn sampled(array: Opened, steps: &[usize]) -> Result<Opened, Failure> {
    if steps.iter().all(|&step| step == 1) {
        return Ok(array);
    }
    let index = |&step: &usize| Index::range(step as i64 / 2, None, step as i64);
    array.slice(&Slice::new(steps.iter().map(index)))
}
