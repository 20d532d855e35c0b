//! Tables of figures, for people (Markdown) and for programs (JSON).

use std::fmt::Write;

use serde_json::{Value, json};

use crate::facts::Fact;
use crate::figures::{Measured, Result};
use crate::subject::Role;

const HEAD: [&str; 6] = ["contender", "median", "least – most", "GB/s", "× NumPy", "× limit"];

/// The facts as a list.
pub fn facts(facts: &[Fact]) -> String {
    facts.iter().map(|(what, how)| format!("- {what}: {how}\n")).collect()
}

/// One row as a table of its contenders.
pub fn section(result: &Result) -> String {
    let row = &result.row;
    let mut text = format!("## {}: {}\n\n", row.name, row.title);
    let (numpy, limit) = (numpy(result), limit(result));
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(result.measured.iter().map(|one| line(one, row.bytes, numpy, limit)));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..HEAD.len()).filter_map(width).collect();
    for (index, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).enumerate();
        for (column, (cell, width)) in cells {
            let pad = " ".repeat(width - cell.chars().count());
            let _ = match column {
                0 => write!(text, "| {cell}{pad} "),
                _ => write!(text, "| {pad}{cell} "),
            };
        }
        text.push_str("|\n");
        if index == 0 {
            text.push_str(&format!("|{}", "-".repeat(widths[0] + 2)));
            widths[1..]
                .iter()
                .for_each(|width| text.push_str(&format!("|{}:", "-".repeat(width + 1))));
            text.push_str("|\n");
        }
    }
    if !result.notes.is_empty() {
        let _ = writeln!(text, "\n{}.", result.notes.join("; "));
    }
    text
}

/// The median of the quickest way with NumPy.
fn numpy(result: &Result) -> Option<f64> {
    let medians = result.measured.iter().filter(|one| one.subject.role() == Role::NumPy);
    medians.filter_map(Measured::median).min_by(f64::total_cmp)
}

/// The median of the first limit.
fn limit(result: &Result) -> Option<f64> {
    result.measured.iter().find(|one| one.subject.role() == Role::Limit)?.median()
}

fn line(one: &Measured, bytes: u64, numpy: Option<f64>, limit: Option<f64>) -> [String; 6] {
    let name = one.subject.to_string();
    let Some(median) = one.median() else {
        let failure = one.failure.clone().unwrap_or_default();
        return [
            name,
            format!("failed: {failure}"),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ];
    };
    let least = one.seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = one.seconds.iter().copied().fold(0.0, f64::max);
    let speed =
        if bytes > 0 { format!("{:.1}", bytes as f64 / median / 1e9) } else { String::new() };
    let ratio = |to: Option<f64>| to.map_or(String::new(), |to| format!("{:.2}", to / median));
    [
        name,
        duration(median),
        format!("{} – {}", duration(least), duration(most)),
        speed,
        ratio(numpy),
        ratio(limit),
    ]
}

/// Three digits and the unit that fits.
fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        seconds if seconds < 1e-3 => (seconds * 1e6, "µs"),
        seconds if seconds < 1.0 => (seconds * 1e3, "ms"),
        seconds => (seconds, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// Everything, each figure of it.
pub fn json(facts: &[Fact], results: &[Result]) -> Value {
    let facts: serde_json::Map<String, Value> =
        facts.iter().map(|(what, how)| ((*what).to_owned(), json!(how))).collect();
    let contender = |one: &Measured| {
        json!({
            "contender": one.subject.key(),
            "seconds": one.seconds,
            "median": one.median(),
            "value": one.value,
            "failure": one.failure,
        })
    };
    let row = |result: &Result| {
        json!({
            "name": result.row.name,
            "title": result.row.title,
            "bytes": result.row.bytes,
            "notes": result.notes,
            "contenders": result.measured.iter().map(contender).collect::<Vec<_>>(),
        })
    };
    json!({ "facts": facts, "rows": results.iter().map(row).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_unit() {
        assert_eq!(duration(7.1234e-6), "7.12 µs");
        assert_eq!(duration(0.0901), "90.1 ms");
        assert_eq!(duration(0.901), "901 ms");
        assert_eq!(duration(13.61), "13.6 s");
    }
}
