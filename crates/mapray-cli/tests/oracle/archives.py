"""Archives, and what NumPy makes of them.

`archives.py OUTDIR` writes archives to OUTDIR, and one JSON object a line to stdout. Each has `args`,
the arguments of the command, run in OUTDIR, and one of: `text`, NumPy's `str` of the result; `bytes`
(hexadecimal), what np.save writes for it, the argument OUT.npy then standing for the file to write;
`stats`; or `names`, those that np.load gives.

`archives.py OUTDIR A B` checks that the archive B is sound and holds the same arrays as A.
"""

import json
import pathlib
import sys
import zipfile

import numpy as np

OUT = pathlib.Path(sys.argv[1])
RNG = np.random.default_rng(20240301)

NUMBERS = [
    "?", "i1", "u1", "<i2", ">i2", "<u2", ">u4", "<i4", ">i8", "<i8", "<u8", ">u8",
    "<f2", ">f2", "<f4", ">f4", "<f8", ">f8",
]
TIMES = ["<M8[D]", ">M8[ns]", "<m8[s]"]
OTHERS = ["<c8", "S5", "<U3", "V7", "<f16", "i4,f8"]
SHAPES = [(), (1,), (5,), (0,), (3, 4), (2, 0, 3), (40, 30), (4, 3, 5)]


def fill(dtype, shape):
    """Random values; of floating-point numbers some NaN and infinities."""
    dtype = np.dtype(dtype)
    bits = np.frombuffer(RNG.bytes(int(np.prod(shape)) * dtype.itemsize), "u1")
    if dtype.kind in "iu":
        return bits.view(dtype).reshape(shape)
    if dtype.kind == "b":
        return (bits & 1).view(dtype).reshape(shape)
    if dtype.kind == "f":
        values = RNG.normal(3, 100, shape)
        odd = RNG.random(shape)
        values = np.where(odd < 0.05, np.nan, values)
        return np.where(odd > 0.98, RNG.choice([np.inf, -np.inf], shape), values).astype(dtype)
    if dtype.kind in "Mm":
        counts = np.asarray(RNG.integers(-10**5, 10**5, shape).astype("i8"))
        values = counts.view(dtype.newbyteorder("=")).astype(dtype)
        return np.where(RNG.random(shape) < 0.1, np.array("NaT", dtype), values).astype(dtype)
    array = np.zeros(shape, dtype)
    if dtype.names is None:
        array[...] = b"a\x01" if dtype.kind in "SV" else "bc" if dtype.kind == "U" else 1.5
    return array


def number(value):
    value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def stats(array):
    """What the command should say. Of small floats NumPy's own sums are less accurate."""
    is_time = array.dtype.kind in "Mm"
    missing = np.isnat(array) if is_time else np.isnan(array)
    infinite = 0 if is_time else int(np.isinf(array).sum())
    out = {"count": array.size, "nan": int(missing.sum()), "inf": infinite}
    if is_time:
        array = array.astype(array.dtype.newbyteorder("="))[~missing].view("i8")
    if array.size == (0 if is_time else missing.sum()):
        return {**out, "min": None, "max": None, "mean": None, "std": None}
    wide = array.astype("f8")
    return {
        **out,
        "min": number(np.nanmin(array)), "max": number(np.nanmax(array)),
        "mean": number(np.nanmean(wide)), "std": number(np.nanstd(wide)),
    }


def emit(args, **expected):
    sys.stdout.write(json.dumps({"args": args, **expected}) + "\n")


def saved(array):
    np.save(OUT / "saved.npy", array)
    return (OUT / "saved.npy").read_bytes().hex()


def member_cases(address, array):
    emit(["slice", address], text=str(array))
    if array.dtype.names is None:  # records are printed as a table
        emit(["head", address, "-n", "2"], text=str(array[:2] if array.ndim else array))
    emit(["convert", address, "OUT.npy"], bytes=saved(array))
    if array.ndim:
        emit(["slice", f"{address}[::-2]"], text=str(array[::-2]))
        emit(["slice", f"{address}[1:]", "-o", "OUT.npy"], bytes=saved(array[1:]))
    if array.dtype.kind in "biufMm" and array.dtype.str[1:] != "f16":
        emit(["stats", "--json", address], stats=stats(array))
        if array.ndim:
            emit(["stats", "--json", f"{address}[::-2]"], stats=stats(array[::-2]))


def main():
    np.seterr(all="ignore")
    arrays = {}
    for position, dtype in enumerate([*NUMBERS, *TIMES, *OTHERS]):
        for shape in [SHAPES[position % len(SHAPES)], (40, 30), (7,)]:
            arrays[f"{len(arrays)} {np.dtype(dtype).kind}"] = fill(dtype, shape)
    arrays["fortran"] = np.asfortranarray(fill("<f8", (3, 4)))
    arrays["with [0]"] = np.arange(3)
    arrays["a::b/ü"] = np.arange(4)
    np.savez(OUT / "stored.npz", **arrays)
    np.savez_compressed(OUT / "deflated.npz", **arrays)
    for name in ["stored.npz", "deflated.npz"]:
        with np.load(OUT / name) as archive:
            emit(["info", "--json", name], names=list(archive.files))
            for key in archive.files:
                member_cases(f"{name}::{key}", archive[key])


def check(a, b):
    assert zipfile.ZipFile(OUT / b).testzip() is None
    with np.load(OUT / a) as one, np.load(OUT / b) as other:
        assert one.files == other.files, (one.files, other.files)
        for key in one.files:
            x, y = one[key], other[key]
            assert x.dtype == y.dtype and x.shape == y.shape, (key, x.dtype, y.dtype)
            assert x.flags.fnc == y.flags.fnc and x.tobytes() == y.tobytes(), key


check(*sys.argv[2:]) if len(sys.argv) > 2 else main()
