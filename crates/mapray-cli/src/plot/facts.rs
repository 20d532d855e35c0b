//! What is said of how a drawing was made, to people and to programs.

use mapray::Counts;

use super::figure::Reduction;
use super::read::Binned;
use crate::describe::count;

/// How a drawing was made.
#[derive(Debug)]
pub struct Facts {
    pub kind: &'static str,
    /// The part of complex numbers that is drawn.
    pub part: Option<&'static str>,
    /// What became of elements that share a place; none where no two do.
    pub reduction: Option<&'static str>,
    /// How many bins there are along each axis.
    pub places: Vec<usize>,
    /// Of how many elements one was read along each axis.
    pub steps: Vec<usize>,
    /// How many elements were read.
    pub read: u64,
    pub nan: u64,
    /// Of a histogram, they are below and above the range.
    pub infinite: Option<u64>,
    pub caption: String,
}

impl Facts {
    pub fn is_sampled(&self) -> bool {
        self.steps.iter().any(|&step| step > 1)
    }

    /// Of a line or a map.
    pub fn of_bins(found: &Binned, reduction: Reduction, is_complex: bool) -> Facts {
        let is_line = found.places.len() == 1;
        let (kind, name, word) = match (is_line, reduction) {
            (true, _) => ("line", "minmax", "least and greatest"),
            (false, Reduction::Mean) => ("map", "mean", "mean"),
            (false, Reduction::Max) => ("map", "max", "greatest"),
        };
        let place = if is_line { "column" } else { "pixel" };
        let is_reduced = found.each.iter().any(|&(_, most)| most > 1);
        let is_sampled = found.steps.iter().any(|&step| step > 1);
        let each = found.each.iter().map(|&(least, most)| match least == most {
            true => least.to_string(),
            false => format!("{least}-{most}"),
        });
        let each = each.collect::<Vec<_>>().join(" × ");
        let mut parts = Vec::new();
        if is_complex {
            parts.push("magnitude".to_owned());
        }
        if is_sampled {
            parts.push(every(&found.steps));
        }
        parts.push(match is_reduced {
            true => format!("{word} of {each} elements in each {place}"),
            false if is_line => count(found.read_count(), "element"),
            false => "each element has its own colour".to_owned(),
        });
        for (number, name) in [(found.nan, "NaN"), (found.infinite, "infinite")] {
            if number > 0 {
                parts.push(format!("{number} {name}"));
            }
        }
        Facts {
            kind,
            part: is_complex.then_some("magnitude"),
            reduction: is_reduced.then_some(name),
            places: found.places.clone(),
            steps: found.steps.clone(),
            read: found.read_count(),
            nan: found.nan,
            infinite: Some(found.infinite),
            caption: parts.join("; "),
        }
    }

    /// Of a histogram.
    pub fn of_counts(found: &Counts, log: bool, steps: Vec<usize>) -> Facts {
        let inside: u64 = found.counts.iter().sum();
        let read = inside + found.below + found.above + found.nan;
        let how = if log { ", logarithmic" } else { "" };
        let bins = found.counts.len();
        let mut parts =
            vec![format!("{} in {}{how}", count(inside, "element"), count(bins as u64, "bin"))];
        if steps.iter().any(|&step| step > 1) {
            parts.insert(0, every(&steps));
        }
        let rest = [(found.below, "below"), (found.above, "above"), (found.nan, "NaN")];
        for (number, name) in rest.into_iter().filter(|&(number, _)| number > 0) {
            parts.push(format!("{number} {name}"));
        }
        Facts {
            kind: "histogram",
            part: None,
            reduction: Some("count"),
            places: vec![bins],
            steps,
            read,
            nan: found.nan,
            infinite: None,
            caption: parts.join("; "),
        }
    }
}

/// Which elements are in a sample.
fn every(steps: &[usize]) -> String {
    let steps: Vec<String> = steps.iter().map(usize::to_string).collect();
    format!("sampled: one of {} elements", steps.join(" × "))
}
