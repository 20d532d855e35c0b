//! Drawings as pictures.

use mapray::Bin;

use super::canvas::{Area, Canvas};
use super::colormap::{Rgb, STROKE};
use super::figure::{Data, Figure, axis, bars, columns, count_axis, specials};
use super::fit::fit;
use super::scale::{Scale, Ticks};
use super::text::{Align, Size, write};

const INK: Rgb = [40, 40, 46];
const FAINT: Rgb = [110, 110, 118];
const GRID: Rgb = [230, 230, 234];
const AXIS: Rgb = [150, 150, 156];

/// Around everything, and between a label and its axis.
const MARGIN: usize = 16;
const GAP: usize = 8;
/// Above: the title and the caption.
const HEAD: usize = 76;
/// Below: labels of an axis.
const FOOT: usize = 48;
/// How many characters a label may have, and one that is a time.
const LABEL: usize = 9;
const TIME_LABEL: usize = 20;
/// How much higher than its longest bar a histogram is.
const HEADROOM: f64 = 1.04;
/// How far apart ticks are at least.
const TICK_ROOM: (usize, usize) = (110, 56);
/// How wide the strip of the colours is.
const BAR: usize = 18;

/// The least and the greatest width and height, in pixels.
pub const SIDES: (usize, usize) = (240, 4000);

/// A picture of this size.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
}

impl Picture {
    /// How many pixels a line or a map of this shape has along each of its axes.
    pub fn places(&self, shape: &[usize], is_time: bool) -> Vec<usize> {
        match *shape {
            [rows, columns] => {
                let room = self.room(label_width(&row_ticks(rows, self.height)), is_time, true);
                let (width, height) = fit((columns, rows), (room.width, room.height));
                vec![height, width]
            }
            _ => vec![self.line_area(is_time).width],
        }
    }

    fn line_area(&self, is_time: bool) -> Area {
        let label = if is_time { TIME_LABEL } else { LABEL };
        self.room(Size::Normal.width("0") * label, is_time, false)
    }

    /// What title, axes and the strip of the colours leave.
    fn room(&self, label: usize, is_time: bool, has_bar: bool) -> Area {
        let left = MARGIN + label + GAP;
        let label = Size::Normal.width("0") * if is_time { TIME_LABEL } else { LABEL };
        let bar = if has_bar { MARGIN + BAR + GAP + label } else { MARGIN };
        let least = 16;
        Area {
            left,
            top: HEAD,
            width: self.width.saturating_sub(left + bar + MARGIN).max(least),
            height: self.height.saturating_sub(HEAD + FOOT).max(least),
        }
    }

    pub fn draw(&self, figure: &Figure) -> Canvas {
        let mut canvas = Canvas::new(self.width, self.height);
        let room = self.width - 2 * MARGIN;
        let title = Size::Large.cut(&figure.title, room);
        write(&mut canvas, &title, (MARGIN, MARGIN - 4), Size::Large, Align::Left, INK);
        let caption = Size::Normal.cut(&figure.caption, room);
        write(&mut canvas, &caption, (MARGIN, MARGIN + 22), Size::Normal, Align::Left, FAINT);
        match &figure.data {
            Data::Line { len, bins } => self.line(&mut canvas, figure, *len, bins),
            Data::Map { .. } => self.map(&mut canvas, figure),
            Data::Histogram { .. } => self.histogram(&mut canvas, figure),
        }
        canvas
    }

    fn line(&self, canvas: &mut Canvas, figure: &Figure, len: usize, bins: &[Bin]) {
        let area = self.line_area(figure.is_time());
        let across = axis(len);
        let below = across.whole_ticks(area.width / TICK_ROOM.0);
        let values = figure.values.with_room(0.03);
        let beside = values.ticks_of(area.height / TICK_ROOM.1, &figure.dtype);
        for (at, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.nan > 0) {
            // Columns that hold NaN have its colour, faintly where there is a line, too.
            let edge = |at: usize| area.left + at * area.width / bins.len();
            let (left, right) = (edge(at), edge(at + 1).max(edge(at) + 1));
            let share = if bin.finite > 0 { 0.25 } else { 0.6 };
            (left..right).for_each(|x| {
                (area.top..area.bottom())
                    .for_each(|y| canvas.blend(x, y, figure.colormap.nan(), share));
            });
        }
        axes(canvas, area, (&across, &below), (&values, &beside), true);
        let y = |value: f64| {
            let share = values.share(value);
            // Far outside nothing is seen; closer numbers keep the slopes right.
            area.top as f64 + (1.0 - share.clamp(-1e4, 1e4)) * area.height as f64
        };
        if bins.len() < area.width {
            let x = |at: usize| {
                area.left as f64 + (at as f64 + 0.5) / bins.len() as f64 * area.width as f64
            };
            let places = |at: usize| {
                let bin = bins.get(at).filter(|bin| bin.finite > 0)?;
                Some((x(at), y(bin.mean)))
            };
            let is_sparse = area.width / bins.len() >= 12;
            for at in 0..bins.len() {
                let Some(place) = places(at) else { continue };
                let is_alone =
                    places(at + 1).is_none() && at.checked_sub(1).and_then(places).is_none();
                if let Some(next) = places(at + 1) {
                    canvas.stroke(place, next, 1.6, STROKE, area);
                }
                if is_sparse || is_alone {
                    canvas.stroke(place, place, 5.0, STROKE, area);
                }
            }
        } else {
            for (column, range) in columns(bins, area.width).into_iter().enumerate() {
                let Some((low, high)) = range else { continue };
                let x = (area.left + column) as f64 + 0.5;
                canvas.stroke((x, y(high)), (x, y(low)), 1.2, STROKE, area);
            }
        }
        infinities(canvas, figure, bins, area);
    }

    fn map(&self, canvas: &mut Canvas, figure: &Figure) {
        let Data::Map { shape, places: [rows, columns], shades } = &figure.data else { return };
        let down = axis(shape[0]);
        let beside = row_ticks(shape[0], self.height);
        let room = self.room(label_width(&beside), figure.is_time(), true);
        let (width, height) = fit((shape[1], shape[0]), (room.width, room.height));
        let area = Area { width, height, ..room };
        for y in 0..height {
            for x in 0..width {
                let shade = shades[y * rows / height * columns + x * columns / width];
                canvas.blend(area.left + x, area.top + y, figure.colour(shade), 1.0);
            }
        }
        let across = axis(shape[1]);
        let below = across.whole_ticks((width / TICK_ROOM.0).max(1));
        let upside_down = Scale { low: down.high, high: down.low };
        axes(canvas, area, (&across, &below), (&upside_down, &beside), false);
        colours(canvas, figure, area);
    }

    fn histogram(&self, canvas: &mut Canvas, figure: &Figure) {
        let Data::Histogram { counts, log } = &figure.data else { return };
        let area = self.line_area(false);
        let most = counts.counts.iter().copied().max().unwrap_or(0);
        let (up, beside) = count_axis(most, *log, area.height / TICK_ROOM.1);
        let up = Scale { high: up.high * HEADROOM, ..up };
        let room = if figure.is_time() { 2 * TICK_ROOM.0 } else { TICK_ROOM.0 };
        let below = figure.values.ticks_of(area.width / room, &figure.dtype);
        axes(canvas, area, (&figure.values, &below), (&up, &beside), true);
        let n = counts.counts.len();
        let has_gaps = area.width / n >= 4;
        for (column, share) in bars(&counts.counts, *log, area.width).into_iter().enumerate() {
            let is_gap = has_gaps && (column + 1) * n / area.width > column * n / area.width;
            if is_gap || share == 0.0 {
                continue;
            }
            let height = ((share * area.height as f64 / HEADROOM).round() as usize).max(1);
            let (left, top) = (area.left + column, area.bottom() - height);
            canvas.fill(Area { left, top, width: 1, height }, STROKE);
        }
    }
}

fn row_ticks(rows: usize, height: usize) -> Ticks {
    axis(rows).whole_ticks((height.saturating_sub(HEAD + FOOT) / TICK_ROOM.1).max(1))
}

fn label_width(ticks: &Ticks) -> usize {
    ticks.labels.iter().map(|(_, text)| Size::Normal.width(text)).max().unwrap_or(0)
}

/// Ticks, labels, a frame, and a grid if wanted.
fn axes(
    canvas: &mut Canvas,
    area: Area,
    (across, below): (&Scale, &Ticks),
    (up, beside): (&Scale, &Ticks),
    has_grid: bool,
) {
    let half = Size::Normal.height() / 2;
    canvas.frame(area, AXIS);
    let mut free = 0;
    for (at, text) in &below.labels {
        let share = across.share(*at).clamp(0.0, 1.0);
        let x = area.left + ((share * area.width as f64) as usize).min(area.width - 1);
        if has_grid {
            canvas.fill(Area { left: x, top: area.top, width: 1, height: area.height }, GRID);
        }
        canvas.fill(Area { left: x, top: area.bottom(), width: 1, height: 6 }, AXIS);
        let width = Size::Normal.width(text);
        let left = x.saturating_sub(width / 2).min((area.right() + MARGIN).saturating_sub(width));
        if left >= free {
            write(canvas, text, (left, area.bottom() + GAP), Size::Normal, Align::Left, INK);
            free = left + width + GAP;
        }
    }
    for (at, text) in &beside.labels {
        let share = up.share(*at).clamp(0.0, 1.0);
        let y = area.top + (((1.0 - share) * area.height as f64) as usize).min(area.height - 1);
        if has_grid {
            canvas.fill(Area { left: area.left, top: y, width: area.width, height: 1 }, GRID);
        }
        canvas.fill(Area { left: area.left - 6, top: y, width: 6, height: 1 }, AXIS);
        let place = (area.left - GAP, y.saturating_sub(half));
        write(canvas, text, place, Size::Normal, Align::Right, INK);
    }
    if let Some(offset) = &beside.offset {
        let place = (area.left, area.top - Size::Normal.height() - 3);
        write(canvas, &format!("+ {offset}"), place, Size::Normal, Align::Left, FAINT);
    }
    if let Some(offset) = &below.offset {
        let place = (area.right(), area.bottom() + GAP + Size::Normal.height());
        write(canvas, &format!("+ {offset}"), place, Size::Normal, Align::Right, FAINT);
    }
}

/// The strip beside a map that tells which colour is which number, and those that are none.
fn colours(canvas: &mut Canvas, figure: &Figure, area: Area) {
    let Data::Map { shades, .. } = &figure.data else { return };
    let strip = Area { left: area.right() + MARGIN, width: BAR, ..area };
    for y in 0..strip.height {
        let share = 1.0 - (y as f64 + 0.5) / strip.height as f64;
        let row = Area { top: strip.top + y, height: 1, ..strip };
        canvas.fill(row, figure.colormap.colour(share));
    }
    canvas.frame(strip, AXIS);
    let ticks = figure.values.ticks_of((strip.height / TICK_ROOM.1).max(2), &figure.dtype);
    let half = Size::Normal.height() / 2;
    for (at, text) in &ticks.labels {
        let share = figure.values.share(*at).clamp(0.0, 1.0);
        let y = strip.top + (((1.0 - share) * strip.height as f64) as usize).min(strip.height - 1);
        canvas.fill(Area { left: strip.right(), top: y, width: 5, height: 1 }, AXIS);
        let place = (strip.right() + GAP, y.saturating_sub(half));
        write(canvas, text, place, Size::Normal, Align::Left, INK);
    }
    if let Some(offset) = &ticks.offset {
        let place = (strip.left, strip.top - Size::Normal.height() - 3);
        write(canvas, &format!("+ {offset}"), place, Size::Normal, Align::Left, FAINT);
    }
    let top = area.bottom() + GAP + 20;
    let mut right = strip.right() + GAP + Size::Normal.width("0") * 4;
    for (shade, name) in specials(shades).into_iter().rev() {
        write(canvas, name, (right, top), Size::Normal, Align::Right, INK);
        let left = right - Size::Normal.width(name) - GAP - 12;
        let swatch = Area { left, top: top + 3, width: 12, height: 12 };
        canvas.fill(swatch, figure.colour(shade));
        canvas.frame(swatch, AXIS);
        right = left - MARGIN;
    }
}

/// Marks at the edge that a line leaves through where it is infinite.
fn infinities(canvas: &mut Canvas, figure: &Figure, bins: &[Bin], area: Area) {
    let colour = figure.colormap.nan();
    for (at, bin) in bins.iter().enumerate() {
        let x = area.left as f64 + (at as f64 + 0.5) / bins.len() as f64 * area.width as f64;
        let (top, bottom) = (area.top as f64, area.bottom() as f64);
        for (count, from, to) in [(bin.above, top, top + 10.0), (bin.below, bottom, bottom - 10.0)]
        {
            if count > 0 {
                canvas.stroke((x, from), (x, to), 3.0, colour, area);
            }
        }
    }
}
