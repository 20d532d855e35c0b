//! A terminal as an SVG picture.

use std::fmt::Write;

use super::ansi::{Rgb, Run};

const CELL: (usize, usize) = (8, 18);
const MARGIN: usize = 16;
const FRONT: Rgb = (214, 218, 224);
const FAINT: Rgb = (140, 146, 156);
const BACK: Rgb = (24, 26, 31);

/// The lines on a dark screen of so many columns. Half blocks and whole ones are drawn as rectangles, so
/// that no font leaves gaps between them.
pub fn picture(lines: &[Vec<Run>], columns: usize) -> String {
    let (width, height) = (2 * MARGIN + columns * CELL.0, 2 * MARGIN + lines.len() * CELL.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" shape-rendering=\"crispEdges\" xml:space=\"preserve\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13.3\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n",
        hex(BACK)
    );
    for (row, line) in lines.iter().enumerate() {
        let mut column = 0;
        for run in line {
            draw(&mut svg, run, (column, row));
            column += run.text.chars().count();
        }
    }
    svg + "</svg>\n"
}

/// The part of a cell's height that a block fills, from and to, in halves.
fn block(character: char) -> Option<(usize, usize)> {
    match character {
        '▀' => Some((0, 1)),
        '▄' => Some((1, 2)),
        '█' => Some((0, 2)),
        _ => None,
    }
}

fn draw(svg: &mut String, run: &Run, (column, row): (usize, usize)) {
    let (left, top) = (MARGIN + column * CELL.0, MARGIN + row * CELL.1);
    let width = run.text.chars().count() * CELL.0;
    let front = run.look.front.unwrap_or(if run.look.is_faint { FAINT } else { FRONT });
    let mut rectangle = |top: usize, height: usize, colour: Rgb| {
        let fill = hex(colour);
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
        );
    };
    if let Some(back) = run.look.back {
        rectangle(top, CELL.1, back);
    }
    let first = run.text.chars().next().unwrap_or(' ');
    if let Some((from, to)) = block(first).filter(|_| run.text.chars().all(|it| it == first)) {
        let half = CELL.1 / 2;
        return rectangle(top + from * half, (to - from) * half, front);
    }
    if run.text.trim().is_empty() {
        return;
    }
    let weight = if run.look.is_bold { " font-weight=\"bold\"" } else { "" };
    let text = run.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let base = top + CELL.1 - 5;
    let fill = hex(front);
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{base}\" textLength=\"{width}\" fill=\"{fill}\"{weight}>{text}</text>"
    );
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screenshots::ansi::lines;

    #[test]
    fn blocks_are_rectangles_and_text_is_text() {
        let svg = picture(&lines("a<b\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m▀▀"), 5);
        assert!(svg.contains(">a&lt;b</text>"), "{svg}");
        assert!(svg.contains("x=\"40\" y=\"16\" width=\"16\" height=\"18\" fill=\"#040506\""));
        assert!(svg.contains("x=\"40\" y=\"16\" width=\"16\" height=\"9\" fill=\"#010203\""));
    }
}
