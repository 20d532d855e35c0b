//! A grid of characters, with colours where there are any.

use anstyle::{Color, RgbColor, Style};

use crate::plot::colormap::{Rgb, STROKE};

/// Which colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ink {
    None,
    /// The 256 of xterm.
    Palette,
    /// All of them.
    True,
}

impl Ink {
    /// True colours where COLORTERM tells of them or nothing is known of the terminal, else 256.
    pub fn of_stdout() -> Ink {
        if anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never {
            return Ink::None;
        }
        match std::env::var("COLORTERM").as_deref() {
            Ok("truecolor" | "24bit") => Ink::True,
            _ if std::env::var_os("TERM").is_some_and(|term| !term.is_empty()) => Ink::Palette,
            _ => Ink::True,
        }
    }

    fn colour(self, [r, g, b]: Rgb) -> Option<Color> {
        let colour = RgbColor(r, g, b);
        match self {
            Ink::None => None,
            Ink::Palette => Some(anstyle_lossy::rgb_to_xterm(colour).into()),
            Ink::True => Some(colour.into()),
        }
    }

    /// A text in this colour.
    pub fn painted(self, text: &str, colour: Rgb) -> String {
        let style = Style::new().fg_color(self.colour(colour));
        format!("{style}{text}{style:#}")
    }
}

/// What bars are made of.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    character: char,
    front: Option<Rgb>,
    back: Option<Rgb>,
}

impl Cell {
    pub fn plain(character: char) -> Cell {
        Cell { character, front: None, back: None }
    }

    /// A part of a bar.
    pub fn bar(eighths: usize) -> Cell {
        let front = (eighths > 0).then_some(STROKE);
        Cell { character: EIGHTHS[eighths], front, back: None }
    }
}

/// A grid of them.
pub struct Cells {
    pub width: usize,
    pub height: usize,
    cells: Vec<Cell>,
}

impl Cells {
    pub fn new(width: usize, height: usize) -> Cells {
        Cells { width, height, cells: vec![Cell::plain(' '); width * height] }
    }

    pub fn set(&mut self, column: usize, row: usize, cell: Cell) {
        self.cells[row * self.width + column] = cell;
    }

    /// Half a character.
    pub fn pixel(&mut self, column: usize, row: usize, colour: Rgb) {
        let cell = &mut self.cells[row / 2 * self.width + column];
        let (upper, lower) = match cell.character {
            '▀' => (cell.front, cell.back),
            '▄' => (None, cell.front),
            '█' => (cell.front, cell.front),
            _ => (None, None),
        };
        let (upper, lower) =
            if row.is_multiple_of(2) { (Some(colour), lower) } else { (upper, Some(colour)) };
        *cell = match upper {
            Some(_) if upper == lower => Cell { character: '█', front: upper, back: None },
            Some(_) => Cell { character: '▀', front: upper, back: lower },
            None => Cell { character: '▄', front: lower, back: None },
        };
    }

    /// One of the eight dots of a character.
    pub fn dot(&mut self, column: usize, row: usize) {
        const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let cell = &mut self.cells[row / 4 * self.width + column / 2];
        let before = u32::from(cell.character).checked_sub(0x2800).filter(|&bits| bits < 256);
        let bits = before.unwrap_or(0) | BITS[row % 4][column % 2];
        cell.character = char::from_u32(0x2800 + bits).unwrap_or(' ');
    }

    /// A line of them, styles only where they change.
    pub fn line(&self, row: usize, ink: Ink) -> String {
        let cells = &self.cells[row * self.width..(row + 1) * self.width];
        let style = |cell: &Cell| {
            let colour = |rgb: Option<Rgb>| rgb.and_then(|rgb| ink.colour(rgb));
            Style::new().fg_color(colour(cell.front)).bg_color(colour(cell.back))
        };
        let runs = cells.chunk_by(|one, other| style(one) == style(other));
        let text: String = runs
            .map(|run| {
                let (style, text) = (style(&run[0]), run.iter().map(|cell| cell.character));
                format!("{style}{}{style:#}", text.collect::<String>())
            })
            .collect();
        text.trim_end().to_owned()
    }
}
