"""Arrays in streams: a header, then the elements."""

import math
import os
import pickle

import numpy as np

from mapray import _core
from mapray.format._headers import (
    MAX_HEADER_SIZE,
    check_version,
    header_data_from_array_1_0,
    read_array_header,
    read_magic,
    write_array_header,
)
from mapray.format._streams import isfileobj, read_into

__all__ = ["is_plain", "read_array", "write_array"]

_CHUNK = 16 << 20

# Bytes from which on the core reads a file sooner than Python.
WORTHWHILE = 1 << 20


def is_plain(dtype):
    """Whether the elements are bytes that can be written as they are."""
    return not dtype.hasobject and type(dtype)._legacy


def write_array(fp, array, version=None, allow_pickle=True, pickle_kwargs=None):
    """Write an array to a stream, header included: what NumPy would write, byte for byte.

    Parameters
    ----------
    fp : file-like
        Has a ``write``.
    array : ndarray
        The array.
    version : (int, int), optional
        By default the oldest one that can hold the header.
    allow_pickle : bool, optional
        Whether Python objects may be pickled.
    pickle_kwargs : dict, optional
        More arguments of `pickle.dump`.

    Examples
    --------
    >>> import io, mapray.format, numpy as np
    >>> file = io.BytesIO()
    >>> mapray.format.write_array(file, np.zeros(2))
    >>> len(file.getvalue())
    144
    """
    check_version(version)
    if not is_plain(array.dtype) and not allow_pickle:
        what = "Object arrays" if array.dtype.hasobject else "User-defined dtypes"
        raise ValueError(f"{what} cannot be saved when allow_pickle=False")
    write_array_header(fp, header_data_from_array_1_0(array), version)
    if not is_plain(array.dtype):
        pickle.dump(array, fp, protocol=4, **(pickle_kwargs or {}))
        return
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        array = array.T
    for chunk in _chunks(np.asarray(array)):
        fp.write(chunk.data if isfileobj(fp) else chunk.tobytes())


def _chunks(array):
    """The elements in C order, as bytes, without a copy where they lie so."""
    if array.size == 0 or array.itemsize == 0:
        return
    if array.flags.c_contiguous:
        memory = array.reshape(-1).view(np.uint8)
        for start in range(0, memory.size, _CHUNK):
            yield memory[start : start + _CHUNK]
        return
    count = max(_CHUNK // array.itemsize, 1)
    flags = ["external_loop", "buffered", "zerosize_ok"]
    for chunk in np.nditer(array, flags=flags, buffersize=count, order="C"):
        yield np.ascontiguousarray(chunk).view(np.uint8)


def read_array(fp, allow_pickle=False, pickle_kwargs=None, *, max_header_size=MAX_HEADER_SIZE):
    """Read an array from a stream, header included.

    Parameters
    ----------
    fp : file-like
        Has a ``read``.
    allow_pickle : bool, optional
        Whether Python objects may be unpickled, which can run any code; it also lifts the limit of the
        header's size.
    pickle_kwargs : dict, optional
        More arguments of `pickle.load`.
    max_header_size : int, optional
        The most characters that a header may have.

    Raises
    ------
    ValueError
        Where the header is wrong, or the data ends early.

    Examples
    --------
    >>> import io, mapray.format, numpy as np
    >>> file = io.BytesIO()
    >>> mapray.format.write_array(file, np.eye(2))
    >>> _ = file.seek(0)
    >>> mapray.format.read_array(file)
    array([[1., 0.],
           [0., 1.]])
    """
    version = read_magic(fp)
    check_version(version)
    limit = 2**64 if allow_pickle else max_header_size
    shape, fortran_order, dtype = read_array_header(fp, version, limit)
    if dtype.hasobject:
        return _unpickled(fp, allow_pickle, pickle_kwargs or {})
    count = math.prod(shape)
    array = _read_elements(fp, dtype, count, shape)
    if fortran_order:
        return array.reshape(shape[::-1]).transpose()
    return array.reshape(shape)


def _unpickled(fp, allow_pickle, pickle_kwargs):
    if not allow_pickle:
        raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
    try:
        return pickle.load(fp, **pickle_kwargs)
    except UnicodeError as error:
        raise UnicodeError(
            f"Unpickling a python object failed: {error!r}\n"
            "You may need to pass the encoding= option to numpy.load"
        ) from error


def _read_elements(fp, dtype, count, shape):
    expected = count * dtype.itemsize
    left = _left(fp) if isfileobj(fp) else None
    if left is not None and left < expected:
        # Before memory is taken for what is not there.
        raise _too_short(shape, count, left // dtype.itemsize)
    array = np.empty(count, dtype)
    if expected == 0:
        return array
    if left is not None and expected >= WORTHWHILE and fp.readable():
        start = fp.tell()
        _core.read(fp.fileno(), start, array.view(np.uint8))
        fp.seek(start + expected)
        return array
    found = read_into(fp, memoryview(array.view(np.uint8)))
    if found == expected:
        return array
    if isfileobj(fp):
        raise _too_short(shape, count, found // dtype.itemsize)
    raise ValueError(f"EOF: reading array data, expected {expected} bytes got {found}")


def _left(fp):
    """How many bytes of a regular file are left."""
    try:
        return os.fstat(fp.fileno()).st_size - fp.tell()
    except OSError:
        return None


def _too_short(shape, count, found):
    return ValueError(
        f"Failed to read all data for array. Expected {shape} = {count} elements, "
        f"could only read {found} elements. (file seems not fully written?)"
    )
