//! Arrays that follow their files to another length.

use std::sync::Arc;

use ndarray::Dimension;

use crate::array::file::name;
use crate::array::{ArrayFile, DynLiveMap, LiveMap};
use crate::element::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::format::{self, Content, Entry};
use crate::layout::{Layout, display_shape};
use crate::map::{Mode, Region};
use crate::source::Source;

impl ArrayFile {
    /// Looks how long the array in the file is now, after others have appended to it, or cut rows off:
    /// reads the header once more. A file that has taken the place of this one at its path is followed
    /// if it holds the same kind of array. Where there is an error all stays as it was.
    ///
    /// ```
    /// use mapray::ArrayFile;
    /// use ndarray::arr1;
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-refresh-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// mapray::save(&path, &arr1(&[1.0, 2.0]))?;
    /// let mut file = ArrayFile::open(&path)?;
    /// mapray::append(&path, &arr1(&[3.0]))?;
    /// assert_eq!(file.shape(), [2]);
    /// file.refresh()?;
    /// assert_eq!(file.shape(), [3]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] where the file holds another kind of array now, of another dtype or with
    /// rows of another shape; [`ErrorKind::Unsupported`] for slices, members of archives and files
    /// without a header; else as [`open`](ArrayFile::open).
    pub fn refresh(&mut self) -> Result<()> {
        let is_whole = matches!(&self.entry.content, Content::Stored(all) if *all == self.layout);
        if !is_whole || self.entry.upkeep.growth.is_none() {
            return Err(name(&self.source, &self.entry, cannot_follow(is_whole)));
        }
        let source = match self.source.path() {
            Some(path) => Source::open(path)?,
            None => self.source.try_clone()?,
        };
        let source = if self.source.locks() { source } else { source.without_locks() };
        let source = source.settled()?.examined_again()?;
        let entry = format::probe(&source)?;
        successor(&self.layout, &entry).map_err(|error| source.name(error))?;
        *self = ArrayFile::new(source, entry)?;
        Ok(())
    }
}

impl DynLiveMap {
    /// Looks how long the array in the file is now, and maps all of it: as [`ArrayFile::refresh`], for
    /// maps in the modes `r` and `r+`. Clones and slices stay as they are.
    ///
    /// # Errors
    ///
    /// As [`ArrayFile::refresh`] and [`ArrayFile::map_live_dyn`]; [`ErrorKind::Mode`] in mode `c`, whose
    /// edits would be lost.
    pub fn refresh(&mut self) -> Result<()> {
        let mode = self.region.mode();
        if mode == Mode::CopyOnWrite {
            let message = "a map in mode 'c' cannot follow its file: its edits would be lost";
            let error = Error::new(ErrorKind::Mode, message);
            return Err(self.region.name(error.hint("commit them, and open the file anew")));
        }
        let same = self.region.source();
        let source = match self.region.path() {
            Some(path) if mode.writes_file() => Source::open_writable(path)?,
            Some(path) => Source::open(path)?,
            None => self.region.source()?,
        };
        let locks = !mode.writes_file() || self.region.lock().is_some();
        let source = if locks { source } else { source.without_locks() };
        let source = source.settled()?.examined_again()?;
        let entry = format::probe(&source)?;
        let layout = successor(&self.layout, &entry).map_err(|error| source.name(error))?;
        let is_same = same.is_ok_and(|same| same.identity() == source.identity());
        if !is_same || layout != self.layout {
            let region = Region::map(&source, layout.span(), mode)?;
            *self = DynLiveMap { region: Arc::new(region), layout };
        }
        Ok(())
    }
}

impl<T: Element, D: Dimension> LiveMap<T, D> {
    /// As [`DynLiveMap::refresh`].
    ///
    /// # Errors
    ///
    /// As [`DynLiveMap::refresh`].
    pub fn refresh(&mut self) -> Result<()> {
        self.map.refresh()
    }
}

/// Where the array lies now, if it is of the kind that it was.
fn successor(old: &Layout, entry: &Entry) -> Result<Layout> {
    let (Content::Stored(new), Some(growth)) = (&entry.content, &entry.upkeep.growth) else {
        return Err(cannot_follow(true));
    };
    // The offset is another where the file was written anew, with a longer header.
    let rows = |layout: &Layout| {
        let mut shape = layout.shape().to_vec();
        (growth.axis < shape.len()).then(|| shape[growth.axis] = 0);
        (layout.dtype().clone(), shape)
    };
    if rows(old) == rows(new) && old.strides() == new.strides() {
        return Ok(new.clone());
    }
    let shown = |layout: &Layout| {
        format!("dtype '{}' and shape {}", layout.dtype(), display_shape(layout.shape()))
    };
    Err(Error::new(ErrorKind::Changed, "the array in the file is of another kind now")
        .expected(shown(old))
        .found(shown(new))
        .hint("open it anew (a slice does not follow its array: refresh that, and slice it anew)"))
}

fn cannot_follow(is_whole: bool) -> Error {
    let unsupported = |message| Error::new(ErrorKind::Unsupported, message);
    if is_whole {
        return unsupported("the length of the array does not stand in a header of its own")
            .hint("open it anew");
    }
    unsupported("a slice does not follow its array").hint("refresh the array, and slice it anew")
}
