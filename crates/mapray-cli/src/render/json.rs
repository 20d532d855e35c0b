//! Arrays of any size as JSON, element by element.

use std::io::{self, Write};

use mapray::DType;
use mapray::dtype::Kind;

use super::plain::Plain;

/// Lists of nothing cost a file nothing either.
const MOST_EMPTY_LISTS: usize = 1 << 20;

/// One element: a record as an object, an array in a field as lists.
pub fn element_json(dtype: &DType, bytes: &[u8]) -> String {
    match dtype.kind() {
        Kind::Record(record) => {
            let fields = record.fields().iter().map(|field| {
                let size = field.dtype.itemsize();
                let name = serde_json::Value::from(field.name.as_str());
                format!("{name}:{}", element_json(&field.dtype, part(bytes, field.offset, size)))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Kind::SubArray(sub) => {
            let size = sub.dtype().itemsize();
            let mut out = Vec::new();
            let mut lists = Lists::new(sub.shape().to_vec());
            // Elements without bytes cost a file nothing, so a few bytes could ask for endless text.
            let count = if size == 0 { 0 } else { sub.shape().iter().product() };
            // A vector takes everything.
            let _ = (0..count).try_for_each(|i| {
                let text = element_json(sub.dtype(), part(bytes, i * size, size));
                lists.push(&mut out, &text)
            });
            let _ = lists.finish(&mut out);
            String::from_utf8(out).unwrap_or_default()
        }
        _ => Plain::new(dtype, bytes).json(),
    }
}

/// These bytes of the element, as far as there are any.
pub fn part(bytes: &[u8], offset: usize, size: usize) -> &[u8] {
    let rest = bytes.get(offset..).unwrap_or_default();
    &rest[..size.min(rest.len())]
}

/// The nested lists of an array, whose elements come one by one in C order.
pub struct Lists {
    shape: Vec<usize>,
    /// The index of the next element.
    index: Vec<usize>,
    begun: bool,
}

impl Lists {
    pub fn new(shape: Vec<usize>) -> Lists {
        Lists { index: vec![0; shape.len()], shape, begun: false }
    }

    /// The next element, with the brackets and commas around it.
    pub fn push(&mut self, out: &mut dyn Write, element: &str) -> io::Result<()> {
        // Lists that begin with this element.
        let opened = self.index.iter().rev().take_while(|&&i| i == 0).count();
        if self.begun {
            out.write_all(b",")?;
        }
        self.begun = true;
        out.write_all(&vec![b'['; opened])?;
        out.write_all(element.as_bytes())?;
        for (index, &n) in self.index.iter_mut().zip(&self.shape).rev() {
            *index += 1;
            if *index < n {
                break;
            }
            *index = 0;
            out.write_all(b"]")?;
        }
        Ok(())
    }

    /// The lists of an array that has no elements.
    pub fn finish(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.begun { Ok(()) } else { out.write_all(empty(&self.shape).as_bytes()) }
    }
}

/// NumPy's `tolist` of no elements; one pair of brackets instead of very many.
fn empty(shape: &[usize]) -> String {
    let before_none = shape.iter().take_while(|&&n| n > 0);
    let lists = before_none.fold(1_usize, |lists, &n| lists.saturating_mul(n));
    match shape.split_first() {
        Some((&n, inner)) if inner.contains(&0) && lists <= MOST_EMPTY_LISTS => {
            format!("[{}]", vec![empty(inner); n].join(","))
        }
        _ => "[]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_those_of_numpy() {
        let lists = |shape: &[usize]| {
            let (mut out, mut lists) = (Vec::new(), Lists::new(shape.to_vec()));
            let count: usize = shape.iter().product();
            (0..count).for_each(|i| lists.push(&mut out, &i.to_string()).unwrap());
            lists.finish(&mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(lists(&[]), "0");
        assert_eq!(lists(&[3]), "[0,1,2]");
        assert_eq!(lists(&[2, 1, 2]), "[[[0,1]],[[2,3]]]");
        assert_eq!(lists(&[0]), "[]");
        assert_eq!(lists(&[2, 0]), "[[],[]]");
        assert_eq!(lists(&[0, 2]), "[]");
        assert_eq!(lists(&[2, 2, 0, 5]), "[[[],[]],[[],[]]]");
    }
}
