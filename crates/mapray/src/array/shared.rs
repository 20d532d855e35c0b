//! Memory that processes share without a file.

use std::fs::File;

use ndarray::{Dimension, IntoDimension};

use crate::array::{DynLiveMap, LiveMap, require_plain};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::map::Mode;
use crate::source::Source;
use crate::sys;

impl DynLiveMap {
    /// Zeros in memory that other processes can map too: a memfd, which lives as long as anybody
    /// has it open or mapped. `name` is only for people to see (`/proc/PID/maps`).
    ///
    /// It is sealed against shrinking, so whoever gets its [`file`](DynLiveMap::file) can write it
    /// and make it longer, but never cut it short. Its pages come when they are first touched.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) for more bytes than can be addressed,
    /// [`ErrorKind::Dtype`](crate::ErrorKind::Dtype) for Python objects,
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) for a name of more than 249 bytes or with a NUL in
    /// it, [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
    pub fn memfd(name: &str, dtype: DType, shape: &[usize]) -> Result<DynLiveMap> {
        require_plain(&dtype)?;
        let layout = Layout::contiguous(dtype, shape, Default::default(), 0)?;
        let file = sys::memfd(name, layout.span().end)
            .map_err(|error| Error::io("make a memfd", error))?;
        DynLiveMap::new(&Source::from_file(file)?, layout, Mode::Write)
    }

    /// The file under the map, by a descriptor of its own: to pass a memfd on to another process,
    /// as the standard input of a child or over a Unix socket. There
    /// [`MapOptions`](crate::MapOptions) and [`ArrayFile::from_file`](crate::ArrayFile::from_file)
    /// take it. A map whose file has a name opens it again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for memory of our own, which has
    /// no file; [`ErrorKind::Changed`](crate::ErrorKind::Changed) where another file has taken the
    /// path.
    pub fn file(&self) -> Result<File> {
        Ok(self.region.source()?.into_file())
    }
}

impl<T: Element, D: Dimension> LiveMap<T, D> {
    /// Zeros in memory that other processes can map too: [`DynLiveMap::memfd`].
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    ///
    /// use mapray::LiveMap;
    ///
    /// # if cfg!(any(mapray_portable, not(target_os = "linux"))) { return Ok(()); }
    /// let map: LiveMap<u16, _> = LiveMap::memfd("numbers", (2, 3))?;
    /// map.fill(7)?;
    /// // Any child sees the same memory; here it is its standard input.
    /// let dump = Command::new("od").args(["-An", "-td2"]).stdin(Stdio::from(map.file()?)).output();
    /// assert_eq!(dump.unwrap().stdout.split(|byte| *byte == b' ').filter(|n| !n.is_empty()).count(), 6);
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`DynLiveMap::memfd`].
    pub fn memfd(name: &str, shape: impl IntoDimension<Dim = D>) -> Result<LiveMap<T, D>> {
        LiveMap::new(DynLiveMap::memfd(name, T::dtype(), shape.into_dimension().slice())?)
    }

    /// The file under the map, by a descriptor of its own: [`DynLiveMap::file`].
    ///
    /// # Errors
    ///
    /// As [`DynLiveMap::file`].
    pub fn file(&self) -> Result<File> {
        self.as_dyn().file()
    }
}
