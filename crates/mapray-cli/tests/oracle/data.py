"""Random arrays as data: writes them into a folder, and what `--json` and `--csv` are to print of each.

Usage: data.py OUTDIR

Prints one JSON object on a line for each case: `args`, and `data`, what NumPy's `tolist` gives, or `rows`, what
`csv.reader` is to read.
"""

import json
import math
import pathlib
import sys

import numpy as np

OUT = pathlib.Path(sys.argv[1])
RNG = np.random.default_rng(7)
SHAPES = [(), (4,), (3, 2), (2, 3, 2), (0,), (2, 0), (700, 3)]
DTYPES = [
    "b1", "<i1", ">i2", "<i4", ">i8", "<u1", ">u2", "<u4", "<u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8",
    "<c8", ">c16", "S5", "<U4", ">U4", "V3", "<M8[s]", ">M8[D]", "<M8[ns]", "<M8[M]", "<m8[ms]", ">m8[D]",
]
RECORDS = [
    [("x", "<f4"), ("n", ">i8"), ("name", "<U4")],
    [("t", "<M8[s]"), ("p", [("x", "<f8"), ("y", ">f8")]), ("v", "<i2", (2, 2)), ("ok", "?")],
]
TEXTS = ["", "a", "a,b", 'q"q', " x ", "é€", "l\nm", "'"]


def fill(array):
    dtype = array.dtype
    if dtype.names:
        for name in dtype.names:
            fill(array[name])
    elif dtype.kind in "SU":
        for index in np.ndindex(array.shape):
            text = TEXTS[RNG.integers(len(TEXTS))]
            array[index] = text if dtype.kind == "U" else text.encode()
    elif dtype.kind == "V":
        array[...] = np.frombuffer(RNG.bytes(array.nbytes), dtype).reshape(array.shape)
    elif dtype.kind == "b":
        array[...] = RNG.random(array.shape) < 0.5
    elif dtype.kind in "fc":
        values = RNG.normal(size=array.shape) * 10.0 ** RNG.integers(-4, 4, array.shape)
        array[...] = values + (1j * RNG.normal(size=array.shape) if dtype.kind == "c" else 0)
        if array.size > 2:
            array.flat[0], array.flat[1], array.flat[2] = np.nan, np.inf, -np.inf
    elif dtype.kind in "mM":
        array[...] = RNG.integers(-5000, 20000, array.shape).astype(f"{dtype.kind}8[{np.datetime_data(dtype)[0]}]")
        if array.size > 3:
            array.flat[1] = "NaT"
    else:
        info = np.iinfo(dtype)
        array[...] = RNG.integers(info.min, info.max, array.shape, dtype.newbyteorder("="), endpoint=True)
    return array


def real(value):
    """The float as JSON has it: what is no number as text, what is short as NumPy writes it."""
    value = value[()] if isinstance(value, np.ndarray) else value
    return float(str(value)) if math.isfinite(value) else str(value)


def data(value, dtype):
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return nested(np.asarray(value).reshape(shape), base)
    if dtype.names:
        return {name: data(value[name], dtype[name]) for name in dtype.names}
    match dtype.kind:
        case "f":
            return real(value)
        case "c":
            return [real(value.real), real(value.imag)]
        case "S":
            return bytes(value).decode()
        case "V":
            return bytes(value).hex()
        case "M":
            return str(value)
        case "m":
            return "NaT" if np.isnat(value) else int(value.astype("i8"))
        case _:
            return value.item()


def nested(array, dtype):
    if array.ndim == 0:
        return data(array[()], dtype)
    return [nested(array[i, ...], dtype) for i in range(len(array))]


def cell(value, dtype):
    found = data(value, dtype)
    if dtype.kind == "c":
        real, imaginary = (str(part[()]) for part in (np.asarray(value.real), np.asarray(value.imag)))
        return f"{real}{'' if imaginary.startswith('-') else '+'}{imaginary}j"
    return str(value) if dtype.kind == "f" else str(found)


def cells(value, dtype):
    if dtype.subdtype:
        base, shape = dtype.subdtype
        array = np.asarray(value).reshape(shape)
        return [text for index in np.ndindex(shape) for text in cells(array[index], base)]
    if dtype.names:
        return [text for name in dtype.names for text in cells(value[name], dtype[name])]
    return [cell(value, dtype)]


def head(dtype, name=""):
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return [
            text
            for index in np.ndindex(shape)
            for text in head(base, f"{name}[{','.join(map(str, index))}]")
        ]
    if dtype.names:
        dot = "." if name else ""
        return [text for field in dtype.names for text in head(dtype[field], f"{name}{dot}{field}")]
    return [name]


def emit(args, **expected):
    print(json.dumps({"args": args, **expected}))


def main():
    for number, dtype in enumerate([*DTYPES, *RECORDS]):
        dtype = np.dtype(dtype)
        for index, shape in enumerate(SHAPES):
            array = fill(np.zeros(shape, dtype, "CF"[RNG.integers(2)]))
            name = f"{number}-{index}.npy"
            np.save(OUT / name, array)
            emit(["slice", name, "--json"], data=nested(array, dtype), shape=shape)
            if array.ndim:
                emit(["head", name, "-n", "2", "--json"], data=nested(array[:2], dtype), shape=array[:2].shape)
                emit(["tail", name, "-n", "2", "--json"], data=nested(array[-2:], dtype), shape=array[-2:].shape)
            if array.ndim > 2 or array.ndim == 2 and dtype.names:
                continue
            lines = array.reshape(len(array), -1) if array.ndim == 2 else array.reshape(-1, 1)
            rows = [[text for value in line for text in cells(value, dtype)] for line in lines]
            rows = [[*head(dtype)], *rows] if dtype.names else [row for row in rows if row]
            emit(["slice", name, "--csv"], rows=rows)


main()
