"""`load`: an array, a map or an archive, from a file."""

import contextlib
import os
import pickle

from mapray._memmap import short_mode
from mapray._npz import NpzFile
from mapray.format import MAGIC_PREFIX, open_memmap, read_array
from mapray.format._headers import MAX_HEADER_SIZE
from mapray.format._maps import map_quickly

__all__ = ["load"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def load(
    file,
    mmap_mode=None,
    allow_pickle=False,
    fix_imports=True,
    encoding="ASCII",
    *,
    max_header_size=MAX_HEADER_SIZE,
):
    """Load an array from a ``.npy``, ``.npz`` or pickled file: `numpy.load`.

    Parameters
    ----------
    file : str, path-like or file-like
        The file.
    mmap_mode : {None, 'r', 'r+', 'c'}, optional
        Map the array instead of reading it. The stored members of an archive are mapped too.
    allow_pickle, fix_imports, encoding, max_header_size : optional
        As for `numpy.load`.

    Returns
    -------
    ndarray, memmap or NpzFile

    Raises
    ------
    ValueError
        Where `mmap_mode` is ``'w+'``, which in NumPy cuts the file; where a file-like object is to be mapped;
        where the header is wrong, or Python objects would have to be unpickled.

    Examples
    --------
    >>> import mapray, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
    >>> mapray.save(path, [1, 2, 3])
    >>> mapray.load(path, mmap_mode="r")
    memmap([1, 2, 3])
    """
    if encoding not in ("ASCII", "latin1", "bytes"):
        # Others could corrupt numbers without a word.
        raise ValueError("encoding must be 'ASCII', 'latin1', or 'bytes'")
    if mmap_mode in ("w+", "write"):
        raise ValueError("mmap_mode 'w+' would make a new array; `open_memmap` does that")
    if mmap_mode and max_header_size >= MAX_HEADER_SIZE and not hasattr(file, "read"):
        if (m := map_quickly(file, short_mode(mmap_mode))) is not None:
            return m
    pickle_kwargs = {"encoding": encoding, "fix_imports": fix_imports}
    with contextlib.ExitStack() as stack:
        own = not hasattr(file, "read")
        fid = stack.enter_context(open(os.fspath(file), "rb")) if own else file
        start = fid.read(len(MAGIC_PREFIX))
        if not start:
            raise EOFError("No data left in file")
        fid.seek(-len(start), 1)
        if start.startswith(_ZIP):
            # The archive closes the file from here on.
            stack.pop_all()
            return NpzFile(
                fid,
                own_fid=own,
                allow_pickle=allow_pickle,
                pickle_kwargs=pickle_kwargs,
                max_header_size=max_header_size,
                mmap_mode=mmap_mode or None,
            )
        if start == MAGIC_PREFIX:
            if mmap_mode:
                limit = 2**64 if allow_pickle else max_header_size
                return open_memmap(file, mode=mmap_mode, max_header_size=limit)
            return read_array(fid, allow_pickle, pickle_kwargs, max_header_size=max_header_size)
        return _unpickled(fid, file, allow_pickle, pickle_kwargs)


def _unpickled(fid, file, allow_pickle, pickle_kwargs):
    if not allow_pickle:
        raise ValueError(
            "This file contains pickled (object) data. If you trust the file you can load it unsafely "
            "using the `allow_pickle=` keyword argument or `pickle.load()`."
        )
    try:
        return pickle.load(fid, **pickle_kwargs)
    except Exception as error:
        raise pickle.UnpicklingError(f"Failed to interpret file {file!r} as a pickle") from error
