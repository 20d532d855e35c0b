"""A pytest plugin that puts mapray in NumPy's place, so that NumPy's own tests run against it, unmodified.

``python -m pytest -p swap_numpy --pyargs numpy._core.tests.test_memmap numpy.lib.tests.test_format``, with the
folder of this file on the path. It acts before NumPy's tests are imported. What it replaces raises when it is
called afterwards, and the run fails where nothing of ours was called.
"""

import numpy as np
import numpy._core as core
from numpy.lib import _format_impl, _npyio_impl, npyio
from numpy.lib import format as public

import mapray

# What these say of a dtype is NumPy's to say; ours are the same functions.
SHARED = {"descr_to_dtype", "drop_metadata", "dtype_to_descr"}
FORMAT = [name for name in mapray.format.__all__ if name.islower() and hasattr(public, name)]
TOP = ["load", "save", "savez", "savez_compressed"]

calls = dict.fromkeys([*FORMAT, *TOP, "memmap"], 0)
numpys = np.memmap


def counted(name, function):
    """Our function, with a count of its calls."""

    def call(*args, **kwargs):
        calls[name] += 1
        return function(*args, **kwargs)

    return call


def refuse(*args, **kwargs):
    raise AssertionError("a function of NumPy's own was called")


def refuse_memmap(cls, *args, **kwargs):
    raise AssertionError("NumPy's own memmap was constructed")


make = mapray.memmap._over.__func__


def over(cls, *args):
    """Every map of ours is made here."""
    calls["memmap"] += 1
    return make(cls, *args)


for name in FORMAT:
    if name not in SHARED:
        # The code itself, so that nobody reaches it by another name.
        getattr(_format_impl, name).__code__ = refuse.__code__
        for module in (public, _format_impl):
            setattr(module, name, counted(name, getattr(mapray, name)))
for name in TOP:
    for module in (np, _npyio_impl, npyio):
        if hasattr(module, name):
            setattr(module, name, counted(name, getattr(mapray, name)))
mapray.memmap._over = classmethod(over)
numpys.__new__ = refuse_memmap
np.memmap = core.memmap = mapray.memmap


def pytest_sessionfinish(session, exitstatus):
    never = [name for name in ("memmap", "open_memmap", "load", "save", "savez") if not calls[name]]
    if exitstatus == 0 and never and not session.config.option.keyword:
        raise AssertionError(f"none of the tests called ours: {never}")
