"""`memmap`: NumPy's class, over pages that the Rust core has mapped."""

import operator

import numpy as np

from mapray import _core
from mapray._closing import Closing
from mapray._edits import Edits
from mapray._growth import Growth
from mapray._origin import origin_of
from mapray._pages import Pages
from mapray._pagework import PageWork
from mapray._pickling import Pickling
from mapray._reductions import Reductions

__all__ = ["memmap"]

_LONG_MODES = {"readonly": "r", "copyonwrite": "c", "readwrite": "r+", "write": "w+"}
_get, _set = np.ndarray.__getitem__, np.ndarray.__setitem__
_MODES = ["r", "c", "r+", "w+"]


def short_mode(mode):
    """NumPy's short name of a mode, and NumPy's error for what is none."""
    mode = _LONG_MODES.get(mode, mode)
    if mode not in _MODES:
        known = _MODES + list(_LONG_MODES)
        raise ValueError(f"mode must be one of {known!r} (got {mode!r})")
    return mode


def _shape_of(shape):
    """A shape as a tuple of Python's integers."""
    try:
        return (operator.index(shape),)
    except TypeError:
        return tuple(operator.index(length) for length in shape)


def _inferred(available, itemsize):
    if available % itemsize:
        raise ValueError("Size of available data is not a multiple of the data-type size.")
    return (available // itemsize,)


def _nbytes(shape, itemsize):
    if any(length < 0 for length in shape):
        raise ValueError("negative dimensions are not allowed")
    nbytes = itemsize
    for length in shape:
        nbytes *= length
    if nbytes > np.iinfo(np.intp).max:
        raise ValueError("array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size.")
    return nbytes


class memmap(PageWork, Closing, Growth, Edits, Pickling, Reductions, np.memmap):  # type: ignore[misc]
    """An array over a file: `numpy.memmap` with its faults gone.

    Everything that NumPy says of its class holds. Besides:

    - `close` and ``with`` never crash the process, whatever still refers to the array;
    - no descriptor stays open;
    - the room on the disk is there before the constructor returns;
    - `flush`, `advise`, `prefetch`, `release` and `residency` work on the pages of a slice;
    - `append` and `resize` make an array in a ``.npy`` file longer;
    - mode ``c`` has `dirty_pages`, `commit` and `discard`;
    - maps and their views are pickled by reference.

    Parameters
    ----------
    filename : str, bytes, path-like or file-like
        The file.
    dtype : data-type, optional
        What the elements are; ``uint8`` by default.
    mode : {'r+', 'r', 'w+', 'c'}, optional
        As in NumPy, long names included.
    offset : int, optional
        The byte of the file at which the array starts.
    shape : int or sequence of ints, optional
        By default all that the file has, along one axis.
    order : {'C', 'F'}, optional
        The order in which the elements lie.

    Examples
    --------
    >>> import mapray, numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.bin")
    >>> m = mapray.memmap(path, dtype="f4", mode="w+", shape=(3, 4))
    >>> m[1] = np.arange(4)
    >>> m.flush(slice(1, 2))
    >>> m.close()
    >>> mapray.memmap(path, dtype="f4", mode="r")[4:8]
    memmap([0., 1., 2., 3.], dtype=float32)
    """

    # Names and pickles belong to the public door.
    __module__ = "mapray"

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # Results of a subclass keep its class, as in NumPy, so NumPy makes them.
        cls._is_memmap = False

    _is_memmap = True

    def __new__(cls, filename, dtype=np.uint8, mode="r+", offset=0, shape=None, order="C"):
        mode = short_mode(mode)
        if mode == "w+" and shape is None:
            raise ValueError("shape must be given if mode == 'w+'")
        dtype = np.dtype(dtype)
        if dtype.hasobject:
            raise ValueError("Array can't be memory-mapped: Python objects in dtype.")
        if order not in ("C", "F", "A", "K", None):
            raise ValueError(f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
        offset = operator.index(offset)
        if offset < 0:
            raise OverflowError("memory mapped offset must be positive")
        origin = origin_of(filename, mode)
        if shape is None:
            shape = _inferred(origin.length() - offset, dtype.itemsize)
        shape = _shape_of(shape)
        nbytes = _nbytes(shape, dtype.itemsize)
        if mode in ("r", "c"):
            origin.require(offset + nbytes)
        pages = _core.Map.raw(origin.name, origin.core_mode, offset, nbytes)
        return cls._over(pages, shape, dtype, order, origin.filename, offset, mode)

    @classmethod
    def _over(cls, pages, shape, dtype, order, filename, offset, mode):
        """The array over all of these pages."""
        exporter = Pages(pages)
        self = np.ndarray.__new__(cls, shape, dtype=dtype, buffer=exporter, order=order)
        self._adopt(exporter, filename, offset, mode)
        return self

    def _adopt(self, exporter, filename, offset, mode):
        """Become the array of this object, whose buffer it was made over."""
        self._mmap = exporter
        exporter.leases += 1
        self.filename, self.offset, self.mode = filename, offset, mode

    def __array_finalize__(self, obj):
        exporter = getattr(obj, "_mmap", None)
        if exporter is not None and np.may_share_memory(self, obj):
            self._mmap = exporter
            if type(exporter) is Pages:
                exporter.leases += 1
            self.filename = obj.filename
            self.offset = obj.offset
            self.mode = obj.mode
        else:
            self._mmap = self.filename = self.offset = self.mode = None

    def __del__(self):
        exporter = self.__dict__.get("_mmap")
        if type(exporter) is Pages:
            exporter.leases -= 1

    def __array_wrap__(self, arr, context=None, return_scalar=False):
        arr = np.ndarray.__array_wrap__(self, arr, context)
        # Results of subclasses stay what they are, as in NumPy.
        if self is arr or type(self) is not memmap:
            return arr
        return arr[()] if return_scalar else arr.view(np.ndarray)

    def __getitem__(self, index):
        if self._mmap is not None and self._mmap.closed:
            raise ValueError("the map is closed")
        result = _get(self, index)
        if type(result) is memmap and result._mmap is None:
            return result.view(np.ndarray)
        return result

    def __setitem__(self, index, value):
        if self._mmap is not None and self._mmap.closed:
            raise ValueError("the map is closed")
        _set(self, index, value)
