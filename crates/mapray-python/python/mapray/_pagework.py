"""What can be done to the pages under a map or a slice of one."""

import numpy as np

from mapray._pages import Pages

__all__ = ["PageWork"]

_NOTHING = (0, [0], [1], "'|u1'")


def part_of(array, pages, descr=None):
    """An array over the pages of a map, as the core describes it.

    Without `descr`, which spells a dtype as headers do, elements are bytes without a meaning.
    """
    if array.size == 0 or array.itemsize == 0:
        return _NOTHING
    offset = array.__array_interface__["data"][0] - pages.address
    descr = f"'|V{array.itemsize}'" if descr is None else descr
    return (offset, list(array.shape), list(array.strides), descr)


def _are_indices(array):
    """Whether NumPy takes these for indices: integers that fit what it counts with."""
    return array.dtype.kind in "iu" and np.can_cast(array.dtype, np.int64)


class PageWork:
    """The part of `memmap` that works on pages."""

    __slots__ = ()

    def _open_pages(self):
        """The core's map."""
        if isinstance(self._mmap, Pages):
            return self._mmap._map
        raise ValueError("the array lies in memory, not in a map")

    def _part(self, key):
        """The part of the map that `key`, a basic index, or all of this array names; None for all."""
        if key is None:
            return None if self.base is self._mmap else part_of(self, self._open_pages())
        key = key if isinstance(key, tuple) else (key,)
        if ... not in key:
            key = (*key, ...)
        view = np.ndarray.__getitem__(self, key)
        if getattr(view, "_mmap", None) is None and view.size:
            raise IndexError("only integers, slices, `...` and None name a part of a map")
        return part_of(view, self._open_pages())

    def flush(self, key=None, *, wait=True):
        """Write what was stored to the file, and wait until the disk has it.

        In the modes ``r`` and ``c`` there is nothing to write.

        Parameters
        ----------
        key : index, optional
            Which part, by basic indexing; by default all of this array, which for a slice of a map is
            that slice. Whole pages are written.
        wait : bool, optional
            False only starts the writing.

        Raises
        ------
        OSError
            Where the disk refuses, or the file was cut short.
        ValueError
            Where the map is closed.

        Examples
        --------
        >>> import mapray, os, tempfile
        >>> m = mapray.memmap(os.path.join(tempfile.mkdtemp(), "a"), mode="w+", shape=(1000, 4096))
        >>> m[10:20] = 1
        >>> m.flush(slice(10, 20))
        >>> m.flush(wait=False)
        """
        if isinstance(self._mmap, Pages):
            self._mmap._map.flush(self._part(key), wait)
        else:
            np.memmap.flush(self)

    def advise(self, advice, key=None):
        """Tell the system how pages will be used.

        Parameters
        ----------
        advice : {'normal', 'sequential', 'random', 'willneed', 'dontneed', 'hugepage'}
            As for ``madvise(2)``. ``'dontneed'`` takes nothing away that was stored, in mode ``c`` neither.
        key : index, optional
            Which part, as for `flush`.

        Examples
        --------
        >>> import mapray, os, tempfile
        >>> m = mapray.memmap(os.path.join(tempfile.mkdtemp(), "a"), mode="w+", shape=(1000, 4096))
        >>> m.advise("random")
        """
        self._open_pages().advise(advice, self._part(key))

    def prefetch(self, key=None):
        """Start reading pages from the disk, and do not wait.

        Examples
        --------
        >>> import mapray, os, tempfile
        >>> m = mapray.memmap(os.path.join(tempfile.mkdtemp(), "a"), mode="w+", shape=(1000, 4096))
        >>> m.prefetch((slice(10, 20), 0))
        """
        self.advise("willneed", key)

    def release(self, key=None):
        """Give the memory of pages back. What was stored is not lost.

        Examples
        --------
        >>> import mapray, os, tempfile
        >>> m = mapray.memmap(os.path.join(tempfile.mkdtemp(), "a"), mode="w+", shape=(1000, 4096))
        >>> m[:] = 1
        >>> m.release(slice(0, 500))
        >>> int(m[0, 0])
        1
        """
        self.advise("dontneed", key)

    def residency(self, key=None):
        """How much of the pages is in memory.

        Returns
        -------
        resident, total : int
            Bytes, of whole pages.

        Examples
        --------
        >>> import mapray, os, tempfile
        >>> m = mapray.memmap(os.path.join(tempfile.mkdtemp(), "a"), mode="w+", shape=(1000, 4096))
        >>> m[:] = 1
        >>> m.residency(slice(0, 10))
        (40960, 40960)
        """
        return self._open_pages().residency(self._part(key))

    def take(self, indices, axis=None, out=None, mode="raise"):
        """As `numpy.ndarray.take`; along the first axis of a map the rows are read by the core.

        While it reads, other Python threads run, and a file that was cut short is an `OSError`.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
        >>> mapray.save(path, np.arange(12).reshape(4, 3))
        >>> mapray.load(path, mmap_mode="r").take([3, 0], axis=0)
        array([[ 9, 10, 11],
               [ 0,  1,  2]])
        """
        if isinstance(self._mmap, Pages) and self.ndim and (axis == 0 or axis == -self.ndim):
            wanted = np.asarray(indices)
            if out is None and mode == "raise" and _are_indices(wanted) and self.size:
                rows = np.empty(wanted.shape + self.shape[1:], self.dtype)
                part = part_of(self, self._mmap._map)
                wanted = np.ascontiguousarray(wanted, np.int64).reshape(-1)
                self._mmap._map.take(part, wanted, rows.reshape(-1).view("u1"))
                return rows
        return np.asarray(self).take(indices, axis, out, mode)

    def fileno(self):
        """The descriptor of memory that has no name (see `shared`), to pass it on to another process."""
        self._open_pages()
        return self._mmap.fileno()

    def to_dask(self, chunks="auto"):
        """A Dask array whose blocks open the map inside their task, so that its graph stays small.

        Parameters
        ----------
        chunks : optional
            As for `dask.array.from_array`.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
        >>> mapray.save(path, np.ones((100, 10)))
        >>> x = mapray.load(path, mmap_mode="r").to_dask(chunks=(50, 10))
        >>> float(x.sum().compute())
        1000.0
        """
        from mapray.dask import from_map

        return from_map(self, chunks)
