//! Atomics on the integers of a live map.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{Ordering, fence};

use ndarray::{Dimension, IntoDimension};

use crate::array::{DynLiveMap, LiveMap};
use crate::element::{AtomicInteger, Conversion, conversion};
use crate::error::{Error, ErrorKind, Result};
use crate::map::{Mode, Region, guard};

/// One integer of a [`LiveMap`] that threads and processes read and change in single steps.
///
/// The orderings are those of [`std::sync::atomic`], and they hold between processes too: what was
/// stored before a release is there after the acquire that sees it, by whatever means it was
/// stored. Where std would panic at an ordering (a load that releases), an error comes back.
///
/// ```
/// use std::sync::atomic::Ordering;
///
/// use mapray::LiveMap;
///
/// let map: LiveMap<u64, _> = LiveMap::zeros(4)?;
/// let counter = map.atomic(3)?;
/// std::thread::scope(|scope| {
///     let adder = || (0..1000).try_for_each(|_| counter.fetch_add(1, Ordering::Relaxed).map(drop));
///     let other = scope.spawn(adder);
///     adder()?;
///     other.join().unwrap()
/// })?;
/// assert_eq!(counter.load(Ordering::Relaxed)?, 2000);
/// # Ok::<(), mapray::Error>(())
/// ```
pub struct AtomicElement<'a, T: AtomicInteger> {
    region: &'a Region,
    cell: *const T::Atomic,
    lent: PhantomData<&'a T::Atomic>,
}

// SAFETY: it stands for a `&'a T::Atomic`, which is `Sync`, and a `&'a Region`.
unsafe impl<T: AtomicInteger> Send for AtomicElement<'_, T> {}
// SAFETY: as above.
unsafe impl<T: AtomicInteger> Sync for AtomicElement<'_, T> {}

impl DynLiveMap {
    /// The integer at `index`, for atomic loads and stores: in single steps, by the processor, not
    /// through the kernel. In mode `r` there are loads only.
    ///
    /// A page that has gone would kill the process with a signal, so this takes memory that cannot
    /// be cut short: a memfd that is sealed against shrinking ([`memfd`](DynLiveMap::memfd) makes
    /// one), memory of our own ([`zeros`](DynLiveMap::zeros)), or a file of which
    /// [`assume_uncut`](DynLiveMap::assume_uncut) has promised it. Where the
    /// [`guard`](crate::guard) is installed, any file will do: a page that has gone is an error of the
    /// load or store that met it, and of each one after it.
    ///
    /// In mode `c` and in memory of our own, other processes do not see the changes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] where the file can be cut short; as
    /// [`check`](DynLiveMap::check) where it was; [`ErrorKind::Dtype`] where the
    /// elements are not `T`, are in the other byte order, are not aligned to their size, or where
    /// bytes of this one have been used as an atomic of another size; [`ErrorKind::Index`] outside
    /// the shape.
    pub fn atomic<T: AtomicInteger>(&self, index: &[usize]) -> Result<AtomicElement<'_, T>> {
        let named = |error| self.region.name(error);
        self.region.require_pages()?;
        let at = self.layout.require(index).map_err(named)?;
        self.require_atomic::<T>(at).map_err(named)?;
        if self.mode().is_writable() {
            self.region.claim(at, size_of::<T>())?;
        }
        let cell = self.region.pointer(at).cast_const().cast();
        Ok(AtomicElement { region: &self.region, cell, lent: PhantomData })
    }

    fn require_atomic<T: AtomicInteger>(&self, at: u64) -> Result<()> {
        let dtype = self.dtype();
        if conversion::<T>(dtype)? == Conversion::Swapped {
            return Err(Error::new(
                ErrorKind::Dtype,
                "atomics need the byte order of this machine",
            )
            .expected(format!("dtype '{}'", T::dtype()))
            .found(format!("'{dtype}'"))
            .hint("`get` and `set` swap the bytes, but not in one step"));
        }
        let size = size_of::<T>();
        if !at.is_multiple_of(size as u64) {
            return Err(Error::new(
                ErrorKind::Dtype,
                "atomics need elements aligned to their size",
            )
            .at_offset(at)
            .expected(format!("a multiple of {size} bytes"))
            .found(format!("a remainder of {}", at % size as u64))
            .hint("`get` and `set` take any place, but not in one step"));
        }
        if !self.region.is_uncut() && !guard::is_installed() {
            let message = "atomics need memory that nobody can cut short";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .expected("a memfd sealed against shrinking, or memory of our own")
                .hint(
                    "`memfd` makes one, and `guard::install()` makes every file do; if you can \
                     promise it of this one, `unsafe { map.assume_uncut() }` is the place to say so",
                ));
        }
        if self.mode() == Mode::Read && size > READ_ONLY_LOAD {
            let message = "this processor has no atomic load of this size for read-only memory";
            return Err(Error::new(ErrorKind::Unsupported, message).hint("use mode 'r+'"));
        }
        Ok(())
    }

    /// Takes the file for one that nobody cuts short, so that [`atomic`](DynLiveMap::atomic) works
    /// on it: two processes can then share a named file, on `/dev/shm` say. It holds for all clones
    /// and slices.
    ///
    /// # Safety
    ///
    /// For as long as this map or one of its clones and slices lives, nobody may make the file
    /// shorter than the mapped range, and its file system must be able to give every page of it:
    /// for a file with holes, its disk must not become full. Else the processor's loads and stores
    /// end in a signal (`SIGBUS`).
    #[must_use]
    pub unsafe fn assume_uncut(self) -> DynLiveMap {
        // SAFETY: the caller's promise.
        unsafe { self.region.assume_uncut() };
        self
    }
}

impl<T: AtomicInteger, D: Dimension> LiveMap<T, D> {
    /// The integer at `index`, for atomic loads and stores: [`DynLiveMap::atomic`].
    ///
    /// # Errors
    ///
    /// As [`DynLiveMap::atomic`].
    pub fn atomic(&self, index: impl IntoDimension<Dim = D>) -> Result<AtomicElement<'_, T>> {
        self.as_dyn().atomic(index.into_dimension().slice())
    }

    /// Takes the file for one that nobody cuts short: [`DynLiveMap::assume_uncut`].
    ///
    /// ```
    /// use std::sync::atomic::Ordering;
    ///
    /// use mapray::{LiveMap, MapOptions, Mode};
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-uncut-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("flags.bin");
    /// let map: LiveMap<u32, _> = MapOptions::new().mode(Mode::Write).shape(8).live(&path)?;
    /// // SAFETY: nobody else knows this file, and its blocks are reserved.
    /// let map = unsafe { map.assume_uncut() };
    /// map.atomic(0)?.store(1, Ordering::Release)?;
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Safety
    ///
    /// As [`DynLiveMap::assume_uncut`].
    #[must_use]
    pub unsafe fn assume_uncut(self) -> LiveMap<T, D> {
        // SAFETY: the caller's promise.
        unsafe { self.as_dyn().region.assume_uncut() };
        self
    }
}

/// The largest integer that a relaxed load takes out of read-only memory without a store: the table
/// in the documentation of [`std::sync::atomic`].
const READ_ONLY_LOAD: usize = if cfg!(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "loongarch64",
    target_arch = "mips64",
    target_arch = "mips64r6",
    target_arch = "powerpc64",
    target_arch = "riscv64",
    target_arch = "sparc64",
    target_arch = "s390x",
)) {
    8
} else if cfg!(any(
    target_arch = "x86",
    target_arch = "arm",
    target_arch = "loongarch32",
    target_arch = "mips",
    target_arch = "mips32r6",
    target_arch = "powerpc",
    target_arch = "riscv32",
    target_arch = "sparc",
)) {
    4
} else {
    0
};

macro_rules! fetch {
    ($($fetch:ident: $doc:literal),*) => {$(
        #[doc = $doc]
        ///
        /// # Errors
        ///
        /// [`ErrorKind::Mode`] in mode `r`.
        #[inline]
        pub fn $fetch(&self, value: T, order: Ordering) -> Result<T> {
            self.change(|cell| T::$fetch(cell, value, order))
        }
    )*};
}

impl<T: AtomicInteger> AtomicElement<'_, T> {
    /// Must only be loaded from in mode `r`.
    #[inline]
    fn cell(&self) -> &T::Atomic {
        // SAFETY: the element lies in the region's mapping, which lives as long as the borrow;
        // `DynLiveMap::atomic` made sure that it is aligned and cannot be cut off, or is replaced by
        // the guard, bytes that somebody else has changed as it were. Nothing races
        // with it in Rust's terms: in this process these bytes are only ever touched by atomics of
        // this size (`Region::claim`; in mode `r` there are only loads), by the kernel on our
        // behalf (`get`, `set`), and through references, while which whoever promised or proved
        // them stable lets nobody store. Another process, or another mapping of the file in this
        // one, reaches the same memory by other addresses; what they see is up to the processor,
        // whose atomics do not depend on the address.
        unsafe { &*self.cell }
    }

    #[inline]
    fn change<R>(&self, work: impl FnOnce(&T::Atomic) -> R) -> Result<R> {
        self.region.mode().require_writable().map_err(|error| self.region.name(error))?;
        let _edit = self.region.edit();
        self.whole(work(self.cell()))
    }

    /// The outcome of an access, unless it has met a lost page.
    #[inline]
    fn whole<R>(&self, done: R) -> Result<R> {
        self.region.require_pages().map(|()| done)
    }

    /// The value now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for the orderings `Release` and `AcqRel`.
    #[inline]
    pub fn load(&self, order: Ordering) -> Result<T> {
        require_load("load", order)?;
        if self.region.mode() != Mode::Read {
            return self.whole(T::load_cell(self.cell(), order));
        }
        // Only relaxed loads are promised not to store, which would be a fault here; fences make
        // them as strong as was asked for.
        if order == Ordering::SeqCst {
            fence(Ordering::SeqCst);
        }
        let value = T::load_cell(self.cell(), Ordering::Relaxed);
        if order != Ordering::Relaxed {
            fence(order);
        }
        self.whole(value)
    }

    /// Stores a value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for the orderings `Acquire` and `AcqRel`; [`ErrorKind::Mode`] in
    /// mode `r`.
    #[inline]
    pub fn store(&self, value: T, order: Ordering) -> Result<()> {
        if !matches!(order, Ordering::Relaxed | Ordering::Release | Ordering::SeqCst) {
            return Err(wrong_order("store", order, "Relaxed, Release or SeqCst"));
        }
        self.change(|cell| T::store_cell(cell, value, order))
    }

    /// Stores `new` where the value is `current`: `Ok` with `current` where it was, `Err` with what
    /// was there instead where it was not. `success` orders the exchange, `failure` the load that
    /// found another value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] where `failure` is `Release` or `AcqRel`; [`ErrorKind::Mode`] in
    /// mode `r`.
    #[inline]
    pub fn compare_exchange(
        &self,
        current: T,
        new: T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<std::result::Result<T, T>> {
        require_load("failed exchange", failure)?;
        self.change(|cell| T::compare_exchange(cell, current, new, success, failure))
    }

    fetch! {
        swap: "Stores a value and gives the one before.",
        fetch_add: "Adds, wrapping around, and gives the value before.",
        fetch_sub: "Subtracts, wrapping around, and gives the value before.",
        fetch_and: "Stores the bitwise \"and\" with `value`, and gives the value before.",
        fetch_or: "Stores the bitwise \"or\" with `value`, and gives the value before.",
        fetch_xor: "Stores the bitwise \"xor\" with `value`, and gives the value before.",
        fetch_min: "Stores the smaller of the value and `value`, and gives the value before.",
        fetch_max: "Stores the larger of the value and `value`, and gives the value before."
    }
}

impl<T: AtomicInteger> Clone for AtomicElement<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: AtomicInteger> Copy for AtomicElement<'_, T> {}

impl<T: AtomicInteger + fmt::Debug> fmt::Debug for AtomicElement<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.load(Ordering::Relaxed).map_err(|_| fmt::Error)?;
        f.debug_tuple("AtomicElement").field(&value).finish()
    }
}

fn require_load(what: &str, order: Ordering) -> Result<()> {
    match order {
        Ordering::Relaxed | Ordering::Acquire | Ordering::SeqCst => Ok(()),
        _ => Err(wrong_order(what, order, "Relaxed, Acquire or SeqCst")),
    }
}

#[cold]
fn wrong_order(what: &str, order: Ordering, expected: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("an atomic {what} cannot be ordered so"))
        .expected(expected)
        .found(format!("{order:?}"))
}
