"""Maps as references: what is sent, what comes back, and what is refused."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import mapray

DATA = np.arange(60, dtype=">i4").reshape(4, 5, 3)
INDEX = st.one_of(st.integers(-3, 2), st.slices(4), st.just(Ellipsis), st.none())


@settings(max_examples=200, deadline=None)
@given(key=st.lists(INDEX, max_size=4), mode=st.sampled_from(["r", "r+", "c"]), transpose=st.booleans())
def test_every_view_comes_back_over_the_same_bytes(tmp_path_factory, key, mode, transpose):
    path = tmp_path_factory.mktemp("x") / "a.npy"
    np.save(path, DATA)
    m = mapray.load(path, mmap_mode=mode)
    m = m.T if transpose else m
    try:
        view = m[tuple(key)]
    except IndexError:
        return
    if not isinstance(view, mapray.memmap):
        return
    for protocol in range(2, 6):
        data = pickle.dumps(view, protocol)
        same = pickle.loads(data)
        assert len(data) < 1000
        assert type(same) is mapray.memmap and same.dtype == view.dtype and same.shape == view.shape
        np.testing.assert_array_equal(same, view)
        assert same.size == 0 or same.strides == view.strides
        assert same.flags.writeable == view.flags.writeable
        assert (same.mode, same.filename, same.offset) == (view.mode, view.filename, view.offset)
    if mode == "r+" and view.size:
        same[...] = 9
        assert (view == 9).all()


def test_arrays_that_own_their_memory_are_pickled_as_data(map_of):
    m = map_of(np.arange(100.0))
    for array in (m.copy(), m + 1, m[[1, 2]], np.sort(m)):
        same = pickle.loads(pickle.dumps(array))
        np.testing.assert_array_equal(same, array)
        assert getattr(same, "_mmap", None) is None
    duplicate = copy.deepcopy(m)
    duplicate[0] = 5
    assert m[0] in (0, 5)


def test_a_file_that_changed_is_an_error_that_can_be_relaxed(map_of, path, monkeypatch):
    data = pickle.dumps(map_of(np.arange(10), "r"))
    os.utime(path, (1, 1))
    with pytest.raises(OSError, match="changed since"):
        pickle.loads(data)
    monkeypatch.setenv("MAPRAY_UNPICKLE_CHANGED", "1")
    assert pickle.loads(data)[3] == 3


def test_a_map_that_writes_needs_only_its_range(map_of, path):
    m = map_of(np.arange(10))
    data = pickle.dumps(m[:3])
    whole = pickle.dumps(m)
    os.truncate(path, 128 + 40)
    assert pickle.loads(data).tolist() == [0, 1, 2]
    with pytest.raises(OSError, match="needs 208"):
        pickle.loads(whole)


def test_another_file_at_the_path_is_an_error(map_of, path):
    m = map_of(np.arange(10))
    data = pickle.dumps(m)
    os.replace(path, path + ".old")
    np.save(path, np.zeros(10))
    with pytest.raises(OSError, match="another file"):
        pickle.loads(data)
    with pytest.raises(OSError):
        pickle.dumps(m)


def test_a_closed_map_is_not_pickled(map_of):
    m = map_of(np.arange(10))
    m.close()
    with pytest.raises(ValueError, match="closed"):
        pickle.dumps(m)


def test_a_member_of_an_archive_is_pickled_by_reference(tmp_path):
    mapray.savez(tmp_path / "a.npz", x=np.arange(1000))
    m = mapray.load(tmp_path / "a.npz", mmap_mode="r")["x"]
    data = pickle.dumps(m[5:])
    assert len(data) < 1000 and pickle.loads(data)[0] == 5


def private_kib():
    """Private memory of this process that no file is behind."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


def use(m):
    """What a worker does with a map."""
    before = private_kib()
    total = float(np.asarray(m).sum(dtype="f8"))
    return type(m).__name__, m._mmap is not None, total, private_kib() - before


BIG = (64, 1 << 20)


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A file with an array of 256 MiB."""
    path = tmp_path_factory.mktemp("big") / "a.npy"
    m = mapray.open_memmap(path, mode="w+", dtype="f4", shape=BIG)
    m[:] = np.arange(BIG[0], dtype="f4")[:, None]
    return path


TOTAL = float(sum(range(BIG[0])) << 20)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_processes_get_a_map_without_a_copy(big, method):
    m = mapray.load(big, mmap_mode="r")
    assert len(pickle.dumps(m)) < 1000
    with multiprocessing.get_context(method).Pool(2) as pool:
        for kind, is_mapped, total, private in pool.map(use, [m, m[:]]):
            assert (kind, is_mapped, total) == ("memmap", True, TOTAL)
            assert private < 16 << 10


@pytest.mark.parametrize("made", [lambda m: m, lambda m: m[::2], np.asarray, lambda m: np.asarray(m)[1:]])
def test_joblib_gives_its_workers_the_file(big, made):
    joblib = pytest.importorskip("joblib")
    m = made(mapray.load(big, mmap_mode="r"))
    expected = float(np.asarray(m).sum(dtype="f8"))
    results = joblib.Parallel(n_jobs=2, max_nbytes=1 << 20)(joblib.delayed(use)(m) for _ in range(2))
    for kind, is_mapped, total, private in results:
        assert (kind, is_mapped, total) == ("memmap", True, expected)
        assert private < 16 << 10


def test_shared_memory_is_the_same_in_another_process():
    m = mapray.shared((3, 4), "i4")
    code = "import pickle, sys; m = pickle.load(sys.stdin.buffer); m[1] = 7"
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(m), check=True)
    assert m[1].tolist() == [7] * 4 and m[0].sum() == 0
    assert os.fstat(m.fileno()).st_size == 48


def test_shared_memory_with_a_name_is_found_by_it():
    name = f"mapray-test-{os.getpid()}"
    m = mapray.shared(10, "f8", name)
    try:
        m[3] = 5
        assert mapray.shared(10, "f8", name)[3] == 5
        assert mapray.memmap(f"/dev/shm/{name}", "f8", "r")[3] == 5
        with pytest.raises(ValueError):
            mapray.shared(11, "f8", name)
    finally:
        os.unlink(f"/dev/shm/{name}")
    for wrong in ("", "a/b", ".."):
        with pytest.raises(ValueError, match="name"):
            mapray.shared(1, name=wrong)
