//! NumPy's semantics the slow way: a file is a `Vec<u8>`, an array is every index written out.

use mapray::ErrorKind;
use mapray::Mode;
use mapray::layout::Index;

/// Where the elements of an array lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Strided {
    pub itemsize: usize,
    pub offset: i64,
    pub shape: Vec<usize>,
    pub strides: Vec<i64>,
}

impl Strided {
    /// Elements side by side.
    pub fn contiguous(itemsize: usize, shape: &[usize], fortran: bool, offset: i64) -> Strided {
        let strides = (0..shape.len())
            .map(|axis| {
                let faster = if fortran { &shape[..axis] } else { &shape[axis + 1..] };
                faster.iter().fold(itemsize as i64, |stride, &n| stride * n as i64)
            })
            .collect();
        Strided { itemsize, offset, shape: shape.to_vec(), strides }
    }

    /// Every index in C order, and the byte at which its element starts.
    pub fn elements(&self) -> Vec<(Vec<usize>, i64)> {
        let mut elements = vec![(vec![], self.offset)];
        for (&n, &stride) in self.shape.iter().zip(&self.strides) {
            let longer = |(index, place): &(Vec<usize>, i64)| {
                let (index, place) = (index.clone(), *place);
                (0..n).map(move |i| ([&index[..], &[i]].concat(), place + i as i64 * stride))
            };
            elements = elements.iter().flat_map(longer).collect();
        }
        elements
    }

    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The byte of the lowest element, and the byte behind the highest.
    pub fn bounds(&self) -> (i64, i64) {
        let places: Vec<i64> = self.elements().into_iter().map(|(_, place)| place).collect();
        let low = places.iter().min().copied().unwrap_or(self.offset);
        let high = places.iter().max().map_or(self.offset, |&place| place + self.itemsize as i64);
        (low, high)
    }

    /// Whether two elements have a byte in common.
    pub fn overlaps(&self) -> bool {
        let mut places: Vec<i64> = self.elements().into_iter().map(|(_, place)| place).collect();
        places.sort_unstable();
        places.windows(2).any(|pair| pair[1] - pair[0] < self.itemsize as i64)
    }

    /// `a[items]`; `None` where NumPy raises an `IndexError`.
    pub fn slice(&self, items: &[Index]) -> Option<Strided> {
        let takes_axis = |item: &&Index| matches!(item, Index::At(_) | Index::Range { .. });
        let used = items.iter().filter(takes_axis).count();
        let ellipses = items.iter().filter(|item| matches!(item, Index::Ellipsis)).count();
        if used > self.shape.len() || ellipses > 1 {
            return None;
        }
        let mut items = items.to_vec();
        if ellipses == 0 {
            items.push(Index::Ellipsis);
        }
        let mut sliced = Strided { shape: vec![], strides: vec![], ..self.clone() };
        let mut axes = self.shape.iter().copied().zip(self.strides.iter().copied());
        for item in items {
            match item {
                Index::NewAxis => sliced.push(1, 0),
                Index::Ellipsis => {
                    let whole = axes.by_ref().take(self.shape.len() - used);
                    whole.for_each(|(n, stride)| sliced.push(n, stride));
                }
                Index::At(at) => {
                    let (n, stride) = axes.next()?;
                    let at = if at < 0 { at + n as i64 } else { at };
                    if at < 0 || at >= n as i64 {
                        return None;
                    }
                    sliced.offset += at * stride;
                }
                Index::Range { start, stop, step } => {
                    let (n, stride) = axes.next()?;
                    let kept = python_range(n as i64, start, stop, step.unwrap_or(1))?;
                    if let Some(first) = kept.first() {
                        sliced.offset += first * stride;
                    }
                    let step = kept.get(1).map_or(1, |second| second - kept[0]);
                    sliced.push(kept.len(), step * stride);
                }
            }
        }
        Some(sliced)
    }

    fn push(&mut self, n: usize, stride: i64) {
        self.shape.push(n);
        self.strides.push(stride);
    }
}

/// The places that `start:stop:step` keeps of an axis of `n`; `None` for a step of zero.
fn python_range(n: i64, start: Option<i64>, stop: Option<i64>, step: i64) -> Option<Vec<i64>> {
    let from_end = |at: i64| if at < 0 { at + n } else { at };
    let mut kept = Vec::new();
    let mut at = match (start.map(from_end), step > 0) {
        (start, true) => start.unwrap_or(0).max(0),
        (start, false) => start.unwrap_or(n - 1).min(n - 1),
    };
    let stop = stop.map(from_end);
    while step != 0 && (0..n).contains(&at) {
        let before = if step > 0 { at < stop.unwrap_or(n) } else { at > stop.unwrap_or(-1) };
        if !before {
            break;
        }
        kept.push(at);
        at += step;
    }
    (step != 0).then_some(kept)
}

/// What a caller says of an array in a raw file.
#[derive(Clone, Debug)]
pub struct Request {
    pub itemsize: usize,
    pub offset: i64,
    pub shape: Option<Vec<usize>>,
    pub strides: Option<Vec<i64>>,
    pub fortran: bool,
}

impl Request {
    /// The array that it asks for, where that does not hang on the file.
    pub fn array(&self) -> Option<Strided> {
        let shape = self.shape.as_ref()?;
        let plain = Strided::contiguous(self.itemsize, shape, self.fortran, self.offset);
        let strides = self.strides.clone().unwrap_or(plain.strides.clone());
        Some(Strided { strides, ..plain })
    }

    /// What opening a file with these contents (`None` where there is none) makes of it, and the
    /// array in it. The errors are NumPy's, by kind; after one the file is as it was. What is read
    /// by position may be empty, what is mapped may not.
    pub fn open(
        &self,
        file: Option<&[u8]>,
        mode: Mode,
        mapped: bool,
    ) -> Result<(Vec<u8>, Strided), ErrorKind> {
        let array = self.array();
        if array.as_ref().is_some_and(|array| array.bounds().0 < 0) {
            return Err(ErrorKind::Shape);
        }
        if mode == Mode::Write {
            let array = array.ok_or(ErrorKind::Shape)?;
            return Ok((vec![0; array.bounds().1 as usize], array));
        }
        let mut file = file.ok_or(ErrorKind::Io)?.to_vec();
        let rest = file.len() as i64 - self.offset;
        let array = match array {
            Some(array) => array,
            None if rest < 0 || rest % self.itemsize as i64 != 0 => return Err(ErrorKind::Shape),
            None => {
                let n = rest as usize / self.itemsize;
                Strided::contiguous(self.itemsize, &[n], false, self.offset)
            }
        };
        let end = array.bounds().1 as usize;
        match mode {
            Mode::ReadWrite => file.resize(end.max(file.len()), 0),
            _ if file.len() < end => return Err(ErrorKind::Truncated),
            _ if file.is_empty() && mapped => return Err(ErrorKind::Shape),
            _ => {}
        }
        Ok((file, array))
    }
}

/// A file and a map of it.
#[derive(Clone, Debug)]
pub struct Model {
    /// What plain reads of the file give.
    pub file: Vec<u8>,
    /// What a copy-on-write map shows instead.
    pub private: Option<Vec<u8>>,
}

impl Model {
    pub fn new(file: Vec<u8>, mode: Mode) -> Model {
        let private = (mode == Mode::CopyOnWrite).then(|| file.clone());
        Model { file, private }
    }

    /// What the map shows.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        self.private.as_mut().unwrap_or(&mut self.file)
    }

    /// The bytes of each element, in C order.
    pub fn read(&mut self, array: &Strided) -> Vec<Vec<u8>> {
        let bytes = self.bytes();
        let element = |(_, place)| bytes[place as usize..][..array.itemsize].to_vec();
        array.elements().into_iter().map(element).collect()
    }

    /// Stores elements in C order, so that the last one wins where they share bytes.
    pub fn write(&mut self, array: &Strided, mut element: impl FnMut(&[usize]) -> Vec<u8>) {
        for (index, place) in array.elements() {
            let element = element(&index);
            self.bytes()[place as usize..][..element.len()].copy_from_slice(&element);
        }
    }
}
