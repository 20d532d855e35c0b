//! Names of members that are not UTF-8.

use std::borrow::Cow;

/// The upper half of IBM's code page 437, in which names are that are not marked as UTF-8.
const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
                     └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// A name as text.
pub(super) fn decode(name: &[u8], is_utf8: bool) -> Cow<'_, str> {
    if is_utf8 || name.is_ascii() {
        return String::from_utf8_lossy(name);
    }
    name.iter()
        .map(|&byte| match byte.checked_sub(128) {
            None => byte as char,
            Some(upper) => UPPER.chars().nth(upper.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_page_437_has_a_character_for_every_byte() {
        assert_eq!(UPPER.chars().count(), 128);
        assert_eq!(decode(b"\x80\xe1\xff", false), "Çß\u{a0}");
        assert_eq!(decode("été".as_bytes(), true), "été");
    }
}
