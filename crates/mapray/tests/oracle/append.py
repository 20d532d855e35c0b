"""Arrays that grow, as NumPy writes them before and after.

    python append.py OUTDIR

For each case there are in OUTDIR `N.base.npy`, `N.rows.npy` and `N.grown.npy`: what is appended to, what
is appended, and what NumPy writes of both together; and `cases.json`, a list of

    {"name": ..., "bytes": whether the grown file is to have just these bytes}

The rows are concatenated along the first axis, or the last one where the base is in Fortran order.
"""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

OUTDIR = Path(sys.argv[1])
CASES = []
RANDOM = np.random.default_rng(7)


def values(dtype, shape, order="C"):
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=int)) * dtype.itemsize
    raw = RANDOM.integers(32, 127, count, dtype="u1")
    if dtype.kind == "b":
        raw %= 2
    if dtype.kind == "U":
        raw = np.frombuffer("".join(map(chr, raw[: count // 4])).encode(
            "utf-32-le" if dtype.byteorder != ">" else "utf-32-be"), "u1")
    array = np.frombuffer(raw.tobytes(), dtype) if dtype.itemsize else np.zeros(shape, dtype)
    return np.array(array.reshape(shape), order=order)


def write(path, array, version=None, header=None):
    with open(path, "wb") as file:
        if header is None:
            npy.write_array(file, array, version=version)
        else:
            file.write(header)
            file.write(array.tobytes("F" if np.isfortran(array) else "C"))


def case(name, base, rows, version=None, header=None, same=True):
    n = len(CASES)
    axis = -1 if np.isfortran(base) else 0
    ndim = base.ndim
    batch = rows if rows.ndim == ndim else np.expand_dims(rows, axis)
    grown = np.concatenate([base, batch], axis=axis).astype(base.dtype)
    if np.isfortran(base):
        grown = np.asfortranarray(grown)
    write(OUTDIR / f"{n}.base.npy", base, version, header)
    write(OUTDIR / f"{n}.rows.npy", rows)
    write(OUTDIR / f"{n}.grown.npy", grown, version)
    CASES.append({"name": name, "bytes": same})


def main():
    for dtype in ["<f8", ">f8", "<f4", "|u1", "|b1", "<i2", ">i8", "<c16", "<f2", "|S5", "<U3", ">U3", "|V7",
                  "<M8[ns]", "<m8[3W]", "<f16", "<c32",
                  [("a", "<i4"), ("b", ">f8")], [("x", "<f4", (2, 3)), ("", "|V3"), (("T", "y"), "|S4")]]:
        case(f"{dtype}", values(dtype, (3, 2)), values(dtype, (4, 2)))
        case(f"{dtype}, one row", values(dtype, (2,)), values(dtype, ()))
    for shape, rows in [((0,), (5,)), ((9,), (1,)), ((99, 1), (1, 1)), ((0, 3), (7, 3)), ((1, 2, 3), (12, 2, 3)),
                        ((5, 0), (6, 0)), ((2, 3), (0, 3)), ((999,), (99001,)), ((8, 3), (3,)), ((4, 2, 5), (2, 5))]:
        case(f"{shape} + {rows}", values("<i4", shape), values("<i4", rows))
        case(f"{shape} + {rows}, 3.0", values("<i4", shape), values("<i4", rows), version=(3, 0))
    for shape, rows in [((2, 3), (2, 4)), ((2, 3), (2,)), ((9, 9), (9, 91)), ((2, 3, 4), (2, 3, 7)), ((2, 3, 4), (2, 3))]:
        case(f"{shape} + {rows} in Fortran order", values(">f4", shape, "F"), values(">f4", rows, "F"))
        case(f"{shape} + {rows} in both orders", values("<i2", shape, "F"), values("<i2", rows, "C"), version=(2, 0))
    case("no bytes", np.zeros(4, "|V0"), np.zeros(5, "|V0"))
    case("no characters", np.zeros((4, 2), "<U0"), np.zeros((5, 2), "<U0"))
    case("two MiB", values("<f8", (10, 1024)), values("<f8", (256, 1024)))
    # Dictionaries of every length up to several sectors: the shape lies anywhere, over a sector's end too.
    for fields in [1, 7, 20, 23, 24, 25, 26, 27, 28, 50, 64, 100, 300]:
        for pad in range(0, 18, 3 if fields > 20 else 18):
            dtype = [("x" * (1 + pad), "<i2")] + [(f"field{i}", "<i2") for i in range(fields)]
            version = (1, 0) if fields < 300 else (2, 0)
            case(f"{fields} fields and {pad}", values(dtype, (9,)), values(dtype, (2,)), version=version)
    case("a name of no Latin-1", values([("整", "<i4")], (9,)), values([("整", "<i4")], (3,)), version=(3, 0))

    def header(text, total, version=b"\x01\x00"):
        prelude = b"\x93NUMPY" + version + (total - 10).to_bytes(2, "little")
        return prelude + text.encode("latin1").ljust(total - 11) + b"\n"

    # Others write other headers: what NumPy reads must be right, the bytes are our own.
    text = "{'descr': '<i4', 'fortran_order': False, 'shape': (%s,), }"
    base, rows = values("<i4", (9,)), values("<i4", (1,))
    exact = 10 + len(text % 9) + 1
    for slack in [0, 1, 2, 5, 20]:
        case(f"{slack} bytes of slack", base, rows, header=header(text % 9, exact + slack), same=False)
    for total in [80, 96, 128, 4096]:
        case(f"data at {total}", base, rows, header=header(text % 9, total), same=total == 128)
    odd = "{\"shape\": (0x9,), 'fortran_order': False, 'descr': 'int32'} # by hand"
    case("a header written by hand", base, rows, header=header(odd, 100), same=False)
    case("a header written by hand, tight", base, rows, header=header(odd, 11 + len(odd)), same=False)
    escaped = "{'descr': [('\\u6574', '<i4')], 'fortran_order': False, 'shape': (9,), }"
    named = [("整", "<i4")]
    case("a name that the version cannot hold", values(named, (9,)), values(named, (1,)),
         header=header(escaped, 192), same=False)
    (OUTDIR / "cases.json").write_text(json.dumps(CASES))


main()
