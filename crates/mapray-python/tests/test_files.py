"""`load`, `save`, `savez` and `open_memmap` against NumPy's, and what NumPy destroys."""

import io
import os
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

import mapray

# Whether other characters are printed as they are depends on the Unicode that Python knows.
NAMES = st.text("abc_é整", min_size=1, max_size=4)
FIELDS = st.tuples(NAMES, st.one_of(arrays.scalar_dtypes(), st.sampled_from(["S3", "U2", "V5"])))
RECORDS = st.lists(FIELDS, max_size=3, unique_by=lambda field: field[0]).map(np.dtype)
NESTED = st.lists(
    st.tuples(NAMES, RECORDS, arrays.array_shapes(max_dims=2, max_side=3)),
    min_size=1,
    max_size=2,
    unique_by=lambda field: field[0],
).map(np.dtype)
DTYPES = st.one_of(
    arrays.scalar_dtypes(),
    RECORDS,
    NESTED,
    st.just(np.dtype([(("a title", "a"), "i4"), ("b", "S3", (2, 2))])),
).filter(lambda dtype: not dtype.hasobject)


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@st.composite
def laid_out(draw):
    """Arrays of any dtype, in either order, strided and reversed."""
    dtype = draw(DTYPES)
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    array = np.zeros(shape, dtype)
    if array.size and array.itemsize:
        data = draw(st.binary(min_size=array.nbytes, max_size=array.nbytes)) if array.nbytes < 2000 else b""
        if data and array.dtype.subdtype is None:
            array = np.frombuffer(data, array.dtype).reshape(array.shape)
    order = draw(st.sampled_from(["C", "F", "reversed"]))
    if order == "F":
        return np.asfortranarray(array)
    return array[tuple(slice(None, None, -1) for _ in array.shape)] if order == "reversed" else array


@settings(max_examples=200, deadline=None)
@given(array=laid_out())
def test_a_saved_file_is_numpys_to_the_byte(tmp_path_factory, array):
    folder = tmp_path_factory.mktemp("x")
    np.save(folder / "n.npy", array)
    mapray.save(folder / "m.npy", array)
    expected = (folder / "n.npy").read_bytes()
    assert (folder / "m.npy").read_bytes() == expected
    stream = io.BytesIO()
    mapray.save(stream, array)
    assert stream.getvalue() == expected
    stream.seek(0)
    for read in (mapray.load(folder / "n.npy"), mapray.load(stream)):
        assert same(read, np.load(folder / "n.npy"))
    for mode in ("r", "r+", "c"):
        mapped = mapray.load(folder / "n.npy", mmap_mode=mode)
        numpys = np.load(folder / "n.npy", mmap_mode=mode)
        assert same(mapped, numpys) and mapped.strides == numpys.strides
        assert (mapped.offset, mapped.mode, mapped.filename) == (numpys.offset, numpys.mode, numpys.filename)


@settings(max_examples=50, deadline=None)
@given(contents=st.dictionaries(st.text("abc_/é", min_size=1, max_size=5), laid_out(), max_size=4))
def test_numpy_reads_in_an_archive_of_ours_what_was_saved(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("x")
    for save in (mapray.savez, mapray.savez_compressed):
        try:
            save(folder / "m.npz", **contents)
        except ValueError:
            # Names that `unzip` would write elsewhere; NumPy takes them.
            assert any(name.startswith("/") or "//" in name or name.endswith("/") for name in contents)
            return
        with np.load(folder / "m.npz") as archive:
            assert set(archive.files) == set(contents)
            for name, array in contents.items():
                np.save(folder / "n.npy", array)
                # NumPy does not read padding, and leaves there what was in memory.
                assert repr(archive[name]) == repr(np.load(folder / "n.npy"))


def test_padding_is_saved_as_it_lies_in_memory_as_numpy_does(path):
    dtype = np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [2, 9], "itemsize": 20})
    array = np.full(40, 255, "u1").view(dtype)
    array["a"], array["b"] = [1, 2], [3, 4]
    mapray.save(path, array)
    stream = io.BytesIO()
    np.save(stream, array)
    with open(path, "rb") as file:
        assert file.read() == stream.getvalue()
    assert np.load(path).tolist() == [(1, 3.0), (2, 4.0)]


def test_python_objects_go_as_in_numpy(tmp_path):
    array = np.array([{"a": 1}, None], object)
    mapray.save(tmp_path / "a", array)
    assert (tmp_path / "a.npy").exists()
    with pytest.raises(ValueError, match="allow_pickle"):
        mapray.load(tmp_path / "a.npy")
    assert mapray.load(tmp_path / "a.npy", allow_pickle=True)[0] == {"a": 1}
    with pytest.raises(ValueError, match="Python objects"):
        mapray.load(tmp_path / "a.npy", mmap_mode="r", allow_pickle=True)
    with pytest.raises(ValueError):
        mapray.save(tmp_path / "b", array, allow_pickle=False)
    mapray.savez(tmp_path / "c", x=array)
    assert mapray.load(tmp_path / "c.npz", allow_pickle=True)["x"][1] is None


def test_a_map_saved_over_its_own_file_is_saved_whole(path):
    mapray.save(path, np.arange(100_000))
    m = mapray.load(path, mmap_mode="r")
    mapray.save(path, m[::-1])
    assert (mapray.load(path) == np.arange(100_000)[::-1]).all()
    assert (m == np.arange(100_000)).all()


def test_load_never_makes_a_new_array(path):
    np.save(path, np.arange(10))
    for mode in ("w+", "write"):
        with pytest.raises(ValueError, match="new"):
            mapray.load(path, mmap_mode=mode)
    assert (np.load(path) == np.arange(10)).all()


@pytest.mark.parametrize("shape", [(np.int64(3),), [3], np.int32(3), 3])
def test_the_header_of_a_new_file_can_be_read_whatever_the_shape_was_given_as(path, shape):
    mapray.open_memmap(path, mode="w+", shape=shape)
    assert np.load(path).shape == (3,)


@pytest.mark.parametrize("shape", [None, "x", (-1,), (1.5,), (2**62, 2**62)])
def test_a_shape_that_is_none_leaves_the_old_file(path, shape):
    np.save(path, np.arange(10))
    with pytest.raises((ValueError, TypeError)):
        mapray.open_memmap(path, mode="w+", shape=shape)
    assert (np.load(path) == np.arange(10)).all()


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_a_file_that_was_cut_is_an_error_and_stays_as_it_is(path, mode):
    np.save(path, np.arange(10))
    os.truncate(path, 140)
    with pytest.raises(ValueError, match="header asks for 208"):
        mapray.load(path, mmap_mode=mode)
    with pytest.raises(ValueError, match="could only read 1 elements"):
        mapray.load(path)
    assert os.path.getsize(path) == 140


def test_a_sub_array_dtype_is_in_the_header_as_it_is_in_the_map(path):
    m = mapray.open_memmap(path, mode="w+", dtype="(2,)f4", shape=(3,))
    assert m.shape == (3, 2) and np.load(path).shape == (3, 2)


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_members_of_an_archive_are_mapped(tmp_path, mode):
    path = tmp_path / "a.npz"
    data = np.arange(1000.0).reshape(10, 100)
    # NumPy's members are not aligned, ours are.
    for save in (np.savez, mapray.savez):
        save(path, x=data, y=np.asfortranarray(data))
        with mapray.load(path, mmap_mode=mode) as archive:
            for name in "xy":
                m = archive[name]
                assert isinstance(m, mapray.memmap) and m._mmap is not None
                np.testing.assert_array_equal(m, data)
                assert m.mode == mode and m.flags.writeable == (mode != "r")


def test_an_edited_member_has_its_checksum_brought_up_to_date(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros(1000))
    with mapray.load(path, mmap_mode="r+")["x"] as m:
        m[5] = 1
        del m
    assert np.load(path)["x"][5] == 1
    m = mapray.load(path, mmap_mode="c")["x"]
    m[6] = 2
    m.commit()
    assert np.load(path)["x"][6] == 2 and zipfile.ZipFile(path).testzip() is None


def test_a_compressed_member_says_that_it_cannot_be_mapped(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(10))
    with pytest.raises(ValueError, match="compressed"):
        mapray.load(tmp_path / "a.npz", mmap_mode="r")["x"]
    assert (mapray.load(tmp_path / "a.npz")["x"] == 0).all()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed, mapray.savez_compressed])
def test_large_members_are_read_as_numpy_reads_them(tmp_path, save, monkeypatch):
    path = tmp_path / "a.npz"
    kept = {
        "c": np.arange(400_000.0).reshape(2, -1, 4),
        "f": np.asfortranarray(np.arange(600_000, dtype=">i4").reshape(1000, 600)),
        "record": np.zeros(50_000, [("a", "<i2"), ("b", "S20", (2,))]),
        "object": np.array([b"x" * 2_000_000, None]),
    }
    save(path, **kept)
    with mapray.load(path, allow_pickle=True) as ours, np.load(path, allow_pickle=True) as numpys:
        for name in ["c", "f", "record"]:
            with monkeypatch.context() as context:
                # Not by `zipfile`.
                context.setattr(ours.zip, "open", None)
                array = ours[name]
            expected = numpys[name]
            assert same(array, expected) and array.strides == expected.strides
            assert array.flags.writeable and array.flags.aligned and type(array) is np.ndarray
            array.reshape(-1)[:1] = array.reshape(-1)[1:2]
        assert (ours["object"] == numpys["object"]).all()
    assert (array[1:] == kept["record"][1:]).all()
    with mapray.load(path) as archive, pytest.raises(ValueError, match="allow_pickle"):
        archive["object"]
    with open(path, "rb") as file:
        assert (mapray.load(io.BytesIO(file.read()))["c"] == kept["c"]).all()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_large_member_that_is_damaged_is_numpys_error(tmp_path, save):
    path = tmp_path / "a.npz"
    save(path, x=np.arange(1_000_000))
    with open(path, "r+b") as file:
        file.seek(500_000)
        file.write(b"damage")
    raised = []
    for load in (np.load, mapray.load):
        with load(path) as archive, pytest.raises(Exception) as caught:
            archive["x"]
        raised.append((caught.type, str(caught.value)))
    assert raised[0] == raised[1]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_the_later_is_read(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for value in (1, 2):
            with archive.open("x.npy", "w") as member:
                np.save(member, np.full(1_000_000, value))
    for load in (np.load, mapray.load):
        with load(path) as archive:
            assert (archive["x"] == 2).all()


def test_a_closed_archive_leaves_no_file_open(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(1_000_000))
    before = os.listdir("/proc/self/fd")
    archive = mapray.load(path)
    array = archive["x"]
    archive.close()
    assert os.listdir("/proc/self/fd") == before and array.sum() == 0


def test_an_archive_is_numpys_to_whoever_asks(tmp_path):
    mapray.savez(tmp_path / "a.npz", np.zeros(1), x=np.ones(2))
    with mapray.load(tmp_path / "a.npz") as archive:
        assert isinstance(archive, np.lib.npyio.NpzFile)
        assert archive.f.x.sum() == 2 and "arr_0" in archive and len(archive) == 2
        assert repr(archive).startswith("NpzFile")
        with pytest.raises(KeyError, match="nope is not a file in the archive"):
            archive["nope"]
    assert archive.zip is None


def test_several_arrays_in_one_stream_are_read_one_by_one(tmp_path):
    with open(tmp_path / "a", "wb") as file:
        mapray.save(file, [1, 2])
        mapray.save(file, [3.0])
    with open(tmp_path / "a", "rb") as file:
        assert mapray.load(file).tolist() == [1, 2] and mapray.load(file).tolist() == [3.0]
        with pytest.raises(EOFError):
            mapray.load(file)


def test_several_large_arrays_in_one_file_are_read_one_by_one(tmp_path):
    path = tmp_path / "several"
    kept = [np.arange(300_000.0), np.asfortranarray(np.arange(1_200_000).reshape(1000, 1200)), np.arange(3)]
    with open(path, "wb") as file:
        for array in kept:
            mapray.save(file, array)
        file.write(b"rest")
    with open(path, "rb") as file:
        for array in kept:
            read = mapray.load(file)
            assert (read == array).all() and read.flags.writeable
            assert read.flags.f_contiguous == array.flags.f_contiguous
        assert file.read() == b"rest"


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_header_is_a_valueerror_or_what_numpy_reads(tmp_path_factory, data):
    stream = io.BytesIO()
    np.save(stream, np.ones(4, dtype=data.draw(st.sampled_from(["i2", "f8", "i1,f4"]))))
    damaged = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(6, 90))] = data.draw(st.integers(32, 126))
    try:
        ours = mapray.load(io.BytesIO(damaged))
    except ValueError:
        return
    assert same(ours, np.load(io.BytesIO(damaged)))
