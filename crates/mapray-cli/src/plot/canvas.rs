//! Pixels in memory, and how they become a PNG file.

use super::colormap::Rgb;

/// A picture, white at first.
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Area {
    pub fn right(&self) -> usize {
        self.left + self.width
    }

    pub fn bottom(&self) -> usize {
        self.top + self.height
    }
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, height, pixels: vec![255; 3 * width * height] }
    }

    /// Lays a colour over a pixel, which it covers in part; outside there is nothing to cover.
    pub fn blend(&mut self, x: usize, y: usize, colour: Rgb, share: f64) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = 3 * (y * self.width + x);
        for (old, new) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            let mixed = f64::from(*old) * (1.0 - share) + f64::from(new) * share;
            *old = mixed.round() as u8;
        }
    }

    pub fn fill(&mut self, area: Area, colour: Rgb) {
        for y in area.top..area.bottom() {
            for x in area.left..area.right() {
                self.blend(x, y, colour, 1.0);
            }
        }
    }

    /// A frame of one pixel around an area.
    pub fn frame(&mut self, area: Area, colour: Rgb) {
        let (left, top) = (area.left - 1, area.top - 1);
        let (width, height) = (area.width + 2, area.height + 2);
        for top in [top, area.bottom()] {
            self.fill(Area { left, top, width, height: 1 }, colour);
        }
        for left in [left, area.right()] {
            self.fill(Area { left, top, width: 1, height }, colour);
        }
    }

    /// A line of this width with smooth edges, as much of it as lies in the area.
    pub fn stroke(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        width: f64,
        colour: Rgb,
        area: Area,
    ) {
        let half = width / 2.0;
        let within =
            |value: f64, low: usize, high: usize| value.clamp(low as f64, high as f64) as usize;
        let left = within(from.0.min(to.0) - half - 1.0, area.left, area.right());
        let right = within(from.0.max(to.0) + half + 2.0, area.left, area.right());
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let square = (dx * dx + dy * dy).max(f64::MIN_POSITIVE);
        for x in left..right {
            // Only those rows that the line crosses in this column.
            let near = |x: f64| {
                let t = if dx == 0.0 { None } else { Some(((x - from.0) / dx).clamp(0.0, 1.0)) };
                t.map(|t| from.1 + t * dy)
            };
            let ends = (near(x as f64 - half - 1.0), near(x as f64 + half + 2.0));
            let (one, other) = (ends.0.unwrap_or(from.1), ends.1.unwrap_or(to.1));
            let top = within(one.min(other) - half - 1.0, area.top, area.bottom());
            let bottom = within(one.max(other) + half + 2.0, area.top, area.bottom());
            for y in top..bottom {
                let (px, py) = (x as f64 + 0.5 - from.0, y as f64 + 0.5 - from.1);
                let t = ((px * dx + py * dy) / square).clamp(0.0, 1.0);
                let distance = (px - t * dx).hypot(py - t * dy);
                let share = (half + 0.5 - distance).clamp(0.0, 1.0);
                if share > 0.0 {
                    self.blend(x, y, colour, share);
                }
            }
        }
    }

    /// The bytes of a PNG file.
    pub fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(bytes)
    }
}
