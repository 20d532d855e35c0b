//! Reductions of whole arrays in one word.

use ndarray::Dimension;

use super::reduce::{Reduction, reduce};
use crate::array::{ArrayFile, DynLiveMap, DynMap, DynMapMut, DynView, LiveMap};
use crate::element::Element;
use crate::error::Result;

macro_rules! reductions {
    ($([$($generics:tt)*] $array:ty),*) => {$(
        impl<$($generics)*> $array {
            /// Starts a reduction, along axes too: [`reduce`](crate::reduce()).
            pub fn reduce(&self) -> Reduction<'_> {
                reduce(self)
            }

            /// The sum of all elements: [`Reduction::sum`]; which types it can be had as, says
            /// [`Reduced::value`](crate::Reduced::value).
            ///
            /// # Errors
            ///
            /// As for [`Reduction::sum`] and [`Reduced::value`](crate::Reduced::value).
            pub fn sum<V: Element>(&self) -> Result<V> {
                reduce(self).sum()?.value()
            }

            /// The mean of all elements: [`Reduction::mean`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::mean`] and [`Reduced::value`](crate::Reduced::value).
            pub fn mean<V: Element>(&self) -> Result<V> {
                reduce(self).mean()?.value()
            }

            /// The variance of all elements: [`Reduction::var`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::var`].
            pub fn var(&self) -> Result<f64> {
                reduce(self).var()?.value()
            }

            /// The standard deviation of all elements: [`Reduction::std`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::std`].
            pub fn std(&self) -> Result<f64> {
                reduce(self).std()?.value()
            }

            /// The least element: [`Reduction::min`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::min`] and [`Reduced::value`](crate::Reduced::value).
            pub fn min<V: Element>(&self) -> Result<V> {
                reduce(self).min()?.value()
            }

            /// The greatest element: [`Reduction::max`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::max`] and [`Reduced::value`](crate::Reduced::value).
            pub fn max<V: Element>(&self) -> Result<V> {
                reduce(self).max()?.value()
            }

            /// Where the least element is, counted in C order: [`Reduction::argmin`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::argmin`].
            pub fn argmin(&self) -> Result<usize> {
                Ok(reduce(self).argmin()?.value::<u64>()? as usize)
            }

            /// Where the greatest element is, counted in C order: [`Reduction::argmax`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::argmax`].
            pub fn argmax(&self) -> Result<usize> {
                Ok(reduce(self).argmax()?.value::<u64>()? as usize)
            }

            /// How many elements are not zero: [`Reduction::count_nonzero`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::count_nonzero`].
            pub fn count_nonzero(&self) -> Result<u64> {
                reduce(self).count_nonzero()?.value()
            }

            /// Whether an element is not zero: [`Reduction::any`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::any`].
            pub fn any(&self) -> Result<bool> {
                Ok(reduce(self).any()?.value::<crate::Bool8>()?.get())
            }

            /// Whether no element is zero: [`Reduction::all`].
            ///
            /// # Errors
            ///
            /// As for [`Reduction::any`].
            pub fn all(&self) -> Result<bool> {
                Ok(reduce(self).all()?.value::<crate::Bool8>()?.get())
            }
        }
    )*};
}

reductions!(
    [] ArrayFile,
    [] DynLiveMap,
    [T: Element, D: Dimension] LiveMap<T, D>,
    [] DynMap,
    [] DynMapMut,
    [] DynView<'_>
);
