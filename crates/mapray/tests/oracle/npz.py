"""Writes `.npz` archives with NumPy and `zipfile`, and reads what others made of them.

    npz.py write OUTDIR
        `OUTDIR/npz.json` lists the archives: file, keys (those that `numpy.load` gives), arrays. For each
        array: key, descr (as `repr` writes it), shape, elements (hexadecimal, in C order), stored (whether
        it is not compressed).

    npz.py read ARCHIVE...
        Prints a JSON object: for each archive what `zipfile` says of its checksums (null, if all is well), of
        its comment, and of each member (name, date, method, comment, CRC-32, sizes, in the directory's order);
        and for each key the elements, or the bytes of what is no array.

    npz.py append ARCHIVE NAME
        Adds a member with `zipfile`: a .npy file that holds arange(5).
"""

import io
import json
import pathlib
import sys
import warnings
import zipfile
from unittest import mock

import corpus
import numpy as np
import values
from numpy.lib import format as npy


class Stream(io.RawIOBase):
    """A file that cannot go back, so that checksums and sizes stand behind each member."""

    def __init__(self):
        self.bytes = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.bytes += data
        return len(data)


def every_dtype():
    """key -> array, of every dtype and several shapes."""
    arrays = {}
    for text in [*corpus.PLAIN, *corpus.TIMES]:
        arrays[corpus.file_name(text)] = values.array(text, (3,))
    for name, dtype in corpus.RECORDS.items():
        if corpus.written(values.array(dtype, (2,)), None) is not None:
            arrays[f"record-{name}"] = values.array(dtype, (2,))
    for dtype in ["<f8", ">i2", corpus.RECORDS["packed"]]:
        for shape in corpus.SHAPES:
            name = np.dtype(dtype).kind + "x".join(map(str, shape))
            arrays[f"shape-{name}-C"] = values.array(dtype, shape)
            arrays[f"shape-{name}-F"] = values.array(dtype, shape, "F")
    return arrays


def some(start=0):
    """A few arrays, one of which is larger than what is read at once."""
    return {
        "a": np.arange(start, start + 12, dtype="<f8").reshape(3, 4),
        "big": np.arange(start, start + 90_000, dtype="<i4").reshape(300, 300, order="F"),
        "empty": np.empty((0, 3), ">f4"),
        "c": np.array([start, 1 + 2j], "<c16"),
    }


def savez(arrays, save=np.savez, file=None):
    file = file or io.BytesIO()
    save(file, **arrays)
    return bytes(file.bytes) if isinstance(file, Stream) else file.getvalue()


def zipped(members, compression=zipfile.ZIP_STORED, file=None, mode="w", **options):
    """An archive of members given as (name or ZipInfo, bytes)."""
    file = file or io.BytesIO()
    with zipfile.ZipFile(file, mode, compression, **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return bytes(file.bytes) if isinstance(file, Stream) else file.getvalue()


def as_npy(array):
    file = io.BytesIO()
    npy.write_array(file, array)
    return file.getvalue()


def members(arrays):
    return [(name + ".npy", as_npy(array)) for name, array in arrays.items()]


def with_comment(data, comment):
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = comment
    return file.getvalue()


def padded(name, n):
    """A member with so many bytes in an extra field that nobody knows."""
    info = zipfile.ZipInfo(name)
    info.extra = b"\x99\x99" + (n - 4).to_bytes(2, "little") + bytes(n - 4)
    return info


def archives():
    """file name -> bytes"""
    yield "savez", savez(every_dtype())
    yield "compressed", savez(every_dtype(), np.savez_compressed)
    yield "no-members", zipped([])
    yield "positional", savez({"arr_0": np.arange(3), "arr_1": np.arange(4.0)})
    yield "streamed", savez(some(), file=Stream())
    yield "streamed-compressed", savez(some(), np.savez_compressed, Stream())
    yield "streamed-32-bit", zipped(members(some()), file=Stream())
    yield "comment", with_comment(savez(some()), b"a comment " * 6553)
    yield "bytes-in-front", b"#!/bin/sh\nexit\n" + savez(some())
    front = io.BytesIO(b"#!/bin/sh\nexit\n")
    front.seek(0, 2)
    yield "bytes-in-front-and-counted", zipped(members(some()), file=front, mode="a")
    yield "bytes-behind", savez(some()) + bytes(1 << 16)
    yield "appended", zipped(members(some(5)) + members({"new": np.arange(7, dtype="u2")}),
                             file=io.BytesIO(savez(some())), mode="a")  # fmt: skip
    with mock.patch("zipfile.ZIP64_LIMIT", 1), mock.patch("zipfile.ZIP_FILECOUNT_LIMIT", 1):
        yield "zip64", savez(some())
        yield "zip64-in-front", b"front" + savez(some())
        yield "zip64-streamed", savez(some(), file=Stream())
        yield "zip64-comment", with_comment(savez(some()), b"a comment")
    a, b, c = (as_npy(np.arange(n)) for n in (1, 2, 3))
    yield "aliases", zipped([("x", a), ("x.npy", b), ("x.npy.npy", c)])
    yield "names", zipped([(name + ".npy", a) for name in
                           ["", "..", "../up", "/absolute", "a/b", "b c", "\u6574\u6570", "'quoted'", "a.npz"]])  # fmt: skip
    yield "padded", zipped([(padded("a.npy", 5000), a), (padded("b.npy", 40), b)])
    yield "with-other-members", zipped([("a.npy", a), ("notes.txt", b"not an array"), ("folder/", b"")])
    yield "many", savez({f"array{i:05}": np.full(3, i) for i in range(1000)})
    for name, method in [("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)]:
        yield name, zipped([("a.npy", a)], method)


def member_of(archive, key):
    """The member that NumPy reads under this key."""
    return key if key in archive.zip.NameToInfo else key + ".npy"


def loaded(archive, key):
    """What NumPy reads, and of records their padding too, which `read_array` does not copy."""
    array = archive[key]
    if not isinstance(array, np.ndarray) or array.dtype.names is None:
        return array
    data = archive.zip.read(member_of(archive, key))
    order = "C" if array.flags.c_contiguous else "F"
    whole = np.ndarray(array.shape, array.dtype, data, len(data) - array.nbytes, order=order)
    plain = [name for name in array.dtype.names if array.dtype[name].base.kind != "V"]
    assert all(whole[name].tobytes() == array[name].tobytes() for name in plain)
    return whole


def content(array):
    return values.element_bytes(array) if isinstance(array, np.ndarray) else array


def describe(array, stored):
    return {
        "descr": repr(npy.dtype_to_descr(array.dtype)),
        "shape": array.shape,
        "elements": values.element_bytes(array).hex(),
        "stored": stored,
    }


def write(folder):
    listed = []
    for name, data in archives():
        path = folder / f"{name}.npz"
        path.write_bytes(data)
        # By hand where NumPy goes by the first bytes.
        with np.lib.npyio.NpzFile(open(path, "rb"), own_fid=True) as archive:
            arrays = []
            for key in dict.fromkeys(archive.files):
                stored = archive.zip.getinfo(member_of(archive, key)).compress_type == zipfile.ZIP_STORED
                array = loaded(archive, key)
                if isinstance(array, np.ndarray):
                    arrays.append({"key": key, **describe(array, stored)})
            keys = list(dict.fromkeys(archive.files))
        listed.append({"file": path.name, "keys": keys, "arrays": arrays})
    (folder / "npz.json").write_text(json.dumps(listed))


def read(paths):
    found = {}
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            damaged, comment = archive.testzip(), archive.comment.hex()
            infos = [
                [info.filename, info.date_time, info.compress_type, info.comment.hex(), info.CRC,
                 info.compress_size, info.file_size, info.external_attr]
                for info in archive.infolist()
            ]  # fmt: skip
        with np.lib.npyio.NpzFile(open(path, "rb"), own_fid=True) as archive:
            arrays = {key: content(loaded(archive, key)).hex() for key in archive.files}
        found[path] = {"damaged": damaged, "comment": comment, "members": infos, "arrays": arrays}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    # Of names that come twice.
    warnings.simplefilter("ignore", UserWarning)
    match sys.argv[1:]:
        case ["write", folder]:
            write(pathlib.Path(folder))
        case ["read", *paths] if paths:
            read(paths)
        case ["append", path, name]:
            with zipfile.ZipFile(path, "a") as archive:
                archive.writestr(name, as_npy(np.arange(5)))
        case _:
            sys.exit(__doc__)
