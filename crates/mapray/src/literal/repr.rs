//! Python's `repr` of a text.

use std::fmt;

/// Writes the text as Python's `repr` does: in single quotes unless only double ones spare an escape; what
/// [`str.isprintable`](https://docs.python.org/3/library/stdtypes.html#str.isprintable) denies is escaped.
pub(super) fn write_text(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.write_char(quote)?;
    for character in text.chars() {
        match character {
            '\t' => out.write_str("\\t")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\\' => out.write_str("\\\\")?,
            _ if character == quote => write!(out, "\\{quote}")?,
            _ if is_printable(character) => out.write_char(character)?,
            _ => match u32::from(character) {
                code @ 0..=0xff => write!(out, "\\x{code:02x}")?,
                code @ 0x100..=0xffff => write!(out, "\\u{code:04x}")?,
                code => write!(out, "\\U{code:08x}")?,
            },
        }
    }
    out.write_char(quote)
}

/// Python's definition: neither of the categories "other" and "separator", the space excepted.
///
/// That is also the standard library's for `escape_debug`, which escapes combining characters on top, but only
/// at the start of a text: hence the letter before.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    let mut buffer = [b'a'; 5];
    let length = character.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..=length]).unwrap_or_default();
    text.escape_debug().nth(1) == Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(text: &str) -> String {
        let mut out = String::new();
        write_text(&mut out, text).unwrap();
        out
    }

    #[test]
    fn quotes_are_chosen_as_python_chooses_them() {
        assert_eq!(repr("a"), "'a'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("\"x\""), "'\"x\"'");
        assert_eq!(repr("'\""), r#"'\'"'"#);
    }

    #[test]
    fn only_what_cannot_be_printed_is_escaped() {
        assert_eq!(repr("\t\n\r\\\0\x1b\x7f"), r"'\t\n\r\\\x00\x1b\x7f'");
        assert_eq!(repr("é整😀"), "'é整😀'");
        assert_eq!(repr("\u{a0}\u{ad}\u{2028}\u{feff}"), r"'\xa0\xad\u2028\ufeff'");
        assert_eq!(repr("\u{f0000}"), r"'\U000f0000'");
        assert_eq!(repr("\u{301}e\u{301}"), "'\u{301}e\u{301}'", "combining marks are printable");
    }
}
