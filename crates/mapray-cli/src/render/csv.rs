//! Comma-separated values, as RFC 4180 has them, with the line ends of Unix.

use super::columns::Column;
use super::json::part;
use super::plain::Plain;

/// One line, without its end.
pub fn line(cells: impl Iterator<Item = String>) -> String {
    let mut cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    // An empty line would be no row.
    if let [only] = cells.as_mut_slice()
        && only.is_empty()
    {
        "\"\"".clone_into(only);
    }
    cells.join(",")
}

/// The cells of one record.
pub fn cells<'a>(columns: &'a [Column], record: &'a [u8]) -> impl Iterator<Item = String> + 'a {
    columns.iter().map(|column| {
        let bytes = part(record, column.offset, column.dtype.itemsize());
        Plain::new(&column.dtype, bytes).text()
    })
}

fn quoted(cell: &str) -> String {
    let must = |c: char| matches!(c, ',' | '"' | '\n' | '\r');
    let is_padded = cell.starts_with(' ') || cell.ends_with(' ');
    if is_padded || cell.contains(must) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let line_of = |cells: &[&str]| line(cells.iter().map(|&cell| cell.to_owned()));
        assert_eq!(line_of(&["a", "1.5", ""]), "a,1.5,");
        assert_eq!(
            line_of(&["a,b", "say \"x\"", "two\nlines", " "]),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\" \""
        );
        assert_eq!(line_of(&[""]), "\"\"");
    }
}
