//! Work on the pages under an array or a slice of it.

use std::fs::File;
use std::ops::Range;

use crate::error::{Error, Result};
use crate::layout::{Layout, Slice};
use crate::map::Region;
use crate::sys::{self, Advice};

/// The pages under a map, or under a slice of it: what can be done to them without a look at the
/// elements. Each call costs what its range costs, never more.
///
/// ```
/// use mapray::{Advice, MapOptions, Mode};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-pages-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.bin");
/// let options = MapOptions::new().mode(Mode::Write).shape((1024, 1024));
/// let map = options.live::<f64, ndarray::Ix2>(&path)?;
/// map.set([512, 0], 1.0)?;
/// let row = map.pages().slice(&"[512]".parse()?)?;
/// row.flush()?; // two or three pages, not 8 MiB
/// row.advise(Advice::Random)?;
/// assert!(row.residency()?.resident > 0);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pages<'a> {
    region: &'a Region,
    layout: Layout,
}

/// How much of something is in memory, in bytes of whole pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residency {
    /// Bytes in memory: in the page cache, or private to the map.
    pub resident: usize,
    /// Bytes in all.
    pub total: usize,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(region: &'a Region, layout: &Layout) -> Pages<'a> {
        Pages { region, layout: layout.clone() }
    }

    /// The pages under a slice of this array: for a strided slice only those that hold one of its
    /// elements.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](crate::ErrorKind::Index), as NumPy's `IndexError`.
    pub fn slice(&self, slice: &Slice) -> Result<Pages<'a>> {
        let layout = self.layout.slice(slice).map_err(|error| self.region.name(error))?;
        Ok(Pages { region: self.region, layout })
    }

    fn for_each_range(&self, mut work: impl FnMut(Range<u64>) -> Result<()>) -> Result<()> {
        self.layout.for_each_range(sys::page_size() as u64, &mut work)
    }

    /// Writes what was stored to the file and waits until the disk has it. In the modes `r` and
    /// `c` there is nothing to write, and nothing happens.
    ///
    /// Pages only: the checksum of a member of an archive, which costs a look at the whole member, is
    /// brought up to date by the map's own `flush`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) or [`ErrorKind::Space`](crate::ErrorKind::Space) where the
    /// disk refuses, or has refused something of the file that was stored before; then each later flush
    /// of the map fails too.
    pub fn flush(&self) -> Result<()> {
        self.for_each_range(|range| self.region.flush(range))
    }

    /// Starts writing what was stored to the file and does not wait: `sync_file_range(2)`, since
    /// Linux does nothing for `MS_ASYNC`. A later [`flush`](Pages::flush) waits for the rest.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`](crate::ErrorKind::Changed) where another file has taken the path,
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where none is there any more;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
    pub fn flush_async(&self) -> Result<()> {
        self.for_each_range(|range| self.region.flush_async(range))
    }

    /// Tells the kernel how the pages will be used.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the kernel does not know the advice.
    pub fn advise(&self, advice: Advice) -> Result<()> {
        self.for_each_range(|range| self.region.advise(range, advice))
    }

    /// Starts reading the pages from the disk, and does not wait.
    ///
    /// # Errors
    ///
    /// As [`advise`](Pages::advise).
    pub fn prefetch(&self) -> Result<()> {
        self.advise(Advice::WillNeed)
    }

    /// Gives the memory of the pages back. They stay in the page cache, and come back on the next
    /// access. Stored bytes are not lost: pages that were edited in mode `c` stay.
    ///
    /// # Errors
    ///
    /// As [`advise`](Pages::advise).
    pub fn release(&self) -> Result<()> {
        self.advise(Advice::DontNeed)
    }

    /// The bytes of the file that lie in pages which were stored to, in a map in mode `c`: ascending,
    /// and of this slice only. As many bytes as differ from the file, or more, since pages are what the
    /// system knows of. In mode `r` there are none.
    ///
    /// A page counts once something was stored in it, even what stood there before, in memory or
    /// swapped out, and in a process that was forked off later too. In memory that has no file, pages
    /// that were only looked at may count as well.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Mode`](crate::ErrorKind::Mode) in the modes `r+` and `w+`, in which edits are in the
    /// file; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
    pub fn dirty(&self) -> Result<Vec<Range<u64>>> {
        let mut dirty: Vec<Range<u64>> = Vec::new();
        self.for_each_range(|range| {
            for run in self.region.edited(range)? {
                match dirty.last_mut() {
                    Some(last) if last.end == run.start => last.end = run.end,
                    _ => dirty.push(run),
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(dirty)
    }

    /// Gives the bytes of the pages blocks of the disk wherever the file has holes, so that a store to them
    /// cannot fail for want of room. Not a byte changes, even while others write the file. In the
    /// modes `r` and `c` nothing is ever stored in the file, and nothing happens.
    ///
    /// On systems other than Linux zeros are written over the holes: what others store there meanwhile is
    /// lost.
    ///
    /// A copy-on-write file system (Btrfs, XFS with reflinks, ZFS) may still need room for a store to
    /// bytes that it has.
    ///
    /// ```
    /// use mapray::{CreateOptions, LiveMap};
    /// use ndarray::Ix2;
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-reserve-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// let map: LiveMap<f64, Ix2> = CreateOptions::new((512, 1024)).sparse(true).live(&path)?;
    /// map.pages().slice(&"[:64]".parse()?)?.reserve()?; // 512 KiB of the 4 MiB
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Space`](crate::ErrorKind::Space) where there is not that much room;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on file systems without such a call
    /// before Linux 5.14; as the `check` of the map, and as [`flush_async`](Pages::flush_async).
    pub fn reserve(&self) -> Result<()> {
        // Blocks behind the end of a file that was cut would be of no use.
        self.region.check()?;
        if !self.region.mode().writes_file() {
            return Ok(());
        }
        self.region
            .source()
            .and_then(|source| reserve(source.file(), &self.layout))
            .map_err(|error| self.region.name(error))
    }

    /// How much of it is in memory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
    pub fn residency(&self) -> Result<Residency> {
        let (mut resident, mut total) = (0, 0);
        self.for_each_range(|range| {
            let (in_memory, all) = self.region.residency(range)?;
            resident += in_memory;
            total += all;
            Ok::<(), Error>(())
        })?;
        let page = sys::page_size();
        Ok(Residency { resident: resident * page, total: total * page })
    }
}

/// Gives the pages under the elements blocks of the disk, wherever the file has holes there.
pub(crate) fn reserve(file: &File, layout: &Layout) -> Result<()> {
    layout.for_each_range(sys::page_size() as u64, &mut |range| {
        let offset = range.start;
        sys::reserve_range(file, range)
            .map_err(|error| Error::io("reserve room for the array", error).at_offset(offset))
    })
}
