//! What is in an archive.

use mapray::{Archive, Residency};
use serde_json::{Map, Value, json};

use super::{encoding, insert_residency, json_keys, line};
use crate::cache::residency_text;
use crate::describe::{count, insert_attributes, meaning, shape_text, size_text};
use crate::render::align;

/// As of a single array, for each. What cannot be described has an `error` instead.
pub fn json_text(archive: &Archive, residency: Option<Residency>) -> String {
    let member = |name: &String| match archive.entry(name) {
        Ok(entry) => Value::Object(json_keys(&entry)),
        Err(error) => json!({ "name": name, "error": error.to_string() }),
    };
    let members: Vec<Value> = archive.names().iter().map(member).collect();
    let mut keys = Map::new();
    keys.insert("format".into(), archive.format().into());
    keys.insert("members".into(), members.into());
    insert_attributes(&mut keys, archive.attributes());
    insert_residency(&mut keys, residency);
    Value::Object(keys).to_string()
}

/// The archive as a whole, and a line for each array.
pub fn human_text(archive: &Archive, residency: Option<Residency>) -> String {
    let names = archive.names();
    let path = archive.path().map(|path| path.display().to_string()).unwrap_or_default();
    let mut lines = vec![
        line("path", &path),
        line("format", archive.format()),
        line("holds", &count(names.len() as u64, "array")),
    ];
    if let Some(residency) = residency {
        lines.push(line("cache", &residency_text(residency)));
    }
    for (key, value) in archive.attributes() {
        let value = format!("{}: {}", key.escape_debug(), value.escape_debug());
        lines.push(line("attribute", &value));
    }
    if !names.is_empty() {
        lines.push(String::new());
        lines.push(align(&table(archive, &names)));
    }
    lines.join("\n")
}

/// One row for each array.
fn table(archive: &Archive, names: &[String]) -> Vec<Vec<String>> {
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
    rows
}
