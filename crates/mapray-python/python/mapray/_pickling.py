"""Pickling maps, views and slices of maps by reference."""

import os

import numpy as np

from mapray import _core
from mapray._identity import identity_of, require_same
from mapray._pages import Pages

__all__ = ["Pickling", "checks_files"]

_CHECK = "MAPRAY_UNPICKLE_CHANGED"


def checks_files():
    """Whether a file in mode ``r`` or ``c`` that has changed since it was pickled is an error.

    The environment variable ``MAPRAY_UNPICKLE_CHANGED=1`` says that it is not.
    """
    return os.environ.get(_CHECK, "0") in ("", "0")


class Pickling:
    """The part of `memmap` that is pickled as a path and a layout, not as data."""

    __slots__ = ()

    def __reduce_ex__(self, protocol):
        reference = self._by_reference()
        return np.ndarray.__reduce_ex__(self, protocol) if reference is None else (reopen, reference)

    def __reduce__(self):
        reference = self._by_reference()
        return np.ndarray.__reduce__(self) if reference is None else (reopen, reference)

    def __setstate__(self, state):
        # What was pickled as data lies in memory.
        np.ndarray.__setstate__(self, state)

    def _by_reference(self):
        """What `reopen` takes; None for an array that is not in a file others can open."""
        if not isinstance(self._mmap, Pages):
            return None
        pages = self._open_pages()
        if pages.closed:
            raise ValueError("the map is closed")
        path = self._mmap.path or pages.path
        if path is None:
            return None
        address = self.__array_interface__["data"][0]
        # A view that `np.lib.stride_tricks` or the like has led out of the pages is data.
        low, high = np.lib.array_utils.byte_bounds(self)
        if self.size and not pages.address <= low <= high <= pages.address + pages.nbytes:
            return None
        offset = pages.offset + (address - pages.address if self.size else 0)
        mode = "r+" if self.mode == "w+" else self.mode
        layout = (offset, self.dtype, self.shape, self.strides, self.flags.writeable)
        return (type(self), os.fspath(path), mode, layout, self.offset, self.filename, identity_of(pages))


def reopen(cls, path, mode, layout, file_offset, filename, identity):
    """The array that was pickled, over a map of its own."""
    offset, dtype, shape, strides, writeable = layout
    low, high = _reach(shape, strides, dtype.itemsize)
    changes = mode == "r+" or not checks_files()
    require_same(path, identity, offset + high, changes)
    pages = _core.Map.raw(path, mode, offset + low, high - low)
    exporter = Pages(pages)
    array = np.ndarray.__new__(cls, shape, dtype, buffer=exporter, offset=-low, strides=strides)
    array._adopt(exporter, filename, file_offset, mode)
    if not writeable:
        array.flags.writeable = False
    return array


def _reach(shape, strides, itemsize):
    """The first byte, counted from the first element, and the one behind the last."""
    if 0 in shape or itemsize == 0:
        return 0, 0
    steps = [(length - 1) * stride for length, stride in zip(shape, strides, strict=True)]
    return sum(min(step, 0) for step in steps), sum(max(step, 0) for step in steps) + itemsize
