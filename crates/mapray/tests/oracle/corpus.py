"""Writes `.npy` files with NumPy, and what NumPy reads in them.

    corpus.py OUTDIR

`OUTDIR/corpus.json` lists, for each file that NumPy takes:

- file, version ("1.0")
- descr: that of the dtype that NumPy reads, tuples as lists
- shape, fortran_order (the header's word), offset (of the data), itemsize, alignment, nbytes
- elements: the hexadecimal bytes of the elements in C order; "" for objects
- identical: whether `numpy.lib.format` writes these very bytes for this array and version
- saved: whether `numpy.save` does, which chooses the version itself
- object: whether it holds Python objects, and so cannot be mapped
- long_header: whether `numpy.load` must be told to take a header of this length

`OUTDIR/refused.json` lists files that `numpy.load(mmap_mode="r")` refuses: file, error (its type and text).
"""

import io
import json
import pathlib
import re
import struct
import sys
import warnings

import headers
import numpy as np
import values
from numpy.lib import _format_impl as private
from numpy.lib import format as npy

UNITS = ["", *"YMWDhms", "ms", "us", "ns", "ps", "fs", "as", "25us", "3W", "10Y", "1000ms"]

PLAIN = [
    "|b1", "|i1", "|u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8",
    "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<g", ">g", "<c8", ">c8", "<c16", ">c16", "<G", ">G",
    "S0", "S1", "S5", "<U0", ">U0", "<U1", ">U1", "<U3", ">U3", "V0", "V1", "V7",
]  # fmt: skip

TIMES = [
    f"{order}{kind}8" + (f"[{unit}]" if unit else "") for kind in "Mm" for unit in UNITS for order in "<>"
]

POINT = [("x", "<f8"), ("y", ">f4")]
GAPS = {"names": ["a", "b"], "formats": ["<i4", "<i2"], "offsets": [3, 9], "itemsize": 16}

RECORDS = {
    "packed": [("a", "<i4"), ("b", ">f8"), ("c", "S3")],
    "aligned": np.dtype([("a", "i1"), ("b", "<f8"), ("c", "<i2")], align=True),
    "gaps": GAPS,
    "trailing": {"names": ["a"], "formats": ["<i2"], "itemsize": 5},
    "nested": [("name", "S4"), ("at", POINT), ("id", "<u2")],
    "nested-deep": [("a", [("b", [("c", [("d", "<i2"), ("e", "?")])])])],
    "nested-gaps": [("a", "i1"), ("b", GAPS), ("c", "i1")],
    "nested-aligned": np.dtype([("a", "i1"), ("b", np.dtype([("c", "i1"), ("d", "<i8")], align=True))], align=True),
    "titles": [(("Title", "a"), "<i4"), ("b", "<f4")],
    "titles-subarray": [(("A 'title'", "a"), "<i4", (2, 2)), (("Other", "b"), POINT)],
    "titles-gaps": {"names": ["a"], "formats": ["<i4"], "offsets": [2], "titles": ["T"], "itemsize": 8},
    "subarray": [("a", "<i4", (2, 3)), ("b", [("c", "u1"), ("d", "S3")])],
    "subarray-one": [("a", ">f4", (1,)), ("b", "i1", (1, 1, 2))],
    "subarray-text": [("a", "<U2", (2,)), ("b", "S3", (2, 2)), ("c", "V3", (2,))],
    "subarray-records": [("a", POINT, (2,)), ("b", GAPS, (2, 1))],
    "subarray-empty": [("a", "<f4", (0,)), ("b", "i1")],
    "subarray-of-subarray": [("a", (("<f4", (2,)), (3,)))],
    "every-kind": [(f"k{i}", kind) for i, kind in enumerate(PLAIN)],
    "times": [("a", "<M8[ns]"), ("b", ">m8[25us]"), ("c", "M8")],
    "bool": [("a", "?"), ("b", "?", (3,))],
    "big-endian": [("a", ">i4"), ("b", ">U2"), ("c", ">c16")],
    "void-field": [("a", "V4"), ("b", "V0"), ("c", "i1")],
    "empty-names": [("", "<i4"), ("", "<f4")],
    "no-fields": [],
    "no-fields-wide": {"names": [], "formats": [], "itemsize": 8},
    "zero-size": [("a", "S0"), ("b", "<U0"), ("c", "<f4", (0, 2))],
    "numpy-record": np.dtype((np.record, POINT)),
    "names-latin1": [("\u00e9t\u00e9", "<i4"), ("\u00b5", "<f4")],
    "names-unicode": [("\u6574\u6570", "<i4"), ("\U0001f980", "<f4"), (("\u0391", "\u03b1"), "i1")],
    "names-quotes": [("it's", "i1"), ('say "hi"', "i1"), ("both ' and \"", "i1"), ("back\\slash", "i1")],
    "names-control": [("tab\t", "i1"), ("line\nline", "i1"), ("\x00\x1f\x7f\r", "i1"), ("\x80\x9f\xa0\xad", "i1")],
    "names-unprintable": [("\u200b\u2028", "i1"), ("\ue000\ufeff", "i1"), ("\U0010ffff", "i1"), ("\u0301", "i1")],
    "names-blanks": [(" a ", "i1"), ("b, c", "i1"), ("{'d': 1}", "i1"), ("3L", "i1"), ("#", "i1")],
}

SHAPES = [(), (3,), (1,), (2, 3), (3, 1), (2, 3, 4), (0,), (0, 3), (3, 0, 2)]
# Where C and Fortran order differ.
BOTH = [(2, 3), (2, 3, 4)]
VERSIONS = [(1, 0), (2, 0), (3, 0)]
ALL = 2**40


def cases(thorough):
    """Shapes, orders and versions: every shape in 1.0, the telling ones in the others."""
    shapes = SHAPES if thorough else [(3,), (2, 3)]
    for version in VERSIONS:
        for shape in shapes if version == (1, 0) else [(), (2, 3)]:
            yield shape, "C", version
            if shape in BOTH:
                yield shape, "F", version


def written(array, version):
    """The bytes that NumPy writes, or None where this version cannot hold the dtype."""
    file = io.BytesIO()
    try:
        npy.write_array(file, array, version=version)
    except (UnicodeEncodeError, ValueError):
        return None
    return file.getvalue()


def file_name(text):
    return text.translate({ord(a): b for a, b in zip("<>[|]", ["le-", "be-", "-", "", ""])})


def by_numpy():
    """(file name, bytes) of every file that NumPy writes."""
    named = {
        **{file_name(text): (text, True) for text in PLAIN},
        **{file_name(text): (text, text in TIMES[:4]) for text in TIMES},
        **{f"record-{name}": (dtype, not name.startswith("names")) for name, dtype in RECORDS.items()},
    }
    for name, (dtype, thorough) in named.items():
        for shape, order, version in cases(thorough):
            data = written(values.array(dtype, shape, order), version)
            if data is not None:
                size = "x".join(map(str, shape)) or "0d"
                yield f"{name}-{size}-{order}-v{version[0]}.npy", data
    wide = [(f"field{i:04}", "u1") for i in range(4000)]
    yield "record-wide-v2.npy", written(values.array(wide, (2,)), (2, 0))
    objects = np.empty((2, 3), object)
    objects[...] = [[1, "a", None], [2.5, (), b"x"]]
    mixed = np.array([(1, "a"), (2, None)], [("a", "<i4"), ("b", object)])
    text = np.array(["a", "a text too long to lie in the element"], np.dtypes.StringDType())
    for name, array in {"plain": objects, "fortran": np.asfortranarray(objects), "record": mixed, "text": text}.items():
        yield f"object-{name}.npy", written(array, None)


def by_hand(name, text, version):
    """The bytes of a file with this header, unpadded, enough data and more."""
    version = version or (1, 0)
    text = (text if text.endswith("\n") else text + "\n").encode("utf8" if version == (3, 0) else "latin1")
    length = struct.pack("<H" if version[0] < 2 else "<I", len(text))
    trailing = bytes((i * 37 + len(name)) % 251 for i in range(1200))
    return npy.MAGIC_PREFIX + bytes(version) + length + text + trailing


def damaged():
    """(file name, bytes) of files cut short or otherwise spoiled."""
    good = written(values.array("<i4", (3,)), (1, 0))
    for length in [0, 1, 5, 6, 7, 8, 9, 10, 11, 127, 128, 139]:
        yield f"cut-{length:03}.npy", good[:length]
    yield "bad-magic.npy", b"\x93NUMPX" + good[6:]
    yield "bad-length.npy", good[:8] + b"\xff\xff" + good[10:]
    yield "bad-utf8.npy", by_hand("", headers.PLAIN, (3, 0)).replace(b"i4", b"\xff4")


def entry(path):
    """What NumPy reads in the file."""
    with open(path, "rb") as file:
        version = npy.read_magic(file)
        shape, fortran, dtype = private._read_array_header(file, version, max_header_size=ALL)
        offset = file.tell()
        data = path.read_bytes()
    if dtype.hasobject:
        # As the header says it: NumPy's text objects are objects only in files.
        array = np.load(path, allow_pickle=True).astype(dtype)
    else:
        array = np.asarray(np.load(path, mmap_mode="r", max_header_size=ALL))
    chosen = io.BytesIO()
    np.save(chosen, array)
    return {
        "file": path.name,
        "version": "%d.%d" % version,
        "descr": npy.dtype_to_descr(array.dtype),
        "shape": array.shape,
        "fortran_order": fortran,
        "offset": offset,
        "itemsize": array.dtype.itemsize,
        "alignment": array.dtype.alignment,
        "nbytes": array.nbytes,
        "elements": "" if dtype.hasobject else values.element_bytes(array).hex(),
        "identical": written(array, version) == data,
        "saved": chosen.getvalue() == data,
        "object": dtype.hasobject,
        "long_header": offset > 10012,
    }


def refusal(path):
    """The error that NumPy gives for the file, or None."""
    try:
        np.load(path, mmap_mode="r")
    except Exception as error:
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        return {"file": path.name, "error": re.sub(" at 0x[0-9a-f]+", "", text)}


def main(folder):
    # Of Python-2 headers, versions other than 1.0, and StringDType.
    warnings.simplefilter("ignore", UserWarning)
    # Of shapes that are too large.
    warnings.simplefilter("ignore", RuntimeWarning)
    folder.mkdir(parents=True, exist_ok=True)
    odd = [(name + ".npy", by_hand(name, text, version)) for name, text, version in headers.ODD]
    manifest = []
    for name, data in [*by_numpy(), *odd]:
        (folder / name).write_bytes(data)
        manifest.append(entry(folder / name))
    wrong = [(name + ".npy", by_hand(name, text, version)) for name, text, version in headers.REFUSED]
    refused = []
    for name, data in [*wrong, *damaged()]:
        (folder / name).write_bytes(data)
        refused.append(refusal(folder / name) or sys.exit(f"NumPy takes {name}"))
    names = [each["file"] for each in manifest + refused]
    assert len(names) == len(set(names)), "two files have one name"
    (folder / "corpus.json").write_text(json.dumps(manifest))
    (folder / "refused.json").write_text(json.dumps(refused))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
