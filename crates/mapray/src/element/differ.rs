//! Where two records differ.

use super::suggest::rust_type;
use crate::dtype::{DType, Field, Kind, Record};
use crate::{Error, ErrorKind};

/// What makes a file's dtype another than the one that a type stands for, where both are records:
/// the field, and both sides. `None` where no difference is found that a field can have.
pub(super) fn difference(expected: &DType, found: &DType) -> Option<Error> {
    match (expected.kind(), found.kind()) {
        (Kind::Record(expected), Kind::Record(found)) => between(expected, found, ""),
        _ => None,
    }
}

/// The first difference; `path` names the field that the records are in, with a dot behind it.
fn between(expected: &Record, found: &Record, path: &str) -> Option<Error> {
    let refuse = |message: String| Error::new(ErrorKind::Dtype, message);
    let records = match path.strip_suffix('.') {
        Some(field) => format!("the records in field '{field}'"),
        None => "the records".to_owned(),
    };
    if expected.fields().len() != found.fields().len() {
        return Some(
            refuse(format!("{records} have another number of fields"))
                .expected(names(expected))
                .found(names(found)),
        );
    }
    for (i, (ours, theirs)) in expected.fields().iter().zip(found.fields()).enumerate() {
        if ours.name != theirs.name {
            return Some(
                refuse(format!("field {i} of {records} has another name"))
                    .expected(format!("'{}'", ours.name))
                    .found(format!("'{}'", theirs.name))
                    .hint(format!("`#[record(rename = {:?})]` gives it this one", theirs.name)),
            );
        }
        let name = format!("{path}{}", ours.name);
        if let Some(error) = in_field(ours, theirs, &name) {
            return Some(error);
        }
    }
    let sizes = (expected.itemsize(), found.itemsize());
    let offsets = |record: &Record| record.fields().iter().map(|field| field.offset).collect();
    let (ours, theirs): (Vec<usize>, Vec<usize>) = (offsets(expected), offsets(found));
    let moved = (0..ours.len()).find(|&i| ours[i] != theirs[i]);
    let error = match moved {
        Some(i) => {
            refuse(format!("field '{path}{}' lies at another place", expected.fields()[i].name))
                .expected(format!("byte {} of the record", ours[i]))
                .found(format!("byte {}", theirs[i]))
        }
        None if sizes.0 != sizes.1 => refuse(format!("{records} have another size"))
            .expected(format!("{} bytes", sizes.0))
            .found(format!("{} bytes", sizes.1)),
        None => return None,
    };
    let hint = match (has_gaps(expected), has_gaps(found)) {
        (true, false) => "the file's have no padding: use `#[repr(C, packed)]`",
        (false, true) => {
            "the file's have padding: use `#[repr(C)]`, or fields for it marked `#[record(padding)]`"
        }
        _ => "fields marked `#[record(padding)]` fill the gaps of a `#[repr(C, packed)]` struct",
    };
    Some(error.hint(hint))
}

/// How two fields of the same name differ in what they hold.
fn in_field(ours: &Field, theirs: &Field, name: &str) -> Option<Error> {
    if lies_as(&ours.dtype, &theirs.dtype) {
        return None;
    }
    if let (Kind::Record(ours), Kind::Record(theirs)) = (ours.dtype.kind(), theirs.dtype.kind())
        && let Some(error) = between(ours, theirs, &format!("{name}."))
    {
        return Some(error);
    }
    let other_order = lies_as(&ours.dtype, &theirs.dtype.swapped());
    let what = if other_order { "is in the other byte order" } else { "is of another dtype" };
    let error = Error::new(ErrorKind::Dtype, format!("field '{name}' of the records {what}"))
        .expected(quoted(&ours.dtype))
        .found(quoted(&theirs.dtype));
    Some(error.hint(format!("use {}", field_type(&theirs.dtype))))
}

/// Whether elements of these dtypes mean the same bytes: titles and the nesting of sub-arrays do not
/// matter, a time without a unit stands for every unit, bytes without a meaning for every record.
fn lies_as(ours: &DType, theirs: &DType) -> bool {
    let same_order = ours.endian() == theirs.endian();
    match (ours.kind(), theirs.kind()) {
        (Kind::Record(ours), Kind::Record(theirs)) => between(ours, theirs, "").is_none(),
        (Kind::SubArray(ours), Kind::SubArray(theirs)) => {
            ours.shape() == theirs.shape() && lies_as(ours.dtype(), theirs.dtype())
        }
        (Kind::DateTime(_), Kind::DateTime(_)) | (Kind::TimeDelta(_), Kind::TimeDelta(_)) => {
            same_order
        }
        (Kind::Void(size), Kind::Record(record)) => *size == record.itemsize(),
        _ => ours == theirs,
    }
}

fn has_gaps(record: &Record) -> bool {
    let held: usize = record.fields().iter().map(|field| field.dtype.itemsize()).sum();
    held != record.itemsize()
}

fn names(record: &Record) -> String {
    let names: Vec<_> = record.fields().iter().map(|field| format!("'{}'", field.name)).collect();
    format!("{} ({})", names.len(), names.join(", "))
}

fn quoted(dtype: &DType) -> String {
    match dtype.kind() {
        Kind::Record(_) | Kind::SubArray(_) => dtype.to_string(),
        _ => format!("'{dtype}'"),
    }
}

/// The Rust type of a field that holds this, to follow "use".
fn field_type(dtype: &DType) -> String {
    match dtype.kind() {
        Kind::SubArray(array) => {
            let element = rust_type(array.dtype());
            let Some(element) = element.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'))
            else {
                return format!("{element}, in an array");
            };
            let nest = |inner: String, n: &usize| format!("[{inner}; {n}]");
            format!("`{}`", array.shape().iter().rev().fold(element.to_owned(), nest))
        }
        Kind::Record(_) => "a struct that derives `Record`".to_owned(),
        _ => rust_type(dtype),
    }
}
