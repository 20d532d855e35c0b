//! From the text of a header to its value: what Python's `ast.literal_eval` takes, as far as a header needs it.

use super::Literal;
use super::number;
use super::text;
use super::value::Excerpt;

/// How deep brackets may nest. NumPy's own headers need six levels; Python's parser stops at 200.
const MAX_DEPTH: usize = 64;

/// Where and why a text is no literal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// In bytes from the start of the text.
    pub(crate) offset: usize,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// A literal, and where its parts stood.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) literal: Literal,
    /// In bytes from the start of the text: the first character of each value of the outermost dictionary.
    pub(crate) value_offsets: Vec<usize>,
}

/// Reads a whole text. With `python2`, integers may end in `L`, as they do in the headers that Python 2 wrote.
pub(crate) fn parse(text: &str, python2: bool) -> Result<Parsed, SyntaxError> {
    let mut parser = Parser { text, at: 0, python2, dicts: 0, value_offsets: Vec::new() };
    parser.skip_blank();
    let before = &text[..parser.at];
    if before.rfind(['\n', '\r']).is_some_and(|line_end| line_end + 1 < before.len()) {
        return Err(parser.error("a line that is not indented"));
    }
    let literal = parser.bare()?;
    if parser.peek().is_some() {
        return Err(parser.error("the end of the header"));
    }
    Ok(Parsed { literal, value_offsets: parser.value_offsets })
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) python2: bool,
    /// How many dictionaries are open.
    dicts: usize,
    value_offsets: Vec<usize>,
}

impl<'a> Parser<'a> {
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    pub(super) fn eat(&mut self, wanted: &str) -> bool {
        let there = self.rest().starts_with(wanted);
        if there {
            self.at += wanted.len();
        }
        there
    }

    pub(super) fn error(&self, expected: impl Into<String>) -> SyntaxError {
        self.error_at(self.at, expected)
    }

    pub(super) fn error_at(&self, offset: usize, expected: impl Into<String>) -> SyntaxError {
        let rest = self.text.get(offset..).unwrap_or_default();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let found = match rest.get(..word.max(first)) {
            None | Some("") => "its end".to_owned(),
            Some(token) => Excerpt(token).to_string(),
        };
        SyntaxError { offset, expected: expected.into(), found }
    }

    /// Blanks, line ends, comments and lines joined by a backslash.
    pub(super) fn skip_blank(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\n' | '\r' | '\x0c') => self.at += 1,
                Some('#') => {
                    let rest = self.rest();
                    self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
                }
                // One that joins nothing to its line is an error, as in Python.
                Some('\\') if self.rest().len() > 2 && (self.eat("\\\n") || self.eat("\\\r")) => {}
                _ => return,
            }
        }
    }

    /// A value, or several with commas between them, which make a tuple without brackets.
    fn bare(&mut self) -> Result<Literal, SyntaxError> {
        let first = self.value(0)?;
        if self.peek() != Some(',') {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.eat(",") {
            self.skip_blank();
            if self.peek().is_none() {
                break;
            }
            items.push(self.value(0)?);
        }
        Ok(Literal::Tuple(items))
    }

    /// One value and the blanks after it.
    fn value(&mut self, depth: usize) -> Result<Literal, SyntaxError> {
        if depth >= MAX_DEPTH {
            return Err(self.error(format!("brackets nested at most {MAX_DEPTH} deep")));
        }
        let literal = match self.peek() {
            Some('{') => self.dict(depth)?,
            Some('[') => {
                self.at += 1;
                Literal::List(self.items(']', depth)?.0)
            }
            Some('(') => {
                self.at += 1;
                match self.items(')', depth)? {
                    (mut items, false) if items.len() == 1 => items.remove(0),
                    (items, _) => Literal::Tuple(items),
                }
            }
            Some('\'' | '"') => text::texts(self)?,
            Some('0'..='9' | '+' | '-') => number::integer(self)?,
            Some(c) if c.is_alphabetic() || c == '_' => match text::word(self.rest()) {
                word if text::is_prefix(word, &self.rest()[word.len()..]) => text::texts(self)?,
                word @ ("True" | "False") => {
                    let value = word == "True";
                    self.at += word.len();
                    Literal::Bool(value)
                }
                "None" => {
                    self.at += "None".len();
                    Literal::None
                }
                _ => return Err(self.error("a literal such as 'text', 3, True, False or None")),
            },
            _ => return Err(self.error("a value")),
        };
        self.skip_blank();
        Ok(literal)
    }

    /// The values up to a closing bracket, and whether a comma stood among them.
    fn items(&mut self, close: char, depth: usize) -> Result<(Vec<Literal>, bool), SyntaxError> {
        let mut items = Vec::new();
        let mut comma = false;
        loop {
            self.skip_blank();
            if self.peek() == Some(close) {
                self.at += 1;
                return Ok((items, comma));
            }
            if !items.is_empty() && !comma {
                return Err(self.error(format!("a comma or {close:?}")));
            }
            items.push(self.value(depth + 1)?);
            match self.peek() {
                Some(',') => {
                    self.at += 1;
                    comma = true;
                }
                Some(found) if found == close => {}
                _ => return Err(self.error(format!("a comma or {close:?}"))),
            }
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Literal, SyntaxError> {
        self.at += 1;
        self.dicts += 1;
        let mut entries: Vec<(Literal, Literal)> = Vec::new();
        loop {
            self.skip_blank();
            if self.eat("}") {
                break;
            }
            let key = self.value(depth + 1)?;
            if !self.eat(":") {
                return Err(self.error("a colon after the key"));
            }
            self.skip_blank();
            if self.dicts == 1 {
                self.value_offsets.push(self.at);
            }
            let value = self.value(depth + 1)?;
            entries.push((key, value));
            if !self.eat(",") && self.peek() != Some('}') {
                return Err(self.error("a comma or '}'"));
            }
        }
        self.dicts -= 1;
        Ok(Literal::Dict(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::Literal::*;
    use super::*;

    fn value(text: &str) -> Literal {
        parse(text, false).unwrap().literal
    }

    fn text(text: &str) -> Literal {
        Str(text.to_owned())
    }

    fn refused_at(text: &str) -> usize {
        parse(text, false).unwrap_err().offset
    }

    #[test]
    fn values_of_each_type_are_read() {
        assert_eq!(
            value("{'a': None, \"b\": True,}"),
            Dict(vec![(text("a"), None), (text("b"), Bool(true)),])
        );
        assert_eq!(
            value("[(), (1), (2,), (3, 4,)]"),
            List(vec![Tuple(vec![]), Int(1), Tuple(vec![Int(2)]), Tuple(vec![Int(3), Int(4)]),])
        );
        assert_eq!(value(" 2,3 "), Tuple(vec![Int(2), Int(3)]));
        assert_eq!(value("3,"), Tuple(vec![Int(3)]));
    }

    #[test]
    fn blanks_line_ends_and_comments_may_stand_anywhere() {
        assert_eq!(value("\n( # one\n 1\r\n,\x0c2 \\\n)  # end"), Tuple(vec![Int(1), Int(2)]));
    }

    #[test]
    fn an_error_points_at_the_byte_that_cannot_be_read() {
        assert_eq!(refused_at("{'a': false}"), 6);
        assert_eq!(refused_at("\n  (1, 2)"), 3);
        assert_eq!(refused_at("(1, 2"), 5);
        assert_eq!(refused_at("(1 2)"), 3);
        assert_eq!(refused_at("(,)"), 1);
        assert_eq!(refused_at("[1,,2]"), 3);
        assert_eq!(refused_at("{'a' 1}"), 5);
        assert_eq!(refused_at("{'a': 1} x"), 9);
        assert_eq!(refused_at("{'é': x}"), 7);
        assert_eq!(refused_at("(1)(2)"), 3);
        assert_eq!(refused_at("(1+2)"), 2);
        assert_eq!(refused_at("\0"), 0);
        assert_eq!(refused_at(""), 0);
    }

    #[test]
    fn nesting_is_limited_and_the_limit_is_reachable() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(MAX_DEPTH), false).is_ok());
        assert_eq!(refused_at(&nested(MAX_DEPTH + 1)), MAX_DEPTH);
        assert_eq!(refused_at(&"(".repeat(1_000_000)), MAX_DEPTH);
    }

    #[test]
    fn values_of_the_outermost_dictionary_are_located() {
        let parsed = parse("({'a': {'x': 1}, 'b': (2,)})", false).unwrap();
        assert_eq!(parsed.value_offsets, [7, 22]);
    }
}
