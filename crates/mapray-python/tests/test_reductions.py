"""Reductions of maps against NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import mapray

NAMES = ["sum", "mean", "std", "var", "min", "max", "argmin", "argmax", "any", "all"]
DTYPES = ["?", "i1", "u2", ">i4", "u8", "i8", "f2", "f4", ">f8", "c8", "c16"]


@settings(max_examples=400, deadline=None)
@given(data=st.data(), name=st.sampled_from([*NAMES, "count_nonzero"]), dtype=st.sampled_from(DTYPES))
def test_a_reduction_is_numpys(tmp_path_factory, data, name, dtype):
    shape = tuple(data.draw(st.lists(st.integers(1, 6), max_size=3)))
    size = int(np.prod(shape))
    values = st.integers(0, 100) if dtype[0] in "?u" or dtype[0] == ">" else st.integers(-100, 100)
    array = np.array(data.draw(st.lists(values, min_size=size, max_size=size)), "f8")
    array = array.reshape(shape).astype(dtype)
    path = tmp_path_factory.mktemp("x") / "a.npy"
    np.save(path, array)
    m = mapray.load(path, mmap_mode="r")
    if data.draw(st.booleans()):
        m, array = m.T[::-1] if shape else m, array.T[::-1] if shape else array
    axes = [None, *range(-len(shape), len(shape))]
    if not name.startswith("arg"):
        axes.append(tuple(range(len(shape)))[:2])
    axis, keepdims = data.draw(st.sampled_from(axes)), data.draw(st.booleans())
    function = getattr(np, name)
    expected = function(array, axis=axis, keepdims=keepdims)
    results = [function(m, axis=axis, keepdims=keepdims)]
    if name != "count_nonzero":
        results.append(getattr(m, name)(axis=axis, keepdims=keepdims))
    for result in results:
        assert type(result) is type(expected) or isinstance(expected, int)
        assert np.shape(result) == np.shape(expected)
        if name == "count_nonzero":
            np.testing.assert_array_equal(result, expected)
            continue
        assert result.dtype == expected.dtype
        if array.dtype.kind in "?iu" and name not in ("mean", "std", "var"):
            np.testing.assert_array_equal(result, expected)
        else:
            kind = np.finfo(expected.dtype) if expected.dtype.kind in "fc" else None
            close = {"rtol": 8 * float(kind.eps), "atol": 8 * 100 * float(kind.eps)} if kind else {}
            np.testing.assert_allclose(result, expected, **close)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_core_does_not_do_numpy_does(map_of, name):
    array = np.arange(12.0).reshape(3, 4)
    m = map_of(array)
    out = np.empty(4, getattr(array, name)(axis=0).dtype)
    assert getattr(m, name)(axis=0, out=out) is out
    np.testing.assert_array_equal(out, getattr(array, name)(axis=0))
    if not name.startswith("arg"):
        extra = {"initial": 0} if name in ("min", "max") else {}
        where = array > 3
        np.testing.assert_array_equal(
            getattr(m, name)(where=where, **extra), getattr(array, name)(where=where, **extra)
        )
    for axis in (7, (0, 0)):
        if name.startswith("arg") and isinstance(axis, tuple):
            continue
        with pytest.raises((ValueError, IndexError, TypeError)):
            getattr(m, name)(axis=axis)


def test_sums_of_integers_wrap_as_numpys_do(map_of):
    array = np.array([2**63 - 1, 5, 7])
    assert map_of(array).sum() == array.sum()


def test_a_sum_is_rounded_once(map_of):
    assert map_of(np.array([1e16, 1.0, -1e16])).sum() == 1.0


@pytest.mark.parametrize("dtype", ["S3", "M8[s]", "i4,f4", "g"])
def test_other_dtypes_are_numpys(map_of, dtype):
    array = np.zeros(3, dtype)
    m = map_of(array)
    try:
        expected = array.max()
    except TypeError as error:
        with pytest.raises(type(error)):
            m.max()
        return
    assert m.max() == expected


def test_a_reduction_of_nothing_is_numpys(map_of):
    m = map_of(np.zeros((0, 3)))
    assert m.sum(axis=0).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="zero-size"):
        m.max()


def test_a_cut_file_is_an_oserror(map_of, path):
    import os

    m = map_of(np.ones(100_000))
    os.truncate(path, 4096)
    for name in ("sum", "max", "any"):
        with pytest.raises(OSError, match="cut short"):
            getattr(m, name)()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_computes_without_the_threads_of_its_parent(map_of):
    import os
    import signal

    m = map_of(np.ones((4, 1 << 20)))
    assert m.sum() == 4 << 20
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if m.sum() == 4 << 20 else 1)
    assert os.waitpid(child, 0)[1] == 0
