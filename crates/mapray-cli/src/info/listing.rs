//! What is in an archive.

use mapray::Archive;
use serde_json::{Map, Value, json};

use super::{count, encoding, insert_attributes, json_keys, meaning, shape_text, size_text};

/// What the archive holds, for people or for programs.
pub fn text(archive: &Archive, json: bool) -> String {
    if json { json_text(archive) } else { human_text(archive) }
}

/// As of a single array, for each. What cannot be described has an `error` instead.
fn json_text(archive: &Archive) -> String {
    let member = |name: &String| match archive.entry(name) {
        Ok(entry) => Value::Object(json_keys(&entry)),
        Err(error) => json!({ "name": name, "error": error.to_string() }),
    };
    let members: Vec<Value> = archive.names().iter().map(member).collect();
    let mut keys = Map::new();
    keys.insert("format".into(), archive.format().into());
    keys.insert("members".into(), members.into());
    insert_attributes(&mut keys, archive.attributes());
    Value::Object(keys).to_string()
}

fn human_text(archive: &Archive) -> String {
    let names = archive.names();
    let path = archive.path().map(|path| path.display().to_string()).unwrap_or_default();
    let arrays = count(names.len() as u64, "array");
    let mut lines = vec![
        format!("path      {path}"),
        format!("format    {}", archive.format()),
        format!("holds     {arrays}"),
    ];
    for (key, value) in archive.attributes() {
        lines.push(format!("attribute {}: {}", key.escape_debug(), value.escape_debug()));
    }
    if !names.is_empty() {
        lines.push(String::new());
        lines.extend(table(archive, &names));
    }
    lines.join("\n")
}

/// One line for each array.
fn table(archive: &Archive, names: &[String]) -> Vec<String> {
    let head = ["name", "dtype", "shape", "order", "offset", "size", "mappable"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for name in names {
        let shown = name.escape_debug().to_string();
        rows.push(match archive.entry(name) {
            Ok(entry) => vec![
                shown,
                format!("{} ({})", entry.dtype(), meaning(&entry)),
                shape_text(entry.shape()),
                entry.order.to_string(),
                entry.offset().to_string(),
                size_text(entry.nbytes()),
                if entry.is_mappable() { "yes" } else { "no" }.to_owned() + encoding(&entry),
            ],
            Err(error) => vec![shown, format!("error: {error}")],
        });
    }
    let width = |column: usize| {
        let whole = rows.iter().filter(|row| row.len() == head.len() || column == 0);
        whole.map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
