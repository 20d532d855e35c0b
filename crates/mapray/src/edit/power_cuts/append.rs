//! Files that grow and shrink.

use std::cell::RefCell;
use std::path::Path;

use ndarray::{Array1, Array2, Ix2, s};

use super::survives;
use crate::array::{ArrayFile, DynView};
use crate::dtype::{DType, Kind, Record};
use crate::edit::{Appender, append, append_dyn, load, resize, save};
use crate::format::npy;
use crate::layout::{Layout, Order};
use crate::source::{self, Journal};

/// The rows of a file that grows by one of two sectors and a bit in each state.
fn rows(state: usize) -> Array2<u32> {
    Array2::from_shape_fn((8 + state, 260), |(i, j)| (1000 * i + j) as u32)
}

fn row(state: usize) -> Array1<u32> {
    rows(state).row(7 + state).to_owned()
}

/// The state of a file of [`rows`], which can be appended to afterwards whatever has happened.
fn state_of_rows(path: &Path) -> usize {
    let found = load::<u32, Ix2>(path).unwrap();
    let state = found.nrows() - 8;
    assert_eq!(found, rows(state));
    assert_eq!(append(path, &row(state + 1)).unwrap(), 9 + state);
    assert_eq!(load::<u32, Ix2>(path).unwrap(), rows(state + 1));
    assert!(!Journal::path_for(path, source::Kind::Append).exists());
    state
}

#[test]
fn rows_are_appended_or_not() {
    survives(
        3,
        |path| save(path, &rows(0)).unwrap(),
        |path, n| assert_eq!(append(path, &row(n)).unwrap(), 8 + n),
        state_of_rows,
    );
}

#[test]
fn an_appender_leaves_what_it_has_flushed() {
    let appender = RefCell::new(None);
    survives(
        3,
        |path| save(path, &rows(0)).unwrap(),
        |path, n| {
            let mut open = appender.borrow_mut();
            let log = open.get_or_insert_with(|| Appender::open(path).unwrap());
            log.push(&row(n)).unwrap();
            log.flush().unwrap();
            if n == 3 {
                open.take().unwrap().close().unwrap();
            }
        },
        state_of_rows,
    );
}

#[test]
fn an_array_is_resized_or_not() {
    let lengths = [8, 11, 9, 100, 0, 3];
    let content = |state: usize| {
        let kept = lengths[..=state].iter().copied().min().unwrap();
        Array2::from_shape_fn((lengths[state], 260), |(i, j)| {
            if i < kept { (1000 * i + j) as u32 } else { 0 }
        })
    };
    survives(
        lengths.len() - 1,
        |path| save(path, &rows(0)).unwrap(),
        |path, n| resize(path, lengths[n]).unwrap(),
        |path| {
            let found = load::<u32, Ix2>(path).unwrap();
            let state = lengths.iter().position(|&len| len == found.nrows()).unwrap();
            assert_eq!(found, content(state));
            append(path, &row(0)).unwrap();
            let longer = load::<u32, Ix2>(path).unwrap();
            assert_eq!(longer.slice(s![..-1, ..]), content(state));
            assert_eq!(longer.row(lengths[state]), row(0));
            state
        },
    );
}

#[test]
fn a_header_without_room_is_replaced_with_its_file() {
    let tight = |path: &Path| {
        let text = "{'descr': '<u4', 'fortran_order': False, 'shape': (8, 260)}\n";
        let prelude = [b"\x93NUMPY\x01\0".as_slice(), &(text.len() as u16).to_le_bytes()].concat();
        let elements: Vec<u8> = rows(0).iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(path, [&prelude, text.as_bytes(), &elements].concat()).unwrap();
    };
    survives(3, tight, |path, n| assert_eq!(append(path, &row(n)).unwrap(), 8 + n), state_of_rows);
}

#[test]
fn a_header_over_the_end_of_a_sector_is_replaced_with_its_file() {
    // The text is put together so that the 9 that becomes 10 is the last byte of a sector.
    let mut name = String::new();
    let dtype = |name: &str| {
        DType::from(Record::packed([(name.to_owned(), DType::from(Kind::Void(4)))]).unwrap())
    };
    let header = |name: &str, n| npy::Header::new(dtype(name), vec![n], false).unwrap();
    let at = |name: &str| {
        let bytes = header(name, 9).to_bytes().unwrap();
        bytes.windows(3).position(|window| window == b"(9,").unwrap() + 1
    };
    while at(&format!("{name}x")) < 511 {
        name.push('x');
    }
    name.push('x');
    assert_eq!(at(&name), 511);
    let content = |n: usize| {
        let elements = (0..n as u32).flat_map(|i| (i + 1).to_le_bytes());
        header(&name, n).to_bytes().unwrap().into_iter().chain(elements).collect::<Vec<u8>>()
    };
    survives(
        3,
        |path| std::fs::write(path, content(8)).unwrap(),
        |path, n| {
            let element = (8 + n as u32).to_le_bytes();
            let row =
                DynView::new(&element, Layout::contiguous(dtype(&name), &[], Order::C, 0).unwrap());
            append_dyn(path, &row.unwrap()).unwrap();
        },
        |path| {
            let file = ArrayFile::open(path).unwrap();
            let n = file.shape()[0];
            let bytes = std::fs::read(path).unwrap();
            let claimed = content(n);
            assert_eq!(bytes[..claimed.len()], claimed);
            n - 8
        },
    );
}
