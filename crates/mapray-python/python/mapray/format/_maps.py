"""Mapping the array in a ``.npy`` file."""

import operator
import os
import pathlib

import numpy as np
from numpy.lib.format import dtype_to_descr

from mapray import _core
from mapray._dtypes import dtype_of
from mapray._memmap import memmap, short_mode
from mapray.format._headers import (
    MAX_HEADER_SIZE,
    check_version,
    header_bytes,
    read_array_header,
    read_magic,
)
from mapray.format._streams import isfileobj

__all__ = ["open_memmap"]


def open_memmap(
    filename,
    mode="r+",
    dtype=None,
    shape=None,
    fortran_order=False,
    version=None,
    *,
    max_header_size=MAX_HEADER_SIZE,
):
    """Map the array in a ``.npy`` file, or make a file with one.

    Parameters
    ----------
    filename : str or path-like
        The file.
    mode : {'r+', 'r', 'c', 'w+'}, optional
        As for `memmap`, long names included. ``'w+'`` makes a file of zeros beside the place and then puts
        it there: whoever has the old one mapped keeps it, and where anything fails it stays.
    dtype, shape, fortran_order, version : optional
        What to make; otherwise the header says it.
    max_header_size : int, optional
        The most characters that a header may have.

    Returns
    -------
    memmap

    Raises
    ------
    ValueError
        Where the header is wrong, a shape is none, or the file is shorter than its header says; NumPy would
        fill it up with zeros in mode ``r+``.

    Examples
    --------
    >>> import mapray, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
    >>> m = mapray.open_memmap(path, mode="w+", dtype="i4", shape=(2, 3))
    >>> m[1] = 5
    >>> mapray.open_memmap(path, mode="r")
    memmap([[0, 0, 0],
            [5, 5, 5]], dtype=int32)
    """
    if isfileobj(filename) or hasattr(filename, "read"):
        raise ValueError(
            "Filename must be a string or a path-like object.  Memmap cannot use existing file handles."
        )
    mode = short_mode(mode)
    path = os.fspath(filename)
    if mode == "w+":
        pages, dtype, shape = _create(path, dtype, shape, fortran_order, version)
        offset, mode = pages.offset, "r+"
    else:
        if max_header_size >= MAX_HEADER_SIZE and (m := map_quickly(filename, mode)) is not None:
            return m
        shape, fortran_order, dtype, offset = _read_header(path, max_header_size)
        nbytes = dtype.itemsize
        for length in shape:
            nbytes *= length
        if os.stat(path).st_size < offset + nbytes:
            raise ValueError(
                f"{path}: the file has {os.stat(path).st_size} bytes, and its header asks for "
                f"{offset + nbytes}: mmap length is greater than file size"
            )
        pages = _core.Map.raw(os.fsdecode(path), mode, offset, nbytes)
    order = "F" if fortran_order else "C"
    return memmap._over(pages, shape, dtype, order, _name(filename, path), offset, mode)


def map_quickly(filename, mode):
    """The map by one look at the file; None where something is wrong, which a second look will tell."""
    path = os.fspath(filename)
    try:
        pages = _core.Map.npy(os.fsdecode(path), mode)
    except (LookupError, OSError, TypeError, ValueError):
        return None
    if pages is None:
        return None
    order = "F" if pages.fortran_order else "C"
    dtype, shape = dtype_of(pages.descr), tuple(pages.shape)
    return memmap._over(pages, shape, dtype, order, _name(filename, path), pages.offset, mode)


def _name(filename, path):
    if isinstance(filename, os.PathLike):
        return pathlib.Path(filename).resolve()
    # NumPy says nothing of a path that is bytes.
    return None if isinstance(path, bytes) else os.path.abspath(path)


def _create(path, dtype, shape, fortran_order, version):
    check_version(version)
    dtype = _mappable(np.dtype(dtype))
    if shape is None:
        raise ValueError("shape must be given if mode == 'w+'")
    try:
        shape = (operator.index(shape),)
    except TypeError:
        shape = tuple(operator.index(length) for length in shape)
    if any(length < 0 for length in shape):
        raise ValueError("negative dimensions are not allowed")
    # The axes of a sub-array belong to the array, so that the header says what the map shows.
    dtype, shape = dtype.base, shape + dtype.shape
    descr = dtype_to_descr(dtype)
    # For its warnings.
    header_bytes({"descr": descr, "fortran_order": fortran_order, "shape": shape}, version)
    descr = repr(descr)
    pages = _core.Map.created(os.fsdecode(path), descr, list(shape), bool(fortran_order), version)
    return pages, dtype, shape


def _read_header(path, max_header_size):
    with open(path, "rb") as file:
        version = read_magic(file)
        check_version(version)
        shape, fortran_order, dtype = read_array_header(file, version, max_header_size)
        return shape, fortran_order, _mappable(dtype), file.tell()


def _mappable(dtype):
    if dtype.hasobject or not type(dtype)._legacy:
        raise ValueError("Array can't be memory-mapped: Python objects in dtype.")
    return dtype
