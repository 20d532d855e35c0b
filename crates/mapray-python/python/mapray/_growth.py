"""Maps whose arrays get longer or shorter where they lie."""

import operator
import os

import numpy as np

from mapray import _core
from mapray._closing import IN_METHOD, require_alone
from mapray._identity import identity_of

__all__ = ["Growth"]


class Growth:
    """The part of `memmap` that makes the array in a ``.npy`` file longer or shorter."""

    __slots__ = ()

    def append(self, rows):
        """Put rows behind the last one of the array in the ``.npy`` file.

        The file is as long as before until all of them are on the disk, and then what NumPy would have
        written. In Fortran order it is the last axis that grows.

        Parameters
        ----------
        rows : array_like
            Several rows, or one: as many axes as the array, or one less.

        Returns
        -------
        memmap
            A map of the longer array. This one goes on showing the rows that it had.

        Raises
        ------
        ValueError
            Where the map is not one of the whole array in a ``.npy`` file in mode ``r+``, or the rows do
            not fit.
        OSError
            Where the disk has no room; the file is as it was then.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
        >>> mapray.save(path, np.array([[1, 2]]))
        >>> m = mapray.load(path, mmap_mode="r+")
        >>> m = m.append([[3, 4], [5, 6]])
        >>> m = m.append([7, 8])
        >>> mapray.load(path)
        array([[1, 2],
               [3, 4],
               [5, 6],
               [7, 8]])
        """
        headed = self._headed()
        rows = np.asarray(rows, dtype=self.dtype)
        shape = list(rows.shape)
        if rows.size == 0 or rows.itemsize == 0:
            memory = np.empty(0, np.uint8)
        else:
            memory = np.ascontiguousarray(rows).reshape(-1).view(np.uint8)
        headed.append(memory, shape)
        return self._again(headed)

    def resize(self, new_length, refcheck=True):
        """Make the array in the ``.npy`` file this long: zeros are put behind the last row, or rows are cut off.

        Parameters
        ----------
        new_length : int or tuple of int
            The length along the axis that grows, or the whole shape.
        refcheck : bool, optional
            Rows are cut off only if nothing else refers to the map, as for `close`; False closes it by
            force.

        Returns
        -------
        memmap
            A map of the array as it is then. Where rows were cut off, this one is closed.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
        >>> mapray.save(path, np.arange(3))
        >>> m = mapray.load(path, mmap_mode="r+")
        >>> m = m.resize(5)
        >>> m
        memmap([0, 1, 2, 0, 0])
        >>> m.resize(2)
        memmap([0, 1])
        """
        headed = self._headed()
        axis = self.ndim - 1 if headed.fortran_order else 0
        if isinstance(new_length, tuple):
            others = new_length[:axis] + new_length[axis + 1 :]
            if len(new_length) != self.ndim or others != self.shape[:axis] + self.shape[axis + 1 :]:
                raise ValueError(f"only axis {axis} of the array can change its length")
            new_length = new_length[axis]
        new_length = operator.index(new_length)
        if new_length < 0:
            raise ValueError("negative dimensions are not allowed")
        if self.ndim and new_length < self.shape[axis]:
            if refcheck:
                require_alone(_core.references(self) - IN_METHOD, self)
            self._mmap.let_go()
        headed.resize(new_length)
        return self._again(headed)

    def _headed(self):
        """The core's map of the whole array in the file, header and all."""
        pages = self._open_pages()
        if self.mode not in ("r+", "w+"):
            raise ValueError(f"only a map in mode 'r+' can change the length of its file (got {self.mode!r})")
        if self.filename is None:
            raise ValueError("the file has no name, so it cannot be opened again")
        # An error where another file has taken the path; nobody but an attacker is quicker than the rest.
        identity_of(pages)
        headed = _core.Map.headed(os.fspath(self.filename), "r+")
        whole = self.base is self._mmap and headed.offset == pages.offset
        if not whole or tuple(headed.shape) != self.shape:
            raise ValueError(f"{self.filename}: the map is not one of all the array in the file")
        return headed

    def _again(self, pages):
        order = "F" if pages.fortran_order else "C"
        return type(self)._over(
            pages, tuple(pages.shape), self.dtype, order, self.filename, pages.offset, "r+"
        )
