"""`memmap` against NumPy's own, case by case."""

import mmap
import os

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import mapray

PAGE = mmap.PAGESIZE


def outcome(make, path, content, *args, **kwargs):
    """What a constructor does with a file: the array and what it says of itself, or its error."""
    path.write_bytes(content)
    try:
        m = make(path, *args, **kwargs)
    except Exception as error:
        return type(error)
    return (
        m.shape, m.strides, m.dtype, m.mode, int(m.offset), m.filename, m.flags.writeable,
        m.flags.aligned, m.tobytes(), os.path.getsize(path),
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=200),
    dtype=st.sampled_from(["u1", "<i2", ">f4", "f8", "c16", "S3", "U2", "V5", "M8[s]", "i4,f4", "(2,)i2"]),
    mode=st.sampled_from(["r", "r+", "c", "w+", "readonly", "copyonwrite", "readwrite", "write", "x", None]),
    offset=st.integers(0, 220),
    shape=st.one_of(st.none(), st.integers(0, 30), st.lists(st.integers(0, 5), max_size=3)),
    order=st.sampled_from("CFAK"),
)
def test_it_does_what_numpy_does(tmp_path_factory, content, dtype, mode, offset, shape, order):
    path = tmp_path_factory.mktemp("x") / "a.bin"
    arguments = (dtype, mode, offset, shape, order)
    numpys = outcome(np.memmap, path, content, *arguments)
    ours = outcome(mapray.memmap, path, content, *arguments)
    if isinstance(numpys, tuple) and numpys[-1] == 1 and numpys[8] == b"":
        # NumPy adds a byte to an empty file to be able to map it; nothing of the array lies there.
        assert ours[:-1] == numpys[:-1]
        return
    assert ours == numpys


def test_it_is_numpys_class_to_whoever_asks(tmp_path):
    m = mapray.memmap(tmp_path / "a", "f4", "w+", shape=(3, 4))
    assert isinstance(m, np.memmap) and isinstance(m._mmap, mmap.mmap) and m.base is m._mmap
    assert np.asarray(m).base is m and m[1:].base is m and m.T[1]._mmap is m._mmap
    assert type(m.copy()) is mapray.memmap and m.copy()._mmap is None
    assert type(m[[0, 1]]) is np.ndarray and type(m + 1) is np.ndarray


def test_the_file_of_a_new_map_has_its_blocks(tmp_path):
    mapray.memmap(tmp_path / "a", "u1", "w+", shape=1 << 20)
    assert os.stat(tmp_path / "a").st_blocks * 512 >= 1 << 20


@pytest.mark.parametrize("offset", [np.uint8(16), np.int32(16), np.uint64(16)])
def test_a_numpy_integer_is_an_offset_like_any_other(tmp_path, offset):
    path = tmp_path / "a"
    with open(path, "wb") as file:
        file.truncate((4 << 30) + 16)
    assert mapray.memmap(path, mode="r", offset=offset).shape == (4 << 30,)


def test_python_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Python objects"):
        mapray.memmap(tmp_path / "a", object, "w+", shape=3)
    assert not (tmp_path / "a").exists()


def test_a_failed_creation_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"precious")
    for shape in [(-1,), "x", (2**40, 2**40), 1.5]:
        with pytest.raises((ValueError, TypeError)):
            mapray.memmap(path, "f8", "w+", shape=shape)
    assert path.read_bytes() == b"precious"


def test_an_open_file_is_mapped_from_its_start_and_never_cut(tmp_path):
    with open(tmp_path / "a", "w+b") as file:
        file.write(b"12345678")
        m = mapray.memmap(file, mode="w+", shape=4)
        assert bytes(m) == b"1234" and m.filename == str(tmp_path / "a")
        assert os.fstat(file.fileno()).st_size == 8
    m[0] = ord("x")
    assert (tmp_path / "a").read_bytes() == b"x2345678"


def test_pages_of_a_slice_are_worked_on_alone(tmp_path):
    m = mapray.memmap(tmp_path / "a", "u1", "w+", shape=(100, PAGE))
    m[:] = 1
    m.release()
    assert m.residency(slice(2, 4))[1] == m[2:4].residency()[1] == 2 * PAGE
    assert m.residency((slice(None, None, 10), slice(0, 5)))[1] == 10 * PAGE
    m.advise("random", slice(0, 3))
    m.prefetch(5)
    m[7].flush()
    m.flush((slice(3, 9), 0), wait=False)
    assert m.sum() == 100 * PAGE
    with pytest.raises(IndexError):
        m.flush([1, 2])
    with pytest.raises(ValueError, match="advice must be one of"):
        m.advise("often")


def test_a_copy_in_memory_has_no_pages(tmp_path):
    copy = mapray.memmap(tmp_path / "a", "u1", "w+", shape=10).copy()
    copy.flush()
    copy.close()
    with pytest.raises(ValueError, match="in memory"):
        copy.prefetch()


def test_a_file_that_was_cut_is_an_oserror_where_a_call_of_ours_touches_it(tmp_path):
    m = mapray.memmap(tmp_path / "a", "u1", "w+", shape=(10, PAGE))
    os.truncate(tmp_path / "a", PAGE)
    for call in (m.flush, lambda: m.advise("willneed"), lambda: m.take([5], axis=0)):
        with pytest.raises(OSError):
            call()


def test_edits_in_mode_c_stay_in_memory_until_they_are_committed(tmp_path):
    path = tmp_path / "a"
    np.zeros(10 * PAGE, "u1").tofile(path)
    m = mapray.memmap(path, mode="c")
    m[3 * PAGE] = 1
    assert m.dirty_pages() == [(3 * PAGE, 4 * PAGE)] and m[: 2 * PAGE].dirty_pages() == []
    m.discard()
    assert m.dirty_pages() == [] and not m.any()
    m[5] = 9
    assert path.read_bytes()[5] == 0
    m.commit()
    assert path.read_bytes()[5] == 9 and m[5] == 9 and m.dirty_pages() == []
    m[6] = 1
    os.utime(path, (1, 1))
    with pytest.raises(OSError, match="changed"):
        m.commit()
    with pytest.raises(ValueError, match="mode"):
        mapray.memmap(path).dirty_pages()


def test_take_reads_rows_as_numpy_does(tmp_path):
    m = mapray.memmap(tmp_path / "a", "i4", "w+", shape=(20, 3))
    m[:] = np.arange(60).reshape(20, 3)
    plain = np.array(m)
    for indices in ([3, 0, -1], [[1, 2], [3, 4]], 5, np.array([7], "u2"), np.array([], int)):
        np.testing.assert_array_equal(m.take(indices, axis=0), plain.take(indices, axis=0))
        np.testing.assert_array_equal(m[::-2].take(indices, axis=0), plain[::-2].take(indices, axis=0))
    np.testing.assert_array_equal(m.take([5, 1]), plain.take([5, 1]))
    np.testing.assert_array_equal(m.take([25], axis=0, mode="wrap"), plain.take([25], axis=0, mode="wrap"))
    with pytest.raises(IndexError):
        m.take([20], axis=0)


def test_take_of_any_order_and_any_integers_is_numpys(tmp_path):
    rng = np.random.default_rng(3)
    plain = rng.integers(0, 1000, (300, 7, 5)).astype(">i4")
    for order in "CF":
        np.save(tmp_path / "a.npy", np.array(plain, order=order))
        m = mapray.load(tmp_path / "a.npy", mmap_mode="r")
        for part in (m, m[::-1], m[:, ::2], m[:, 3], m[:, 1, 2], m.T, m[5:]):
            for dtype in ("i1", "u2", ">i4", "i8"):
                indices = rng.integers(-part.shape[0], part.shape[0], 50) % 120
                indices = np.minimum(indices, part.shape[0] - 1).astype(dtype)[::-1]
                taken = part.take(indices, axis=0)
                np.testing.assert_array_equal(taken, np.asarray(part)[indices])
                assert type(taken) is np.ndarray and taken.dtype == part.dtype and taken.flags.writeable
    for indices in ([True], [1.0], np.array([1], "u8"), np.array(7), [[]]):
        np.testing.assert_array_equal(m.take(indices, axis=0), plain.take(indices, axis=0))
    for array in (plain, m):
        with pytest.raises(ValueError):
            array.take(["a"], axis=0)


def test_take_of_an_index_beyond_the_axis_says_what_numpy_says(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((20, 3)))
    m = mapray.load(tmp_path / "a.npy", mmap_mode="r")
    for index in (20, -21):
        with pytest.raises(IndexError, match=f"index {index} is out of bounds for axis 0 with size 20"):
            m.take([0, index], axis=0)


def test_take_of_many_rows_by_several_threads_of_the_caller(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    plain = np.arange(4000 * 1024, dtype="u4").reshape(4000, 1024)
    np.save(tmp_path / "a.npy", plain)
    m = mapray.load(tmp_path / "a.npy", mmap_mode="r")
    lists = [np.random.default_rng(seed).integers(0, 4000, 1500) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for indices, taken in zip(lists, pool.map(lambda indices: m.take(indices, axis=0), lists)):
            np.testing.assert_array_equal(taken, plain[indices])
