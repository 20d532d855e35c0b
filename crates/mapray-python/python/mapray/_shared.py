"""Memory that processes share."""

import operator
import os

import numpy as np

from mapray import _core
from mapray._memmap import memmap

__all__ = ["shared"]

_FOLDER = "/dev/shm"


def shared(shape, dtype=float, name=None):
    """An array of zeros in memory that other processes can map, Python's or not.

    Parameters
    ----------
    shape : int or sequence of ints
        The number of elements along each axis.
    dtype : data-type, optional
        What the elements are.
    name : str, optional
        With a name the array is a file in memory, ``/dev/shm/NAME``, that others map by `memmap` or by
        this function, and that stays until somebody removes it; an array of that name that is there is
        mapped, not cleared. Without one it lives as long as somebody has it mapped; others get it pickled
        while this process has it, or by the descriptor that its `fileno` gives.

    Returns
    -------
    memmap

    Raises
    ------
    ValueError
        Where there is an array of this name that has not as many bytes.

    Examples
    --------
    >>> import mapray, pickle
    >>> m = mapray.shared((2, 3), "i4")
    >>> same = pickle.loads(pickle.dumps(m))
    >>> m[1, 2] = 7
    >>> same
    memmap([[0, 0, 0],
            [0, 0, 7]], dtype=int32)
    """
    dtype = np.dtype(dtype)
    if name is not None:
        return _named(name, dtype, shape)
    try:
        shape = (operator.index(shape),)
    except TypeError:
        shape = tuple(operator.index(length) for length in shape)
    if dtype.hasobject:
        raise ValueError("Array can't be memory-mapped: Python objects in dtype.")
    if any(length < 0 for length in shape):
        raise ValueError("negative dimensions are not allowed")
    nbytes = dtype.itemsize
    for length in shape:
        nbytes *= length
    pages = _core.Map.shared("mapray", nbytes)
    m = memmap._over(pages, shape, dtype, "C", None, 0, "r+")
    m._mmap.descriptor = pages.descriptor()
    return m


def _named(name, dtype, shape):
    if not name or "/" in name or "\0" in name or name in (".", ".."):
        raise ValueError(f"a name of shared memory has no '/' in it and is not empty (got {name!r})")
    path = os.path.join(_FOLDER, name)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        m = memmap(path, dtype, "r", shape=shape)
        if os.path.getsize(path) != m.nbytes:
            raise ValueError(f"{path} has {os.path.getsize(path)} bytes, not {m.nbytes}") from None
    return memmap(path, dtype, "r+", shape=shape)
