//! An array that an address leads to, wherever its elements lie.

use std::path::Path;

use mapray::{
    AnyArray, Archive, ArrayFile, DType, DecodedArray, DynView, Error, Layout, Slice, save_dyn,
};

use crate::failure::Failure;
use crate::render::Elements;

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
    fn view(&self) -> mapray::Result<DynView<'_>> {
        DynView::new(self.memory.as_bytes(), self.layout.clone())
    }

    fn name(&self, error: Error) -> Failure {
        name(&self.address, error)
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
        let memory = archive.decode(member)?;
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

    /// Writes a `.npy` file.
    pub fn save_npy(&self, path: &Path) -> Result<(), Failure> {
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
        work(&self.array()?).map_err(|error| self.name(error))
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
