"""Arrays in the folder that is named, and what NumPy makes of their elements: JSON lines in cases.json.

{"do": "convert", "file", "slice", "dtype", "order", "casting", "npy": hexadecimal, the file that NumPy saves}
{"do": "histogram", "file", "bins", "range", "edges": bits of float64, "counts", "below", "above", "nan"}
{"do": "compare", "a", "b", "rtol", "atol", "equal_nan", "differing", "first": index or null}
{"do": "checksum", "file", "slice", "sha256", "crc32"}

Where two dtypes have no exact common one, elements are compared as Python's numbers, which are exact.
"""

import hashlib
import io
import itertools
import json
import math
import sys
import warnings
import zlib

import numpy as np

RNG = np.random.default_rng(7)
REALS = "b1 i1 u1 <i2 >u2 >i4 <u4 <i8 >i8 <u8 >f2 <f4 >f4 <f8 >f8".split()
NUMBERS = REALS + ["<c8", ">c16"]
SHAPE = (4, 3, 5)
SLICES = ["[...]", "[::-1, ::2, 1:4]", "[:, 1]", "[2, 1, 3, ...]", "[:, 3:]", "[0, :, ::-2]"]


def any_bytes(dtype):
    dtype = np.dtype(dtype)
    raw = RNG.bytes(math.prod(SHAPE) * dtype.itemsize)
    if dtype.kind == "b":
        return np.frombuffer(raw, "u1").reshape(SHAPE) % 2 == 1
    array = np.frombuffer(raw, dtype).reshape(SHAPE).copy()
    return np.where(np.isfinite(array), array, array.dtype.type(3)).astype(dtype) if dtype.kind in "fc" else array


def limits(dtype):
    """The integers that a dtype holds, from and to."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    real = {"c8": "f4", "c16": "f8"}.get(dtype.str[1:], dtype.str[1:])
    most = 2 ** {"f2": 11, "f4": 24, "f8": 53}[real]
    return -most, most


def fitting(a, b):
    """Integers that both hold."""
    low, high = max(limits(a)[0], limits(b)[0]), min(limits(a)[1], limits(b)[1])
    values = [RNG.integers(low, high, endpoint=True, dtype="i8" if low < 0 else "u8") for _ in range(60)]
    values[:2] = [low, high]
    return np.array([int(value) for value in values], object).reshape(SHAPE).astype(a)


def saved(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue().hex()


class Folder:
    def __init__(self, path):
        self.path, self.count, self.out = path, 0, open(path + "/cases.json", "w")

    def file(self, array):
        self.count += 1
        np.save(f"{self.path}/{self.count}.npy", array)
        return f"{self.count}.npy"

    def case(self, **case):
        self.out.write(json.dumps(case) + "\n")


def ordered(array, order):
    return array if order is None else np.asarray(array, order=order)


def convert(folder, array, dtype, casting, slices=("[...]",), orders=(None,)):
    file = folder.file(array)
    for text, order in itertools.product(slices, orders):
        part = eval("array" + text, {"array": array})
        part = np.asarray(part)
        # NumPy's astype keeps the order of strides, and save says F only where the array lies so.
        wanted = ordered(part.astype(dtype or part.dtype), order or ("F" if is_f(part) else "C"))
        folder.case(do="convert", file=file, slice=text, dtype=dtype, order=order, casting=casting, npy=saved(wanted))


def is_f(array):
    return array.flags.f_contiguous and not array.flags.c_contiguous


def conversions(folder):
    for a, b in itertools.product(NUMBERS, NUMBERS):
        array = fitting(a, b)
        convert(folder, array, b, "checked")
        a, b = np.dtype(a), np.dtype(b)
        if a.kind in "biu" and b.kind in "biu" or b.kind in "fc" and (a.kind != "c" or b.kind == "c"):
            # NumPy rounds integers to f2 by way of f4, twice.
            if not (a.kind in "iu" and a.itemsize > 1 and b.str[1:] == "f2"):
                convert(folder, any_bytes(a), b.str, "wrap")
        if a.kind == "f" and b.kind in "iu":
            low, high = limits(b)
            top = min(high, 2 ** np.finfo(a).nmant, 30000)
            array = (RNG.random(SHAPE) * (top - max(low, -top)) + max(low, -top)).astype(a)
            convert(folder, array, b.str, "truncate")
            convert(folder, array, b.str, "clip")
    units = ["[Y]", "[3M]", "[W]", "[D]", "[h]", "[25m]", "[s]", "[ms]", "[us]", "[ns]"]
    for a, b in itertools.product(units, units):
        days = RNG.integers(-80000, 80000, SHAPE).astype("m8[D]")
        days[0, 0, :2] = "NaT"
        dates = (np.datetime64("1970-01-01", "D") + days).astype("<M8" + a)
        convert(folder, dates, ">M8" + b, "truncate")
        if not {a[-2:], b[-2:]} & {"Y]", "M]"}:
            convert(folder, days.astype(">m8" + a), "<m8" + b, "truncate")
    text = np.array(["".join(RNG.choice(list("abc "), RNG.integers(0, 5))) for _ in range(60)]).reshape(SHAPE)
    for a, b in itertools.product(["S4", "S7", "<U4", ">U6", "S", "U"], repeat=2):
        convert(folder, text.astype(a), b, "checked")
    convert(folder, text, "S2", "truncate")
    for dtype in NUMBERS + ["<M8[s]", "S5", ">U2", "V7", "<i2,>f8", "(2,)<i2,S3"]:
        dtype = np.dtype(dtype)
        raw = RNG.bytes(60 * dtype.itemsize)
        array = np.frombuffer(raw, dtype).reshape(SHAPE) if dtype.kind != "b" else any_bytes("b1")
        if dtype.kind == "U":
            array = RNG.integers(0, 0xD000, (120,)).astype(">u4").view(dtype).reshape(SHAPE)
        for array in [array, np.asfortranarray(array)]:
            convert(folder, array, dtype.newbyteorder("S").str if dtype.names is None else None, "checked",
                    SLICES, [None, "C", "F"])  # fmt: skip
    for shape in [(), (1,), (0,), (3, 0, 2), (1, 6), (6, 1), (2, 3, 2, 4), (700, 900)]:
        array = RNG.integers(-9, 9, shape).astype("<i2")
        for array in [array, np.asfortranarray(array)]:
            convert(folder, array, ">f4", "checked", orders=[None, "C", "F"])


def bits(edges):
    return [int(np.float64(edge).view("u8")) for edge in edges]


def histograms(folder):
    for dtype, bins in itertools.product(REALS + ["<f4", "<f8"], [1, 7, 10, 100]):
        wide = np.dtype(dtype).kind in "iu" and np.dtype(dtype).itemsize < 8 and bins != 7
        array = any_bytes(dtype) if wide else (RNG.normal(size=SHAPE) * 10).clip(*limits(dtype)).astype(dtype)
        if bins == 10 and np.dtype(dtype).kind == "f":
            array = (np.round(array) / 10).astype(dtype)
        if bins == 1:
            array[:] = array[0, 0, 0]
        for bounds in [None, (-3, 7), (0.1, 0.9), (2, 2)]:
            data = array.astype("u1") if array.dtype.kind == "b" else array
            try:
                counts, edges = np.histogram(data, bins, bounds)
            except ValueError:
                counts, edges = None, []
            file = folder.file(array)
            expected = dict(edges=bits(edges), counts=counts, below=0, above=0, nan=0)
            if counts is not None:
                below, above = int((data < edges[0]).sum()), int((data > edges[-1]).sum())
                expected |= dict(counts=counts.tolist(), below=below, above=above)
            folder.case(do="histogram", file=file, bins=bins, range=bounds, **expected)
    array = np.array([np.nan, np.inf, 1, 2, 2.5, -np.inf, 4, np.nan], ">f4")
    counts, edges = np.histogram(array[[2, 3, 4, 6]], 6)
    folder.case(do="histogram", file=folder.file(array), bins=6, range=None, edges=bits(edges), counts=counts.tolist(),
                below=1, above=1, nan=2)  # fmt: skip
    array = np.array(["2020-01-01", "NaT", "2020-02-01", "2020-01-11"], "M8[D]")
    counts, edges = np.histogram(array[[0, 2, 3]].astype("i8"), 3)
    folder.case(do="histogram", file=folder.file(array), bins=3, range=None, edges=bits(edges), counts=counts.tolist(),
                below=0, above=0, nan=1)  # fmt: skip
    folder.case(do="histogram", file=folder.file(np.zeros((0, 3))), bins=4, range=None,
                edges=bits(np.linspace(0, 1, 5)), counts=[0] * 4, below=0, above=0, nan=0)  # fmt: skip


def differs(x, y, rtol, atol, equal_nan):
    if x != x or y != y:
        return not (equal_nan and x != x and y != y)
    if x == y:
        return False
    if rtol == atol == 0:
        return True
    if isinstance(x, int) and isinstance(y, int):
        return abs(x - y) > atol + rtol * abs(y)
    return not bool(np.isclose(complex(x), complex(y), rtol, atol))


def comparisons(folder):
    for a, b in itertools.product(NUMBERS, NUMBERS):
        x = fitting(a, b)
        y = x.astype(b)
        for _ in range(7):
            index = tuple(RNG.integers(0, n) for n in SHAPE)
            value = y[index]
            y[index] = not value if y.dtype.kind == "b" else value + 1 if value < 0 else value - 1
        x, y = x.copy(), y.copy()
        for array, at in [(x, (0, 1, 2)), (y, (0, 1, 2)), (y, (3, 2, 1))]:
            if array.dtype.kind in "fc":
                array[at] = np.nan
        if {x.dtype.kind, y.dtype.kind} == {"f"}:
            x[1, 0, 0], y[1, 0, 0] = np.inf, np.inf
            x[1, 0, 1], y[1, 0, 1] = -np.inf, np.inf
            x[1, 0, 2], y[1, 0, 2] = 1, np.inf
        one, two = folder.file(x), folder.file(np.asfortranarray(y))
        for rtol, atol, equal_nan in [(0, 0, False), (0, 0, True), (0.25, 0, True), (0, 1.5, False)]:
            pairs = zip(x.ravel().tolist(), y.ravel().tolist())
            unequal = [differs(p, q, rtol, atol, equal_nan) for p, q in pairs]
            first = [int(i) for i in np.unravel_index(unequal.index(True), SHAPE)] if any(unequal) else None
            folder.case(do="compare", a=one, b=two, rtol=rtol, atol=atol, equal_nan=equal_nan,
                        differing=sum(unequal), first=first)  # fmt: skip
    units = ["<M8[Y]", ">M8[M]", "<M8[W]", ">M8[D]", "<M8[h]", "<M8[7us]"]
    for a, b in itertools.product(units, units):
        days = RNG.integers(-20000, 20000, SHAPE).astype("m8[D]")
        days[RNG.random(SHAPE) < 0.3] = 0
        x = (np.datetime64("1970-01-01") + days).astype("M8[Y]").astype("M8[D]").astype(a)
        y = (np.datetime64("1970-01-01") + days).astype("M8[Y]").astype("M8[D]").astype(b)
        x[0, 0, 0] = y[0, 0, 0] = "NaT"
        # NumPy itself compares them in the shorter unit of the two, rounded where it is no part of the other.
        unequal = (x.astype("M8[us]") != y.astype("M8[us]")).ravel().tolist()
        first = [int(i) for i in np.unravel_index(unequal.index(True), SHAPE)]
        folder.case(do="compare", a=folder.file(x), b=folder.file(y), rtol=0, atol=0, equal_nan=False,
                    differing=sum(unequal), first=first)  # fmt: skip


def checksums(folder):
    for dtype in ["<i4", ">f8", "S3", "<U2", "<i2,>f8"]:
        dtype = np.dtype(dtype)
        array = np.frombuffer(bytes(range(60 * dtype.itemsize % 251)) * 60, dtype, 60).reshape(SHAPE)
        if dtype.kind == "U":
            array = RNG.integers(0, 0xD000, (120,)).astype("<u4").view(dtype).reshape(SHAPE)
        for array in [array, np.asfortranarray(array)]:
            file = folder.file(array)
            for text in SLICES:
                data = np.asarray(eval("array" + text, {"array": array})).tobytes()
                folder.case(do="checksum", file=file, slice=text, sha256=hashlib.sha256(data).hexdigest(),
                            crc32="%08x" % zlib.crc32(data))  # fmt: skip


def main(path):
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    folder = Folder(path)
    conversions(folder)
    histograms(folder)
    comparisons(folder)
    checksums(folder)


main(sys.argv[1])
