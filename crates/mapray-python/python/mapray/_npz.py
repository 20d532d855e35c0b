"""`NpzFile`: an archive, whose members are read or mapped."""

import os

import numpy as np
from numpy.lib.npyio import NpzFile as _NumPys

from mapray import _core
from mapray._dtypes import dtype_of
from mapray._memmap import memmap, short_mode
from mapray.format import MAGIC_PREFIX, read_array
from mapray.format._arrays import WORTHWHILE
from mapray.format._headers import MAX_HEADER_SIZE
from mapray.format._streams import isfileobj

__all__ = ["NpzFile"]


class NpzFile(_NumPys):
    """The arrays of a ``.npz`` archive, by name: NumPy's class, and members can be mapped.

    Parameters
    ----------
    fid : file, str or path-like
        The archive.
    own_fid, allow_pickle, pickle_kwargs, max_header_size : optional
        As for NumPy's class.
    mmap_mode : {None, 'r', 'r+', 'c'}, optional
        Map members instead of reading them. In mode ``r+`` a member's `flush` brings its checksum up to date,
        and so does a `commit` in mode ``c``.

    Examples
    --------
    >>> import mapray, numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npz")
    >>> mapray.savez(path, x=np.arange(3), y=np.zeros(2))
    >>> with mapray.load(path, mmap_mode="r") as archive:
    ...     archive["x"]
    memmap([0, 1, 2])
    """

    __module__ = "mapray"

    def __init__(
        self,
        fid,
        own_fid=False,
        allow_pickle=False,
        pickle_kwargs=None,
        *,
        max_header_size=MAX_HEADER_SIZE,
        mmap_mode=None,
    ):
        self._mmap_mode = mmap_mode and short_mode(mmap_mode)
        if self._mmap_mode == "w+":
            raise ValueError("mmap_mode 'w+' would make new members; `savez` does that")
        path = fid if isinstance(fid, (str, os.PathLike)) else getattr(fid, "name", None)
        self._path = path if isinstance(path, (str, os.PathLike)) else None
        self._archive = None
        if self._mmap_mode and self._path is None:
            raise ValueError("only an archive that has a path can be mapped")
        super().__init__(fid, own_fid, allow_pickle, pickle_kwargs, max_header_size=max_header_size)

    def __getitem__(self, key):
        try:
            name = self._files[key]
        except KeyError:
            raise KeyError(f"{key} is not a file in the archive") from None
        if self._mmap_mode:
            return self._mapped(name)
        if (array := self._decoded(name)) is not None:
            return array
        with self.zip.open(name) as member:
            start = member.read(len(MAGIC_PREFIX))
            member.seek(0)
            if start != MAGIC_PREFIX:
                return member.read()
            return read_array(
                member,
                self.allow_pickle,
                self.pickle_kwargs,
                max_header_size=self.max_header_size,
            )

    def close(self):
        """Close the archive."""
        self._archive = None
        super().close()

    def _decoded(self, name):
        """A large member by the core; None where it is not for it, or wrong, which `zipfile` will tell."""
        if (
            self.max_header_size < MAX_HEADER_SIZE
            or self.zip.getinfo(name).file_size < WORTHWHILE
            or not isfileobj(self.zip.fp)
        ):
            return None
        try:
            if self._archive is None:
                self._archive = _core.Archive.open(self.zip.fp.fileno())
            decoded = self._archive.decode(name)
            order = "F" if decoded.fortran_order else "C"
            array = np.frombuffer(decoded, dtype_of(decoded.descr))
            return array.reshape(decoded.shape, order=order)
        except (LookupError, MemoryError, OSError, TypeError, ValueError):
            return None

    def _mapped(self, name):
        if self.zip.getinfo(name).compress_type:
            raise ValueError(
                f"{self._path}: member {name!r} is compressed, so no map can show it; load the archive "
                "without mmap_mode, or write it with `savez`"
            )
        path = os.path.abspath(os.fspath(self._path))
        pages = _core.Map.member(path, name.removesuffix(".npy"), self._mmap_mode)
        dtype = dtype_of(pages.descr)
        order = "F" if pages.fortran_order else "C"
        return memmap._over(
            pages, tuple(pages.shape), dtype, order, path, pages.offset, self._mmap_mode
        )
