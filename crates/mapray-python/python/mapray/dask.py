"""Dask arrays over maps.

Examples
--------
>>> import dask.array as da, mapray, mapray.dask, numpy as np, os, tempfile
>>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
>>> mapray.dask.store(da.arange(10, chunks=4) * 2, path)
>>> x = mapray.load(path, mmap_mode="r").to_dask(chunks=5)
>>> int(x.sum().compute())
90
"""

import os

from mapray import _engines
from mapray.format import open_memmap

__all__ = ["from_map", "store"]


def from_map(m, chunks="auto"):
    """A Dask array whose blocks open the map inside their task: as `memmap.to_dask`.

    Parameters
    ----------
    m : memmap or Handle
        The map, or a slice of one.
    chunks : optional
        As for `dask.array.from_array`.

    Returns
    -------
    dask.array.Array
    """
    import dask.array

    from mapray._handle import Handle

    _engines.register()
    handle = m if isinstance(m, Handle) else Handle(m)
    name = "mapray-" + dask.base.tokenize(handle)
    return dask.array.from_array(handle, chunks=chunks, name=name, asarray=False, fancy=False)


def store(x, path, *, compute=True):
    """Store a Dask array in a ``.npy`` file, written by regions from all workers.

    The file has its room before the first block is computed, and takes its place, header and all, when the
    last one is on the disk: until then the old file is there.

    Parameters
    ----------
    x : dask.array.Array
        Of known chunks.
    path : str or path-like
        Where all workers reach it.
    compute : bool, optional
        False gives a delayed object that stores when it is computed.

    Examples
    --------
    >>> import dask.array as da, mapray, mapray.dask, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
    >>> mapray.dask.store(da.ones((4, 6), chunks=(2, 3)), path)
    >>> mapray.load(path).sum()
    np.float64(24.0)
    """
    import dask

    _engines.register()
    path = os.path.abspath(os.fspath(path))
    beside = f"{path}.{os.getpid()}-{os.urandom(4).hex()}.part"
    target = open_memmap(beside, mode="w+", dtype=x.dtype, shape=x.shape)
    stored = x.store(target, lock=False, compute=False)
    done = dask.delayed(_finish)(stored, beside, path)
    if not compute:
        return done
    try:
        done.compute()
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
    return None


def _finish(_, beside, path):
    """Put the file in its place once all blocks are on the disk."""
    open_memmap(beside).flush()
    os.replace(beside, path)
