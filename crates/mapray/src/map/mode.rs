//! What a map may do to its file.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::sys::Access;

/// What a map may do to its file: NumPy's four modes, in NumPy's words.
///
/// ```
/// use mapray::Mode;
///
/// assert_eq!("c".parse::<Mode>()?, Mode::CopyOnWrite);
/// assert_eq!("copyonwrite".parse::<Mode>()?.to_string(), "c");
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `r`: read only.
    Read,
    /// `r+`: read and write a file that exists.
    #[default]
    ReadWrite,
    /// `w+`: create the file or overwrite it with zeros, then read and write.
    Write,
    /// `c`: edits stay in memory. They can be asked for (`dirty_pages`), dropped (`discard`) and written
    /// to the file in one step (`commit`).
    ///
    /// ```
    /// use mapray::{ArrayFile, Mode};
    /// use ndarray::Ix1;
    ///
    /// # if cfg!(any(mapray_portable, not(target_os = "linux"))) { return Ok(()); }
    /// # let folder = std::env::temp_dir().join(format!("mapray-commit-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// mapray::save(&path, &ndarray::Array1::<f64>::zeros(100_000))?;
    /// let mut map = ArrayFile::open(&path)?.map_live::<f64, Ix1>(Mode::CopyOnWrite)?;
    /// map.set(70_000, 1.5)?;
    /// let dirty = map.dirty_pages()?; // one page, as bytes of the file
    /// assert!(dirty.len() == 1 && dirty[0].contains(&map.layout().element(&[70_000]).unwrap()));
    /// map.discard()?;
    /// assert_eq!(map.get(70_000)?, 0.0);
    ///
    /// map.set(70_000, 2.5)?;
    /// assert_eq!(mapray::load::<f64, Ix1>(&path)?[70_000], 0.0);
    /// map.commit()?;
    /// assert_eq!(mapray::load::<f64, Ix1>(&path)?[70_000], 2.5);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    CopyOnWrite,
}

impl Mode {
    /// Whether elements can be set.
    pub fn is_writable(self) -> bool {
        self != Mode::Read
    }

    pub(crate) fn access(self) -> Access {
        match self {
            Mode::Read => Access::Read,
            Mode::ReadWrite | Mode::Write => Access::ReadWrite,
            Mode::CopyOnWrite => Access::Copy,
        }
    }

    /// Whether edits reach the file, so that it must be opened for writing.
    pub(crate) fn writes_file(self) -> bool {
        self.access() == Access::ReadWrite
    }

    pub(crate) fn require_writable(self) -> Result<()> {
        if self.is_writable() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Mode, "the map is read only")
            .hint("open it in mode 'r+' to write the file, or in mode 'c' to keep edits in memory"))
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Mode> {
        match text {
            "r" | "readonly" => Ok(Mode::Read),
            "r+" | "readwrite" => Ok(Mode::ReadWrite),
            "w+" | "write" => Ok(Mode::Write),
            "c" | "copyonwrite" => Ok(Mode::CopyOnWrite),
            _ => Err(Error::new(
                ErrorKind::Mode,
                format!(
                    "mode must be one of ['r', 'c', 'r+', 'w+', 'readonly', 'copyonwrite', \
                     'readwrite', 'write'] (got '{text}')"
                ),
            )),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Read => "r",
            Mode::ReadWrite => "r+",
            Mode::Write => "w+",
            Mode::CopyOnWrite => "c",
        })
    }
}
