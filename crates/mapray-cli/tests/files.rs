//! `ls`, and `warm`, `evict`, `residency`: files among others, and what memory holds of them.

mod common;

use std::fs;
use std::path::Path;

use common::{printed, refused, run};
use mapray::{Compression, SavezOptions};
use ndarray::{Array2, arr1};
use serde_json::{Value, json};

fn lines(folder: &Path, args: &[&str]) -> Vec<Value> {
    let text = printed(folder, args);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder with files of each kind, and some that hold no array.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    mapray::save(at("b.npy"), &Array2::<f64>::ones((64, 64))).unwrap();
    mapray::save(at("a.dat"), &arr1(&[1_u8, 2])).unwrap();
    mapray::savez(at("z.npz"), [("x::y", &arr1(&[1_i16])), ("w", &arr1(&[2_i16]))]).unwrap();
    let deflated = SavezOptions::new().compression(Compression::Deflate(6));
    deflated.save(at("c.npz"), [("c", &Array2::<f64>::zeros((100, 100)))]).unwrap();
    fs::write(at("wrong.npy"), "no header").unwrap();
    fs::write(at("notes.txt"), "no array").unwrap();
    fs::write(at(".hidden.npy"), "no array").unwrap();
    fs::create_dir(at("inner.npy")).unwrap();
    folder
}

#[test]
fn the_arrays_of_a_folder_are_listed_by_name() {
    let folder = folder();
    let found = lines(folder.path(), &["ls", "--json"]);
    let names: Vec<_> = found.iter().map(|row| (&row["path"], &row["name"])).collect();
    let expected = [
        (json!("a.dat"), json!(null)),
        (json!("b.npy"), json!(null)),
        (json!("c.npz"), json!("c")),
        (json!("wrong.npy"), json!(null)),
        (json!("z.npz"), json!("x::y")),
        (json!("z.npz"), json!("w")),
    ];
    assert_eq!(names, expected.iter().map(|(path, name)| (path, name)).collect::<Vec<_>>());
    let expected = json!({
        "path": "b.npy", "name": null, "dtype": "<f8", "shape": [64, 64], "order": "C",
        "nbytes": 32768, "encoding": "stored", "offset": 128, "mappable": true,
    });
    assert_eq!(found[1], expected);
    assert_eq!((&found[2]["encoding"], &found[2]["mappable"]), (&json!("deflated"), &json!(false)));
    assert!(found[3]["error"].as_str().unwrap().starts_with("wrong.npy: "));
    let from_above =
        printed(folder.path().parent().unwrap(), ["ls", folder.path().to_str().unwrap()]);
    assert!(from_above.contains(&format!("{}/b.npy", folder.path().display())), "{from_above}");
}

#[test]
fn what_is_named_is_listed_and_what_is_not_there_is_an_error() {
    let folder = folder();
    let found = lines(folder.path(), &["ls", "z.npz::w", "b.npy[0]", "notes.txt", "--json"]);
    assert_eq!(found[0]["name"], "w");
    assert_eq!(found[1]["shape"], json!([64]));
    assert_eq!(found[2]["dtype"], "|u1", "what is named and has no header is bytes");
    assert!(refused(folder.path(), ["ls", "none"]).contains("none: cannot open"));
    assert_eq!(printed(folder.path(), ["ls", "inner.npy"]), "");
}

#[test]
fn people_read_a_table() {
    let folder = folder();
    let text = printed(folder.path(), ["ls", "a.dat", "b.npy", "c.npz"]);
    let expected = "\
name      dtype  shape       order  size      encoding  offset  mappable
a.dat     |u1    (2,)        C      2 bytes   stored    128     yes
b.npy     <f8    (64, 64)    C      32.0 KiB  stored    128     yes
c.npz::c  <f8    (100, 100)  C      78.1 KiB  deflated  35      no\n";
    assert_eq!(text, expected);
    let all = printed(folder.path(), ["ls"]);
    assert!(all.contains("  error: wrong.npy: the file is in no format"), "{all}");
}

#[test]
fn what_is_warm_is_in_memory() {
    let folder = folder();
    let found = lines(folder.path(), &["warm", "b.npy", "c.npz::c", "c.npz", "z.npz::w", "--json"]);
    assert_eq!(found.len(), 4);
    for row in &found {
        assert!(row["resident"] == row["total"] && row["total"].as_u64() > Some(0), "{row}");
    }
    assert_eq!(found[0]["address"], "b.npy");
    assert_eq!(printed(folder.path(), ["warm", "-q", "b.npy"]), "");
    let text = printed(folder.path(), ["residency", "-q", "b.npy"]);
    assert_eq!(text, "b.npy: 36.0 KiB of 36.0 KiB in memory (100%)\n");
    let found = lines(folder.path(), &["residency", "b.npy[8:16]", "--json"]);
    assert_eq!(found[0]["total"], 8192);
    let message = refused(folder.path(), ["warm", "c.npz::c[0]"]);
    assert!(message.contains("compressed"), "{message}");
    assert!(refused(folder.path(), ["warm", "none.npy"]).contains("cannot open"));
    refused(folder.path(), ["residency"]);
}

#[test]
fn what_is_evicted_is_said() {
    let folder = folder();
    let output = run(folder.path(), ["evict", "--json", "b.npy"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["total"], 36864);
    // What a file system of memory holds stays.
    assert!(found["resident"].as_u64() <= found["total"].as_u64());
    assert_eq!(printed(folder.path(), ["slice", "b.npy[0, 0]"]), "1.0\n");
}
