//! Files that hold several arrays.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ndarray::{Array, Dimension};

use crate::array::{ArrayFile, DecodedArray, decode};
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, Contents, Entry, npy};
use crate::source::Source;
use crate::threads;

/// A file that holds several arrays under names: `.npz` or `safetensors`, told apart by content.
///
/// Opening reads the directory or the header, once. An array that lies there as it is can then be
/// mapped, sliced and edited like any other file's, by [`member`](Archive::member); one that is
/// compressed is inflated into memory, by [`read`](Archive::read) or [`decode`](Archive::decode).
///
/// ```
/// use mapray::{Archive, Mode, bf16};
/// use ndarray::Ix1;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-archive-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("model.safetensors");
/// let header = r#"{"bias":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#;
/// let data = [0x80, 0x3f, 0x00, 0xc0];
/// let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
/// std::fs::write(&path, file).unwrap();
///
/// let archive = Archive::open(&path)?;
/// assert_eq!((archive.format(), archive.names()), ("safetensors", vec!["bias".to_owned()]));
/// let bias = archive.member("bias")?;
/// assert_eq!(bias.entry().attributes, [("logical_type".to_owned(), "bfloat16".to_owned())]);
/// // SAFETY: nobody else knows this file.
/// let map = unsafe { bias.map_live_dyn(Mode::Read)?.assume_stable()? };
/// let values = map.typed::<mapray::Le<bf16>, Ix1>()?.mapv(|value| value.get().to_f32());
/// assert_eq!(values.to_vec(), [1.0, -2.0]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Archive {
    source: Arc<Source>,
    contents: Contents,
}

impl Archive {
    /// Opens a file of several arrays.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the file cannot be read, [`ErrorKind::Format`] where its directory or
    /// header is wrong or it is in no format that is known, [`ErrorKind::Member`] where it holds one
    /// array without a name.
    pub fn open(path: impl AsRef<Path>) -> Result<Archive> {
        Archive::of_any(Source::open(path.as_ref())?.settled()?)
    }

    /// As [`open`](Archive::open), for a file that is open already. Its position is ignored.
    ///
    /// # Errors
    ///
    /// As [`open`](Archive::open).
    pub fn from_file(file: File) -> Result<Archive> {
        Archive::of_any(Source::from_file(file)?.settled()?)
    }

    fn of_any(source: Source) -> Result<Archive> {
        let first = format::first_bytes(&source)?;
        let contents = match Contents::probe(&source, &first)? {
            Some(contents) => contents,
            None if first.starts_with(&npy::MAGIC) => {
                let message = "the file holds one array, which has no name";
                return Err(source.name(
                    Error::new(ErrorKind::Member, message).hint("`ArrayFile::open` opens it"),
                ));
            }
            // A zip archive may have other bytes in front, and is told by its end then.
            None => Contents::zip(&source).map_err(|_| source.name(format::unknown(&first)))?,
        };
        Ok(Archive { source: Arc::new(source), contents })
    }

    pub(super) fn of_zip(source: Source) -> Result<Archive> {
        let contents = Contents::zip(&source)?;
        Ok(Archive { source: Arc::new(source), contents })
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// As [`ArrayFile::count_reads`], for everything that is read of the archive.
    pub fn count_reads(&self, counter: &Arc<AtomicU64>) {
        self.source.count_reads(counter.clone());
    }

    /// The format's name: `npz` or `safetensors`.
    pub fn format(&self) -> &'static str {
        self.contents.format()
    }

    /// The path it was opened by; `None` where the file has no name.
    pub fn path(&self) -> Option<&Path> {
        self.source.path()
    }

    /// What the file says of itself as a whole: the `__metadata__` of `safetensors`.
    pub fn attributes(&self) -> &[(String, String)] {
        self.contents.attributes()
    }

    /// The names of the arrays, each once, in the order of the directory. For `.npz` those that
    /// `numpy.load` gives, without `.npy`; with it where the archive has another member without. A
    /// member that holds no array has a name too.
    pub fn names(&self) -> Vec<String> {
        self.contents.names()
    }

    /// What the file says of one array: works for compressed ones and for Python objects too. Reads
    /// the headers before the array, nothing else. In `.npz` the name may be given with or without
    /// `.npy`; where there are both, each is its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Member`] where there is no such array: the error suggests the nearest name;
    /// [`ErrorKind::Format`] where the member holds no array or the archive is wrong about it,
    /// [`ErrorKind::Unsupported`] where it is encrypted, or compressed in another way than by deflate.
    pub fn entry(&self, name: &str) -> Result<Entry> {
        self.contents.entry(&*self.source, name).map_err(|error| self.source.name(error))
    }

    /// One array as if it were a file of its own: to be read, sliced and mapped where it lies, in the
    /// modes `r`, `c` and `r+`, aligned or not.
    ///
    /// After edits in `r+`, `flush` or `close` of the map brings the checksum of an `.npz` member up
    /// to date.
    ///
    /// # Errors
    ///
    /// As [`entry`](Archive::entry); [`ErrorKind::Unsupported`] where the array is compressed,
    /// [`ErrorKind::Dtype`] where it holds Python objects.
    pub fn member(&self, name: &str) -> Result<ArrayFile> {
        ArrayFile::shared(self.source.clone(), self.entry(name)?)
    }

    /// A copy of one array in main memory, compressed or not, in the byte order of this machine. Its
    /// checksum is checked.
    ///
    /// # Errors
    ///
    /// As [`entry`](Archive::entry); [`ErrorKind::Format`] where the checksum is wrong,
    /// [`ErrorKind::Dtype`] where `T` is not what the elements are, [`ErrorKind::Shape`] where `D` has
    /// another number of axes.
    pub fn read<T: Element, D: Dimension>(&self, name: &str) -> Result<Array<T, D>> {
        decode::read(&self.source, &self.entry(name)?)
    }

    /// As [`read`](Archive::read), with the dtype known at run time: the elements as they lie.
    ///
    /// # Errors
    ///
    /// As [`read`](Archive::read).
    pub fn decode(&self, name: &str) -> Result<DecodedArray> {
        DecodedArray::new(&self.source, &self.entry(name)?)
    }

    /// Every array under its name, in the order of [`names`](Archive::names), several of them decoded at
    /// a time.
    ///
    /// ```
    /// use mapray::Archive;
    /// use ndarray::{Ix1, arr1};
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-decode-all-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("run.npz");
    /// mapray::savez_compressed(&path, [("x", &arr1(&[1.5, 2.5])), ("y", &arr1(&[3.5, 4.5]))])?;
    /// for (name, array) in Archive::open(&path)?.decode_all()? {
    ///     println!("{name}: {}", array.view().typed::<f64, Ix1>()?);
    /// }
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`read`](Archive::read), for the first member that cannot be decoded: one that holds no array,
    /// say.
    pub fn decode_all(&self) -> Result<Vec<(String, DecodedArray)>> {
        let names = self.names();
        let mut decoded: Vec<Option<DecodedArray>> = Vec::new();
        decoded.resize_with(names.len(), || None);
        let members = names.iter().zip(&mut decoded);
        threads::for_each(
            usize::MAX,
            members,
            || (),
            |(), (name, place)| {
                *place = Some(self.decode(name)?);
                Ok(())
            },
        )?;
        Ok(names.into_iter().zip(decoded.into_iter().flatten()).collect())
    }
}
