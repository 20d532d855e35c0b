//! What can become a member of an archive.

use bytemuck::NoUninit;
use ndarray::{ArrayBase, ArrayRef, Data, Dimension};

use crate::array::AnyArray;
use crate::array::{
    ArrayFile, DynLiveMap, DynMap, DynMapMut, DynView, DynViewMut, LiveMap, Map, MapMut,
};
use crate::element::Element;
use crate::error::Result;

/// An array that can become a member of an archive: one of `ndarray`'s, or any file, map or view of
/// this crate. As `&dyn MemberArray`, arrays of different types go into one list.
pub trait MemberArray {
    #[doc(hidden)]
    fn lend(&self) -> Result<Lent<'_>>;
}

/// An array of any dtype, lent.
#[doc(hidden)]
pub enum Lent<'a> {
    View(DynView<'a>),
    Array(&'a dyn AnyArray),
}

impl Lent<'_> {
    pub(super) fn array(&self) -> &dyn AnyArray {
        match self {
            Lent::View(view) => view,
            Lent::Array(array) => *array,
        }
    }
}

macro_rules! member_array {
    ($([$($generics:tt)*] $array:ty: $this:ident => $lent:expr;)*) => {$(
        impl<$($generics)*> MemberArray for $array {
            fn lend(&self) -> Result<Lent<'_>> {
                let $this = self;
                Ok($lent)
            }
        }
    )*};
}

member_array! {
    [T: Element + NoUninit, D: Dimension] ArrayRef<T, D>:
        array => Lent::View(DynView::from_array(array)?);
    [T: Element + NoUninit, S: Data<Elem = T>, D: Dimension] ArrayBase<S, D>:
        array => Lent::View(DynView::from_array(array)?);
    [T: Element + NoUninit, D: Dimension] Map<T, D>:
        map => Lent::View(DynView::from_array(map)?);
    [T: Element + NoUninit, D: Dimension] MapMut<T, D>:
        map => Lent::View(DynView::from_array(map)?);
    [T: Element, D: Dimension] LiveMap<T, D>: map => Lent::Array(map.as_dyn());
    [] DynMap: map => Lent::View(map.view());
    [] DynMapMut: map => Lent::View(map.view());
    [] DynViewMut<'_>: view => Lent::View(view.as_view());
    [] DynView<'_>: view => Lent::View(view.clone());
    [] DynLiveMap: map => Lent::Array(map);
    [] ArrayFile: file => Lent::Array(file);
    [] Box<dyn AnyArray + '_>: array => Lent::Array(&**array);
}
