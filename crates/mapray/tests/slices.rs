//! Slice expressions against a naive model of Python's rules, and against NumPy itself.

mod common;

use std::fs::File;
use std::io::Write;
use std::process::Command;

use mapray::ErrorKind;
use mapray::layout::{Index, Slice, Sliced};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// How an array of eight-byte elements lies in memory.
#[derive(Clone, Copy, Debug)]
enum Order {
    C,
    Fortran,
    /// C order, each axis read from its end.
    Reversed,
}

impl Order {
    /// Strides in bytes, and where the first element lies.
    fn strides(self, shape: &[usize]) -> (Vec<isize>, isize) {
        let mut strides = vec![0; shape.len()];
        let mut step = 8;
        let mut place = |axis: usize| {
            strides[axis] = step;
            step *= shape[axis].max(1) as isize;
        };
        match self {
            Order::Fortran => (0..shape.len()).for_each(&mut place),
            Order::C | Order::Reversed => (0..shape.len()).rev().for_each(&mut place),
        }
        if let Order::Reversed = self {
            strides.iter_mut().for_each(|stride| *stride = -*stride);
        }
        (strides.clone(), first(shape, &strides))
    }
}

/// Where the first element lies if the lowest lies at 0.
fn first(shape: &[usize], strides: &[isize]) -> isize {
    if shape.contains(&0) {
        return 0;
    }
    let axes = shape.iter().zip(strides);
    axes.map(|(&size, &stride)| (size as isize - 1) * -stride.min(0)).sum()
}

/// Where the elements lie, in the order of their coordinates, counted in elements.
fn addresses(shape: &[usize], strides: &[isize], first: isize) -> Vec<usize> {
    let start = vec![first];
    let all = shape.iter().zip(strides).fold(start, |places, (&size, &stride)| {
        places
            .iter()
            .flat_map(|place| (0..size).map(move |i| place + i as isize * stride))
            .collect()
    });
    all.into_iter().map(|byte| usize::try_from(byte).unwrap() / 8).collect()
}

fn addresses_of(sliced: &Sliced, first: isize) -> Vec<usize> {
    addresses(&sliced.shape, &sliced.strides, first + sliced.offset)
}

// ---- the model: each axis lists the places it keeps, and the places are tried one by one

enum Axis {
    Keep(Vec<usize>),
    Drop(usize),
    New,
}

/// Python's rules with no arithmetic on ends: a place is kept if it lies between start and stop.
fn kept(
    size: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: Option<i64>,
) -> Result<Vec<usize>, String> {
    let from_start = |i: i64| if i < 0 { i as i128 + size as i128 } else { i as i128 };
    let (start, stop) = (start.map(from_start), stop.map(from_start));
    let step = step.unwrap_or(1);
    let stride = step.unsigned_abs().min(1 << 20) as usize;
    match step {
        0 => Err("slice step cannot be zero".to_owned()),
        1.. => Ok((0..size)
            .filter(|&i| start.is_none_or(|start| i as i128 >= start))
            .filter(|&i| stop.is_none_or(|stop| (i as i128) < stop))
            .step_by(stride)
            .collect()),
        _ => Ok((0..size)
            .rev()
            .filter(|&i| start.is_none_or(|start| i as i128 <= start))
            .filter(|&i| stop.is_none_or(|stop| i as i128 > stop))
            .step_by(stride)
            .collect()),
    }
}

/// Shape and elements of a slice of an array held as a list, or NumPy's message.
fn model(
    shape: &[usize],
    elements: &[usize],
    indices: &[Index],
) -> Result<(Vec<usize>, Vec<usize>), String> {
    let ellipses = indices.iter().filter(|index| **index == Index::Ellipsis).count();
    if ellipses > 1 {
        return Err("an index can only have a single ellipsis ('...')".to_owned());
    }
    let uses = |index: &&Index| matches!(index, Index::At(_) | Index::Range { .. });
    let used = indices.iter().filter(uses).count();
    if used > shape.len() {
        return Err(format!(
            "too many indices for array: array is {}-dimensional, but {used} were indexed",
            shape.len()
        ));
    }
    let mut spelled_out = Vec::new();
    let whole = Index::Range { start: None, stop: None, step: None };
    for &index in indices.iter().chain((ellipses == 0).then_some(&Index::Ellipsis)) {
        match index {
            Index::Ellipsis => spelled_out.extend(vec![whole; shape.len() - used]),
            index => spelled_out.push(index),
        }
    }

    let mut axes = Vec::new();
    let mut axis = 0;
    for index in spelled_out {
        if index == Index::NewAxis {
            axes.push(Axis::New);
            continue;
        }
        let size = shape[axis];
        axes.push(match index {
            Index::Range { start, stop, step } => Axis::Keep(kept(size, start, stop, step)?),
            Index::At(at) => {
                let place = (0..size).find(|&i| at == i as i64 || at == i as i64 - size as i64);
                Axis::Drop(place.ok_or_else(|| {
                    format!("index {at} is out of bounds for axis {axis} with size {size}")
                })?)
            }
            Index::Ellipsis | Index::NewAxis => unreachable!(),
        });
        axis += 1;
    }

    let result = axes.iter().filter_map(|axis| match axis {
        Axis::Keep(places) => Some(places.len()),
        Axis::New => Some(1),
        Axis::Drop(_) => None,
    });
    let mut flat = vec![0];
    let mut sizes = shape.iter();
    for axis in &axes {
        let places = match axis {
            Axis::New => continue,
            Axis::Keep(places) => places.clone(),
            Axis::Drop(place) => vec![*place],
        };
        let size = sizes.next().unwrap();
        flat = flat.iter().flat_map(|i| places.iter().map(move |place| i * size + place)).collect();
    }
    Ok((result.collect(), flat.into_iter().map(|i| elements[i]).collect()))
}

// ---- random cases

fn shape() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![1 => Just(0_usize), 9 => 1..=5_usize], 0..=4)
}

fn order() -> impl Strategy<Value = Order> {
    select(vec![Order::C, Order::Fortran, Order::Reversed])
}

const EXTREMES: [i64; 8] =
    [i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1, 1 << 62, -(1 << 62), 1 << 61, 1000];

fn integer() -> impl Strategy<Value = i64> {
    prop_oneof![14 => -7..=7_i64, 1 => select(&EXTREMES[..])]
}

/// A step of zero stays rare, since it ends the case.
fn step() -> impl Strategy<Value = i64> {
    prop_oneof![20 => select(vec![-3, -2, -1, 1, 2, 3]), 1 => integer()]
}

/// An integer in one of Python's spellings, as tokens between which white space may stand.
fn spelled(value: i64) -> impl Strategy<Value = Vec<String>> {
    (0..12_u8).prop_map(move |style| {
        let magnitude = value.unsigned_abs();
        let digits = match style {
            0 => format!("{magnitude:#x}"),
            1 => format!("0O_{magnitude:o}"),
            2 => format!("{magnitude:#b}"),
            3 => magnitude.to_string().chars().map(|c| format!("{c}_")).collect::<String>(),
            _ => magnitude.to_string(),
        };
        let digits = digits.trim_end_matches('_').to_owned();
        let digits = match value {
            i64::MAX if style > 7 => "9".repeat(25),
            i64::MIN if style > 7 => format!("1{}", "0".repeat(30)),
            _ => digits,
        };
        let sign = match (value < 0, style) {
            (true, 5) => "+-",
            (true, _) => "-",
            (false, 5) => "+",
            (false, 6) => "--",
            (false, _) => "",
        };
        sign.chars().map(String::from).chain([digits]).collect()
    })
}

type Item = (Index, Vec<String>);

fn text(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

/// A part of a range; left out as nothing or as `None`.
fn part(value: impl Strategy<Value = i64>) -> impl Strategy<Value = (Option<i64>, Vec<String>)> {
    prop_oneof![
        3 => Just((None, vec![])),
        1 => Just((None, text("None"))),
        5 => value.prop_flat_map(|value| (Just(Some(value)), spelled(value))),
    ]
}

fn range() -> impl Strategy<Value = Item> {
    (part(integer()), part(integer()), part(step()), any::<bool>()).prop_map(
        |((start, a), (stop, b), (step, c), colon)| {
            let mut tokens = [a, text(":"), b].concat();
            if colon || !c.is_empty() {
                tokens.extend(text(":"));
                tokens.extend(c);
            }
            (Index::Range { start, stop, step }, tokens)
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    let near = prop_oneof![6 => -2..=1_i64, 2 => integer()];
    let new = select(vec!["None", "np.newaxis", "numpy.newaxis", "newaxis"]);
    let ellipsis = select(vec!["...", "...", "...", "Ellipsis"]);
    prop_oneof![
        4 => near.prop_flat_map(|at| (Just(Index::At(at)), spelled(at))),
        8 => range(),
        1 => new.prop_map(|name| (Index::NewAxis, text(name))),
        1 => ellipsis.prop_map(|name| (Index::Ellipsis, text(name))),
    ]
}

/// Items, and one of the texts that mean them.
fn expression() -> impl Strategy<Value = (Vec<Index>, String)> {
    let space = select(vec!["", "", "", " ", "", "  ", "", "\t", "\n", "\x0c"]);
    let count = prop_oneof![3 => 0..=3_usize, 1 => 4..=5_usize];
    let items = count.prop_flat_map(|count| vec(item(), count));
    (items, vec(space, 8), any::<bool>(), any::<bool>()).prop_map(
        |(items, spaces, brackets, comma)| {
            let mut indices = Vec::new();
            let mut tokens = Vec::new();
            for (index, item) in items {
                if !indices.is_empty() {
                    tokens.extend(text(","));
                }
                indices.push(index);
                tokens.extend(item);
            }
            match indices.len() {
                0 => tokens.extend([text("("), text(")")].concat()),
                _ if comma => tokens.extend(text(",")),
                _ => {}
            }
            if brackets {
                tokens = [text("["), tokens, text("]")].concat();
            }
            let spaced = tokens.iter().zip(spaces.iter().cycle());
            (indices, spaced.map(|(token, space)| format!("{token}{space}")).collect())
        },
    )
}

/// A text with a few characters changed, put in or taken out.
fn broken_expression() -> impl Strategy<Value = String> {
    let characters = "0123456789::::,,,...--++ []()_xN".chars().collect::<Vec<_>>();
    let edit = (any::<proptest::sample::Index>(), 0..3_u8, select(characters));
    (expression(), vec(edit, 1..=2)).prop_map(|((_, text), edits)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (at, kind, character) in edits {
            let at = at.index(characters.len().max(1));
            match kind {
                0 if at < characters.len() => drop(characters.remove(at)),
                1 if at < characters.len() => characters[at] = character,
                _ => characters.insert(at, character),
            }
        }
        characters.into_iter().collect()
    })
}

fn fails_alike(error: &mapray::Error, message: &str) -> bool {
    let line = error.to_string();
    error.kind() == ErrorKind::Index
        && line
            .strip_prefix(message)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([';', '\n']))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_slice_takes_the_elements_that_the_model_takes(
        shape in shape(), order in order(), (indices, _) in expression(),
    ) {
        let (strides, first) = order.strides(&shape);
        let elements = addresses(&shape, &strides, first);
        let ours = Slice::new(indices.clone()).apply(&shape, &strides);
        match (ours, model(&shape, &elements, &indices)) {
            (Ok(ours), Ok((shape, elements))) => {
                prop_assert_eq!(&ours.shape, &shape);
                prop_assert_eq!(addresses_of(&ours, first), elements);
                prop_assert!(ours.offset == 0 || !shape.contains(&0));
            }
            (Err(error), Err(message)) => {
                prop_assert!(fails_alike(&error, &message), "{:?}, model: {}", error, message);
            }
            (ours, model) => prop_assert!(false, "{:?}, model: {:?}", ours, model),
        }
    }

    #[test]
    fn a_text_means_its_items((indices, text) in expression()) {
        let ellipses = indices.iter().filter(|index| **index == Index::Ellipsis).count();
        let parsed = text.parse::<Slice>();
        if ellipses > 1 {
            prop_assert!(parsed.unwrap_err().to_string().contains("single ellipsis"));
        } else {
            prop_assert_eq!(parsed.unwrap(), Slice::new(indices));
        }
    }

    #[test]
    fn a_printed_slice_is_read_back((indices, _) in expression()) {
        let slice = Slice::new(indices);
        match slice.to_string().parse::<Slice>() {
            Ok(read) => prop_assert_eq!(read, slice),
            Err(error) => prop_assert!(error.to_string().contains("single ellipsis"), "{}", error),
        }
    }

    #[test]
    fn no_text_panics_and_every_error_points_into_it(
        text in prop_oneof![
            "\\PC{0,40}",
            "[-+0-9:,. \\[\\]()NoneEeaxj'\"_*~;…−\n\t]{0,30}",
            broken_expression(),
        ],
    ) {
        match text.parse::<Slice>() {
            Ok(slice) => prop_assert_eq!(slice.to_string().parse::<Slice>().unwrap(), slice),
            Err(error) => {
                let character = error.character();
                prop_assert!(character.is_some_and(|at| at <= text.chars().count()), "{:?}", error);
            }
        }
    }

    #[test]
    fn no_integers_overflow(
        axes in vec((prop_oneof![any::<usize>(), 0..4_usize], any::<isize>()), 0..6),
        indices in vec(
            prop_oneof![
                any::<i64>().prop_map(Index::At),
                (-2..2_i64).prop_map(Index::At),
                any::<[Option<i64>; 3]>()
                    .prop_map(|[start, stop, step]| Index::Range { start, stop, step }),
                any::<i64>().prop_map(Index::step_by),
            ],
            0..6,
        ),
    ) {
        let (shape, strides): (Vec<_>, Vec<_>) = axes.into_iter().unzip();
        if let Ok(sliced) = Slice::new(indices).apply(&shape, &strides) {
            prop_assert_eq!(sliced.shape.len(), sliced.strides.len());
            prop_assert!(sliced.shape.iter().all(|size| shape.contains(size) || *size <= *shape.iter().max().unwrap()));
        }
    }
}

// ---- NumPy

#[derive(Debug)]
struct Case {
    shape: Vec<usize>,
    order: Order,
    text: String,
}

/// One answer for each case.
fn numpy(python: &std::path::Path, cases: &[Case]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases");
    let mut lines = String::new();
    for case in cases {
        let order = match case.order {
            Order::C => "C",
            Order::Fortran => "F",
            Order::Reversed => "R",
        };
        let line = json!({"shape": case.shape, "order": order, "text": case.text});
        lines += &format!("{line}\n");
    }
    File::create(&path).unwrap().write_all(lines.as_bytes()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/slices.py");
    let output =
        Command::new(python).arg(script).stdin(File::open(&path).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> = output
        .stdout
        .split(|b| *b == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn integers<T: TryFrom<i64, Error: std::fmt::Debug>>(list: &Value) -> Vec<T> {
    list.as_array().unwrap().iter().map(|i| i.as_i64().unwrap().try_into().unwrap()).collect()
}

/// What Python calculates or unpacks before NumPy sees it, and a slice expression here does not.
const PYTHON_ONLY: [&str; 7] = [
    "nothing is calculated here",
    "a parenthesis in an index",
    "a sign needs a number",
    "a list picks elements",
    "a second pair of brackets",
    "text after the closing bracket",
    "a closing bracket without",
];

#[derive(Default, Debug)]
struct Tally {
    with_elements: usize,
    empty: usize,
    refused_by_both: usize,
    not_basic: usize,
    python_only: usize,
}

/// Panics unless what we make of the text is what NumPy makes of it.
fn compare(case: &Case, numpy: &Value, tally: &mut Tally) {
    let Case { shape, order, text } = case;
    let context = format!("{text:?} of {shape:?} {order:?}; NumPy: {numpy}");
    // NumPy's own strides where an axis has length 1 or 0 are its affair.
    let base: Vec<isize> = integers(&numpy["base"]);
    let first = first(shape, &base);
    let slice = match text.parse::<Slice>() {
        Ok(slice) => slice,
        Err(error) => {
            let python_only = PYTHON_ONLY.iter().any(|why| error.to_string().contains(why));
            if let Some(message) = numpy["error"].as_str() {
                assert!(python_only || fails_alike(&error, message), "{error}: {context}");
                tally.refused_by_both += 1;
            } else if numpy["other"].is_null() {
                assert!(python_only, "{error}: {context}");
                tally.python_only += 1;
            } else {
                tally.not_basic += 1;
            }
            return;
        }
    };
    assert!(numpy["other"].is_null(), "accepted: {context}");
    match slice.apply(shape, &base) {
        Ok(ours) => {
            assert!(numpy["error"].is_null(), "{ours:?}: {context}");
            assert_eq!(ours.shape, integers::<usize>(&numpy["shape"]), "{context}");
            assert_eq!(
                addresses_of(&ours, first),
                integers::<usize>(&numpy["elements"]),
                "{context}"
            );
            // The stride of one element alone wraps round in NumPy when the step is huge.
            let huge = slice.indices().iter().any(|index| {
                matches!(index, Index::Range { step: Some(step), .. } if step.unsigned_abs() > 1 << 40)
            });
            let strides: Vec<isize> = integers(&numpy["strides"]);
            assert_eq!(ours.strides.len(), strides.len(), "{context}");
            for (axis, stride) in strides.into_iter().enumerate() {
                if !(huge && ours.shape[axis] == 1) {
                    assert_eq!(ours.strides[axis], stride, "axis {axis}: {context}");
                }
            }
            if ours.shape.contains(&0) {
                tally.empty += 1;
            } else {
                tally.with_elements += 1;
            }
        }
        Err(error) => {
            let Some(message) = numpy["error"].as_str() else { panic!("{error}: {context}") };
            assert!(fails_alike(&error, message), "{error}: {context}");
            assert!(error.character().is_some(), "{error}: {context}");
            tally.refused_by_both += 1;
        }
    }
}

fn draw<S: Strategy<Value = String>>(count: usize, text: S) -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let case =
        (shape(), order(), text).prop_map(|(shape, order, text)| Case { shape, order, text });
    (0..count).map(|_| case.new_tree(&mut runner).unwrap().current()).collect()
}

fn against_numpy(cases: &[Case], python: &std::path::Path) -> Tally {
    let mut tally = Tally::default();
    for (case, answer) in cases.iter().zip(numpy(python, cases)) {
        compare(case, &answer, &mut tally);
    }
    println!("{tally:?}");
    tally
}

#[test]
fn numpy_takes_the_same_elements() {
    let Some(python) = common::python() else {
        return common::skip("numpy_takes_the_same_elements", "MAPRAY_PYTHON is not set");
    };
    let tally = against_numpy(&draw(6000, expression().prop_map(|(_, text)| text)), &python);
    assert!(
        tally.with_elements > 1500 && tally.empty > 300 && tally.refused_by_both > 300,
        "{tally:?}"
    );
    assert_eq!((tally.not_basic, tally.python_only), (0, 0), "{tally:?}");
}

#[test]
fn numpy_takes_every_broken_text_that_is_taken_here_and_gives_the_same() {
    let Some(python) = common::python() else {
        let test = "numpy_takes_every_broken_text_that_is_taken_here_and_gives_the_same";
        return common::skip(test, "MAPRAY_PYTHON is not set");
    };
    let tally = against_numpy(&draw(6000, broken_expression()), &python);
    assert!(tally.with_elements > 150 && tally.not_basic > 1000, "{tally:?}");
}
