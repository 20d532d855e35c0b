//! Text of fixed length, padded with NUL.

use std::fmt;

use bytemuck::{Pod, Zeroable};

use super::Element;
use super::traits::without_padding;
use crate::dtype::Kind;
use crate::{DType, Error, ErrorKind, Result};

/// Text of at most `N` bytes, dtype `S`. NUL at the end is padding and not part of the text.
///
/// ```
/// use mapray::element::Bytes;
///
/// let names: &[Bytes<4>] = bytemuck::cast_slice(b"Eva\0Adam");
/// assert_eq!(names[0].as_bytes(), b"Eva");
/// assert_eq!(names[1].as_str()?, "Adam");
/// assert_eq!(names[0], Bytes::new(b"Eva")?);
/// assert!(Bytes::<4>::new(b"Magdalena").is_err());
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Bytes<const N: usize>(
    /// The bytes as they lie, padding included.
    pub [u8; N],
);

impl<const N: usize> Bytes<N> {
    /// This text, padded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] if it has more than `N` bytes (NumPy cuts it).
    pub fn new(text: &[u8]) -> Result<Bytes<N>> {
        let mut bytes = [0; N];
        match bytes.get_mut(..text.len()) {
            Some(start) => start.copy_from_slice(text),
            None => return Err(too_long("Bytes", "bytes", N, text.len())),
        }
        Ok(Bytes(bytes))
    }

    /// The bytes before the padding.
    pub fn as_bytes(&self) -> &[u8] {
        trimmed(&self.0)
    }

    /// The text before the padding, which must be UTF-8 (as ASCII is).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] if it is not UTF-8; `to_string()` then replaces what cannot be read.
    pub fn as_str(&self) -> Result<&str> {
        std::str::from_utf8(self.as_bytes()).map_err(|error| {
            let at = error.valid_up_to();
            Error::new(ErrorKind::Format, "bytes that are not text")
                .expected("UTF-8")
                .found(format_args!("byte {:#04x} at index {at}", self.0[at]))
                .hint("use `as_bytes`")
        })
    }
}

/// Text of at most `N` characters in UCS-4, dtype `U`, in the byte order of this machine. NUL at the
/// end is padding and not part of the text.
///
/// A file can hold numbers that are no character: [`try_to_string`](Self::try_to_string) refuses
/// them, `to_string()` shows each as U+FFFD.
///
/// ```
/// use mapray::element::Text;
///
/// let name = Text::<4>::new("Eža")?;
/// assert_eq!(name, "Eža");
/// assert_eq!(name.code_points(), [0x45, 0x17e, 0x61]);
/// assert_eq!(Text([0x61, 0xd800, 0, 0]).to_string(), "a\u{fffd}");
/// assert!(Text([0x61, 0xd800, 0, 0]).try_to_string().is_err());
/// assert!(Text::<4>::new("Magdalena").is_err());
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Text<const N: usize>(
    /// The code points as they lie, padding included.
    pub [u32; N],
);

impl<const N: usize> Text<N> {
    /// This text, padded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Dtype`] if it has more than `N` characters (NumPy cuts it).
    pub fn new(text: &str) -> Result<Text<N>> {
        let mut code_points = [0; N];
        let mut characters = text.chars();
        for (place, character) in code_points.iter_mut().zip(&mut characters) {
            *place = u32::from(character);
        }
        match characters.count() {
            0 => Ok(Text(code_points)),
            more => Err(too_long("Text", "characters", N, N + more)),
        }
    }

    /// The code points before the padding, unchecked.
    pub fn code_points(&self) -> &[u32] {
        trimmed(&self.0)
    }

    /// The characters before the padding; `U+FFFD` in place of each number that is no character.
    pub fn chars_lossy(&self) -> impl DoubleEndedIterator<Item = char> + '_ {
        let replaced = |code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.code_points().iter().copied().map(replaced)
    }

    /// The text before the padding.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] if one of the numbers is no character: a surrogate, or beyond U+10FFFF.
    pub fn try_to_string(&self) -> Result<String> {
        let checked = |(index, &code): (usize, &u32)| {
            char::from_u32(code).ok_or_else(|| {
                Error::new(ErrorKind::Format, "a code point that is no character")
                    .expected("at most 0x10ffff and not 0xd800 to 0xdfff")
                    .found(format_args!("{code:#x} at index {index}"))
                    .hint("use `code_points`, or `to_string`, which replaces it")
            })
        };
        self.code_points().iter().enumerate().map(checked).collect()
    }
}

/// What stands before the zeros at the end.
fn trimmed<T: PartialEq + Zeroable>(padded: &[T]) -> &[T] {
    let zero = T::zeroed();
    let len = padded.iter().rposition(|item| *item != zero).map_or(0, |last| last + 1);
    &padded[..len]
}

fn too_long(wrapper: &str, of: &str, most: usize, found: usize) -> Error {
    Error::new(ErrorKind::Dtype, "the text is too long for the element")
        .expected(format_args!("at most {most} {of}"))
        .found(found)
        .hint(format_args!("use `{wrapper}<{found}>`"))
}

without_padding!([const N: usize] Bytes<N>, [const N: usize] Text<N>);

impl<const N: usize> Element for Bytes<N> {
    fn dtype() -> DType {
        DType::native(Kind::Bytes(N))
    }

    #[inline]
    fn swap_bytes(self) -> Self {
        self
    }
}

impl<const N: usize> Element for Text<N> {
    fn dtype() -> DType {
        DType::native(Kind::Str(N))
    }

    #[inline]
    fn swap_bytes(self) -> Self {
        Text(self.0.map(u32::swap_bytes))
    }
}

impl<const N: usize> Default for Bytes<N> {
    fn default() -> Self {
        Bytes([0; N])
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Text([0; N])
    }
}

impl<const N: usize> TryFrom<&[u8]> for Bytes<N> {
    type Error = Error;

    fn try_from(text: &[u8]) -> Result<Bytes<N>> {
        Bytes::new(text)
    }
}

impl<const N: usize> TryFrom<&str> for Bytes<N> {
    type Error = Error;

    /// As NumPy, takes ASCII only: what encoding other characters are to have, nothing says.
    fn try_from(text: &str) -> Result<Bytes<N>> {
        if let Some(index) = text.bytes().position(|byte| !byte.is_ascii()) {
            let found = text[index..].chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
            return Err(Error::new(ErrorKind::Dtype, "text of bytes has no encoding of its own")
                .expected("ASCII")
                .found(format_args!("{found:?}"))
                .hint("use `Text`, or encode it yourself and use `Bytes::new`"));
        }
        Bytes::new(text.as_bytes())
    }
}

impl<const N: usize> TryFrom<&str> for Text<N> {
    type Error = Error;

    fn try_from(text: &str) -> Result<Text<N>> {
        Text::new(text)
    }
}

impl<const N: usize> PartialEq<str> for Bytes<N> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == trimmed(other.as_bytes())
    }
}

impl<const N: usize> PartialEq<&str> for Bytes<N> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl<const N: usize> PartialEq<str> for Text<N> {
    fn eq(&self, other: &str) -> bool {
        let other = other.trim_end_matches('\0').chars().map(u32::from);
        self.code_points().iter().copied().eq(other)
    }
}

impl<const N: usize> PartialEq<&str> for Text<N> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl<const N: usize> fmt::Display for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf8_lossy(self.as_bytes()))
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.chars_lossy().collect::<String>())
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.as_bytes().escape_ascii())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nul_at_the_end_is_padding() {
        assert_eq!(Bytes(*b"ab\0c\0\0").as_bytes(), b"ab\0c");
        assert_eq!(Bytes(*b"\0\0").as_bytes(), b"");
        assert_eq!(Bytes::<0>::default().as_bytes(), b"");
        assert_eq!(Text([0, 0x61, 0]).code_points(), [0, 0x61]);
        assert_eq!(Text([0; 3]), "");
    }

    #[test]
    fn text_of_just_the_length_fits_and_one_more_does_not() {
        assert_eq!(Bytes::<3>::new(b"abc").unwrap(), "abc");
        assert_eq!(Text::<3>::new("a\u{e9}\u{1d11e}").unwrap(), "a\u{e9}\u{1d11e}");
        let error = Bytes::<3>::new(b"abcd").unwrap_err();
        assert_eq!(error.expected_value(), Some("at most 3 bytes"));
        let error = Text::<3>::new("abcde").unwrap_err();
        assert_eq!(error.found_value(), Some("5"));
        assert!(error.to_string().ends_with("use `Text<5>`"));
    }

    #[test]
    fn code_points_that_are_no_characters_are_named_or_replaced() {
        for wrong in [0xd800, 0xdfff, 0x11_0000, u32::MAX] {
            let text = Text([0x61, wrong]);
            assert_eq!(text.try_to_string().unwrap_err().kind(), ErrorKind::Format);
            assert_eq!(text.to_string(), "a\u{fffd}");
        }
        assert_eq!(Text([0x61, 0x1_d11e]).try_to_string().unwrap(), "a\u{1d11e}");
    }

    #[test]
    fn bytes_take_no_text_beyond_ascii_and_show_none_beyond_utf8() {
        assert!(Bytes::<9>::try_from("caf\u{e9}").is_err());
        assert_eq!(Bytes::<9>::try_from("cafe").unwrap().as_str().unwrap(), "cafe");
        let error = Bytes(*b"caf\xe9").as_str().unwrap_err();
        assert_eq!(error.found_value(), Some("byte 0xe9 at index 3"));
    }

    #[test]
    fn swap_bytes_reads_foreign_text() {
        // np.array(['a\xe9'], '>U3').tobytes(), and '<U3' for the other machines
        let foreign: [[u8; 4]; 3] = if cfg!(target_endian = "little") {
            [[0, 0, 0, 0x61], [0, 0, 0, 0xe9], [0; 4]]
        } else {
            [[0x61, 0, 0, 0], [0xe9, 0, 0, 0], [0; 4]]
        };
        let text: Text<3> = bytemuck::cast(foreign);
        assert_eq!(text.swap_bytes(), "a\u{e9}");
    }

    #[test]
    fn text_orders_as_its_characters_do() {
        let texts = ["", "a", "ab", "b"].map(|text| Text::<2>::new(text).unwrap());
        assert!(texts.is_sorted());
        let bytes = ["", "a", "ab", "b"].map(|text| Bytes::<2>::try_from(text).unwrap());
        assert!(bytes.is_sorted());
    }
}
