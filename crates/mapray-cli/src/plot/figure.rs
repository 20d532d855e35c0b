//! What a drawing shows, wherever it is drawn.

use clap::ValueEnum;
use mapray::dtype::Kind;
use mapray::{Bin, Counts, DType, Scalar};

use super::colormap::{Colormap, Shade};
use super::scale::{Scale, Ticks};
use crate::number::{element_text, float_text};

/// What becomes of the elements that share a place of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub enum Reduction {
    /// Their mean
    #[default]
    Mean,
    /// The greatest of them
    Max,
}

/// A drawing, but for its size.
#[derive(Debug)]
pub struct Figure {
    /// What is drawn: the address, the dtype and the shape.
    pub title: String,
    /// How it is drawn.
    pub caption: String,
    pub dtype: DType,
    pub shape: Vec<usize>,
    /// The range of the values: of the colours of a map, else of one axis.
    pub values: Scale,
    pub colormap: Colormap,
    pub data: Data,
}

/// What is drawn.
#[derive(Debug)]
pub enum Data {
    /// An array of this length, as so many bins or fewer.
    Line { len: usize, bins: Vec<Bin> },
    /// An array of this shape, as so many rows and columns of colours or fewer.
    Map { shape: [usize; 2], places: [usize; 2], shades: Vec<Shade> },
    /// How often values lie in which range, or the logarithms of that.
    Histogram { counts: Counts, log: bool },
}

impl Reduction {
    /// What a bin shows: nothing for one without elements. NaN shows where there is nothing else.
    pub fn shade(self, bin: &Bin) -> Shade {
        match (self, bin.finite, bin.above, bin.below) {
            (_, 0, 0, 0) => Shade::Nan,
            // There is no mean of both infinities.
            (Reduction::Mean, _, 1.., 1..) => Shade::Nan,
            (_, _, 1.., _) => Shade::Above,
            (Reduction::Mean, _, _, 1..) | (Reduction::Max, 0, _, _) => Shade::Below,
            (Reduction::Mean, ..) => Shade::Number(bin.mean),
            (Reduction::Max, ..) => Shade::Number(bin.max),
        }
    }
}

impl Figure {
    /// Whether the values are dates or spans of time.
    pub fn is_time(&self) -> bool {
        matches!(self.dtype.kind(), Kind::DateTime(_) | Kind::TimeDelta(_))
    }

    /// A value of the range as NumPy prints it, but with fewer digits where it was rounded.
    pub fn value_text(&self, value: f64) -> String {
        if self.is_time() {
            return element_text(Scalar::Int(value as i64), &self.dtype);
        }
        let short: f64 = format!("{value:.5e}").parse().unwrap_or(value);
        let is_near =
            (short - value).abs() <= (self.values.high / 2.0 - self.values.low / 2.0) / 500.0;
        let value = if is_near { short } else { value };
        if value.fract() == 0.0 && value.abs() < 1e15 {
            format!("{value}")
        } else {
            float_text(value)
        }
    }

    /// The colour of a place of a map.
    pub fn colour(&self, shade: Shade) -> [u8; 3] {
        match shade {
            Shade::Number(value) => self.colormap.colour(self.values.share(value)),
            Shade::Nan => self.colormap.nan(),
            Shade::Above => self.colormap.above(),
            Shade::Below => self.colormap.below(),
        }
    }
}

/// What of a map is no number, and its names.
pub fn specials(shades: &[Shade]) -> Vec<(Shade, &'static str)> {
    let all = [(Shade::Nan, "nan"), (Shade::Above, "inf"), (Shade::Below, "-inf")];
    all.into_iter().filter(|(shade, _)| shades.contains(shade)).collect()
}

/// The scale of the indices of an axis: each element is one wide.
pub fn axis(len: usize) -> Scale {
    Scale { low: -0.5, high: len.max(1) as f64 - 0.5 }
}

/// How a histogram's bar grows with its count.
fn length(count: f64, log: bool) -> f64 {
    if log { count.ln_1p() } else { count }
}

/// The scale of the lengths of bars, and at most so many counts beside it.
pub fn count_axis(most: u64, log: bool, ticks: usize) -> (Scale, Ticks) {
    let scale = Scale { low: 0.0, high: length(most.max(1) as f64, log) };
    if !log {
        return (scale, scale.whole_ticks(ticks));
    }
    let powers = (0..20).map(|power| 10_u64.saturating_pow(power)).take_while(|&it| it <= most);
    let powers: Vec<u64> = [0].into_iter().chain(powers).collect();
    let every = powers.len().div_ceil(ticks.max(1));
    let label = |&count: &u64| {
        let text = if count < 10_000 { count.to_string() } else { format!("1e{}", count.ilog10()) };
        (length(count as f64, log), text)
    };
    let labels = powers.iter().step_by(every).map(label).collect();
    (scale, Ticks { labels, offset: None })
}

/// How far up a bar reaches in each of `width` columns, from 0 to 1; where bins are narrower than
/// that, the longest of them.
pub fn bars(counts: &[u64], log: bool, width: usize) -> Vec<f64> {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let column = |column: usize| {
        let first = column * counts.len() / width;
        let end = ((column + 1) * counts.len()).div_ceil(width).min(counts.len());
        let end = if counts.len() < width { first + 1 } else { end };
        let count = counts[first..end].iter().copied().max().unwrap_or(0);
        length(count as f64, log) / length(most as f64, log)
    };
    (0..width).map(column).collect()
}

/// From where to where a line reaches in each of `width` columns, joined to its neighbours; none
/// where nothing is finite.
pub fn columns(bins: &[Bin], width: usize) -> Vec<Option<(f64, f64)>> {
    let own = |bin: &Bin| (bin.finite > 0).then_some((bin.min, bin.max));
    if bins.len() < width {
        return (0..width).map(|column| between(bins, column, width)).collect();
    }
    let half = |one: f64, other: f64| one / 2.0 + other / 2.0;
    let joined = |column: usize| {
        let (mut low, mut high) = own(&bins[column])?;
        let neighbours = [column.checked_sub(1), Some(column + 1)].into_iter().flatten();
        for (other_low, other_high) in neighbours.filter_map(|at| own(bins.get(at)?)) {
            let (below, above) = (other_high < low, other_low > high);
            low = if below { half(low, other_high) } else { low };
            high = if above { half(high, other_low) } else { high };
        }
        Some((low, high))
    };
    (0..bins.len()).map(joined).collect()
}

/// The part of the line through the middles of bins that are wider than a column.
fn between(bins: &[Bin], column: usize, width: usize) -> Option<(f64, f64)> {
    let n = bins.len() as f64;
    let place = |edge: usize| (edge as f64 / width as f64 * n - 0.5).clamp(0.0, n - 1.0);
    let (from, to) = (place(column), place(column + 1));
    let value = |at: usize| Some(&bins[at]).filter(|bin| bin.finite > 0).map(|bin| bin.mean);
    let at = |place: f64| {
        let (before, share) = (place.floor() as usize, place.fract());
        match share {
            0.0 => value(before),
            _ => Some(value(before)? * (1.0 - share) + value(before + 1)? * share),
        }
    };
    let inner = (from.ceil() as usize..=to.floor() as usize).map(value);
    let found = inner.chain([at(from), at(to)]).flatten();
    found.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((f64::min(low, value), f64::max(high, value)))
    })
}
