//! Spellings with commas and repeats: `'f4, i4'`, `'3f4'`, `'(2,3)f4'`, as NumPy's `_commastring` reads them.

use super::parse::with_size;
use super::{DType, Field, Record};
use crate::error::shown;
use crate::literal;
use crate::{Error, ErrorKind, Result};

/// Whether NumPy reads this text as a list of formats: it starts with a digit or an empty tuple, or has a comma
/// outside of square brackets.
pub(super) fn is_comma_separated(text: &str) -> bool {
    let rest = text.strip_prefix(['<', '>', '=', '|']).unwrap_or(text);
    if rest.starts_with(|c: char| c.is_ascii_digit()) || rest.starts_with("()") {
        return true;
    }
    let mut brackets = 0i64;
    text.bytes().skip(1).any(|byte| {
        brackets += i64::from(byte == b'[') - i64::from(byte == b']');
        byte == b',' && brackets == 0
    })
}

pub(super) fn parse(text: &str) -> Result<DType> {
    let mut formats = Vec::new();
    let mut is_list = false;
    let mut rest = text;
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let (dtype, after) = format(text, at)?;
        formats.push(dtype);
        let trimmed = after.trim_start();
        rest = match trimmed.strip_prefix(',') {
            Some(next) => {
                is_list = true;
                next.trim_start()
            }
            None if trimmed.is_empty() => "",
            None => return Err(refuse(text, text.len() - after.len(), "a comma or the end")),
        };
    }
    match formats.pop() {
        Some(single) if !is_list => Ok(single),
        last => {
            formats.extend(last);
            record(formats)
        }
    }
}

fn record(formats: Vec<DType>) -> Result<DType> {
    let mut end = 0usize;
    let place = |(index, dtype): (usize, DType)| {
        let offset = end;
        end = end.saturating_add(dtype.itemsize());
        Field::new(format!("f{index}"), dtype, offset)
    };
    let fields = formats.into_iter().enumerate().map(place).collect();
    Record::new(fields, end).map(DType::from)
}

/// One format, and what follows it: a byte order, repeats, another byte order, a dtype; all may be missing, but
/// for the dtype.
fn format(text: &str, at: usize) -> Result<(DType, &str)> {
    let start = text.get(at..).unwrap_or_default();
    let (first_order, rest) = order(start);
    let repeats = repeats(rest);
    let repeats_at = text.len() - rest.len();
    let (second_order, rest) = order(rest.get(repeats.len()..).unwrap_or_default());
    let (name, after) = rest.split_at(name_length(rest));

    let order = match (first_order, second_order) {
        (one, "") | ("", one) => one,
        (one, other) if native(one) == native(other) => one,
        (one, other) => {
            let error = refuse(text, text.len() - rest.len() - 1, "one byte order");
            return Err(error.found(format!("{one:?} and {other:?}")));
        }
    };
    let order = if native(order) == ">" { ">" } else { "" };
    // Brackets alone would count as a list of formats again, and so on for ever.
    if name.is_empty() || name.starts_with('[') {
        return Err(refuse(text, text.len() - rest.len(), "a dtype such as f4"));
    }
    let dtype: DType = format!("{order}{name}").parse()?;
    if repeats.is_empty() {
        return Ok((dtype, after));
    }
    // As Python's `literal_eval` has it: blanks before it do not count, and nothing is no number.
    let parsed = literal::parse(repeats, false)
        .map_err(|error| refuse(text, repeats_at + error.offset, "a count such as 3 or (2, 3)"))?;
    Ok((with_size(dtype, &parsed.literal)?, after))
}

fn order(text: &str) -> (&str, &str) {
    match text.as_bytes().first() {
        Some(b'<' | b'>' | b'=' | b'|') => text.split_at(1),
        _ => ("", text),
    }
}

/// `|` differs from the others, though it then means this machine's order too.
fn native(order: &str) -> &str {
    match order {
        "=" if cfg!(target_endian = "little") => "<",
        "=" => ">",
        other => other,
    }
}

/// NumPy's ` *[(]?[ ,0-9]*[)]? *`.
fn repeats(text: &str) -> &str {
    let mut rest = text.trim_start_matches(' ');
    rest = rest.strip_prefix('(').unwrap_or(rest);
    rest = rest.trim_start_matches(|c: char| c == ' ' || c == ',' || c.is_ascii_digit());
    rest = rest.strip_prefix(')').unwrap_or(rest);
    rest = rest.trim_start_matches(' ');
    text.get(..text.len() - rest.len()).unwrap_or_default()
}

/// NumPy's `[A-Za-z0-9.?]*(?:\[[a-zA-Z0-9,.]+\])?`.
fn name_length(text: &str) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let rest = text.trim_start_matches(|c: char| word(c) || c == '?');
    let length = text.len() - rest.len();
    let Some(inner) = rest.strip_prefix('[') else { return length };
    let after = inner.trim_start_matches(|c: char| word(c) || c == ',');
    let bracketed = inner.len() - after.len();
    if bracketed > 0 && after.starts_with(']') { length + bracketed + 2 } else { length }
}

fn refuse(text: &str, at: usize, expected: &str) -> Error {
    let character = text.get(..at).unwrap_or(text).chars().count();
    Error::new(ErrorKind::Dtype, format!("cannot read the dtype \"{}\"", shown(text)))
        .expected(expected)
        .at_character(text, character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_repeats_mean_what_they_mean_to_numpy() {
        for (text, wanted) in [
            ("f4,i4", "[('f0', '<f4'), ('f1', '<i4')]"),
            ("f4,", "[('f0', '<f4')]"),
            ("f4 , i4 ", "[('f0', '<f4'), ('f1', '<i4')]"),
            ("3f4", "('<f4', (3,))"),
            ("1f4", "('<f4', (1,))"),
            ("()f4", "<f4"),
            (">3f4", "('>f4', (3,))"),
            ("2,3f4", "('<f4', (2, 3))"),
            ("(2,3)f4, >i4", "[('f0', '<f4', (2, 3)), ('f1', '>i4')]"),
            ("f4,2,3i4", "[('f0', '<f4'), ('f1', '<i4', (2, 3))]"),
            ("i4,(2)3f4", "[('f0', '<i4'), ('f1', ('<f4', (3,)), (2,))]"),
            ("2S", "|S2"),
            ("M8[25us],?", "[('f0', '<M8[25us]'), ('f1', '|b1')]"),
        ] {
            assert_eq!(text.parse::<DType>().unwrap().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn what_numpy_refuses_is_refused() {
        for text in [
            ",",
            "4",
            " f4,i4",
            "02f4",
            "f4,,i4",
            ">3<f4",
            "|2<f4",
            "3f4 i4",
            "(-2,)f4",
            "((2,3))f4,",
            "f4,[i4]",
            "2147483647S2",
            "f4,(3,)",
            "f4;i4,",
            "S2147483647,i4",
            "2T",
            "[f4,i4]",
            "2[f4,i4]",
            "2,S",
            "f4,é",
            "(2)f4",
        ] {
            assert!(text.parse::<DType>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_points_at_the_format_that_cannot_be_read() {
        let character = |text: &str| text.parse::<DType>().unwrap_err().character();
        assert_eq!(character("f4,-2i4"), Some(3));
        assert_eq!(character("f4, 02i4"), Some(4));
    }
}
