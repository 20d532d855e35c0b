//! What a user says of a file without a header.

use std::str::FromStr;

use clap::Args;
use mapray::{DType, MapOptions, Order};

/// The options that follow the address of a file without a header. Any of them makes the command
/// take the file for one, whatever is in it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Files without a header")]
pub struct RawArgs {
    /// What each element is, in any of NumPy's spellings, such as '<f4', '>i2', 'f4,i4' or
    /// "[('x', '<f4'), ('n', '<i8')]" [default: u1]
    #[arg(long, value_parser = dtype)]
    dtype: Option<DType>,
    /// Length of each axis, such as 3,4; 7 is one axis of 7 [default: to the end of the file]
    #[arg(long, value_parser = axes, allow_hyphen_values = true, value_name = "N,...")]
    shape: Option<Axes<usize>>,
    /// Byte of the file at which the first element starts [default: 0]
    #[arg(long, value_parser = count, allow_hyphen_values = true, value_name = "BYTES")]
    offset: Option<u64>,
    /// Whether the last axis (C) or the first (F) runs fastest [default: C]
    #[arg(long, value_name = "C|F")]
    order: Option<Order>,
    /// Bytes from one element to the next along each axis [default: side by side]
    #[arg(long, value_parser = strides, allow_hyphen_values = true, value_name = "BYTES,...")]
    strides: Option<Axes<isize>>,
}

/// One number for each axis.
#[derive(Clone, Debug)]
pub struct Axes<N>(pub Vec<N>);

impl RawArgs {
    /// Whether it was said where the elements lie, which only a file without a header leaves open.
    pub fn says_where(&self) -> bool {
        self.shape.is_some() || self.offset.is_some() || self.strides.is_some()
    }

    /// The dtype and the order that were given.
    pub fn dtype_and_order(&self) -> (Option<DType>, Option<Order>) {
        (self.dtype.clone(), self.order)
    }

    /// What was said, if anything was.
    pub fn options(&self) -> Option<MapOptions> {
        let RawArgs { dtype, shape, offset, order, strides } = self;
        if dtype.is_none()
            && shape.is_none()
            && offset.is_none()
            && order.is_none()
            && strides.is_none()
        {
            return None;
        }
        let mut options =
            MapOptions::new().offset(offset.unwrap_or(0)).order(order.unwrap_or_default());
        if let Some(dtype) = dtype {
            options = options.dtype(dtype.clone());
        }
        if let Some(Axes(shape)) = shape {
            options = options.shape(shape.clone());
        }
        if let Some(Axes(strides)) = strides {
            options = options.strides(strides.clone());
        }
        Some(options)
    }
}

/// A dtype in any of NumPy's spellings.
pub fn dtype(text: &str) -> mapray::Result<DType> {
    if text.trim_start().starts_with('[') { DType::parse_descr(text) } else { text.parse() }
}

/// The lengths of axes.
pub fn axes(text: &str) -> Result<Axes<usize>, String> {
    numbers(text, |part| match part.strip_prefix('-') {
        Some(digits) if digits.parse::<u64>().is_ok() => Err(format!(
            "an axis cannot be {part} long; NumPy's -1 is what leaving --shape out means"
        )),
        _ => number(part, "the length of an axis"),
    })
}

fn strides(text: &str) -> Result<Axes<isize>, String> {
    numbers(text, |part| number(part, "a number of bytes"))
}

/// A number of rows or bytes.
pub fn count(text: &str) -> Result<u64, String> {
    number(text.trim(), "a plain number, 0 or more")
}

fn number<N: FromStr>(text: &str, expected: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("'{text}' is not {expected}"))
}

/// Numbers with commas between them, in parentheses or not. Nothing at all is no axis.
fn numbers<N>(text: &str, number: impl Fn(&str) -> Result<N, String>) -> Result<Axes<N>, String> {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let inner = inner.trim();
    if inner.is_empty() {
        return Ok(Axes(Vec::new()));
    }
    let inner = inner.strip_suffix(',').unwrap_or(inner);
    inner.split(',').map(|part| number(part.trim())).collect::<Result<_, _>>().map(Axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_python_and_as_hands_write_them() {
        let read = |text: &str| axes(text).unwrap().0;
        assert_eq!(read("3,4"), [3, 4]);
        assert_eq!(read("7"), [7]);
        assert_eq!(read("(7,)"), [7]);
        assert_eq!(read(" ( 3, 4 ) "), [3, 4]);
        assert_eq!(read("0"), [0]);
        assert!(read("()").is_empty() && read("").is_empty());
        assert_eq!(strides("-8,4").unwrap().0, [-8, 4]);
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for text in
            [",", "3,,4", "3 4", "(3", "3x4", "1.5", "-1", "99999999999999999999", "--order"]
        {
            assert!(axes(text).is_err(), "{text}");
        }
    }
}
