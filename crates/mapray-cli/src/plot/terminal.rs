//! Drawings made of characters, as wide and as high as the terminal.

mod cells;

use mapray::Bin;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub use cells::Ink;

use self::cells::{Cell, Cells};
use super::colormap::{STROKE, Shade};
use super::figure::{Data, Figure, axis, bars, columns, count_axis, specials};
use super::fit::fit;
use super::scale::{Scale, Ticks};
use crate::style::{FAINT, HEAD};

/// How large a drawing is where no terminal says it.
const SIZE: (usize, usize) = (80, 24);
/// The least that there is something to see in.
const LEAST: (usize, usize) = (20, 12);
/// How wide it is that all colours are explained in one line.
const WIDE: usize = 64;
/// Lines that are no part of the drawing: title, axis, its labels, two of caption, and the prompt.
const LINES_AROUND: usize = 6;
/// How many characters the labels of the values may have.
const LABEL: usize = 9;

/// The place for a drawing.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    width: usize,
    height: usize,
    ink: Ink,
}

impl Screen {
    /// What stdout shows: by COLUMNS and LINES, else as large as its terminal.
    pub fn of_stdout() -> Screen {
        let terminal = terminal_size::terminal_size_of(std::io::stdout());
        let side = |name: &str, terminal: Option<u16>, default: usize, least: usize| {
            let said = std::env::var(name).ok().and_then(|value| value.parse().ok());
            let terminal = terminal.filter(|&it| it > 0).map(usize::from);
            said.filter(|&it| it > 0).or(terminal).unwrap_or(default).clamp(least, 1000)
        };
        Screen {
            width: side("COLUMNS", terminal.map(|it| it.0.0), SIZE.0, LEAST.0),
            height: side("LINES", terminal.map(|it| it.1.0), SIZE.1, LEAST.1),
            ink: Ink::of_stdout(),
        }
    }

    /// How many places a line or a map of this shape has along each of its axes.
    pub fn places(&self, shape: &[usize], is_time: bool) -> Vec<usize> {
        match *shape {
            [rows, columns] => {
                // One line more for the colours, or two.
                let height = self.height - LINES_AROUND - if self.width < WIDE { 2 } else { 1 };
                let gutter = widest(&axis(rows).whole_ticks(height / 3));
                // A character is as high as two places.
                let area = (self.width - gutter - 1, 2 * height);
                let (width, height) = fit((columns, rows), area);
                let height = if self.ink == Ink::None { height.div_ceil(2) } else { height };
                vec![height, width]
            }
            _ => vec![self.line_width(is_time) * if self.ink == Ink::None { 2 } else { 1 }],
        }
    }

    fn line_width(&self, is_time: bool) -> usize {
        self.width - 1 - self.gutter(is_time)
    }

    fn gutter(&self, is_time: bool) -> usize {
        let wanted = if is_time { 2 * LABEL + 2 } else { LABEL };
        wanted.min(self.width / 3)
    }

    /// The drawing, with styles.
    pub fn draw(&self, figure: &Figure) -> String {
        let mut lines = vec![format!("{HEAD}{}{HEAD:#}", cut(&figure.title, self.width))];
        match &figure.data {
            Data::Line { len, bins } => self.line(figure, *len, bins, &mut lines),
            Data::Map { .. } => self.map(figure, &mut lines),
            Data::Histogram { .. } => self.histogram(figure, &mut lines),
        }
        let caption = wrapped(&figure.caption, self.width);
        lines.extend(caption.iter().map(|line| format!("{FAINT}{line}{FAINT:#}")));
        lines.join("\n")
    }

    fn line(&self, figure: &Figure, len: usize, bins: &[Bin], lines: &mut Vec<String>) {
        let width = self.line_width(figure.is_time());
        let height = self.height - LINES_AROUND;
        let mut cells = Cells::new(width, height);
        let (across, down) = if self.ink == Ink::None { (2, 4) } else { (1, 2) };
        let rows = (down * height) as f64;
        let place = |value: f64| (1.0 - figure.values.share(value)) * rows;
        for (column, range) in columns(bins, across * width).into_iter().enumerate() {
            let Some((low, high)) = range else { continue };
            let (top, bottom) = (place(high), place(low));
            if bottom < 0.0 || top > rows {
                continue;
            }
            let (top, bottom) = (top.clamp(0.0, rows - 1.0), bottom.clamp(0.0, rows - 1.0));
            for row in top as usize..=bottom as usize {
                match self.ink {
                    Ink::None => cells.dot(column, row),
                    _ => cells.pixel(column, row, STROKE),
                }
            }
        }
        let ticks = figure.values.ticks_of(height / 3, &figure.dtype);
        let below = Below { scale: axis(len), is_whole: true, marks: marks(bins, width) };
        self.framed(&cells, &figure.values, &ticks, &below, figure, lines);
    }

    fn map(&self, figure: &Figure, lines: &mut Vec<String>) {
        let Data::Map { shape, places: [rows, columns], shades } = &figure.data else { return };
        let area = self.places(shape, false);
        let (height, width) = (area[0], area[1]);
        let lines_high = if self.ink == Ink::None { height } else { height.div_ceil(2) };
        let mut cells = Cells::new(width, lines_high);
        for row in 0..height {
            for column in 0..width {
                let shade = shades[row * rows / height * columns + column * columns / width];
                match self.ink {
                    Ink::None => cells.set(column, row, Cell::plain(ramp(figure, shade))),
                    _ => cells.pixel(column, row, figure.colour(shade)),
                }
            }
        }
        // Half a line may be left over.
        let covered = 2.0 * lines_high as f64 / height as f64;
        let covered = if self.ink == Ink::None { 1.0 } else { covered };
        let down = axis(shape[0]);
        let ticks = down.whole_ticks(lines_high / 3);
        // Rows are counted from the top.
        let upside_down =
            Scale { low: down.low + (down.high - down.low) * covered, high: down.low };
        let below = Below { scale: axis(shape[1]), is_whole: true, marks: Vec::new() };
        self.framed(&cells, &upside_down, &ticks, &below, figure, lines);
        lines.push(self.colours(figure));
    }

    fn histogram(&self, figure: &Figure, lines: &mut Vec<String>) {
        let Data::Histogram { counts, log } = &figure.data else { return };
        let room = self.line_width(false);
        let bins = counts.counts.len();
        let width = if bins <= room { room / bins * bins } else { room };
        let height = self.height - LINES_AROUND;
        let mut cells = Cells::new(width, height);
        for (column, share) in bars(&counts.counts, *log, width).into_iter().enumerate() {
            let eighths = (share * (8 * height) as f64).round() as usize;
            let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
            for row in 0..height {
                let eighths = eighths.saturating_sub(8 * (height - 1 - row)).min(8);
                cells.set(column, row, Cell::bar(eighths));
            }
        }
        let most = counts.counts.iter().copied().max().unwrap_or(0);
        let (scale, ticks) = count_axis(most, *log, height / 3);
        let below = Below { scale: figure.values, is_whole: false, marks: Vec::new() };
        self.framed(&cells, &scale, &ticks, &below, figure, lines);
    }

    /// The cells with an axis on the left and one below.
    fn framed(
        &self,
        cells: &Cells,
        scale: &Scale,
        ticks: &Ticks,
        below: &Below,
        figure: &Figure,
        lines: &mut Vec<String>,
    ) {
        let gutter = widest(ticks).min(self.gutter(figure.is_time()));
        let row_of = |value: f64| ((1.0 - scale.share(value)) * cells.height as f64) as usize;
        for row in 0..cells.height {
            // The value at the upper end is in the uppermost line.
            let label =
                ticks.labels.iter().find(|(at, _)| row_of(*at).min(cells.height - 1) == row);
            let (text, corner) = label.map_or(("", '│'), |(_, text)| (text.as_str(), '┤'));
            let text = cut(text, gutter);
            lines.push(format!("{text:>gutter$}{corner}{}", cells.line(row, self.ink)));
        }
        if let Some(offset) = &ticks.offset {
            lines.push(format!(
                "{FAINT}{}{FAINT:#}",
                cut(&format!("beside: + {offset}"), self.width)
            ));
        }
        let ticks = |most: usize| match below.is_whole {
            true => below.scale.whole_ticks(most),
            false => below.scale.ticks_of(most, &figure.dtype),
        };
        let has_room = |ticks: &Ticks| ticks.labels.len() * (widest(ticks) + 3) <= cells.width;
        let across = (2..=cells.width / 4).rev().map(ticks).find(has_room);
        let across = across.unwrap_or_else(|| ticks(1));
        let mut rule = vec!['─'; cells.width];
        let mut labels = String::new();
        for (at, text) in &across.labels {
            let place = (below.scale.share(*at) * cells.width as f64) as usize;
            let place = place.min(cells.width - 1);
            let place_of_text = (gutter + 1 + place).saturating_sub(text.width() / 2);
            let start = place_of_text.min(self.width.saturating_sub(text.width()));
            if labels.is_empty() || start > labels.width() {
                labels += &" ".repeat(start - labels.width());
                labels += text;
                rule[place] = '┬';
            }
        }
        for &(place, mark) in &below.marks {
            rule[place] = mark;
        }
        let rule: String = rule.into_iter().collect();
        lines.push(format!("{}└{rule}", " ".repeat(gutter)));
        if let Some(offset) = &across.offset {
            labels += &format!("  + {offset}");
        }
        lines.push(cut(&labels, self.width));
    }

    /// Which colour, or character, is which number.
    fn colours(&self, figure: &Figure) -> String {
        let ends = [figure.values.low, figure.values.high];
        let [low, high] = ends.map(|end| cut(&figure.value_text(end), self.width / 5));
        let Data::Map { shades, .. } = &figure.data else { return String::new() };
        let specials = specials(shades).into_iter().map(|(shade, name)| {
            let swatch = match self.ink {
                Ink::None => ramp(figure, shade).to_string(),
                _ => self.ink.painted("█", figure.colour(shade)),
            };
            (format!("{swatch} {name}"), name.len() + 4)
        });
        let (specials, widths): (Vec<String>, Vec<usize>) = specials.unzip();
        let taken = low.width() + high.width() + 2;
        let rest: usize = widths.iter().sum();
        let is_one_line = taken + RAMP.len() + rest <= self.width;
        let room = self.width - taken - if is_one_line { rest } else { 0 };
        let bar: String = match self.ink {
            Ink::None => RAMP.iter().map(|&it| char::from(it)).collect(),
            _ => {
                let width = room.min(40);
                let colour = |at: usize| (at as f64 + 0.5) / width as f64;
                let colour = |at: usize| figure.colormap.colour(colour(at));
                (0..width).map(|at| self.ink.painted("█", colour(at))).collect()
            }
        };
        let separator = if is_one_line { "  " } else { "\n" };
        let separator = if specials.is_empty() { "" } else { separator };
        format!("{low} {bar} {high}{separator}{}", specials.join("  "))
    }
}

/// The characters of a map without colours, from low to high.
const RAMP: &[u8] = b" .:-=+*#%@";

fn ramp(figure: &Figure, shade: Shade) -> char {
    match shade {
        Shade::Number(value) => {
            let share = figure.values.share(value).clamp(0.0, 1.0);
            RAMP[((share * RAMP.len() as f64) as usize).min(RAMP.len() - 1)].into()
        }
        Shade::Nan => '?',
        Shade::Above => '^',
        Shade::Below => 'v',
    }
}

/// What stands below a drawing.
struct Below {
    scale: Scale,
    is_whole: bool,
    /// Characters of the axis itself.
    marks: Vec<(usize, char)>,
}

/// What of a line is no number, for the axis below it.
fn marks(bins: &[Bin], width: usize) -> Vec<(usize, char)> {
    let mark = |(at, bin): (usize, &Bin)| {
        let mark = match (bin.nan, bin.above, bin.below) {
            (0, 0, 0) => return None,
            (1.., _, _) => '?',
            (_, 1.., _) => '^',
            _ => 'v',
        };
        Some((((2 * at + 1) * width / (2 * bins.len())).min(width - 1), mark))
    };
    bins.iter().enumerate().filter_map(mark).collect()
}

fn widest(ticks: &Ticks) -> usize {
    ticks.labels.iter().map(|(_, text)| text.width()).max().unwrap_or(0)
}

/// A text that is not wider than this.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= width
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Words in lines.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(word.to_owned());
        } else {
            let blank = if line.is_empty() { "" } else { " " };
            line.push_str(blank);
            line.push_str(word);
        }
    }
    lines
}
