"""`mapray.open`: a handle that is no array."""

import os
import pickle

import numpy as np
import pytest

import mapray


@pytest.fixture
def handle(path):
    np.save(path, np.arange(12.0).reshape(3, 4))
    return mapray.open(path)


def test_a_handle_shows_the_array_and_is_none(handle):
    assert not isinstance(handle, np.ndarray) and not hasattr(handle, "copy")
    assert not hasattr(handle, "__array_function__")
    assert (handle.shape, handle.dtype, handle.ndim, handle.nbytes, len(handle)) == ((3, 4), "f8", 2, 96, 3)
    assert type(handle[1:]) is np.ndarray and np.shares_memory(handle[1:], handle.to_numpy())
    assert handle[1, 2] == 6 and handle.sum() == 66 and handle.max(axis=0).tolist() == [8, 9, 10, 11]
    assert np.asarray(handle).base is not None and np.array(handle).sum() == 66


def test_a_part_is_read_as_a_copy(handle, path):
    for key in (..., 1, (1, 2), slice(None, None, -2), (slice(None), 1)):
        copy = handle.read(key)
        np.testing.assert_array_equal(copy, handle[key])
        assert copy.flags.owndata or copy.base.flags.owndata
    with pytest.raises(IndexError):
        handle.read([0, 1])
    os.truncate(path, 130)
    with pytest.raises(OSError):
        handle.read()


def test_a_handle_is_pickled_by_reference(handle):
    data = pickle.dumps(handle)
    assert len(data) < 1000 and pickle.loads(data).sum() == 66


def test_a_handle_closes_once_no_slice_is_in_use(path):
    np.save(path, np.ones(10))
    handle = mapray.open(path, "r+")
    part = handle[2:]
    with pytest.raises(BufferError):
        handle.close()
    assert handle.sum() == 10
    del part
    with handle:
        handle[0] = 5
    with pytest.raises(ValueError, match="closed"):
        handle.sum()
    assert np.load(path)[0] == 5


def test_a_slice_costs_what_a_slice_of_an_array_costs(handle):
    # No time is compared, only what a slice does: one call of ours, and NumPy's own.
    import sys

    calls = []
    sys.setprofile(lambda frame, event, argument: calls.append(frame.f_code.co_name))
    handle[1]
    sys.setprofile(None)
    assert calls.count("__getitem__") <= 2 and "__array_finalize__" not in calls


def test_members_and_other_formats_are_opened(tmp_path):
    mapray.savez(tmp_path / "a.npz", x=np.arange(5), y=np.ones(2))
    assert mapray.open(tmp_path / "a.npz", member="x").sum() == 10
    with pytest.raises(KeyError):
        mapray.open(tmp_path / "a.npz", member="z")
    with pytest.raises(ValueError, match="member="):
        mapray.open(tmp_path / "a.npz")
    with pytest.raises(FileNotFoundError):
        mapray.open(tmp_path / "none.npy")
