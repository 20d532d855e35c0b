"""`save`, `savez` and `savez_compressed`."""

import os
import zipfile

import numpy as np
from numpy.lib.format import dtype_to_descr

from mapray import _core
from mapray.format._arrays import is_plain, write_array
from mapray.format._headers import header_bytes, header_data_from_array_1_0

__all__ = ["save", "savez", "savez_compressed"]


def save(file, arr, allow_pickle=True):
    """Save an array to a ``.npy`` file: `numpy.save`, byte for byte.

    A file is written beside its place and put there when it is complete, so a full disk or a crash leaves
    the old one, and an array may be saved over the file that it is a map of.

    Parameters
    ----------
    file : str, path-like or file-like
        Where to; ``.npy`` is added to a path that does not end so.
    arr : array_like
        What.
    allow_pickle : bool, optional
        Whether Python objects may be pickled.

    Examples
    --------
    >>> import mapray, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
    >>> mapray.save(path, [1, 2, 3])
    >>> m = mapray.load(path, mmap_mode="r")
    >>> mapray.save(path, m[::-1])
    >>> mapray.load(path)
    array([3, 2, 1])
    """
    array = np.asanyarray(arr)
    if hasattr(file, "write"):
        write_array(file, array, allow_pickle=allow_pickle)
        return
    path = os.fspath(file)
    suffix = b".npy" if isinstance(path, bytes) else ".npy"
    path = path if path.endswith(suffix) else path + suffix
    if _is_bytes(array):
        _core.save(os.fsdecode(path), _lent("", array))
    else:
        with open(path, "wb") as fid:
            write_array(fid, array, allow_pickle=allow_pickle)


def _is_bytes(array):
    """Whether all that is to be written are a header and bytes: no pickles, no masks, nothing odd."""
    return is_plain(array.dtype) and array.itemsize > 0 and not isinstance(array, np.ma.MaskedArray)


def _lent(name, array):
    """An array as the core takes it: its memory as bytes, in the order in which it is to be written."""
    array = np.asarray(array)
    # For its warnings.
    header_bytes(header_data_from_array_1_0(array))
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    memory = np.ascontiguousarray(array.T if fortran else array).reshape(-1)
    empty = memory.size == 0 or memory.itemsize == 0
    memory = np.empty(0, np.uint8) if empty else memory.view(np.uint8)
    return (name, repr(dtype_to_descr(array.dtype)), list(array.shape), bool(fortran), memory)


def savez(file, *args, allow_pickle=True, **kwds):
    """Save arrays to an archive, uncompressed: `numpy.savez`.

    The elements of each member are aligned to 64 bytes, so that they can be mapped. The file is put in its
    place when it is complete.

    Parameters
    ----------
    file : str, path-like or file-like
        Where to; ``.npz`` is added to a path that does not end so.
    *args, **kwds : array_like
        The arrays; those without a name become ``arr_0``, ``arr_1`` and so on.
    allow_pickle : bool, optional
        Whether Python objects may be pickled.

    Examples
    --------
    >>> import mapray, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npz")
    >>> mapray.savez(path, [1, 2], x=[3.0])
    >>> mapray.load(path).files
    ['x', 'arr_0']
    """
    _savez(file, args, kwds, False, allow_pickle)


def savez_compressed(file, *args, allow_pickle=True, **kwds):
    """Save arrays to an archive, compressed by all processors: `numpy.savez_compressed`.

    Parameters
    ----------
    file, *args, allow_pickle, **kwds
        As for `savez`.

    Examples
    --------
    >>> import mapray, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npz")
    >>> mapray.savez_compressed(path, x=[0] * 10_000)
    >>> os.path.getsize(path) < 1000
    True
    """
    _savez(file, args, kwds, True, allow_pickle)


def _savez(file, args, kwds, compress, allow_pickle):
    arrays = kwds
    for number, value in enumerate(args):
        name = f"arr_{number}"
        if name in arrays:
            raise ValueError(f"Cannot use un-named variables and keyword {name}")
        arrays[name] = value
    arrays = {name: np.asanyarray(value) for name, value in arrays.items()}
    if hasattr(file, "write"):
        _write_archive(file, arrays, compress, allow_pickle)
        return
    path = os.fspath(file)
    path = path if path.endswith(".npz") else path + ".npz"
    if all(map(_is_bytes, arrays.values())):
        _core.savez(path, [_lent(name, array) for name, array in arrays.items()], compress)
    else:
        _write_archive(path, arrays, compress, allow_pickle)


def _write_archive(file, arrays, compress, allow_pickle):
    compression = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", compression, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                write_array(member, array, allow_pickle=allow_pickle)
