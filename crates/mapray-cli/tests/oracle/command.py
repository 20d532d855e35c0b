"""Arrays in files, and what NumPy makes of them: `command.py OUTDIR`.

Writes the files to OUTDIR, and one JSON object a line to stdout. Each has `args`, the arguments of the
command, run in OUTDIR, and either `text`, NumPy's `str` of the result, or `bytes` (hexadecimal), what
NumPy writes for it to a file; the argument OUT then stands for the file to write.
"""

import json
import pathlib
import sys

import numpy as np

OUT = pathlib.Path(sys.argv[1])
RNG = np.random.default_rng(20240229)

SIMPLE = [
    "?", "i1", "u1", "<i2", ">i2", "<u2", ">u4", "<i4", ">i8", "<i8", "<u8", ">u8",
    "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<f16", ">f16",
    "<c8", ">c8", "<c16", ">c16", "<c32", "S5", "S1", "<U3", ">U4", "V7", "V1",
    "<M8[D]", ">M8[D]", "<M8[ns]", ">M8[25us]", "<M8[Y]", "<m8[s]", ">m8[ns]", "<m8",
]
RECORDS = [
    np.dtype("i4,f8"),
    np.dtype([("x", ">f4"), ("y", "<i2", (2, 3)), ("name", "S4"), ("text", "<U2")]),
    np.dtype([("outer", [("inner", "u1"), ("when", "<M8[s]")]), ("c", "<c8")]),
    np.dtype([(("A title", "a"), "<i2"), ("b", "?")]),
    np.dtype([("only", ">f8")]),
    np.dtype([("a", "i1"), ("b", "<f8")], align=True),
]
SHAPES = [
    (), (1,), (5,), (0,), (1200,), (3, 4), (2, 0, 3), (40, 30), (1, 7), (7, 1), (4, 3, 5),
    (9, 8, 2, 10), (2, 1, 3, 1, 2),
]


def fill(array):
    """Random values, by dtype, in place."""
    dtype = array.dtype
    if dtype.names is not None:
        for name in dtype.names:
            fill(array[name])
    elif dtype.kind in "fc":
        values = RNG.normal(size=array.shape) * 10.0 ** RNG.integers(-2, 5)
        values = np.where(RNG.random(array.shape) < 0.05, np.nan, values)
        array[...] = values + 1j * values[::-1] if dtype.kind == "c" and array.ndim else values
    elif dtype.kind in "SU":
        letters = list("ab'\" \\\n") + (["é", "猫", "😀"] if dtype.kind == "U" else [])
        for index in np.ndindex(array.shape):
            array[index] = "".join(RNG.choice(letters, RNG.integers(0, 6)))
    elif dtype.kind == "V":
        for index in np.ndindex(array.shape):
            array[index] = RNG.bytes(dtype.itemsize)
    elif dtype.kind == "b":
        array[...] = RNG.random(array.shape) < 0.5
    elif dtype.kind in "Mm":
        span = 10**17 if dtype.name.endswith("[ns]") else 10**5 if "[D]" in dtype.name else 400
        values = RNG.integers(-span, span, array.shape).astype("<i8")
        array[...] = np.asarray(values).view(dtype.newbyteorder("<"))
        if array.size > 3 and RNG.random() < 0.5:
            array[(0,) * array.ndim] = "NaT"
    else:
        info = np.iinfo(dtype)
        wide = RNG.random() < 0.3
        low, high = (info.min, info.max) if wide else (max(info.min, -90), 100)
        array[...] = RNG.integers(low, high, array.shape, dtype=dtype.newbyteorder("="))
    return array


def index_of(size):
    low = -size - 2
    return int(RNG.integers(low, size + 3))


def items(shape):
    """The text of the items of a random slice; it may be out of bounds."""
    out = []
    for size in shape[: RNG.integers(0, len(shape) + 1)]:
        match RNG.integers(0, 6):
            case 0 | 1:
                out.append(str(int(RNG.integers(-size, size)) if size else 0))
            case 2:
                out.append(":")
            case _:
                start, stop = ("" if RNG.random() < 0.4 else str(index_of(size)) for _ in "ab")
                step = RNG.choice(["", ":", ":1", ":2", ":-1", ":-3", ":5"])
                out.append(f"{start}:{stop}{step}")
    if RNG.random() < 0.2:
        out.insert(RNG.integers(0, len(out) + 1), "None")
    if RNG.random() < 0.3:
        out.insert(RNG.integers(0, len(out) + 1), "...")
    return out


def emit(args, **expected):
    sys.stdout.write(json.dumps({"args": args, **expected}) + "\n")


def text_of(value):
    try:
        return str(value)
    except ValueError:
        # A date without a unit, which NumPy does not print.
        return None


def emit_text(args, value):
    text = text_of(value)
    if text is not None:
        emit(args, text=text)


def saved(array):
    np.save(OUT / "saved.npy", array)
    return (OUT / "saved.npy").read_bytes().hex()


def raw(array):
    array.tofile(OUT / "saved.raw")
    return (OUT / "saved.raw").read_bytes().hex()


def slices(array, address, options):
    for _ in range(2):
        parts = items(array.shape)
        text = f"[{', '.join(parts) or '()'}]"
        index = eval(f"np.s_{text}")
        try:
            result = array[index]
        except IndexError:
            continue
        emit_text(["slice", address + text, *options], result)
        # Of a single element the array of no axes: np.save would forget byte order and size of a scalar.
        if not isinstance(result, np.ndarray):
            index = (*index, ...) if isinstance(index, tuple) else (index, ...)
        emit(["slice", address + text, "-o", "OUT.npy", *options], bytes=saved(array[index]))


def npy_cases(array, name):
    np.save(OUT / name, array)
    loaded = np.load(OUT / name)
    emit_text(["slice", name], loaded)
    # Records of one axis are tables there.
    if loaded.dtype.names is None or loaded.ndim != 1:
        emit_text(["head", name, "-n", "3"], loaded[:3] if loaded.ndim else loaded)
        emit_text(["head", name], loaded[:10] if loaded.ndim else loaded)
        emit_text(["tail", name, "-n", "3"], loaded[-3:] if loaded.ndim else loaded)
    slices(loaded, name, [])
    emit(["convert", name, "OUT.npy"], bytes=saved(loaded))
    emit(["convert", name, "OUT.raw"], bytes=raw(loaded))


def raw_cases(array, name, order):
    offset = int(RNG.integers(0, 40))
    data = array.tobytes("F" if order == "F" else "C")
    (OUT / name).write_bytes(RNG.bytes(offset) + data)
    shape = ",".join(map(str, array.shape))
    options = ["--dtype", array.dtype.str, "--shape", shape, "--offset", str(offset)]
    options += ["--order", order] if order == "F" or RNG.random() < 0.5 else []
    mapped = np.memmap(OUT / name, array.dtype, "r", offset, array.shape, order)
    mapped = np.asarray(mapped)
    emit_text(["head", name, *options], mapped[:10] if mapped.ndim else mapped)
    slices(mapped, name, options)
    emit(["convert", name, "OUT.npy", *options], bytes=saved(mapped))
    emit(["convert", name, "OUT.raw", *options], bytes=raw(mapped))


def main():
    for number, dtype in enumerate([*SIMPLE, *RECORDS]):
        dtype = np.dtype(dtype)
        shapes = RNG.permutation(len(SHAPES))[:3]
        for index, shape in enumerate(SHAPES[i] for i in shapes):
            order = "CF"[RNG.integers(0, 2)]
            array = fill(np.zeros(shape, dtype, order))
            npy_cases(array, f"{number}-{index}.npy")
            if index == 0 and dtype.names is None and array.size:
                raw_cases(array, f"{number}.bin", order)


main()
