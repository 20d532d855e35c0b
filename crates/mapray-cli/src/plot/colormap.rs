//! Colours for numbers.

use clap::ValueEnum;

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// The colour of lines and bars.
pub const STROKE: Rgb = [58, 124, 200];

/// Maps whose steps look equally large.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub enum Colormap {
    #[default]
    Viridis,
    Magma,
    Inferno,
    Plasma,
    Cividis,
    Gray,
}

/// What a place of a drawing shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shade {
    /// A finite number.
    Number(f64),
    Nan,
    /// Plus infinity.
    Above,
    /// Minus infinity.
    Below,
}

impl Colormap {
    /// The colour for a share of the range; what is outside gets that of the nearer end.
    pub fn colour(self, share: f64) -> Rgb {
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        let gradient = match self {
            Colormap::Viridis => colorous::VIRIDIS,
            Colormap::Magma => colorous::MAGMA,
            Colormap::Inferno => colorous::INFERNO,
            Colormap::Plasma => colorous::PLASMA,
            Colormap::Cividis => colorous::CIVIDIS,
            Colormap::Gray => return [(share * 255.0).round() as u8; 3],
        };
        gradient.eval_continuous(share).as_array()
    }

    /// The colour of what is no number, which is nowhere in the map.
    pub fn nan(self) -> Rgb {
        match self {
            Colormap::Magma | Colormap::Inferno | Colormap::Plasma => [64, 200, 220],
            Colormap::Viridis | Colormap::Cividis | Colormap::Gray => [226, 61, 55],
        }
    }

    /// The colour of plus infinity.
    pub fn above(self) -> Rgb {
        match self {
            Colormap::Gray => [255, 190, 60],
            _ => [255, 255, 255],
        }
    }

    /// The colour of minus infinity.
    pub fn below(self) -> Rgb {
        match self {
            Colormap::Gray => [70, 110, 220],
            Colormap::Magma | Colormap::Inferno => [60, 140, 70],
            _ => [0, 0, 0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_run_from_dark_to_light_and_special_colours_are_not_in_them() {
        for map in Colormap::value_variants() {
            let colours: Vec<Rgb> = (0..=255).map(|i| map.colour(f64::from(i) / 255.0)).collect();
            let light = |colour: &Rgb| {
                let [r, g, b] = colour.map(f64::from);
                0.2126 * r + 0.7152 * g + 0.0722 * b
            };
            let rises = colours.windows(2).filter(|pair| light(&pair[0]) <= light(&pair[1]) + 1.0);
            assert!(rises.count() > 250, "{map:?}");
            let apart = |one: &Rgb, other: &Rgb| {
                one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>()
            };
            for special in [map.nan(), map.above(), map.below()] {
                let nearest = colours.iter().map(|colour| apart(colour, &special)).min();
                assert!(nearest > Some(40), "{map:?} {special:?} {nearest:?}");
            }
        }
    }
}
