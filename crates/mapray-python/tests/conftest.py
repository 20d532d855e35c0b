"""What the tests share."""

import numpy as np
import pytest

import mapray


@pytest.fixture
def path(tmp_path):
    """A path that leads nowhere yet."""
    return str(tmp_path / "a.npy")


@pytest.fixture
def map_of(path):
    """Makes a map in mode ``r+`` of a ``.npy`` file that holds the given array."""

    def make(array, mode="r+"):
        np.save(path, array)
        return mapray.load(path, mmap_mode=mode)

    return make
