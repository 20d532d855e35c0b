"""`open`: a light handle on an array in a file."""

import os

import numpy as np

from mapray import _core
from mapray._dtypes import dtype_of
from mapray._memmap import memmap, short_mode
from mapray._pagework import part_of

__all__ = ["Handle", "open"]


def open(path, mode="r", *, member=None):
    """Open the array in a file, for loops and engines.

    Parameters
    ----------
    path : str or path-like
        A file of any format that the core knows: ``.npy``, ``.npz``, ``.safetensors``.
    mode : {'r', 'r+', 'c'}, optional
        As for `memmap`.
    member : str, optional
        Which array of an archive.

    Returns
    -------
    Handle

    Examples
    --------
    >>> import mapray, numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
    >>> mapray.save(path, np.arange(6).reshape(2, 3))
    >>> a = mapray.open(path)
    >>> a
    Handle(shape=(2, 3), dtype=int64, mode='r')
    >>> a[1]
    array([3, 4, 5])
    >>> a.sum()
    np.int64(15)
    """
    mode = short_mode(mode)
    path = os.path.abspath(os.fsdecode(os.fspath(path)))
    if member is None:
        pages = _headed(path, mode)
    else:
        pages = _core.Map.member(path, member, mode)
    dtype = dtype_of(pages.descr)
    order = "F" if pages.fortran_order else "C"
    return Handle(memmap._over(pages, tuple(pages.shape), dtype, order, path, pages.offset, mode))


def _headed(path, mode):
    try:
        return _core.Map.headed(path, mode)
    except KeyError:
        raise ValueError(f"{path} is an archive: open(path, member=...) says which array of it") from None


def _reduction(name):
    def method(self, *args, **kwargs):
        return getattr(self._map, name)(*args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"As `memmap.{name}`."
    return method


class Handle:
    """An array in a file: not an `ndarray`, so nothing copies it or hashes its elements unasked.

    Slices are plain `ndarray` views, and cost what those cost. A handle is pickled by reference.

    Attributes
    ----------
    shape, dtype, ndim, nbytes, size
        As of an `ndarray`.
    info : dict
        Path, mode, offset and so on.
    """

    __slots__ = ("_array", "_map", "dtype", "nbytes", "ndim", "shape", "size")

    def __init__(self, m):
        self._map = m
        self._array = array = np.asarray(m)
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self.nbytes, self.size = array.nbytes, array.size

    def __getitem__(self, key):
        return self._array[key]

    def __setitem__(self, key, value):
        self._map[key] = value

    def __len__(self):
        return len(self._array)

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array, dtype=dtype, copy=copy)

    def __repr__(self):
        return f"Handle(shape={self.shape}, dtype={self.dtype}, mode={self._map.mode!r})"

    def __reduce__(self):
        return Handle, (self._map,)

    def __dask_tokenize__(self):
        from mapray import _engines

        return ("mapray.Handle", _engines.token(self._map))

    def read(self, key=...):
        """A copy of a part, read by the core: a file that was cut short is an `OSError`.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
        >>> mapray.save(path, np.arange(10))
        >>> mapray.open(path).read(slice(2, 4))
        array([2, 3])
        """
        view = self._array[(*key, ...) if isinstance(key, tuple) and ... not in key else key]
        if not isinstance(view, np.ndarray):
            view = self._array[(key, ...)]
        if not np.may_share_memory(view, self._array) and view.size:
            raise IndexError("only integers, slices, `...` and None name a part of a map")
        copy = np.empty(view.shape, view.dtype)
        pages = self._map._open_pages()
        if copy.nbytes:
            pages.read(part_of(view, pages), copy.reshape(-1).view(np.uint8))
        return copy

    def to_numpy(self):
        """All of it as a plain array, without a copy."""
        return self._array

    def to_memmap(self):
        """All of it as a `memmap`."""
        return self._map

    def to_dask(self, chunks="auto"):
        """As `memmap.to_dask`."""
        return self._map.to_dask(chunks)

    @property
    def info(self):
        """What there is to know of it.

        Examples
        --------
        >>> import mapray, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
        >>> mapray.save(path, [1.0])
        >>> mapray.open(path).info["offset"]
        128
        """
        m = self._map
        resident, total = m.residency()
        return {
            "path": m.filename,
            "mode": m.mode,
            "offset": m.offset,
            "dtype": self.dtype,
            "shape": self.shape,
            "strides": self._array.strides,
            "nbytes": self.nbytes,
            "resident": resident,
            "pages": total,
        }

    def close(self, *, force=False):
        """As `memmap.close`; slices that are in use are views."""
        m = self._map
        # Only what others have counts.
        self._map = self._array = None
        try:
            m.close(force=force)
        finally:
            self._map, self._array = m, np.asarray(m)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self.close()

    sum = _reduction("sum")
    mean = _reduction("mean")
    std = _reduction("std")
    var = _reduction("var")
    min = _reduction("min")
    max = _reduction("max")
    argmin = _reduction("argmin")
    argmax = _reduction("argmax")
    any = _reduction("any")
    all = _reduction("all")
    count_nonzero = _reduction("count_nonzero")
    flush = _reduction("flush")
    advise = _reduction("advise")
    prefetch = _reduction("prefetch")
    release = _reduction("release")
    residency = _reduction("residency")
    take = _reduction("take")
