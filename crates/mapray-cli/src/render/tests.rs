use std::io::Write;
use std::process::Command;

use mapray::DType;
use mapray::dtype::{Endian, Field, Kind, Record, SubArray, TimeUnit, Unit};
use serde_json::Value;

use super::array::{Elements, array_str};
use super::items::count;

/// An array in memory, in C order.
struct InMemory {
    dtype: DType,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Elements for InMemory {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> &DType {
        &self.dtype
    }

    fn element(&self, index: &[usize], out: &mut Vec<u8>) -> mapray::Result<()> {
        let flat = self.shape.iter().zip(index).fold(0, |flat, (length, at)| flat * length + at);
        let size = self.bytes.len() / count(&self.shape);
        out.extend_from_slice(&self.bytes[flat * size..][..size]);
        Ok(())
    }
}

fn print<const N: usize>(kind: Kind, shape: &[usize], elements: &[[u8; N]]) -> String {
    let (dtype, shape) = (DType::new(kind, Endian::Little), shape.to_vec());
    array_str(&InMemory { dtype, shape, bytes: elements.concat() }).unwrap()
}

fn print_floats(values: &[f64]) -> String {
    let elements: Vec<_> = values.iter().map(|value| value.to_le_bytes()).collect();
    print(Kind::Float64, &[values.len()], &elements)
}

#[test]
fn floats_share_width_and_exponents() {
    assert_eq!(print_floats(&[1.0, -2.5, 10.0]), "[ 1.  -2.5 10. ]");
    assert_eq!(print_floats(&[1.0 / 3.0, f64::NAN]), "[0.33333333        nan]");
    assert_eq!(print_floats(&[1e-5, 1.0]), "[1.e-05 1.e+00]");
    assert_eq!(print_floats(&[-0.0, f64::NEG_INFINITY]), "[ -0. -inf]");
    assert_eq!(print_floats(&[1.0, 1000.0]), "[   1. 1000.]");
    assert_eq!(print_floats(&[1.0, 1000.5]), "[1.0000e+00 1.0005e+03]");
}

#[test]
fn half_and_single_are_as_short_as_their_precision() {
    assert_eq!(print(Kind::Float16, &[1], &[[0x66, 0x2e]]), "[0.1]");
    assert_eq!(print(Kind::Float32, &[1], &[0.1_f32.to_le_bytes()]), "[0.1]");
    assert_eq!(print(Kind::Float32, &[1], &[1e6_f32.to_le_bytes()]), "[1.e+06]");
}

#[test]
fn a_scalar_has_all_its_digits() {
    assert_eq!(print(Kind::Float64, &[], &[(1.0_f64 / 3.0).to_le_bytes()]), "0.3333333333333333");
    assert_eq!(print(Kind::Float64, &[], &[1e16_f64.to_le_bytes()]), "1e+16");
    assert_eq!(print(Kind::Bool, &[], &[[2]]), "True");
    assert_eq!(print(Kind::Bytes(2), &[], &[*b"a\0"]), "np.bytes_(b'a')");
}

#[test]
fn an_x87_long_double_prints_its_64_bits() {
    // A third: 0.3333333333333333333423683514373792036167287733405828…
    let third = 0x3ffd_aaaa_aaaa_aaaa_aaab_u128.to_le_bytes();
    assert_eq!(print(Kind::LongDouble, &[], &[third]), "0.33333333333333333334");
    assert_eq!(print(Kind::LongDouble, &[1], &[third]), "[0.33333333]");
}

#[test]
fn a_date_is_gregorian_in_every_century() {
    let date = |days: i64| {
        let unit = TimeUnit::Every(1, Unit::Day);
        print(Kind::DateTime(unit), &[], &[days.to_le_bytes()])
    };
    assert_eq!(date(0), "1970-01-01");
    assert_eq!(date(-1), "1969-12-31");
    assert_eq!(date(11_016), "2000-02-29");
    assert_eq!(date(11_016 + 36_525), "2100-03-01");
    assert_eq!(date(-719_529), "-001-12-31");
    assert_eq!(date(i64::MIN), "NaT");
}

#[test]
fn rows_wrap_before_75_characters() {
    let elements: Vec<_> = (0..40_u8).map(|value| [value]).collect();
    let expected = "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n \
                    24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39]";
    assert_eq!(print(Kind::UInt8, &[40], &elements), expected);
}

#[test]
fn matrices_in_a_stack_are_a_blank_line_apart() {
    let elements: Vec<_> = (0..8_u8).map(|value| [value]).collect();
    let expected = "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]";
    assert_eq!(print(Kind::UInt8, &[2, 2, 2], &elements), expected);
}

#[test]
fn an_array_without_elements_is_a_pair_of_brackets() {
    assert_eq!(print::<8>(Kind::Float64, &[3, 0, 2], &[]), "[]");
}

/// An array too large to read, that counts what is read of it.
struct Endless {
    dtype: DType,
    shape: Vec<usize>,
    reads: std::cell::Cell<usize>,
}

impl Elements for Endless {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> &DType {
        &self.dtype
    }

    fn element(&self, index: &[usize], out: &mut Vec<u8>) -> mapray::Result<()> {
        self.reads.set(self.reads.get() + 1);
        let sum: usize = index.iter().sum();
        out.extend((sum as u64).to_le_bytes().iter().take(self.dtype.itemsize()));
        Ok(())
    }
}

#[test]
fn only_the_edges_of_a_large_array_are_read() {
    let dtype = DType::new(Kind::UInt64, Endian::Little);
    let array = Endless { dtype, shape: vec![1 << 20, 1 << 17], reads: 0.into() };
    let text = array_str(&array).unwrap();
    assert!(
        text.starts_with("[[      0       1       2 ...  131069  131070  131071]\n [ "),
        "{text}"
    );
    assert_eq!(array.reads.get(), 36);
}

#[test]
fn elements_without_bytes_cannot_ask_for_endless_text() {
    let dtype = DType::native(Kind::Void(0));
    let array = Endless { dtype, shape: vec![7; 20], reads: 0.into() };
    assert_eq!(array_str(&array).unwrap(), "[...]");
}

#[test]
fn characters_that_do_not_exist_are_escaped() {
    let unit = 0x0011_0000_u32.to_le_bytes();
    assert_eq!(print(Kind::Str(1), &[1], &[unit]), "['\\U00110000']");
    assert_eq!(print(Kind::Str(1), &[], &[unit]), "\\U00110000");
}

#[test]
fn text_is_that_of_numpy() {
    let Some(lines) = python_lines("text_is_that_of_numpy", "array_str.py") else { return };
    let (mut compared, mut wrong) = (0, Vec::new());
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (dtype, shape) = (dtype(&case["dtype"]), lengths(&case["shape"]));
        let expected = case["str"].as_str().unwrap();
        let array = InMemory { dtype, shape, bytes: hexadecimal(case["bytes"].as_str().unwrap()) };
        let found = array_str(&array).unwrap();
        compared += 1;
        if found != expected {
            wrong.push(format!("{} {:?}\n{expected}\n{found}", case["dtype"], array.shape));
        }
    }
    assert!(compared > 1000, "only {compared} arrays were compared");
    // The shortest first: they show the cause best.
    wrong.sort_by_key(String::len);
    let some = wrong.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} of {compared} differ (NumPy first):\n{some}", wrong.len());
}

#[test]
fn characters_are_printable_as_in_python() {
    let test = "characters_are_printable_as_in_python";
    let Some(lines) = python_lines(test, "printable.py") else { return };
    let mut ranges = 0;
    for line in lines.lines() {
        // Characters up to this one, from the last line's on: whether they are printable, or
        // not assigned yet in the Unicode version of this Python.
        let mut words = line.split(' ');
        let mut number = || words.next().unwrap().parse::<u32>().unwrap();
        let (start, end, printable) = (number(), number(), number() == 1);
        ranges += 1;
        for character in (start..end).filter_map(char::from_u32) {
            let mut text = [0; 4];
            text.copy_from_slice(&u32::from(character).to_le_bytes());
            let found = print(Kind::Str(1), &[1], &[text]);
            let plain = found.chars().count() == 5 && found.contains(character);
            assert_eq!(plain, printable, "U+{:04X} printed as {found}", u32::from(character));
        }
    }
    assert!(ranges > 500, "only {ranges} ranges");
}

/// What a script among the oracles prints, run by the Python that `MAPRAY_PYTHON` names.
fn python_lines(test: &str, script: &str) -> Option<String> {
    let Some(python) = std::env::var_os("MAPRAY_PYTHON") else {
        skip(test, "MAPRAY_PYTHON does not name a Python with NumPy");
        return None;
    };
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(script);
    let output = Command::new(python).arg(script).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the oracle failed:\n{errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn skip(test: &str, reason: &str) {
    let forbidden = std::env::var("MAPRAY_NO_SKIP").is_ok_and(|value| value == "1");
    assert!(!forbidden, "{test} would be skipped: {reason}");
    eprintln!("skipped: {reason}");
    if let Some(log) = std::env::var_os("MAPRAY_SKIP_LOG") {
        let mut log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        writeln!(log, "{test}\t{reason}").unwrap();
    }
}

fn lengths(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|length| length.as_u64().unwrap() as usize).collect()
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// The dtype that the oracle describes.
fn dtype(value: &Value) -> DType {
    if let Some(text) = value.as_str() {
        return simple_dtype(text);
    }
    if value["base"].is_null() {
        let itemsize = value["itemsize"].as_u64().unwrap() as usize;
        let fields = value["fields"].as_array().unwrap().iter().map(|field| {
            let offset = field[2].as_u64().unwrap() as usize;
            Field::new(field[0].as_str().unwrap(), dtype(&field[1]), offset)
        });
        DType::native(Kind::Record(Record::new(fields.collect(), itemsize).unwrap()))
    } else {
        let sub = SubArray::new(dtype(&value["base"]), &lengths(&value["shape"])).unwrap();
        DType::native(Kind::SubArray(sub))
    }
}

fn simple_dtype(text: &str) -> DType {
    let endian = if text.starts_with('>') { Endian::Big } else { Endian::Little };
    let (code, size) = text[1..].split_at(1);
    let number = || size.parse().unwrap();
    let kind = match (code, size) {
        ("b", "1") => Kind::Bool,
        ("i", "1") => Kind::Int8,
        ("i", "2") => Kind::Int16,
        ("i", "4") => Kind::Int32,
        ("i", "8") => Kind::Int64,
        ("u", "1") => Kind::UInt8,
        ("u", "2") => Kind::UInt16,
        ("u", "4") => Kind::UInt32,
        ("u", "8") => Kind::UInt64,
        ("f", "2") => Kind::Float16,
        ("f", "4") => Kind::Float32,
        ("f", "8") => Kind::Float64,
        ("f", "16") => Kind::LongDouble,
        ("c", "8") => Kind::Complex64,
        ("c", "16") => Kind::Complex128,
        ("c", "32") => Kind::ComplexLongDouble,
        ("S", _) => Kind::Bytes(number()),
        ("U", _) => Kind::Str(number()),
        ("V", _) => Kind::Void(number()),
        ("M", _) => Kind::DateTime(time_unit(size)),
        ("m", _) => Kind::TimeDelta(time_unit(size)),
        _ => panic!("unknown dtype {text}"),
    };
    DType::new(kind, endian)
}

/// The unit in `8[25us]`; none in `8`.
fn time_unit(text: &str) -> TimeUnit {
    let Some(unit) = text.strip_prefix("8[").and_then(|rest| rest.strip_suffix(']')) else {
        return TimeUnit::Generic;
    };
    let letters = unit.find(|character: char| !character.is_ascii_digit()).unwrap();
    let (number, name) = unit.split_at(letters);
    let unit = match name {
        "Y" => Unit::Year,
        "M" => Unit::Month,
        "W" => Unit::Week,
        "D" => Unit::Day,
        "h" => Unit::Hour,
        "m" => Unit::Minute,
        "s" => Unit::Second,
        "ms" => Unit::Millisecond,
        "us" => Unit::Microsecond,
        "ns" => Unit::Nanosecond,
        "ps" => Unit::Picosecond,
        "fs" => Unit::Femtosecond,
        "as" => Unit::Attosecond,
        _ => panic!("unknown unit {name}"),
    };
    TimeUnit::Every(number.parse().unwrap_or(1), unit)
}
