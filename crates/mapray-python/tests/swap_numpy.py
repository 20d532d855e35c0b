"""A pytest plugin that puts mapray in NumPy's place, so that NumPy's own tests run against it.

``python -m pytest -p swap_numpy --pyargs numpy._core.tests.test_memmap numpy.lib.tests.test_format``, with the
folder of this file on the path. It acts before NumPy's tests are imported. Nothing of NumPy's that it replaces
can be reached afterwards without an error.
"""

import numpy as np
import numpy._core as core

import mapray

numpys = np.memmap
made = 0


class Counted(type(numpys)):
    """So that the run can end with the number of maps that were made."""


def refuse(cls, *args, **kwargs):
    raise AssertionError("NumPy's own memmap was constructed")


np.memmap = core.memmap = mapray.memmap
numpys.__new__ = refuse
