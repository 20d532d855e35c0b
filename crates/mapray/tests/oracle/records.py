"""Structured arrays by NumPy: one file for each, into the folder given.

The arrays start as zeros, so that what lies between the fields is zero too. Element i holds the numbers that
`values` in records.rs gives the same element.
"""

import pathlib
import sys

import numpy as np


def packed(i):
    return (i, i / 2, i % 2 == 0, b"n%d" % i)


def aligned(i):
    return (i - 2, i * 1.5, 1000 + i)


def nested(i):
    pairs = [(i, 70000 + i), (i + 1, -i % 2**32)]
    return ((i, -i), np.datetime64(i, "ns"), [[i, i + 1, i + 2], [-i, 0, 1]], pairs)


def mixed(i):
    return (i / 4, -i, "ä%d" % i)


def titled(i):
    return (i / 8, 2 * i)


def gaps(i):
    return (i, i / 16)


PACKED = [("id", "<u2"), ("x", "<f8"), ("ok", "?"), ("name", "S4")]
PAIR = [("a", "u1"), ("b", "<u4")]
NESTED = [
    ("pos", [("x", "<f4"), ("y", "<f4")]),
    ("when", "<M8[ns]"),
    ("tags", "<i2", (2, 3)),
    ("pair", PAIR, (2,)),
]
DTYPES = {
    "packed": (packed, np.dtype(PACKED)),
    "foreign": (packed, np.dtype(PACKED).newbyteorder(">")),
    "aligned": (aligned, np.dtype([("kind", "i1"), ("value", "<f8"), ("n", "<u2")], align=True)),
    "nested": (nested, np.dtype(NESTED)),
    "mixed": (mixed, np.dtype([("big", ">f4"), ("little", "<i4"), ("text", ">U3")])),
    "titled": (titled, np.dtype([(("Mass in kg", "mass"), "<f4"), ("class", "<i4")])),
    "gaps": (
        gaps,
        np.dtype({"names": ["a", "b"], "formats": ["u1", "<f4"], "offsets": [0, 8], "itemsize": 16}),
    ),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, (value, dtype) in DTYPES.items():
        array = np.zeros((2, 3), dtype)
        for i in range(6):
            array[divmod(i, 3)] = value(i)
        np.save(folder / f"{name}.npy", array)


main()
