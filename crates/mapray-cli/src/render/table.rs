//! Tables: columns with heads, an index, and dots where something is left out.

use mapray::DType;
use mapray::dtype::Kind;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::format::Format;
use super::items::Items;
use super::plain::Plain;
use crate::style::{FAINT, HEAD};

/// Longer words are cut.
const MOST_WIDTH: usize = 40;
const GAP: &str = "  ";
const DOTS: &str = "...";

/// A column: what stands above it, and a cell for each row that is shown.
pub struct Cells {
    head: String,
    unit: String,
    cells: Vec<String>,
    is_text: bool,
}

impl Cells {
    /// The elements of one dtype that lie side by side in `bytes`, `rows` of them.
    pub fn new(head: &str, dtype: &DType, bytes: &[u8], rows: usize) -> Cells {
        let is_text = matches!(
            dtype.kind(),
            Kind::Bytes(_) | Kind::Str(_) | Kind::Void(_) | Kind::DateTime(_)
        );
        let items = Items::many(bytes, rows, dtype.itemsize());
        let cells = match dtype.kind() {
            _ if is_text => items.iter().map(|item| Plain::new(dtype, item).text()).collect(),
            Kind::Bool => items.iter().map(|item| Plain::new(dtype, item).text()).collect(),
            _ => {
                let format = Format::new(dtype, &items, false);
                items.iter().map(|item| format.format(item).trim_end().to_owned()).collect()
            }
        };
        let cells: Vec<String> = cells;
        // Points under each other: NumPy pads what stands behind them.
        let cells =
            if is_text { cells.iter().map(|cell| shortened(cell)).collect() } else { cells };
        Cells { head: shortened(head), unit: unit(dtype), cells, is_text }
    }

    /// The unit says the same of all columns: it is left out.
    pub fn without_unit(self) -> Cells {
        Cells { unit: String::new(), ..self }
    }

    fn width(&self) -> usize {
        let words = self.cells.iter().chain([&self.head, &self.unit]);
        words.map(|word| word.width()).max().unwrap_or(0)
    }

    fn word(&self, word: &str, width: usize) -> String {
        let padding = width.saturating_sub(word.width());
        if self.is_text {
            format!("{word}{:padding$}", "")
        } else {
            format!("{:padding$}{word}", "")
        }
    }
}

/// What is to be shown of a table.
pub struct Table {
    /// What stands before each row.
    pub index: Vec<String>,
    /// The columns; all have as many cells.
    pub columns: Vec<Cells>,
    /// The row before which rows are left out.
    pub row_gap: Option<usize>,
    /// The column before which columns are left out.
    pub column_gap: Option<usize>,
}

impl Table {
    /// The table, columns left out in the middle until it is no wider than this.
    pub fn render(&self, width: usize) -> String {
        let index = self.index.iter().map(|word| word.width()).max().unwrap_or(0);
        let index = if self.row_gap.is_some() { index.max(DOTS.len()) } else { index };
        let (left, right) = self.fitting(width.saturating_sub(index));
        let is_cut = left < right || self.column_gap.is_some_and(|at| at == left);
        let shown = |column: &usize| *column < left || *column >= right;
        let shown: Vec<usize> = (0..self.columns.len()).filter(shown).collect();
        let widths: Vec<usize> =
            shown.iter().map(|&column| self.columns[column].width().max(self.least())).collect();

        let line = |name: String, word: &dyn Fn(&Cells) -> String| {
            let mut line = name;
            for (&column, &width) in shown.iter().zip(&widths) {
                if is_cut && column == right {
                    line += &format!("{GAP}{DOTS}");
                }
                let column = &self.columns[column];
                line += &format!("{GAP}{}", column.word(&word(column), width));
            }
            if is_cut && right == self.columns.len() {
                line += &format!("{GAP}{DOTS}");
            }
            line.trim_end().to_owned()
        };
        let styled = |style: anstyle::Style, text: String| format!("{style}{text}{style:#}");
        let blank = " ".repeat(index);
        let mut lines = Vec::new();
        let mut head = |style, word: &dyn Fn(&Cells) -> String| {
            if self.columns.iter().any(|column| !word(column).is_empty()) {
                lines.push(styled(style, line(blank.clone(), word)));
            }
        };
        head(HEAD, &|column| column.head.clone());
        head(FAINT, &|column| column.unit.clone());
        for (row, name) in self.index.iter().enumerate() {
            if self.row_gap == Some(row) {
                lines.push(line(format!("{DOTS:>index$}"), &|_| DOTS.to_owned()));
            }
            let name = styled(FAINT, format!("{name:>index$}"));
            lines.push(line(name, &|column| column.cells[row].clone()));
        }
        lines.join("\n")
    }

    /// The width that each column has at least.
    fn least(&self) -> usize {
        if self.row_gap.is_some() { DOTS.len() } else { 0 }
    }

    /// How many columns fit at the left, and the first one at the right that does: one at the least.
    fn fitting(&self, width: usize) -> (usize, usize) {
        let widths: Vec<usize> =
            self.columns.iter().map(|one| GAP.len() + one.width().max(self.least())).collect();
        let dots = GAP.len() + DOTS.len();
        let all: usize = widths.iter().sum();
        if let Some(at) = self.column_gap {
            if all + dots <= width {
                return (at, at);
            }
        } else if all <= width {
            return (widths.len(), widths.len());
        }
        let (mut left, mut right) = (1.min(widths.len()), widths.len());
        let mut used = dots + widths.first().copied().unwrap_or(0);
        while left < right {
            let is_left = left <= widths.len() - right;
            let next = if is_left { widths[left] } else { widths[right - 1] };
            used += next;
            if used > width {
                break;
            }
            if is_left { left += 1 } else { right -= 1 }
        }
        (left, right)
    }
}

/// What the numbers of a column are.
fn unit(dtype: &DType) -> String {
    match dtype.kind() {
        Kind::Bytes(_) | Kind::Str(_) | Kind::Void(_) => {
            dtype.to_string().trim_start_matches(['<', '>', '|']).to_owned()
        }
        Kind::SubArray(sub) => {
            let shape: Vec<String> = sub.shape().iter().map(usize::to_string).collect();
            format!("({}){}", shape.join(","), unit(sub.dtype()))
        }
        Kind::Record(_) => "record".to_owned(),
        _ => dtype.name(),
    }
}

/// The word on one line, and not too long.
fn shortened(word: &str) -> String {
    let mut out = String::new();
    let (mut width, mut fitting) = (0, 0);
    for character in word.chars() {
        let escaped: String = match character.is_control() {
            true => character.escape_default().collect(),
            false => character.into(),
        };
        width += escaped.chars().map(|one| one.width().unwrap_or(0)).sum::<usize>();
        if width > MOST_WIDTH {
            out.truncate(fitting);
            out.push('…');
            break;
        }
        out += &escaped;
        if width < MOST_WIDTH {
            fitting = out.len();
        }
    }
    out
}
