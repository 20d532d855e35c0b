"""The object at the end of a map's chain of bases."""

import mmap
import os

from mapray import _core

__all__ = ["Pages"]

_FLAGS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS

_ADVICE = {
    mmap.MADV_NORMAL: "normal",
    mmap.MADV_RANDOM: "random",
    mmap.MADV_SEQUENTIAL: "sequential",
    mmap.MADV_WILLNEED: "willneed",
    mmap.MADV_DONTNEED: "dontneed",
}


class Pages(_core.Exporter):
    """Pages of a file that the Rust core has mapped, as an ``mmap.mmap``.

    joblib and others look for an ``mmap.mmap`` at the end of the chain of bases of an array, and use its
    methods (``arr._mmap.flush()``, ``arr._mmap.madvise(...)``). Those work here, on the core's pages; the
    one page that the ``mmap.mmap`` itself has is never used.
    """

    __slots__ = ("_map", "closed", "descriptor", "leases")

    closed: bool
    descriptor: int | None
    leases: int

    def __new__(cls, pages):
        self = super().__new__(cls, -1, 1, flags=_FLAGS)
        self._map = pages
        # Asked at each index, so it is no call.
        self.closed = False
        # How many arrays of class `memmap` lie over the pages.
        self.leases = 0
        # Of memory that has no name: what others reach it by.
        self.descriptor = None
        return self

    def __del__(self):
        if getattr(self, "descriptor", None) is not None:
            os.close(self.descriptor)

    def __init__(self, pages):
        pass

    @property
    def path(self):
        """Where other processes find the memory, if it is memory that has no name."""
        return self.descriptor and f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def fileno(self):
        """The descriptor of memory that has no name."""
        if self.descriptor is None:
            raise OSError("the map holds no descriptor; open its file by its name")
        return self.descriptor

    def __len__(self):
        return self._map.nbytes

    def size(self):
        """The number of mapped bytes."""
        return self._map.nbytes

    def __getitem__(self, index):
        return memoryview(self)[index] if isinstance(index, int) else bytes(memoryview(self)[index])

    def __setitem__(self, index, value):
        memoryview(self)[index] = value

    def flush(self, offset=0, size=None):
        """Write these bytes to the file, and wait until the disk has them."""
        size = self._map.nbytes - offset if size is None else size
        self._map.flush((offset, [size], [1], "'|u1'"))

    def madvise(self, option, start=0, length=None):
        """Tell the kernel how these bytes will be used."""
        length = self._map.nbytes - start if length is None else length
        try:
            advice = _ADVICE[option]
        except KeyError:
            raise ValueError(f"advice {option} is not known; call the map's own `advise`") from None
        self._map.advise(advice, (start, [length], [1], "'|u1'"))

    def resize(self, newsize):
        """Always an error: arrays lie over the pages."""
        raise BufferError("arrays lie over the pages; use the map's own `resize`")

    def close(self):
        """Close the map, if no array lies over it."""
        if self.leases or self._map.exports:
            raise BufferError("arrays lie over the pages; use the map's own `close`")
        self.let_go()

    def let_go(self):
        """Write what was stored, and put zeros in the place of the pages, whoever looks at them."""
        try:
            self._map.close(True)
        finally:
            self.closed = self._map.closed
