//! An array that an address leads to, wherever its elements lie.

use std::path::Path;

use mapray::format::{Content, Entry};
use mapray::layout::Index;
use mapray::{
    AnyArray, Archive, ArrayFile, DType, DecodedArray, DynView, Error, Layout, Slice, save_dyn,
};

use crate::failure::Failure;
use crate::progress::{self, Progress};
use crate::render::Elements;

/// How much is read at once.
const AT_ONCE: usize = 1 << 20;

/// An array.
pub enum Opened {
    /// One that lies in its file as it is.
    File(ArrayFile),
    /// One that had to be decoded.
    Decoded(Decoded),
}

/// A part of an array in memory.
pub struct Decoded {
    memory: DecodedArray,
    layout: Layout,
    /// Where it comes from, for errors.
    address: String,
}

impl Decoded {
    /// The elements.
    pub fn view(&self) -> mapray::Result<DynView<'_>> {
        DynView::new(self.memory.as_bytes(), self.layout.clone())
    }

    fn name(&self, error: Error) -> Failure {
        name(&self.address, error)
    }
}

/// A field of records; `a.b` is the field `b` of the records in field `a`, unless a field is called so.
pub fn dotted<T>(
    whole: &T,
    name: &str,
    field: impl Fn(&T, &str) -> mapray::Result<T>,
) -> mapray::Result<T> {
    match field(whole, name) {
        Err(_) if name.contains('.') => {
            let mut names = name.split('.');
            let first = field(whole, names.next().unwrap_or_default())?;
            names.try_fold(first, |array, name| field(&array, name))
        }
        found => found,
    }
}

/// Names the array in an error that names no file.
fn name(address: &str, error: Error) -> Failure {
    match error.path() {
        Some(_) => error.into(),
        None => format!("{address}: {error}").into(),
    }
}

impl Opened {
    /// An array of an archive: in its place if it lies there as it is, else decoded.
    pub fn member(archive: &Archive, member: &str) -> Result<Opened, Failure> {
        let entry = archive.entry(member)?;
        if entry.is_mappable() {
            return Ok(Opened::File(archive.member(member)?));
        }
        let memory = {
            let _progress = progress::start("inflating", encoded_len(&entry));
            archive.decode(member)?
        };
        let path = archive.path().unwrap_or(Path::new("archive"));
        let address = format!("{}::{member}", path.display());
        Ok(Opened::Decoded(Decoded { layout: memory.layout().clone(), memory, address }))
    }

    /// Where the elements lie, in the file or in memory.
    pub fn layout(&self) -> &Layout {
        match self {
            Opened::File(file) => file.layout(),
            Opened::Decoded(decoded) => &decoded.layout,
        }
    }

    /// The same, read past the page cache where it lies in a file.
    pub fn direct(self) -> Result<Opened, Failure> {
        match self {
            Opened::File(file) => Ok(Opened::File(file.direct()?)),
            Opened::Decoded(_) => Ok(self),
        }
    }

    /// A part of the array.
    pub fn slice(self, slice: &Slice) -> Result<Opened, Failure> {
        match self {
            Opened::File(file) => Ok(Opened::File(file.slice(slice)?)),
            Opened::Decoded(decoded) => {
                let layout = decoded.layout.slice(slice).map_err(|error| decoded.name(error))?;
                Ok(Opened::Decoded(Decoded { layout, ..decoded }))
            }
        }
    }

    /// One field of records, as [`dotted`] finds it.
    pub fn field(self, name: &str) -> Result<Opened, Failure> {
        match self {
            Opened::File(file) => Ok(Opened::File(dotted(&file, name, ArrayFile::field)?)),
            Opened::Decoded(decoded) => {
                let layout = dotted(&decoded.layout, name, Layout::field);
                let layout = layout.map_err(|error| decoded.name(error))?;
                Ok(Opened::Decoded(Decoded { layout, ..decoded }))
            }
        }
    }

    /// The bytes of a part of the array, as they lie, in C order.
    pub fn part(&self, slice: &Slice) -> Result<Vec<u8>, Failure> {
        let bytes = |layout: &Layout| vec![0; layout.nbytes()];
        match self {
            Opened::File(file) => {
                let part = file.slice(slice)?;
                let mut bytes = bytes(part.layout());
                part.read_bytes(&mut bytes)?;
                Ok(bytes)
            }
            Opened::Decoded(decoded) => {
                let part = decoded.view().and_then(|view| view.slice(slice));
                let part = part.map_err(|error| decoded.name(error))?;
                let mut bytes = bytes(part.layout());
                part.read_bytes(&mut bytes).map_err(|error| decoded.name(error))?;
                Ok(bytes)
            }
        }
    }

    /// Hands out the bytes of all elements in C order, some whole ones at a time.
    pub fn in_order(
        &self,
        work: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (shape, itemsize) = (self.shape(), self.dtype().itemsize());
        if self.layout().nbytes() == 0 {
            return Ok(());
        }
        let Some(mut axis) = shape.len().checked_sub(1) else {
            return work(&self.part(&Slice::all())?);
        };
        // The first axis that can be taken in steps: those before it are walked one by one.
        let mut one = itemsize;
        while axis > 0 && one.saturating_mul(shape[axis]) <= AT_ONCE {
            one *= shape[axis];
            axis -= 1;
        }
        let step = (AT_ONCE / one).clamp(1, shape[axis]) as i64;
        let mut outer = vec![0_i64; axis];
        loop {
            for first in (0..shape[axis] as i64).step_by(step as usize) {
                let indices = outer.iter().map(|&i| Index::range(i, i + 1, None));
                let slice = indices.chain([Index::range(first, first + step, None)]);
                work(&self.part(&Slice::new(slice))?)?;
            }
            let carries = |(i, &n): (&mut i64, &usize)| {
                *i = (*i + 1) % n as i64;
                *i == 0
            };
            if outer.iter_mut().zip(shape).rev().all(carries) {
                return Ok(());
            }
        }
    }

    /// Shows how far a run through all of it is. What lies in memory is not read any more.
    pub fn progress(&self, doing: &str) -> Option<Progress> {
        matches!(self, Opened::File(_)).then(|| progress::start(doing, self.layout().nbytes()))
    }

    /// Writes a `.npy` file.
    pub fn save_npy(&self, path: &Path) -> Result<(), Failure> {
        let _progress = self.progress("writing");
        match self {
            Opened::File(file) => save_dyn(path, file)?,
            Opened::Decoded(decoded) => save_dyn(path, &decoded.view()?)?,
        }
        Ok(())
    }

    /// The array, for the functions of the library.
    pub fn array(&self) -> Result<Box<dyn AnyArray + '_>, Failure> {
        Ok(match self {
            Opened::File(file) => Box::new(file.clone()),
            Opened::Decoded(decoded) => Box::new(decoded.view().map_err(|it| decoded.name(it))?),
        })
    }

    /// Names the array in an error that names no file.
    pub fn name(&self, error: Error) -> Failure {
        match self {
            Opened::File(file) => {
                let path = file.path().unwrap_or(Path::new("file")).display();
                let member = file.entry().name.as_ref();
                let member = member.map(|member| format!("::{member}")).unwrap_or_default();
                name(&format!("{path}{member}"), error)
            }
            Opened::Decoded(decoded) => decoded.name(error),
        }
    }

    /// What a function of the library makes of the array.
    pub fn with<T>(
        &self,
        work: impl FnOnce(&Box<dyn AnyArray + '_>) -> mapray::Result<T>,
    ) -> Result<T, Failure> {
        let _progress = self.progress("reading");
        work(&self.array()?).map_err(|error| self.name(error))
    }
}

fn encoded_len(entry: &Entry) -> usize {
    match &entry.content {
        Content::Encoded { range, .. } => (range.end - range.start) as usize,
        _ => 0,
    }
}

impl Elements for Opened {
    fn shape(&self) -> &[usize] {
        self.layout().shape()
    }

    fn dtype(&self) -> &DType {
        self.layout().dtype()
    }

    fn element(&self, index: &[usize], out: &mut Vec<u8>) -> mapray::Result<()> {
        match self {
            Opened::File(file) => file.read_element(index, out),
            Opened::Decoded(decoded) => {
                out.extend_from_slice(decoded.view()?.element(index)?);
                Ok(())
            }
        }
    }
}
