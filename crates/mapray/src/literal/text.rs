//! Text, as Python writes it.

use super::Literal;
use super::parse::{Parser, SyntaxError};

/// The letters, digits and underscores at the start of a text.
pub(super) fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Whether this word is the prefix of a text, such as the `u` of `u'a'`; bytes and formatted text included,
/// so that they can be refused by name.
pub(super) fn is_prefix(word: &str, after: &str) -> bool {
    let known = matches!(
        word.to_ascii_lowercase().as_str(),
        "u" | "r" | "b" | "br" | "rb" | "f" | "fr" | "rf"
    );
    known && after.starts_with(['\'', '"'])
}

/// One text or several side by side, which Python joins.
pub(super) fn texts(parser: &mut Parser<'_>) -> Result<Literal, SyntaxError> {
    let mut out = String::new();
    loop {
        one(parser, &mut out)?;
        parser.skip_blank();
        let rest = parser.rest();
        let prefix = word(rest);
        let quoted = rest.starts_with(['\'', '"']);
        if !quoted && !is_prefix(prefix, rest.get(prefix.len()..).unwrap_or_default()) {
            return Ok(Literal::Str(out));
        }
    }
}

fn one(parser: &mut Parser<'_>, out: &mut String) -> Result<(), SyntaxError> {
    let start = parser.at;
    let prefix = word(parser.rest()).to_ascii_lowercase();
    if prefix.contains(['b', 'f']) {
        return Err(parser.error("text without the prefix of bytes or of formatted text"));
    }
    parser.at += prefix.len();
    let raw = prefix == "r";
    let quote = match parser.peek() {
        Some('"') => "\"",
        _ => "'",
    };
    let triple = quote.repeat(3);
    let long = parser.eat(&triple);
    let close = if long {
        triple.as_str()
    } else {
        parser.at += 1;
        quote
    };
    loop {
        if parser.eat(close) {
            return Ok(());
        }
        match parser.next() {
            None => {
                let mut error = parser.error_at(start, format!("a text that ends in {close}"));
                error.found = "the end of the header".to_owned();
                return Err(error);
            }
            Some('\n' | '\r') if !long => {
                let mut error = parser.error_at(start, format!("a text that ends in {close}"));
                error.found = "the end of the line".to_owned();
                return Err(error);
            }
            Some('\r') => {
                parser.eat("\n");
                out.push('\n');
            }
            Some('\0') => return Err(parser.error_at(parser.at - 1, "a character other than NUL")),
            Some('\\') if raw => {
                out.push('\\');
                // A backslash keeps a quote from ending even a raw text.
                out.extend(parser.next());
            }
            Some('\\') => escape(parser, out)?,
            Some(character) => out.push(character),
        }
    }
}

/// What a backslash, already read, begins.
fn escape(parser: &mut Parser<'_>, out: &mut String) -> Result<(), SyntaxError> {
    let backslash = parser.at - 1;
    let plain = match parser.next() {
        // The caller finds the end and says that the text has none.
        None => return Ok(()),
        Some('\n') => return Ok(()),
        Some('\r') => {
            parser.eat("\n");
            return Ok(());
        }
        Some(same @ ('\\' | '\'' | '"')) => same,
        Some('a') => '\x07',
        Some('b') => '\x08',
        Some('f') => '\x0c',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('v') => '\x0b',
        Some('x') => return coded(parser, backslash, 2, out),
        Some('u') => return coded(parser, backslash, 4, out),
        Some('U') => return coded(parser, backslash, 8, out),
        Some('N') => return Err(parser.error_at(backslash, "a character by code, not by name")),
        Some(first @ '0'..='7') => {
            let mut code = first.to_digit(8).unwrap_or_default();
            for _ in 0..2 {
                let Some(digit) = parser.peek().and_then(|digit| digit.to_digit(8)) else { break };
                parser.at += 1;
                code = code * 8 + digit;
            }
            char::from_u32(code).unwrap_or_default()
        }
        // Python keeps the backslash of an escape that it does not know.
        Some(other) => {
            out.push('\\');
            other
        }
    };
    out.push(plain);
    Ok(())
}

/// A character by exactly `digits` hexadecimal digits.
fn coded(
    parser: &mut Parser<'_>,
    backslash: usize,
    digits: usize,
    out: &mut String,
) -> Result<(), SyntaxError> {
    let code =
        parser.rest().get(..digits).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(code) = code else {
        return Err(parser.error_at(backslash, format!("{digits} hexadecimal digits")));
    };
    let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
    let Some(character) = character else {
        return Err(
            parser.error_at(backslash, "the code of a character, not of half a surrogate pair")
        );
    };
    out.push(character);
    parser.at += digits;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::Literal;

    fn read(text: &str) -> String {
        match parse(text, false).unwrap().literal {
            Literal::Str(value) => value,
            other => panic!("{text}: {other}"),
        }
    }

    #[test]
    fn quotes_prefixes_and_neighbours_are_read() {
        assert_eq!(read(r#"'a"b'"#), "a\"b");
        assert_eq!(read(r#""it's""#), "it's");
        assert_eq!(read("'''a'\n\"b'''"), "a'\n\"b");
        assert_eq!(read("u'a' \"b\" r'\\n' U'''c'''"), "ab\\nc");
        assert_eq!(read("('a'\n'b')"), "ab");
        assert_eq!(read(r"r'\'x'"), r"\'x");
        assert_eq!(read("''"), "");
    }

    #[test]
    fn escapes_are_those_of_python() {
        assert_eq!(read(r"'\\\'\a\b\f\n\r\t\v'"), "\\'\x07\x08\x0c\n\r\t\x0b");
        assert_eq!(read(r"'\0\101\1234\x41\u6574\U0001f600'"), "\0AS4A整😀");
        assert_eq!(read("'a\\\nb\\q'"), "ab\\q");
    }

    #[test]
    fn what_cannot_be_text_is_refused_where_it_starts() {
        for (text, offset) in [
            ("'a", 0),
            ("'a\\", 0),
            ("'a\nb'", 0),
            ("'''a''", 0),
            (r"'a\x4'", 2),
            (r"'\u+123'", 1),
            (r"'\ud800'", 1),
            (r"'\U00110000'", 1),
            (r"'\N{DASH}'", 1),
            ("b'a'", 0),
            ("'a' f'b'", 4),
            ("'a\0b'", 2),
        ] {
            assert_eq!(parse(text, false).unwrap_err().offset, offset, "{text}");
        }
    }
}
