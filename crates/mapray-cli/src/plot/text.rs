//! Letters in pictures.

use noto_sans_mono_bitmap::{
    FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width,
};

use super::canvas::Canvas;
use super::colormap::Rgb;

/// How large letters are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    Normal,
    Large,
}

/// Where a text stands beside its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Align {
    Left,
    Right,
}

impl Size {
    fn raster(self) -> RasterHeight {
        match self {
            Size::Normal => RasterHeight::Size16,
            Size::Large => RasterHeight::Size20,
        }
    }

    /// Of a line, in pixels.
    pub fn height(self) -> usize {
        self.raster().val()
    }

    /// Of a text, in pixels.
    pub fn width(self, text: &str) -> usize {
        text.chars().count() * get_raster_width(FontWeight::Regular, self.raster())
    }

    /// As much of a text as has room, its middle left out.
    pub fn cut(self, text: &str, room: usize) -> String {
        let most = room / get_raster_width(FontWeight::Regular, self.raster());
        let count = text.chars().count();
        if count <= most {
            return text.to_owned();
        }
        let kept = most.saturating_sub(3);
        let before: String = text.chars().take(kept / 2).collect();
        let after: String = text.chars().skip(count - (kept - kept / 2)).collect();
        format!("{before}...{after}")
    }
}

/// Writes a text whose upper edge is at `y`.
pub fn write(
    canvas: &mut Canvas,
    text: &str,
    (x, y): (usize, usize),
    size: Size,
    align: Align,
    colour: Rgb,
) {
    let width = size.width(text);
    let mut left = match align {
        Align::Left => x,
        Align::Right => x.saturating_sub(width),
    };
    for character in text.chars() {
        let glyph = glyph(character, size);
        for (row, line) in glyph.rows().enumerate() {
            for (column, &ink) in line.iter().enumerate() {
                canvas.blend(left + column, y + row, colour, f64::from(ink) / 255.0);
            }
        }
        left += glyph.width();
    }
}

/// The letter, or what stands for one that the font lacks.
fn glyph(character: char, size: Size) -> RasterizedChar {
    let of = |character| get_raster(character, FontWeight::Regular, size.raster());
    of(character).or_else(|| of('\u{fffd}')).or_else(|| of('?')).expect("the font has ASCII")
}
