//! What to say of a name that is not there.

use crate::error::{Error, ErrorKind, shown};

/// How many names are listed.
const LISTED: usize = 5;

/// Names beyond these are not compared, so that an error costs little whatever the archive holds.
const COMPARED: usize = 10_000;
const LONGEST: usize = 100;

/// The error for a name that an archive does not have: suggests the nearest, and lists some.
pub(crate) fn unknown(name: &str, names: &[String]) -> Error {
    let message = format!("there is no array '{}' in the archive", shown(name));
    let error = Error::new(ErrorKind::Member, message);
    let nearest = names
        .iter()
        .take(COMPARED)
        .filter(|other| other.len().max(name.len()) <= LONGEST)
        .map(|other| (distance(name, other), other))
        .min_by_key(|(distance, _)| *distance)
        .filter(|&(distance, other)| distance <= 1 + name.len().min(other.len()) / 3);
    match nearest {
        Some((_, nearest)) => {
            error.hint(format!("did you mean '{}'? {}", shown(nearest), list(names)))
        }
        None => error.hint(list(names)),
    }
}

/// The first names, and how many there are.
pub(crate) fn list(names: &[String]) -> String {
    let first: Vec<_> = names.iter().take(LISTED).map(|name| shown(name)).collect();
    match names.len() {
        0 => "the archive is empty".to_owned(),
        n if n <= LISTED => format!("it holds {}", first.join(", ")),
        n => format!("it holds {}, … ({n} in all)", first.join(", ")),
    }
}

/// How many characters must be put in, left out or replaced to make one of the other, regardless of
/// case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_some_are_listed() {
        let names = ["weight", "bias", "scale", "mean", "var", "count"].map(String::from);
        let said = unknown("wieght", &names).to_string();
        assert!(said.contains("did you mean 'weight'? it holds weight, bias,"), "{said}");
        assert!(said.ends_with("(6 in all)"), "{said}");
        assert!(unknown("BIAS", &names).to_string().contains("'bias'?"));
        assert!(!unknown("qqqqqq", &names).to_string().contains("did you mean"));
        assert!(unknown("a", &[]).to_string().ends_with("the archive is empty"));
    }

    #[test]
    fn the_distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
