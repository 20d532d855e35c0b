"""Maps that grow and shrink with their files."""

import os

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import mapray


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(["u1", ">i2", "f8", "S3", "i1,f4"]),
    lengths=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    row=st.sampled_from([(), (3,), (2, 2)]),
    order=st.sampled_from("CF"),
)
def test_a_file_that_grew_is_what_numpy_would_have_written(tmp_path_factory, dtype, lengths, row, order):
    path = str(tmp_path_factory.mktemp("x") / "a.npy")
    axis = len(row) if order == "F" else 0
    blocks = []
    for number, length in enumerate([1, *lengths]):
        shape = (*row, length) if order == "F" else (length, *row)
        block = (np.arange(np.prod(shape)) + number).reshape(shape)
        blocks.append(np.zeros(shape, dtype) if "," in dtype else block.astype(dtype))
    np.save(path, np.asarray(blocks[0], order=order))
    if not np.load(path, mmap_mode="r").flags.fnc and order == "F" and row:
        # A column that is contiguous in both orders is written in C's.
        return
    m = mapray.load(path, mmap_mode="r+")
    for block in blocks[1:]:
        m = m.append(block)
    whole = np.concatenate(blocks, axis=axis).astype(blocks[0].dtype)
    np.testing.assert_array_equal(m, whole)
    np.save(path + ".npy", np.asarray(whole, order=order))
    with open(path, "rb") as ours, open(path + ".npy", "rb") as numpys:
        assert ours.read() == numpys.read()


def test_the_map_before_an_append_shows_what_it_had(map_of):
    m = map_of(np.arange(6).reshape(3, 2))
    view = m[1:]
    longer = m.append([7, 8])
    view[0, 0] = 100
    assert m.shape == (3, 2) and longer.tolist() == [[0, 1], [100, 3], [4, 5], [7, 8]]
    assert longer.mode == "r+" and longer.filename == m.filename


def test_a_map_in_use_cannot_lose_its_rows(map_of, path):
    m = map_of(np.arange(10_000))
    view = m[5:]
    with pytest.raises(BufferError, match="1 view"):
        m.resize(3)
    assert np.load(path).shape == (10_000,)
    del view
    short = m.resize(3)
    assert short.tolist() == [0, 1, 2] and m.closed and np.load(path).tolist() == [0, 1, 2]


def test_rows_cut_off_by_force_show_zeros_in_views(map_of, path):
    m = map_of(np.ones(10_000))
    plain = np.asarray(m)
    assert m.resize((3,), refcheck=False).shape == (3,)
    assert plain.shape == (10_000,) and not plain.any()


def test_a_longer_array_has_zeros_behind(map_of, path):
    m = map_of(np.ones((2, 3), "f4")).resize((4, 3))
    assert m[2:].sum() == 0 and np.load(path).shape == (4, 3)
    with pytest.raises(ValueError, match="axis 0"):
        m.resize((4, 5))


@pytest.mark.parametrize("mode", ["r", "c"])
def test_only_a_map_that_writes_its_file_grows(map_of, mode):
    with pytest.raises(ValueError, match="r\\+"):
        map_of(np.arange(3), mode).append([1])


def test_only_a_map_of_the_whole_array_grows(map_of, path, tmp_path):
    m = map_of(np.arange(10))
    with pytest.raises(ValueError, match="whole|all"):
        m[2:].append([1])
    (tmp_path / "raw").write_bytes(bytes(1000))
    with pytest.raises(ValueError):
        mapray.memmap(tmp_path / "raw").append([1])
    os.replace(tmp_path / "raw", path)
    with pytest.raises(OSError, match="no longer"):
        m.append([1])


def test_rows_that_do_not_fit_leave_the_file(map_of, path):
    m = map_of(np.ones((2, 3)))
    with pytest.raises(ValueError):
        m.append([1, 2])
    assert np.load(path).shape == (2, 3)
