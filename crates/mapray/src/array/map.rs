//! Stable maps of a known element type: they are arrays.

use std::fmt;
use std::ops::{
    Add, AddAssign, Deref, DerefMut, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub,
    SubAssign,
};
use std::path::Path;
use std::sync::Arc;

use bytemuck::NoUninit;
use ndarray::{ArrayRef, ArrayView, ArrayViewMut, Dimension};

use crate::array::dynamic::base;
use crate::array::{ArrayFile, DynView, DynViewMut, map_methods};
use crate::element::Element;
use crate::error::Result;
use crate::layout::Layout;
use crate::map::{Mode, Region};

/// A read-only map that nobody changes while it lives: it *is* an `ndarray` array.
///
/// Every method of [`ndarray::ArrayRef`] works on it, and arithmetic gives arrays in main memory.
///
/// ```
/// use mapray::Map;
/// use ndarray::{Array, Ix2, s};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-map-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("image.npy");
/// mapray::save(&path, &Array::from_shape_fn((4, 5), |(i, j)| (5 * i + j) as f32))?;
/// // SAFETY: nobody else knows this file.
/// let image = unsafe { Map::<f32, Ix2>::open(&path)? };
/// assert_eq!(image[(3, 4)], 19.0);
/// assert_eq!(image.mean(), Some(9.5));
/// assert_eq!(image.slice(s![.., 0]).sum(), 30.0);
/// let half = &image * 0.5;
/// assert_eq!(half[(3, 4)], 9.5);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
pub struct Map<T: Element, D: Dimension> {
    // Not really `'static`: it must never be handed out for longer than the map is borrowed.
    pub(super) view: ArrayView<'static, T, D>,
    pub(crate) region: Arc<Region>,
    pub(crate) layout: Layout,
}

map_methods!([T: Element, D: Dimension] Map<T, D>: region, layout);

impl<T: Element, D: Dimension> Map<T, D> {
    /// Maps the array in a file with a header, in mode `r`.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable`](crate::DynLiveMap::assume_stable).
    ///
    /// # Errors
    ///
    /// As [`ArrayFile::open`], and as [`DynView::typed`](crate::DynView::typed).
    pub unsafe fn open(path: impl AsRef<Path>) -> Result<Map<T, D>> {
        // SAFETY: the caller's promise.
        unsafe { ArrayFile::open(path)?.map_live_dyn(Mode::Read)?.assume_stable()?.into_typed() }
    }
}

impl<T: Element, D: Dimension> Map<T, D> {
    /// The array as one of a dtype known at run time, by byte strides: for the fields of records.
    ///
    /// ```
    /// use mapray::{Map, Record};
    /// use ndarray::{Ix1, arr1};
    ///
    /// #[derive(Clone, Copy, Record)]
    /// #[repr(C)]
    /// struct Point {
    ///     x: f32,
    ///     y: f32,
    /// }
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-as-dyn-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("a.npy");
    /// mapray::save(&path, &arr1(&[Point { x: 1.0, y: 2.0 }, Point { x: 3.0, y: 4.0 }]))?;
    /// // SAFETY: nobody else knows this file.
    /// let points = unsafe { Map::<Point, Ix1>::open(&path)? };
    /// let y = points.as_dyn().field("y")?.typed::<f32, Ix1>()?; // a strided view, no copy
    /// assert_eq!((y.sum(), y.strides()), (6.0, &[2][..]));
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    pub fn as_dyn(&self) -> DynView<'_> {
        // SAFETY: the map's own promise: while it lives, which the borrow makes sure of, nobody
        // changes its bytes.
        unsafe { DynView::from_raw(base(&self.region), self.layout.clone()) }
    }
}

impl<T: Element, D: Dimension> Deref for Map<T, D> {
    type Target = ArrayRef<T, D>;

    fn deref(&self) -> &ArrayRef<T, D> {
        &self.view
    }
}

/// A map that nobody else touches while it lives: it *is* an `ndarray` array that can be written.
///
/// In the modes `r+` and `w+` stores reach the file, page by page, when the system likes or at
/// [`flush`](MapMut::flush); in mode `c` only [`commit`](MapMut::commit) takes them there.
///
/// ```
/// use mapray::{MapMut, Mode};
/// use ndarray::Ix1;
///
/// # let folder = std::env::temp_dir().join(format!("mapray-map-mut-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a.npy");
/// mapray::save(&path, &ndarray::arr1(&[1.0, 2.0, 3.0]))?;
/// // SAFETY: nobody else knows this file.
/// let mut map = unsafe { MapMut::<f64, Ix1>::open(&path, Mode::ReadWrite)? };
/// map[0] = 10.0;
/// map += 1.0;
/// map.flush()?;
/// assert_eq!(mapray::load::<f64, Ix1>(&path)?.to_vec(), [11.0, 3.0, 4.0]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
pub struct MapMut<T: Element, D: Dimension> {
    // Not really `'static`: it must never be handed out for longer than the map is borrowed.
    pub(super) view: ArrayViewMut<'static, T, D>,
    pub(crate) region: Arc<Region>,
    pub(crate) layout: Layout,
}

map_methods!([T: Element, D: Dimension] MapMut<T, D>: region, layout);

impl<T: Element + NoUninit, D: Dimension> MapMut<T, D> {
    /// Maps the array in a file with a header, in mode `r+` or `c`.
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_stable_mut`](crate::DynLiveMap::assume_stable_mut).
    ///
    /// # Errors
    ///
    /// As [`ArrayFile::open`], and as [`DynViewMut::typed`](crate::DynViewMut::typed);
    /// [`ErrorKind::Mode`](crate::ErrorKind::Mode) in mode `r`.
    pub unsafe fn open(path: impl AsRef<Path>, mode: Mode) -> Result<MapMut<T, D>> {
        // SAFETY: the caller's promise.
        unsafe { ArrayFile::open(path)?.map_live_dyn(mode)?.assume_stable_mut()?.into_typed() }
    }
}

impl<T: Element, D: Dimension> MapMut<T, D> {
    /// The array as one of a dtype known at run time, by byte strides: as [`Map::as_dyn`].
    pub fn as_dyn(&self) -> DynView<'_> {
        // SAFETY: the map's own promise: while it is borrowed nobody changes its bytes.
        unsafe { DynView::from_raw(base(&self.region), self.layout.clone()) }
    }

    /// The array as one of a dtype known at run time, for writing.
    pub fn as_dyn_mut(&mut self) -> DynViewMut<'_> {
        // SAFETY: the map's own promise: while it is borrowed for writing nobody else touches its
        // bytes.
        unsafe { DynViewMut::from_raw(base(&self.region), self.layout.clone()) }
    }
}

impl<T: Element, D: Dimension> Deref for MapMut<T, D> {
    type Target = ArrayRef<T, D>;

    fn deref(&self) -> &ArrayRef<T, D> {
        &self.view
    }
}

impl<T: Element, D: Dimension> DerefMut for MapMut<T, D> {
    fn deref_mut(&mut self) -> &mut ArrayRef<T, D> {
        &mut self.view
    }
}

macro_rules! array_traits {
    ($map:ident) => {
        impl<T: Element + fmt::Debug, D: Dimension> fmt::Debug for $map<T, D> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.view, f)
            }
        }

        impl<T: Element + fmt::Display, D: Dimension> fmt::Display for $map<T, D> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.view, f)
            }
        }

        impl<'a, T: Element, D: Dimension> IntoIterator for &'a $map<T, D> {
            type Item = &'a T;
            type IntoIter = ndarray::iter::Iter<'a, T, D>;

            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }

        impl<'a, T: Element, D: Dimension> Neg for &'a $map<T, D>
        where
            &'a ArrayRef<T, D>: Neg,
        {
            type Output = <&'a ArrayRef<T, D> as Neg>::Output;

            fn neg(self) -> Self::Output {
                -&**self
            }
        }

        array_traits!($map, Add::add, Sub::sub, Mul::mul, Div::div, Rem::rem);
    };
    ($map:ident, $($operator:ident::$method:ident),*) => {$(
        impl<'a, T: Element, D: Dimension, B> $operator<B> for &'a $map<T, D>
        where
            &'a ArrayRef<T, D>: $operator<B>,
        {
            type Output = <&'a ArrayRef<T, D> as $operator<B>>::Output;

            fn $method(self, other: B) -> Self::Output {
                (&**self).$method(other)
            }
        }
    )*};
}

array_traits!(Map);
array_traits!(MapMut);

macro_rules! assign_traits {
    ($($operator:ident::$method:ident),*) => {$(
        impl<T: Element, D: Dimension, B> $operator<B> for MapMut<T, D>
        where
            ArrayRef<T, D>: $operator<B>,
        {
            fn $method(&mut self, other: B) {
                (**self).$method(other)
            }
        }
    )*};
}

assign_traits!(
    AddAssign::add_assign,
    SubAssign::sub_assign,
    MulAssign::mul_assign,
    DivAssign::div_assign,
    RemAssign::rem_assign
);
