"""Closing a map: what is written, what is refused, and that nothing ever crashes."""

import os
import resource
import threading

import numpy as np
import pytest

import mapray


# pytest itself would keep a reference to a fixture's value.
@pytest.fixture
def new(tmp_path):
    return lambda: mapray.memmap(tmp_path / "a.bin", "f4", "w+", shape=(100, 1000))


def content(m):
    return np.fromfile(m.filename, "f4").reshape(m.shape)


def test_a_close_writes_back_and_every_later_call_of_ours_is_an_error(new):
    m = new()
    m[5] = 3
    m.close()
    assert m.closed and (content(m)[5] == 3).all()
    m.close()
    for call in (m.flush, m.prefetch, m.residency, m.commit, m.discard, m.dirty_pages, lambda: m[0]):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(ValueError, match="closed"):
        m[0] = 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_close_counts_the_views_that_are_in_use(new, count):
    m = new()
    views = [m[i:] for i in range(count)]
    with pytest.raises(BufferError, match=f"^{count} view"):
        m.close()
    views.clear()
    m.close()


@pytest.mark.parametrize(
    "refer", [np.asarray, lambda m: m, lambda m: memoryview(m._mmap), lambda m: np.frombuffer(m._mmap)]
)
def test_a_close_is_refused_while_anything_else_refers_to_the_map(new, refer):
    m = new()
    other = refer(m)
    with pytest.raises(BufferError):
        m.close()
    assert not m.closed
    del other
    m.close()


def test_a_view_that_alone_is_left_closes_the_map(new):
    m = new()
    view = m[3:]
    with pytest.raises(BufferError, match="1 view"):
        view.close()
    del m
    view.close()
    assert view.closed


def test_arrays_over_a_map_that_was_closed_by_force_show_zeros_and_take_stores(new):
    m = new()
    m[:] = 7
    plain, row = np.asarray(m), np.asarray(m[10])
    m.close(force=True)
    assert not plain.any() and not row.any()
    plain[:] = 1
    assert row.sum() == 1000
    assert (content(m) == 7).all()
    name = m.filename
    del m, row
    os.truncate(name, 0)
    assert plain.sum() == 100_000


def test_a_read_only_map_closed_by_force_stays_read_only(tmp_path):
    np.ones(5000).tofile(tmp_path / "b")
    m = mapray.memmap(tmp_path / "b", "f8", "r")
    plain = np.asarray(m)
    m.close(force=True)
    assert not plain.any() and not plain.flags.writeable


def test_a_with_block_closes(new):
    m = new()
    name = m.filename
    with m as same:
        assert same is m
        del same
        m[0] = 2
    assert m.closed and (np.fromfile(name, "f4")[:1000] == 2).all()


def test_a_with_block_is_left_with_the_error_that_was_raised_in_it(new):
    m = new()
    with pytest.raises(ZeroDivisionError):
        with m:
            view = m[1:]
            view[0] = 1 / 0
    assert not m.closed


def test_no_descriptor_stays_open(tmp_path):
    np.zeros(10).tofile(tmp_path / "a")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = len(os.listdir("/proc/self/fd"))
    maps = [mapray.memmap(tmp_path / "a", "f8", mode) for mode in ("r", "r+", "c") for _ in range(300)]
    assert len(maps) == 900 and len(os.listdir("/proc/self/fd")) == before


def test_a_close_waits_for_work_on_the_map(tmp_path):
    m = mapray.memmap(tmp_path / "big", "f8", "w+", shape=(4 << 20,))
    m[:] = 1
    sums = []
    part = (0, [m.size], [8], "'<f8'")
    wanted = ("sum", None, False, 0.0)

    def work():
        try:
            sums.append(np.frombuffer(m._mmap._map.reduce(part, wanted)[2])[0])
        except ValueError as error:
            sums.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    m.close(force=True)
    for thread in threads:
        thread.join()
    # Each sum was taken of the map, or the map was closed before; never of a mixture.
    assert len(sums) == 4 and set(sums) <= {4 << 20, "the map is closed"}


def test_the_maps_mmap_object_closes_no_pages_under_an_array(new):
    m = new()
    with pytest.raises(BufferError):
        m._mmap.close()
    with pytest.raises(BufferError):
        m._mmap.resize(10)
    m[0] = 1
    m._mmap.flush()
    m._mmap.madvise(0)
    assert len(m._mmap) == m._mmap.size() == 400_000 and m._mmap[2:4] == b"\x80?"
