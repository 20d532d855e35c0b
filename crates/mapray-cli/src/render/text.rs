//! Text and raw bytes, as Python's `repr` prints them.

use std::fmt::Write;

use mapray::dtype::Endian;

use super::real::prefix;

/// `b'…'`, without the NULs at the end.
pub fn bytes_repr(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    let quote = quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = format!("b{quote}");
    for byte in bytes {
        let printable = matches!(byte, b' '..=b'~');
        push_escaped(&mut out, char::from(*byte), quote, printable);
    }
    out.push(quote);
    out
}

/// The bytes as UTF-8, without the NULs at the end; what is none is escaped, as Python's
/// `backslashreplace` does.
pub fn bytes_plain(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut out = String::new();
    for chunk in bytes[..end].utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// `b'\x…'`, every byte in hexadecimal.
pub fn void_repr(bytes: &[u8]) -> String {
    let bytes: String = bytes.iter().map(|byte| format!("\\x{byte:02X}")).collect();
    format!("b'{bytes}'")
}

/// `'…'`, without the NULs at the end.
pub fn str_repr(bytes: &[u8], endian: Endian) -> String {
    let has = |character: char| characters(bytes, endian).any(|unit| unit == u32::from(character));
    let quote = quote(has('\''), has('"'));
    let mut out = quote.to_string();
    for unit in characters(bytes, endian) {
        match char::from_u32(unit) {
            Some(character) => push_escaped(&mut out, character, quote, is_printable(character)),
            None => push_hexadecimal(&mut out, unit),
        }
    }
    out.push(quote);
    out
}

/// The text itself. What is no character is escaped.
pub fn str_plain(bytes: &[u8], endian: Endian) -> String {
    let mut out = String::new();
    for unit in characters(bytes, endian) {
        match char::from_u32(unit) {
            Some(character) => out.push(character),
            None => push_hexadecimal(&mut out, unit),
        }
    }
    out
}

/// The UCS-4 characters before the NULs at the end.
fn characters(bytes: &[u8], endian: Endian) -> impl Iterator<Item = u32> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let end = end.next_multiple_of(4).min(bytes.len());
    bytes[..end].chunks(4).map(move |chunk| match endian {
        Endian::Little => u32::from_le_bytes(prefix(chunk)),
        Endian::Big => u32::from_be_bytes(prefix(chunk)),
    })
}

/// Python quotes with `"` only where that saves escapes.
fn quote(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn push_escaped(out: &mut String, character: char, quote: char, printable: bool) {
    match character {
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\\' => out.push_str("\\\\"),
        _ if character == quote => out.extend(['\\', quote]),
        _ if printable => out.push(character),
        _ => push_hexadecimal(out, u32::from(character)),
    }
}

fn push_hexadecimal(out: &mut String, unit: u32) {
    let written = match unit {
        0..=0xff => write!(out, "\\x{unit:02x}"),
        0x100..=0xffff => write!(out, "\\u{unit:04x}"),
        _ => write!(out, "\\U{unit:08x}"),
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// Whether Python takes the character for printable: no control, format, surrogate, private or
/// unassigned character, and no separator but the space.
///
/// The standard library escapes by the same rule, except for the first character of a string.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        _ => {
            ["a", character.encode_utf8(&mut [0; 4])].concat().escape_debug().nth(1)
                == Some(character)
        }
    }
}
