//! The page cache under an array that is not mapped.

use std::ops::Range;

use crate::array::ArrayFile;
use crate::error::{Error, Result};
use crate::map::Residency;
use crate::source::ReadAt;
use crate::sys;

/// How much is read at once.
const CHUNK: u64 = 1 << 20;

/// What the system keeps of the file in memory, for everyone who reads or maps it: nothing is mapped for
/// it. Of a strided slice only the pages count that hold one of its elements.
impl ArrayFile {
    /// Reads the array in, so that who uses it next need not wait for the disk. Holes of a sparse file,
    /// which no disk holds, are passed over.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("mapray-warm-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// mapray::save(&path, &ndarray::Array2::<f64>::ones((512, 512)))?;
    /// let rows = mapray::ArrayFile::open(&path)?.slice(&"[:64]".parse()?)?;
    /// rows.warm()?;
    /// # if cfg!(all(target_os = "linux", not(mapray_portable))) {
    /// let residency = rows.residency()?;
    /// assert_eq!(residency.resident, residency.total);
    /// # }
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the disk refuses,
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) where the file was cut short.
    pub fn warm(&self) -> Result<()> {
        let mut buffer = Vec::new();
        self.name(self.source.require(self.layout().span()))?;
        self.name(self.for_each_run(|range| {
            let mut at = range.start;
            while at < range.end {
                let Some(data) = self.data_from(at)? else { break };
                let data = data.start.max(at)..data.end.min(range.end);
                at = data.end.max(at);
                self.read_through(data, &mut buffer)?;
            }
            Ok(())
        }))
    }

    /// Lets the page cache drop the array, so that the next use waits for the disk. What was changed
    /// is written to the disk first. Pages that are mapped, by anybody, stay, and so may some that
    /// the system keeps together with pages outside of the array; so does everything where memory is
    /// the disk (tmpfs).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the disk refuses,
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
    pub fn evict(&self) -> Result<()> {
        let file = self.source.file();
        let done =
            sys::sync_data(file).map_err(|error| Error::io("write the file to the disk", error));
        let evict =
            |range| sys::evict(file, range).map_err(|error| Error::io("evict the array", error));
        self.name(done.and_then(|()| self.for_each_run(evict)))
    }

    /// How much of the array is in the page cache.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the kernel does not tell, as it may not do for
    /// files that others own, [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
    pub fn residency(&self) -> Result<Residency> {
        let (mut resident, mut total) = (0, 0);
        self.name(self.for_each_run(|range| {
            let (cached, all) = sys::cached(self.source.file(), range)
                .map_err(|error| Error::io("ask what is in memory", error))?;
            resident += cached;
            total += all;
            Ok(())
        }))?;
        let page = sys::page_size();
        Ok(Residency { resident: resident * page, total: total * page })
    }

    /// The bytes of the file that elements lie in, gaps of less than a page included.
    fn for_each_run(&self, mut work: impl FnMut(Range<u64>) -> Result<()>) -> Result<()> {
        self.layout().for_each_range(sys::page_size() as u64, &mut work)
    }

    fn data_from(&self, at: u64) -> Result<Option<Range<u64>>> {
        sys::data_from(self.source.file(), at)
            .map_err(|error| Error::io("look for holes in the file", error).at_offset(at))
    }

    fn read_through(&self, range: Range<u64>, buffer: &mut Vec<u8>) -> Result<()> {
        let mut at = range.start;
        while at < range.end {
            let n = (range.end - at).min(CHUNK);
            buffer.resize(n as usize, 0);
            self.source.read_at(at, buffer)?;
            at += n;
        }
        Ok(())
    }
}
