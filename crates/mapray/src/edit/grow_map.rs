//! Maps that make the arrays in their files longer or shorter, and follow them.

use std::sync::Arc;

use bytemuck::NoUninit;
use ndarray::{ArrayRef, Dimension};

use crate::array::{AnyArray, DynLiveMap, DynMapMut, LiveMap, MapMut};
use crate::edit::grow::{GrowingFile, resize_file};
use crate::edit::rows::{RowWriter, Rows};
use crate::element::{Element, WritableElement};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Layout, display_shape};
use crate::map::Region;
use crate::source::Durability;

/// A map that can be made one of more or fewer bytes.
trait Remap {
    /// Whether nobody else may write the file while the map lives.
    const EXCLUSIVE: bool;
    fn region(&self) -> &Arc<Region>;
    fn array(&self) -> &Layout;
    /// Becomes the map of this region.
    fn put(&mut self, region: Arc<Region>, layout: Layout) -> Result<()>;
}

impl Remap for DynLiveMap {
    const EXCLUSIVE: bool = false;

    fn region(&self) -> &Arc<Region> {
        &self.region
    }

    fn array(&self) -> &Layout {
        &self.layout
    }

    fn put(&mut self, region: Arc<Region>, layout: Layout) -> Result<()> {
        *self = DynLiveMap { region, layout };
        Ok(())
    }
}

impl Remap for DynMapMut {
    const EXCLUSIVE: bool = true;

    fn region(&self) -> &Arc<Region> {
        &self.region
    }

    fn array(&self) -> &Layout {
        &self.layout
    }

    fn put(&mut self, region: Arc<Region>, layout: Layout) -> Result<()> {
        *self = DynMapMut { region, layout };
        Ok(())
    }
}

impl<T: Element, D: Dimension> Remap for LiveMap<T, D> {
    const EXCLUSIVE: bool = false;

    fn region(&self) -> &Arc<Region> {
        &self.map.region
    }

    fn array(&self) -> &Layout {
        &self.map.layout
    }

    fn put(&mut self, region: Arc<Region>, layout: Layout) -> Result<()> {
        self.map.put(region, layout)
    }
}

impl<T: Element + NoUninit, D: Dimension> Remap for MapMut<T, D> {
    const EXCLUSIVE: bool = true;

    fn region(&self) -> &Arc<Region> {
        &self.region
    }

    fn array(&self) -> &Layout {
        &self.layout
    }

    fn put(&mut self, region: Arc<Region>, layout: Layout) -> Result<()> {
        *self = DynMapMut { region, layout }.into_typed()?;
        Ok(())
    }
}

macro_rules! growth {
    ($([$($generics:tt)*] $map:ty;)*) => {$(
        impl<$($generics)*> $map {
            /// Makes the array in the file `len` rows long, and the map with it: zeros are put behind
            /// the last one, or the last ones are cut off. In Fortran order it is the last axis that
            /// changes. What was promised for the map is promised for the rows that it gains too.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Mode`](crate::ErrorKind::Mode) in the modes `r` and `c`;
            /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) for a slice, or another array over the
            /// same bytes; [`ErrorKind::Locked`](crate::ErrorKind::Locked) where somebody else writes
            /// the file, or a clone or slice of the map would be cut off; else as
            /// [`resize`](crate::resize()).
            pub fn resize(&mut self, len: usize) -> Result<()> {
                resize(self, len)
            }

            /// Puts rows behind the last one of the array in the file, as [`append`](crate::append())
            /// does, and makes the map longer by them. Clones and slices stay as they are.
            ///
            /// # Errors
            ///
            /// As [`resize`](Self::resize) and [`append`](crate::append()).
            pub fn append<R: WritableElement, N: Dimension>(
                &mut self,
                rows: &ArrayRef<R, N>,
            ) -> Result<()> {
                append(self, |writer| writer.take(rows, Rows::Any))
            }

            /// As [`append`](Self::append), for rows of a dtype known at run time.
            ///
            /// # Errors
            ///
            /// As [`append`](Self::append), and those of reading the rows.
            pub fn append_dyn(&mut self, rows: &impl AnyArray) -> Result<()> {
                append(self, |writer| writer.take_dyn(rows, Rows::Any))
            }
        }
    )*};
}

growth! {
    [] DynLiveMap;
    [] DynMapMut;
    [T: Element, D: Dimension] LiveMap<T, D>;
    [T: Element + NoUninit, D: Dimension] MapMut<T, D>;
}

fn resize(map: &mut impl Remap, len: usize) -> Result<()> {
    let is_shared = Arc::strong_count(map.region()) > 1;
    follow(map, |mut file, own| {
        if is_shared && len < file.len() {
            let message = "clones or slices of the map would be cut off";
            let error = Error::new(ErrorKind::Locked, message).hint("drop them first");
            return (Err(file.name(error)), file);
        }
        (resize_file(&mut file, len, false, Some(own)), file)
    })
}

fn append(map: &mut impl Remap, take: impl FnOnce(&mut RowWriter) -> Result<()>) -> Result<()> {
    follow(map, |file, _| {
        let mut writer = RowWriter::new(file);
        let taken = take(&mut writer).and_then(|()| writer.flush());
        (taken, writer.into_file())
    })
}

/// Changes the file under a map, and makes the map one of what it holds then.
fn follow<M: Remap>(
    map: &mut M,
    work: impl FnOnce(GrowingFile, &Region) -> (Result<()>, GrowingFile),
) -> Result<()> {
    let (mode, bytes) = (map.region().mode(), map.region().bytes());
    let changed = growing(map).and_then(|file| {
        let (done, mut file) = work(file, map.region());
        // The map first: where the array got shorter, the old one reaches behind what the file will
        // have.
        let followed = done.and_then(|()| {
            let (layout, lock) = (file.layout().clone(), file.lock());
            if let Some(lock) = lock {
                lock.change(file.source(), Some(layout.span()), M::EXCLUSIVE)?;
            }
            let region = Region::map_locked(file.source(), layout.span(), mode, lock.cloned())?;
            map.put(Arc::new(region), layout)
        });
        let finished = file.finish();
        followed.and(finished)
    });
    if changed.is_err()
        && let Some(lock) = map.region().lock()
        && map.region().bytes() == bytes
        && let Ok(source) = map.region().source()
    {
        // It was exclusive for a while; the first error tells more than another.
        let _ = lock.change(&source, Some(bytes), M::EXCLUSIVE);
    }
    changed
}

/// The file under a map of all its array, with everybody else who writes kept out.
fn growing(map: &impl Remap) -> Result<GrowingFile> {
    let region = map.region();
    if !region.mode().writes_file() {
        let message = "only a map in mode 'r+' can change the length of its file";
        let error = Error::new(ErrorKind::Mode, message).found(format!("'{}'", region.mode()));
        return Err(region.name(error));
    }
    // A new map would not know what the old one has lost.
    region.check()?;
    let source = region.source()?;
    if let Some(lock) = region.lock() {
        lock.change(&source, Some(0..u64::MAX), true)?;
    }
    let mut file = GrowingFile::new(source, region.lock().cloned(), Durability::Synced, false)?;
    if file.layout() != map.array() {
        let error = Error::new(ErrorKind::Shape, "the map is not one of all the array in the file");
        let (all, own) = (file.layout().shape(), map.array().shape());
        return Err(file.name(error.expected(display_shape(all)).found(display_shape(own))));
    }
    file.may_move = Arc::strong_count(region) == 1;
    Ok(file)
}
