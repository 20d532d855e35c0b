//! A `.npy` file that is made longer or shorter where it lies, and a reader that follows.

use std::fs;
use std::path::Path;

use mapray::layout::Order;
use mapray::{AppendOptions, ArrayFile, Durability, ErrorKind, Result};

use super::reading::{folder, read_all};

/// More is not read: a sparse file can become very long.
const MOST: u64 = 1 << 20;

/// The bytes are the file; the last one says also what is done to it, the one before by how many rows.
pub fn check(file: &[u8]) {
    let [.., rows, how] = file else { return };
    let folder = folder();
    let path = folder.path().join("a.npy");
    fs::write(&path, file).unwrap();
    let Ok(mut reader) = ArrayFile::open(&path) else {
        assert!(AppendOptions::new().resize(&path, 1).is_err());
        return assert_unchanged(&path, file);
    };
    let before = read_all(&reader, file.len());
    let (old_shape, old_end) = (reader.shape().to_vec(), reader.layout().span().end);
    let cut_trailing = how & 1 != 0;
    let (changed, axis) = change(&path, &reader, *how, usize::from(*rows), cut_trailing);
    match changed {
        Ok(len) => {
            let mut shape = old_shape.clone();
            shape[axis] = len;
            reader.refresh().unwrap();
            assert_eq!(reader.shape(), shape);
            let new = ArrayFile::open(&path).unwrap();
            assert_eq!((new.shape(), new.dtype()), (&shape[..], reader.dtype()));
            let file_len = fs::metadata(&path).unwrap().len();
            assert_eq!(new.layout().span().end.max(new.layout().offset()), file_len);
            if file_len <= MOST {
                read_all(&new, file_len as usize);
                assert_kept(&new, &before, axis, old_shape[axis].min(len), &old_shape);
            }
        }
        Err(error) => {
            use ErrorKind::*;
            let kinds = [Format, Shape, Dtype, Space, Unsupported, Truncated];
            assert!(kinds.contains(&error.kind()), "{error:?}");
            let left = fs::read(&path).unwrap();
            let is_cut = cut_trailing && left.len() as u64 >= old_end && file.starts_with(&left);
            assert!(is_cut || left == file, "{error}");
        }
    }
    let names = fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 1, "nothing is left beside the file");
}

/// Makes the axis that grows longer or shorter, and says which it is and how long it is to be.
fn change(
    path: &Path,
    array: &ArrayFile,
    how: u8,
    rows: usize,
    cut_trailing: bool,
) -> (Result<usize>, usize) {
    let options = AppendOptions::new()
        .durability(Durability::Buffered)
        .cut_trailing(cut_trailing)
        .sparse(true);
    let axes = array.shape().len();
    let axis = if array.entry().order == Order::F { axes.saturating_sub(1) } else { 0 };
    let Some(&len) = array.shape().get(axis) else {
        return (options.resize(path, rows).map(|()| rows), axis);
    };
    let resized = |len| options.resize(path, len).map(|()| len);
    let changed = match how >> 1 & 3 {
        0 => resized(len.saturating_add(rows)),
        1 => resized(len.saturating_add(rows << (how >> 3))),
        2 => resized(len.saturating_sub(rows)),
        _ => {
            let first = format!(":{rows}");
            let first = if axis > 0 { format!("..., {first}") } else { first };
            let first = array.slice(&first.parse().unwrap()).unwrap();
            let taken = first.shape()[axis];
            let appended = options.append_dyn(path, &first);
            appended.inspect(|&long| assert_eq!(long, len + taken))
        }
    };
    (changed, axis)
}

/// Checks that the rows that were there and still are have their elements.
fn assert_kept(new: &ArrayFile, before: &[u8], axis: usize, rows: usize, old_shape: &[usize]) {
    let mut parts = vec![":".to_owned(); old_shape.len()];
    parts[axis] = format!(":{rows}");
    let kept = new.slice(&parts.join(",").parse().unwrap()).unwrap();
    let mut now = vec![0; kept.layout().nbytes()];
    kept.read_bytes(&mut now).unwrap();
    // In C order what lies behind the axis is in one piece.
    let itemsize = kept.layout().itemsize();
    let inner: usize = old_shape[axis + 1..].iter().product::<usize>() * itemsize;
    let (then, kept) = (inner * old_shape[axis], inner * rows);
    if kept == 0 || then == 0 {
        return assert!(now.is_empty());
    }
    let old = before.chunks_exact(then).flat_map(|part| &part[..kept]);
    assert!(now.iter().eq(old), "rows that were there have changed");
}

fn assert_unchanged(path: &Path, file: &[u8]) {
    assert_eq!(fs::read(path).unwrap(), file);
}
