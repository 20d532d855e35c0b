"""Maps in Dask and distributed: graphs that stay small, tasks that open the file."""

import os
import pickle

import numpy as np
import pytest

import mapray
import mapray.dask
from test_pickling import BIG, TOTAL, big, use  # noqa: F401

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_graph_is_a_few_kilobytes(big):
    x = mapray.load(big, mmap_mode="r").to_dask(chunks=(8, BIG[1]))
    assert len(pickle.dumps(x.__dask_graph__())) < 8000
    assert float(x.sum(dtype="f8").compute(scheduler="threads")) == TOTAL


def test_a_token_is_that_of_the_file_and_not_of_its_elements(map_of, path):
    m = map_of(np.arange(10), "r")
    tokenize = dask.base.tokenize
    assert tokenize(m) == tokenize(mapray.load(path, mmap_mode="r")) != tokenize(m[1:])
    before = tokenize(m)
    os.utime(path, (1, 1))
    assert tokenize(m) != before
    writable = mapray.load(path, mmap_mode="r+")
    assert tokenize(writable) != tokenize(writable)
    assert tokenize(m.copy()) == tokenize(m.copy())


def test_its_size_in_memory_is_not_that_of_the_file(big):
    from dask.sizeof import sizeof

    m = mapray.load(big, mmap_mode="r")
    assert sizeof(m) < 10_000 and sizeof(m[0].copy()) >= 4 << 20


def test_workers_open_the_file_and_their_results_come_back_as_maps(big, client):
    m = mapray.load(big, mmap_mode="r")
    kind, is_mapped, total, private = client.submit(use, m).result()
    assert (kind, is_mapped, total) == ("memmap", True, TOTAL) and private < 16 << 10
    scattered = client.scatter(m)
    kind, is_mapped, total, private = client.submit(use, scattered).result()
    assert (kind, is_mapped, total) == ("memmap", True, TOTAL) and private < 16 << 10
    part = client.submit(lambda m: m[3:5], m).result()
    assert isinstance(part, mapray.memmap) and part._mmap is not None and part[0, 0] == 3
    assert float(m.to_dask(chunks=(8, BIG[1])).sum(dtype="f8").compute()) == TOTAL


def test_what_is_sent_of_a_map_is_a_reference(big):
    m = mapray.load(big, mmap_mode="r")
    for sent in (m, m[5:, ::3], mapray.open(big)):
        header, frames = distributed.protocol.serialize(sent)
        assert sum(memoryview(frame).nbytes for frame in frames) < 2000 and len(str(header)) < 2000


def test_arrays_in_memory_go_as_data(client, map_of):
    copy = map_of(np.arange(10.0)).copy()
    same = client.submit(lambda array: array * 2, copy).result()
    assert same.tolist() == (np.arange(10.0) * 2).tolist()
    back = client.submit(lambda array: array, client.scatter(copy)).result()
    assert back.tolist() == copy.tolist()


@pytest.mark.parametrize("scheduler", ["threads", "processes", None])
def test_an_array_is_stored_by_regions(path, client, scheduler):
    x = da.arange(100_000, chunks=7_000).reshape(1000, 100).astype("f4")
    with dask.config.set(**({"scheduler": scheduler} if scheduler else {})):
        mapray.dask.store(x, path)
    np.testing.assert_array_equal(np.load(path), np.arange(100_000, dtype="f4").reshape(1000, 100))
    assert os.listdir(os.path.dirname(path)) == ["a.npy"]


def test_a_store_that_fails_leaves_the_old_file(path):
    np.save(path, np.arange(3))

    def fail(block):
        if block.size:
            raise ZeroDivisionError
        return block

    with pytest.raises(ZeroDivisionError):
        mapray.dask.store(da.ones(10, chunks=5).map_blocks(fail, dtype=float), path)
    assert np.load(path).tolist() == [0, 1, 2] and os.listdir(os.path.dirname(path)) == ["a.npy"]
