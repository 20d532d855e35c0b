"""Reads archives of ours with NumPy and zipfile, and compares what they find with what was meant.

    savez_check.py DIR

`DIR/archives.json` lists archives of DIR:

- file, method ("stored" or "deflated"), align (of stored elements, in bytes)
- members, in their order, each with name and either
  - source: a `.npy` file of DIR with the same array; identical: whether the member must be the same bytes
  - or descr (tuples as lists), shape, fortran_order (the header's word), elements (hexadecimal bytes in C order)
- or, instead of members, count: of members named 0, 1, ..., each of which holds its number

The first difference is named and ends it with exit code 1.
"""

import functools
import io
import json
import pathlib
import struct
import sys
import zipfile

import numpy as np
import values
from numpy.lib import _format_impl as private
from numpy.lib import format as npy

ALL = 2**40
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}
ALIGNMENT = 0xA11E


def as_json(value):
    return json.loads(json.dumps(value))


def records(extra):
    """The records (id, bytes) of an extra field, which must be whole."""
    while extra:
        number, length = struct.unpack("<HH", extra[:4])
        assert len(extra) >= 4 + length, "the extra field ends inside a record"
        yield number, extra[4 : 4 + length]
        extra = extra[4 + length :]


def data_offset(raw, info, align):
    """Where the member's data start, by its local header, which must say what the directory says."""
    raw.seek(info.header_offset)
    fields = struct.unpack("<4sHHHHHIIIHH", raw.read(30))
    name, extra = raw.read(fields[9]), raw.read(fields[10])
    assert fields[0] == b"PK\3\4"
    assert fields[1] == info.extract_version
    assert fields[2] == info.flag_bits == (0 if info.filename.isascii() else 0x800)
    assert fields[3] == info.compress_type
    assert (fields[4], fields[5]) == (0, 1 << 5 | 1), "not 1980-01-01 00:00"
    assert fields[6:9] == (info.CRC, info.compress_size, info.file_size)
    assert name == info.filename.encode()
    for number, padding in records(extra):
        assert number == ALIGNMENT
        assert struct.unpack("<H", padding[:2]) == (align,)
        assert not any(padding[2:]) and len(extra) < align + 6
    return raw.tell()


def expected(folder, member):
    """descr, shape, fortran_order and elements of a member."""
    if "source" in member:
        return saved_again(folder / member["source"])
    return tuple(member[key] for key in ["descr", "shape", "fortran_order", "elements"])


@functools.cache
def saved_again(path):
    """The same of what `np.save` makes of a `.npy` file."""
    saved = io.BytesIO()
    np.save(saved, np.asarray(np.load(path, mmap_mode="r")))
    return described(*parsed(saved.getvalue()))


def parsed(data):
    """The array in the bytes of a `.npy` file, in place, and the header's word on its order."""
    file = io.BytesIO(data)
    shape, fortran, dtype = private._read_array_header(file, npy.read_magic(file), max_header_size=ALL)
    array = np.ndarray(shape, dtype, data, file.tell(), order="F" if fortran else "C")
    assert len(data) == file.tell() + array.nbytes, "bytes are missing or left over"
    return array, fortran


def described(array, fortran):
    return as_json(npy.dtype_to_descr(array.dtype)), list(array.shape), fortran, values.element_bytes(array).hex()


def without_padding(array):
    """The bytes of an array, field by field: `numpy.load` leaves those between fields to chance."""
    if array.dtype.names is None:
        return [values.element_bytes(array)]
    return [part for name in array.dtype.names for part in without_padding(np.asarray(array[name]))]


def check(folder, archive):
    """Raises an AssertionError that tells the first difference."""
    path, align = folder / archive["file"], archive["align"]
    with zipfile.ZipFile(path) as z, np.load(path) as loaded, open(path, "rb") as raw:
        assert z.testzip() is None, f"the checksum of {z.testzip()} is wrong"
        infos = z.infolist()
        if "count" in archive:
            names = [str(i) for i in range(archive["count"])]
            assert loaded.files == names, "not these names"
            for i in [0, 1, 65534, 65535, 65536, archive["count"] - 1]:
                assert loaded[str(i)] == i, f"member {i} holds {loaded[str(i)]}"
            return
        names = [member["name"] for member in archive["members"]]
        assert loaded.files == names, f"expected {names}, found {loaded.files}"
        assert [info.filename for info in infos] == [name + ".npy" for name in names]
        for member, info in zip(archive["members"], infos):
            try:
                compare(folder, archive, member, info, z, loaded, raw, align)
            except Exception as error:
                raise AssertionError(f"{member['name']!r}: {type(error).__name__}: {error}") from error


def compare(folder, archive, member, info, z, loaded, raw, align):
    assert info.compress_type == METHODS[archive["method"]]
    assert info.date_time == (1980, 1, 1, 0, 0, 0)
    data = z.read(info)
    meant, fortran = parsed(data)
    wanted, now = expected(folder, member), described(meant, fortran)
    for what, one, other in zip(["descr", "shape", "fortran_order", "elements"], wanted, now):
        assert one == other, f"{what}: expected {one}, found {other}"
    array = np.asarray(loaded[member["name"]])
    assert (array.dtype, array.shape) == (meant.dtype, meant.shape), "numpy.load: not as in the file"
    assert without_padding(array) == without_padding(meant), "numpy.load: other elements"
    if member.get("identical"):
        assert data == (folder / member["source"]).read_bytes(), "not the bytes of np.save"
    offset = data_offset(raw, info, align)
    if archive["method"] == "stored":
        raw.seek(offset)
        assert raw.read(len(data)) == data, "the data do not lie there"
        elements = offset + len(data) - array.nbytes
        assert elements % align == 0, f"the elements lie at {elements}"


def main(folder):
    listed = json.loads((folder / "archives.json").read_text())
    if not listed:
        sys.exit("archives.json lists no archive")
    for archive in listed:
        try:
            check(folder, archive)
        except Exception as error:
            sys.exit(f"{archive['file']}: {type(error).__name__}: {error}")
    print(f"{len(listed)} archives read")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
