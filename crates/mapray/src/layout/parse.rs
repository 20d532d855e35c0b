//! Slice expressions: what Python takes between the brackets of `a[...]`, and why not the rest.

use super::index::Index;
use super::slice::{Place, Slice, Source, second_ellipsis};
use crate::{Error, ErrorKind, Result};

pub(super) fn slice(text: &str) -> Result<Slice> {
    let mut parser = Parser {
        chars: text.chars().collect(),
        at: 0,
        bracketed: false,
        ellipsis: false,
        indices: Vec::new(),
        places: Vec::new(),
    };
    parser.slice()?;
    Ok(Slice::parsed(
        parser.indices,
        Source { text: one_line(&parser.chars), places: parser.places },
    ))
}

/// Python's white space between brackets.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// The text with each control character as one space, so that a caret below it stands right.
fn one_line(chars: &[char]) -> String {
    chars.iter().map(|&c| if c.is_control() { ' ' } else { c }).collect()
}

/// What may stand where an index or a part of a range is due.
enum Operand {
    Number(Number),
    NewAxis,
    Ellipsis,
}

struct Number {
    value: i64,
    /// In full, if `value` had to be cut to 64 bits.
    beyond: Option<String>,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    bracketed: bool,
    ellipsis: bool,
    indices: Vec<Index>,
    places: Vec<Place>,
}

impl Parser {
    fn slice(&mut self) -> Result<()> {
        self.bracketed = self.next_is('[');
        if self.empty_tuple() {
            return self.end();
        }
        loop {
            self.skip_space();
            if !self.indices.is_empty() && self.at_end() {
                break;
            }
            self.item()?;
            if !self.next_is(',') {
                break;
            }
        }
        self.end()
    }

    fn empty_tuple(&mut self) -> bool {
        let start = self.at;
        let empty = self.next_is('(') && self.next_is(')');
        // `(),` is a tuple in a tuple, which picks elements.
        if empty && {
            self.skip_space();
            self.at_end()
        } {
            return true;
        }
        self.at = start;
        false
    }

    fn item(&mut self) -> Result<()> {
        self.skip_space();
        let mut place = Place { item: self.at, step: self.at, beyond: None };
        let first = self.operand()?;
        self.skip_space();
        let index = if self.peek() == Some(':') {
            let start = self.part(first, place.item)?;
            let (mut stop, mut step) = (None, None);
            if self.next_is(':') {
                stop = self.next_part()?;
            }
            if self.next_is(':') {
                self.skip_space();
                place.step = self.at;
                step = self.next_part()?;
            }
            Index::Range { start, stop, step }
        } else {
            match first {
                None => return Err(self.missing()),
                Some(Operand::NewAxis) => Index::NewAxis,
                Some(Operand::Ellipsis) if self.ellipsis => {
                    return Err(self.point(second_ellipsis(), place.item));
                }
                Some(Operand::Ellipsis) => {
                    self.ellipsis = true;
                    Index::Ellipsis
                }
                Some(Operand::Number(number)) => {
                    place.beyond = number.beyond;
                    Index::At(number.value)
                }
            }
        };
        self.indices.push(index);
        self.places.push(place);
        Ok(())
    }

    fn next_part(&mut self) -> Result<Option<i64>> {
        self.skip_space();
        let at = self.at;
        let operand = self.operand()?;
        self.part(operand, at)
    }

    fn part(&self, operand: Option<Operand>, at: usize) -> Result<Option<i64>> {
        match operand {
            None | Some(Operand::NewAxis) => Ok(None),
            Some(Operand::Number(number)) => Ok(Some(number.value)),
            Some(Operand::Ellipsis) => {
                Err(self.error(at, "slice indices must be integers or None").found("'...'"))
            }
        }
    }

    /// Reads an operand; `None` where the item or the part ends before one.
    fn operand(&mut self) -> Result<Option<Operand>> {
        let at = self.at;
        let Some(next) = self.peek() else { return Ok(None) };
        let error = match next {
            ',' | ':' | ']' => return Ok(None),
            '.' if self.looking_at("...") => {
                self.at += 3;
                return Ok(Some(Operand::Ellipsis));
            }
            '.' if self.looking_at("..") => self.rust_range(),
            '0'..='9' | '+' | '-' | '.' => {
                return self.number().map(|number| Some(Operand::Number(number)));
            }
            _ if next.is_alphabetic() || next == '_' => return self.name().map(Some),
            '\'' | '"' => self.field(at),
            '[' => self
                .error(at, "a list picks elements one by one, which is not basic indexing")
                .hint("take a range such as 1:3, or each index in a slice of its own"),
            '(' => self
                .error(at, "a parenthesis in an index is not basic indexing")
                .hint("leave it out: 1, 2 takes one index for each axis"),
            '*' => self.error(at, "'*' is no index").hint("write ':' for a whole axis"),
            '~' => self.arithmetic(),
            '\u{2026}' => {
                self.error(at, "'…' is one character, not an ellipsis").hint("write '...'")
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' => {
                self.error(at, format!("'{next}' is not a minus sign")).hint("write '-'")
            }
            _ => self.missing(),
        };
        Err(error)
    }

    fn name(&mut self) -> Result<Operand> {
        let at = self.at;
        let name = self.dotted_name();
        if matches!(self.peek(), Some('\'' | '"')) {
            return Err(self.field(at));
        }
        let error = match name.as_str() {
            "None" | "newaxis" | "np.newaxis" | "numpy.newaxis" => return Ok(Operand::NewAxis),
            "Ellipsis" => return Ok(Operand::Ellipsis),
            "True" | "False" | "np.True_" | "np.False_" => {
                let message = format!("{name} is a boolean, which is not basic indexing");
                self.error(at, message).hint("write 1 or 0 for the second or the first element")
            }
            "slice" => self
                .error(at, "a call of slice is not read")
                .hint("write start:stop:step, such as 1:5 for slice(1, 5)"),
            _ => {
                let message = format!("'{name}' is a name, and names have no value here");
                self.error(at, message).hint(match name.to_lowercase().as_str() {
                    "none" | "newaxis" => "write 'None' for a new axis",
                    "ellipsis" => "write '...' for all other axes",
                    "end" => "write -1 for the last element, or leave out the stop of a range",
                    _ => "write the number; the field of a record is taken first, then sliced",
                })
            }
        };
        Err(error)
    }

    fn number(&mut self) -> Result<Number> {
        let start = self.at;
        let mut negative = false;
        while let Some(sign @ ('+' | '-')) = self.peek() {
            negative ^= sign == '-';
            self.at += 1;
            self.skip_space();
        }
        let sign = if negative { "-" } else { "" };
        match self.peek() {
            Some('0'..='9') => {}
            Some('.') if self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit) => {}
            Some(c) if c.is_alphabetic() || c == '_' => {
                self.name()?;
                return Err(self.error(start, "a sign needs a number"));
            }
            _ if self.at == start => return Err(self.missing()),
            next => return Err(self.error(self.at, "a sign needs a number").found(show(next))),
        }
        let word = self.word();
        if self.looking_at("..") && !self.looking_at("...") {
            return Err(self.rust_range());
        }
        let (radix, digits) = match word.get(..2) {
            Some("0x" | "0X") => (16, &word[2..]),
            Some("0o" | "0O") => (8, &word[2..]),
            Some("0b" | "0B") => (2, &word[2..]),
            _ => (10, &*word),
        };
        let Some(magnitude) = magnitude(digits, radix) else {
            return Err(self.not_an_integer(start, sign, &word));
        };
        if radix == 10 && magnitude > 0 && word.starts_with('0') {
            let message = "leading zeros in decimal integer literals are not permitted";
            let plain = word.trim_start_matches(['0', '_']);
            return Err(self.error(start, message).hint(format_args!("write {sign}{plain}")));
        }
        let signed = if negative { -magnitude } else { magnitude };
        let value = signed.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        let exact = || match magnitude {
            MAGNITUDE_CAP => format!("{sign}{}", word.replace('_', "")),
            _ => signed.to_string(),
        };
        let beyond = (i128::from(value) != signed).then(exact);
        Ok(Number { value, beyond })
    }

    /// Reads on as far as one number or one dotted name may reach, right or wrong.
    fn word(&mut self) -> String {
        let start = self.at;
        let starts_number = self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.');
        let hexadecimal = self.looking_at("0x") || self.looking_at("0X");
        while let Some(next) = self.peek() {
            let exponent = starts_number
                && !hexadecimal
                && self.at > start
                && matches!(next, '+' | '-')
                && matches!(self.chars[self.at - 1], 'e' | 'E');
            let dot = next == '.' && !self.looking_at("..");
            if !(next.is_alphanumeric() || next == '_' || dot || exponent) {
                break;
            }
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    /// Reads a name and what hangs on it by dots, among which white space may stand.
    fn dotted_name(&mut self) -> String {
        let mut name = self.word();
        loop {
            let end = self.at;
            self.skip_space();
            if self.peek() == Some('.') && !self.looking_at("..") {
                self.at += 1;
                name.push('.');
                self.skip_space();
            } else if !name.ends_with('.') {
                self.at = end;
                return name;
            }
            let more = self.word();
            if more.is_empty() {
                return name;
            }
            name += &more;
        }
    }

    fn not_an_integer(&self, at: usize, sign: &str, word: &str) -> Error {
        let plain = word.replace('_', "");
        let real = plain.strip_suffix(['j', 'J']);
        let value = real.unwrap_or(&plain).parse::<f64>();
        let kind = match real {
            Some(_) => "complex number",
            None if plain.contains(['.', 'e', 'E']) => "float",
            None => "",
        };
        match value {
            Ok(value) if !kind.is_empty() => {
                let message = format!("{sign}{word} is a {kind}, and an index is an integer");
                let error = self.error(at, message);
                // Up to here `f64` tells neighbouring integers apart.
                if value < 1e15 {
                    let whole = value.trunc();
                    let sign = if whole == 0.0 { "" } else { sign };
                    error.hint(format_args!("write {sign}{whole}"))
                } else {
                    error.hint("write it out in digits")
                }
            }
            _ => self.error(at, format!("'{word}' is not a number")).expected("an integer"),
        }
    }

    fn field(&self, at: usize) -> Error {
        self.error(at, "text names a field, which is not basic indexing")
            .hint("take the field of the record first, and slice that")
    }

    fn rust_range(&self) -> Error {
        self.error(self.at, "'..' is no index")
            .hint("a range is written with a colon, as in 0:10; '...' stands for all other axes")
    }

    fn arithmetic(&self) -> Error {
        self.error(self.at, "an index is a plain number: nothing is calculated here")
            .hint("write the result; a range is written with a colon, as in 0:10")
    }

    /// The error for what stands where an index should.
    fn missing(&self) -> Error {
        if self.indices.is_empty() && self.at_end() {
            return self
                .error(self.at, "an index with nothing in it")
                .hint("write '...' or '()' for the whole array");
        }
        let message = match self.peek() {
            None | Some(',' | ']') => "an index is missing",
            Some(_) => "this is not an index",
        };
        self.error(self.at, message)
            .expected("an integer, a range, '...' or None")
            .found(show(self.peek()))
    }

    /// Nothing may follow but the closing bracket.
    fn end(&mut self) -> Result<()> {
        if self.bracketed && self.next_is(']') {
            self.bracketed = false;
            self.skip_space();
            return match self.peek() {
                None => Ok(()),
                Some('[') => Err(self
                    .error(self.at, "a second pair of brackets")
                    .hint("write one index for each axis between one pair, as in [0, 1]")),
                next => {
                    Err(self.error(self.at, "text after the closing bracket").found(show(next)))
                }
            };
        }
        self.skip_space();
        let error = match self.peek() {
            None if self.bracketed => {
                self.error(self.at, "the bracket is never closed").expected("']'")
            }
            None => return Ok(()),
            Some(']') => self
                .error(self.at, "a closing bracket without an opening one")
                .hint("write both or neither"),
            Some(':') if matches!(self.indices.last(), Some(Index::Range { .. })) => self
                .error(self.at, "a range has three parts at most, start:stop:step")
                .hint("indices of different axes are separated by commas"),
            Some('+' | '-' | '*' | '/' | '%' | '@' | '&' | '|' | '^' | '<' | '>' | '=' | '!') => {
                self.arithmetic()
            }
            Some('.') if self.looking_at("..") && !self.looking_at("...") => self.rust_range(),
            Some(';') => self
                .error(self.at, "';' separates nothing here")
                .hint("a range with a step is written start:stop:step"),
            next => self
                .error(self.at, "an index goes on where it should end")
                .expected(if self.bracketed { "',' or ']'" } else { "','" })
                .found(show(next)),
        };
        Err(error)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().zip(self.at..).all(|(c, at)| self.chars.get(at) == Some(&c))
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Reads this character if it is the next one that is not space.
    fn next_is(&mut self, c: char) -> bool {
        self.skip_space();
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn at_end(&self) -> bool {
        match self.peek() {
            None => true,
            Some(next) => self.bracketed && next == ']',
        }
    }

    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        self.point(Error::new(ErrorKind::Index, message), at)
    }

    fn point(&self, error: Error, at: usize) -> Error {
        error.at_character(&one_line(&self.chars), at)
    }
}

fn show(next: Option<char>) -> String {
    next.map_or("the end".to_owned(), |next| format!("{next:?}"))
}

/// Past every index, and with room for one digit more in an `i128`.
const MAGNITUDE_CAP: i128 = 1 << 100;

/// The value of these digits, where Python takes them for an integer: single underscores between
/// digits, and one after a prefix. Cut to the cap.
fn magnitude(digits: &str, radix: u32) -> Option<i128> {
    let mut value = 0_i128;
    let mut after_digit = radix != 10;
    let mut empty = true;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = c.to_digit(radix)?;
        value = (value * i128::from(radix) + i128::from(digit)).min(MAGNITUDE_CAP);
        (after_digit, empty) = (true, false);
    }
    (after_digit && !empty).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(text: &str) -> Vec<Index> {
        slice(text).unwrap_or_else(|error| panic!("{error}")).indices().to_vec()
    }

    #[test]
    fn every_kind_of_item_is_read() {
        let all = [
            Index::range(0, 10, None),
            Index::step_by(2),
            Index::At(-1),
            Index::Ellipsis,
            Index::NewAxis,
        ];
        assert_eq!(indices("[0:10, ::2, -1, ..., None]"), all);
        assert_eq!(indices("0:10, ::2, -1, ..., None"), all);
        assert_eq!(indices("[np.newaxis, numpy.newaxis, newaxis]"), [Index::NewAxis; 3]);
        assert_eq!(indices("[np . newaxis, np. newaxis, np .newaxis]"), [Index::NewAxis; 3]);
        assert_eq!(indices("Ellipsis"), [Index::Ellipsis]);
    }

    #[test]
    fn parts_of_a_range_may_be_left_out_or_none() {
        for text in [":", "::", "None:", ":None", "None:None:None", "::newaxis", " : : "] {
            assert_eq!(indices(text), [Index::range(None, None, None)], "{text}");
        }
        assert_eq!(indices("1::"), [Index::range(1, None, None)]);
        assert_eq!(indices(":2:"), [Index::range(None, 2, None)]);
        assert_eq!(indices("1:None:3"), [Index::range(1, None, 3)]);
    }

    #[test]
    fn white_space_and_a_trailing_comma_change_nothing() {
        let plain = indices("[1,2:3:4,...]");
        for text in ["[1,2:3:4,...,]", " [ 1 , 2 : 3 : 4 , ... , ] ", "\t1,\n2:3:4,\r\n\x0c..."] {
            assert_eq!(indices(text), plain, "{text:?}");
        }
    }

    #[test]
    fn the_empty_tuple_is_the_whole_array() {
        for text in ["()", "[()]", " [ ( ) ] "] {
            assert_eq!(indices(text), [], "{text}");
        }
    }

    #[test]
    fn integers_are_pythons() {
        for (text, value) in [
            ("+5", 5),
            ("- - 5", 5),
            ("-+-+-5", -5),
            ("1_000", 1000),
            ("0_0", 0),
            ("000", 0),
            ("0x_fF", 255),
            ("0XF", 15),
            ("-0o17", -15),
            ("0B1_01", 5),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(indices(text), [Index::At(value)], "{text}");
        }
    }

    #[test]
    fn integers_beyond_64_bits_are_cut() {
        let huge = "9".repeat(5000);
        for (text, value) in [
            ("9223372036854775808", i64::MAX),
            ("-9223372036854775809", i64::MIN),
            ("0x1_0000_0000_0000_0000", i64::MAX),
            (huge.as_str(), i64::MAX),
        ] {
            assert_eq!(indices(text), [Index::At(value)]);
            assert_eq!(indices(&format!("{text}:")), [Index::range(value, None, None)]);
        }
    }

    /// The text, a word of the message, and the character that the caret is under.
    #[rustfmt::skip]
    const REFUSED: &[(&str, &str, usize)] = &[
        ("", "nothing in it; write '...' or '()'", 0),
        ("  ", "nothing in it", 2),
        ("[]", "nothing in it", 1),
        ("[ ]", "nothing in it", 2),
        ("[,]", "an index is missing: expected an integer, a range, '...' or None, found ','", 1),
        ("1,,2", "an index is missing", 2),
        ("[1", "the bracket is never closed", 2),
        ("[1,", "the bracket is never closed", 3),
        ("1]", "a closing bracket without an opening one", 1),
        ("[1] 2", "text after the closing bracket: found '2'", 4),
        ("[1][2]", "a second pair of brackets; write one index for each axis", 3),
        ("[1 2]", "an index goes on where it should end: expected ',' or ']', found '2'", 3),
        ("1:2:3:4", "three parts at most, start:stop:step", 5),
        ("[..., 1, ...]", "an index can only have a single ellipsis ('...')", 9),
        ("[...:2]", "slice indices must be integers or None: found '...'", 1),
        ("1:...", "slice indices must be integers or None", 2),
        ("$", "this is not an index", 0),
        ("{1}", "this is not an index", 0),
        (".", "this is not an index", 0),
        ("é1", "'é1' is a name", 0),
        ("[0, é]", "'é' is a name", 4),
        ("1.5", "1.5 is a float, and an index is an integer; write 1\n", 0),
        ("[0, -1.5:]", "-1.5 is a float, and an index is an integer; write -1\n", 4),
        ("1e3", "1e3 is a float, and an index is an integer; write 1000\n", 0),
        ("1e-3", "1e-3 is a float", 0),
        ("1e999", "write it out in digits", 0),
        ("2.", "write 2\n", 0),
        ("-.5", "-.5 is a float, and an index is an integer; write 0\n", 0),
        ("2j", "2j is a complex number, and an index is an integer; write 2\n", 0),
        ("1__0", "'1__0' is not a number: expected an integer", 0),
        ("1_", "'1_' is not a number", 0),
        ("0x", "'0x' is not a number", 0),
        ("0b2", "'0b2' is not a number", 0),
        ("12px", "'12px' is not a number", 0),
        ("1.2.3", "'1.2.3' is not a number", 0),
        ("007", "leading zeros in decimal integer literals are not permitted; write 7\n", 0),
        ("-", "a sign needs a number: found the end", 1),
        ("-None", "a sign needs a number", 0),
        ("-:", "a sign needs a number: found ':'", 1),
        ("[[1, 2]]", "a list picks elements one by one, which is not basic indexing; take a range", 1),
        ("(1, 2)", "a parenthesis in an index is not basic indexing; leave it out", 0),
        ("[(), 1]", "a parenthesis", 1),
        ("[True]", "True is a boolean, which is not basic indexing; write 1 or 0", 1),
        ("False:", "False is a boolean", 0),
        ("['x']", "text names a field, which is not basic indexing; take the field", 1),
        ("0, \"x\"", "text names a field", 3),
        ("b'x'", "text names a field", 0),
        ("x", "'x' is a name, and names have no value here; write the number", 0),
        ("_", "'_' is a name", 0),
        ("np . pi", "'np.pi' is a name", 0),
        ("np. ", "'np.' is a name", 0),
        ("none", "write 'None' for a new axis", 0),
        ("0:end", "write -1 for the last element", 2),
        ("slice(1, 5)", "write start:stop:step", 0),
        ("*", "'*' is no index; write ':'", 0),
        ("~1", "nothing is calculated here", 0),
        ("0-10", "nothing is calculated here; write the result; a range is written with a colon", 1),
        ("0..10", "'..' is no index; a range is written with a colon, as in 0:10", 1),
        ("0 .. 10", "'..' is no index", 2),
        ("..10", "'..' is no index", 0),
        ("0:10;2", "';' separates nothing here", 4),
        ("…", "write '...'", 0),
        ("[0, −1]", "'−' is not a minus sign; write '-'", 4),
        ("1\u{a0}", "an index goes on where it should end", 1),
    ];

    #[test]
    fn what_is_not_basic_indexing_is_refused_at_its_character_with_a_way_out() {
        for &(text, message, character) in REFUSED {
            let error = slice(text).expect_err(text);
            assert!(error.to_string().contains(message), "{text:?}: {error}");
            assert_eq!(error.character(), Some(character), "{text:?}: {error}");
            assert_eq!(error.kind(), ErrorKind::Index);
        }
    }

    #[test]
    fn the_caret_stands_under_the_character_whatever_the_line_breaks() {
        let error = slice("[1,\n\tx]").unwrap_err().to_string();
        assert!(error.ends_with("\n  [1,  x]\n       ^"), "{error}");
    }
}
