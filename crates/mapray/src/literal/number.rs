//! Integers, as Python writes them.

use super::Literal;
use super::parse::{Parser, SyntaxError};

const EXPECTED: &str = "an integer that fits into 64 bits";

/// Sign, base prefix, digits with single underscores between them; no zeros before a decimal.
pub(super) fn integer(parser: &mut Parser<'_>) -> Result<Literal, SyntaxError> {
    let start = parser.at;
    let negative = parser.peek() == Some('-');
    if matches!(parser.peek(), Some('+' | '-')) {
        parser.at += 1;
        parser.skip_blank();
    }
    let digits_start = parser.at;
    let rest = parser.rest();
    let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let mut token = rest.get(..length).unwrap_or_default();
    parser.at += length;
    if parser.peek() == Some('.') {
        return Err(parser.error_at(start, "an integer, not a fraction"));
    }
    if parser.python2 {
        match token.strip_suffix('L') {
            Some(short) => token = short,
            None => skip_separate_suffix(parser),
        }
    }
    let malformed = || parser.error_at(digits_start, "the digits of an integer");
    let lower = token.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        _ => (10, lower.as_str()),
    };
    let digits = if radix == 10 { digits } else { digits.strip_prefix('_').unwrap_or(digits) };
    if digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return Err(malformed());
    }
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(malformed());
    }
    if radix == 10 && digits.starts_with('0') && digits.bytes().any(|digit| digit != b'0') {
        return Err(parser.error_at(digits_start, "a decimal without leading zeros"));
    }
    let sign = if negative { "-" } else { "" };
    let value = i64::from_str_radix(&format!("{sign}{digits}"), radix);
    value.map(Literal::Int).map_err(|_| parser.error_at(start, EXPECTED))
}

/// NumPy's filter for the headers of Python 2 goes by tokens, so that `3 L` passes too.
fn skip_separate_suffix(parser: &mut Parser<'_>) {
    let before = parser.at;
    parser.skip_blank();
    let alone = parser.rest().strip_prefix('L').is_some_and(|rest| {
        !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '\'' || c == '"')
    });
    parser.at = if alone { parser.at + 1 } else { before };
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::Literal;

    fn read(text: &str, python2: bool) -> Option<i64> {
        match parse(text, python2).ok()?.literal {
            Literal::Int(value) => Some(value),
            other => panic!("{text}: {other}"),
        }
    }

    #[test]
    fn every_base_sign_and_underscore_of_python_is_read() {
        for (text, value) in [
            ("0", 0),
            ("00", 0),
            ("0_0", 0),
            ("12", 12),
            ("+12", 12),
            ("- 12", -12),
            ("1_000", 1000),
            ("0x1F", 31),
            ("0X_1f", 31),
            ("0o17", 15),
            ("0b1_01", 5),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(read(text, false), Some(value), "{text}");
        }
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in [
            "01",
            "1_",
            "1__0",
            "0x",
            "0b2",
            "0o8",
            "1.5",
            "1.",
            "1e3",
            "1j",
            "12a",
            "--1",
            "-True",
            "0_x1",
            "9223372036854775808",
            "3L",
            "٣",
        ] {
            assert_eq!(read(text, false), None, "{text}");
        }
    }

    #[test]
    fn the_suffix_of_python_2_is_read_only_where_it_is_allowed() {
        for text in ["3L", "3 L", "0x3L"] {
            assert_eq!(read(text, true), Some(3), "{text}");
            assert_eq!(read(text, false), None, "{text}");
        }
        for text in ["3l", "L", "3LL", "3L4"] {
            assert_eq!(read(text, true), None, "{text}");
        }
    }
}
