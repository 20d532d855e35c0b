"""What Dask and distributed must be told of maps: they ask the class `ndarray` of anything that is one."""

import sys
import uuid

import numpy as np

from mapray._memmap import memmap

__all__ = ["register", "register_sizeof", "token"]

_KNOWN: set[str] = set()


def token(m):
    """What tells one map from another for Dask, without a look at the elements."""
    reference = m._by_reference()
    if reference is None:
        from dask.tokenize import normalize_token

        return normalize_token(np.array(m))
    if m.mode != "r":
        # Stores into pages that are dirty already show nowhere.
        return uuid.uuid4().hex
    _, path, mode, (offset, dtype, shape, strides, _), _, _, identity = reference
    return ("mapray", path, mode, offset, str(dtype.descr), shape, strides, identity)


def _token(m):
    register()
    return token(m)


def _sizeof(m):
    register()
    # The pages are the system's, and go when it wants them to.
    return 1024 if m._mmap is not None else np.ndarray.__sizeof__(m)


def register_sizeof(sizeof):
    """Called by Dask when it is imported: an entry point of the group ``dask.sizeof``."""
    sizeof.register(memmap, _sizeof)
    register()


def register():
    """Register with what is imported of Dask and distributed.

    Dask asks for the size and the token of what it sends before it sends it, so distributed, where it is
    imported last, is told in time.
    """
    if (tokenize := sys.modules.get("dask.tokenize")) is not None and "dask" not in _KNOWN:
        if hasattr(tokenize, "normalize_token"):
            tokenize.normalize_token.register(memmap, _token)
            _KNOWN.add("dask")
    if (module := sys.modules.get("dask.sizeof")) is not None and hasattr(module, "sizeof"):
        module.sizeof.register(memmap, _sizeof)
    protocol = sys.modules.get("distributed.protocol.serialize")
    if hasattr(protocol, "dask_serialize") and "distributed" not in _KNOWN:
        protocol.dask_serialize.register(memmap, _serialize)
        _KNOWN.add("distributed")


def _serialize(m, context=None):
    # distributed takes the next way then, which is to pickle it: by reference, and whoever gets it needs
    # to know nothing of maps beforehand.
    raise NotImplementedError
