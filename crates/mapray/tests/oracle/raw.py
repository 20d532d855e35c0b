"""Runs NumPy on raw files and buffers, and writes down what it does.

    raw.py OUTDIR

A result is either {"error": type, "text": …} or {shape, strides, aligned, elements: hexadecimal bytes in C
order}. dtypes stand as descr, tuples as lists; null means that the argument is left out.

`OUTDIR/memmap.jsonl`, an object a line, is `numpy.memmap` with each mode, dtype, offset, shape and order, on a
copy of `OUTDIR/file`: {case, file, handle, mode, dtype, offset, shape, order, result}. handle is how the
file was opened before ("rb", "r+b", its position at byte 3), or null where the path is given. Its result
also holds file_size_after, and, where the map can be written to, edited: the file's bytes in hexadecimal
after every byte of the elements was set to 0xab and the map was flushed (null for files over 16 KiB). An
error has file_size_after too.

`OUTDIR/frombuffer.json`, a list: {buffer: hexadecimal, dtype, count, offset, result}.

`OUTDIR/ndarray.json`, a list: {shape, dtype, buffer, offset, strides, order, result}.
"""

import itertools
import json
import pathlib
import sys
import warnings

import numpy as np
import values

MODES = ["r", "c", "r+", "w+"]
LONG_MODES = ["readonly", "copyonwrite", "readwrite", "write"]
HANDLES = ["rb", "r+b"]
RECORD = [["a", "|i1"], ["b", ">f8"]]
SUBARRAY = ["<f4", [2]]
SMALL = 16384


def contents(length):
    """A file of this length in which every byte tells where it is."""
    return bytes((i * 7 + i // 256 + 1) % 256 for i in range(length))


def as_dtype(descr):
    """The dtype of a descr that went through JSON."""
    if isinstance(descr, str):
        return np.dtype(descr)
    if isinstance(descr[0], str):
        return np.dtype((as_dtype(descr[0]), tuple(descr[1])))
    return np.dtype([(name, as_dtype(field)) for name, field in descr])


def attempt(make, describe):
    """What `make` gives, described, or its error."""
    try:
        return describe(make())
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}


def describe(array):
    return {
        "shape": array.shape,
        "strides": array.strides,
        "aligned": array.flags.aligned,
        "elements": values.element_bytes(array).hex(),
    }


def given(**arguments):
    return {name: value for name, value in arguments.items() if value is not None}


def as_shape(shape):
    return tuple(shape) if isinstance(shape, list) else shape


def memmap_arguments():
    """(length of the file, handle, mode, dtype, offset, shape, order)."""
    shapes = [None, 3, [3], [2, 3], [2, 1, 2], [], [0], [0, 3], [3, 0], 0]
    for mode, shape, offset, dtype in itertools.product(MODES, shapes, [0, 1, 8, 24], ["|u1", "<i4", ">f8"]):
        yield 24, None, mode, dtype, offset, shape, None
        yield 40, None, mode, dtype, offset, shape, None
    # The documented defaults, spellings of the modes, and what is no mode.
    yield 24, None, None, None, None, None, None
    for mode in [*LONG_MODES, "w", "a", "rb", "R", "", "r++"]:
        yield 24, None, mode, "<i2", 2, [5], None
    for mode, dtype in itertools.product(MODES, ["<i2", RECORD, SUBARRAY, "|S5", "<U2", ">M8[s]", "|b1", "<f16", "|V0"]):
        yield 64, None, mode, dtype, None, None, None
        yield 64, None, mode, dtype, 1, None, None
        yield 64, None, mode, dtype, 1, [2, 1], None
        yield 64, None, mode, dtype, 64, [0], None
    for mode, order, shape in itertools.product(MODES, ["C", "F", "A", "K", "X"], [[2, 3], [2, 3, 4], [3], [], [0, 2]]):
        yield 64, None, mode, "<i2", 6, shape, order
    yield 64, None, "r", SUBARRAY, 4, [2, 3], "F"
    # Short, empty and long files, and page-sized ones, whose end is where a mapping may not start.
    for mode, length, shape in itertools.product(MODES, [0, 1, 3, 4, 5], [None, [1], [0], []]):
        yield length, None, mode, "<i4", None, shape, None
    for mode, length, offset, shape in itertools.product(
        MODES, [4096, 8192], [4095, 4096, 8190, 8192], [None, [2], [0]]
    ):
        yield length, None, mode, "|u1", offset, shape, None
    for mode, shape in itertools.product(MODES, [None, [3]]):
        yield 64, None, mode, "|u1", 65, shape, None
        yield 64, None, mode, "|u1", 100000, shape, None
        yield 64, None, mode, "|u1", -1, shape, None
        yield 64, None, mode, "<i4", -4, shape, None
    # Shapes that are none, or too large.
    for mode, shape in itertools.product(
        MODES, [-1, [-1], [2, -1], [-2, -2], [2**40, 2**40], [2**62], [2**63], [0, 2**63], [0, 2**62]]
    ):
        yield 64, None, mode, "|u1", None, shape, None
    for mode, shape in itertools.product(MODES, [[2**61], [2**60, 8], [2**32, 2**32], [0, 2**61]]):
        yield 64, None, mode, "<f8", 8, shape, None
    # Open files: their position is ignored, w+ does not truncate, and their rights count.
    for handle, mode, shape, offset in itertools.product(HANDLES, MODES, [None, [3], [40]], [0, 8]):
        yield 64, handle, mode, "<i2", offset, shape, None


def opened(path, handle, mode, dtype, offset, shape, order):
    arguments = given(mode=mode, offset=offset, shape=as_shape(shape), order=order)
    if dtype is not None:
        arguments["dtype"] = as_dtype(dtype)
    if handle is None:
        return np.memmap(path, **arguments)
    with open(path, handle) as file:
        file.seek(3)
        return np.memmap(file, **arguments)


def edited(array, path):
    """The file after every byte of the map was set."""
    element = np.ndarray(array.shape, array.dtype, b"\xab" * array.nbytes)
    array[...] = element
    array.flush()
    return path.read_bytes().hex() if path.stat().st_size <= SMALL else None


def memmap(folder):
    copy = folder / "copy.tmp"
    for case, (length, *arguments) in enumerate(memmap_arguments()):
        name = f"raw-{length}.bin"
        (folder / name).write_bytes(contents(length))
        copy.write_bytes(contents(length))

        def told(array):
            result = describe(array) | {"file_size_after": copy.stat().st_size}
            if array.flags.writeable:
                result["edited"] = edited(array, copy)
            return result

        result = attempt(lambda: opened(copy, *arguments), told)
        result.setdefault("file_size_after", copy.stat().st_size)
        handle, mode, dtype, offset, shape, order = arguments
        yield {
            "case": case,
            "file": name,
            "handle": handle,
            "mode": mode,
            "dtype": dtype,
            "offset": offset,
            "shape": shape,
            "order": order,
            "result": result,
        }
        copy.unlink()


def frombuffer():
    dtypes = ["|u1", "<i2", ">i4", "<f8", "|S3", RECORD, SUBARRAY, "|V0", "<M8[s]"]
    offsets = [None, 0, 1, 4, 8, 23, 24, 25, -1]
    for length, dtype, count, offset in itertools.product(
        [0, 1, 8, 24, 27], dtypes, [None, -1, -2, 0, 1, 2, 3, 100, 2**62], offsets
    ):
        buffer = contents(length)
        arguments = given(count=count, offset=offset)
        yield {
            "buffer": buffer.hex(),
            "dtype": dtype,
            "count": count,
            "offset": offset,
            "result": attempt(lambda: np.frombuffer(buffer, as_dtype(dtype), **arguments), describe),
        }


def ndarray_arguments():
    """(length of the buffer, shape, dtype, offset, strides, order)."""
    shapes = [[], [3], [2, 3], [2, 1, 3], [0], [0, 3], [6], [7], [1]]
    for shape, dtype, offset, order in itertools.product(
        shapes, ["|u1", "<i2", ">f4", RECORD], [None, 0, 1, 4, 23, 24, 25, -1], [None, "C", "F"]
    ):
        yield 24, shape, dtype, offset, None, order
    # -(2**63) is left out: NumPy takes it for a stride, and crashes.
    strides = [
        [2], [4], [1], [0], [-2], [-4], [3], [12], [2, 4], [6, 2], [4, 2], [2, 6], [0, 2], [2, 0], [-6, 2], [6, -2],
        [-6, -2], [12, 4], [1, 1], [], [2, 2, 2], [2**62], [-(2**62)], [2**62, 2**62],
    ]  # fmt: skip
    for shape, stride, offset in itertools.product(
        [[], [3], [6], [2, 3], [1, 3], [0], [0, 3], [1], [2, 2, 2]], strides, [None, 0, 4, 10, 22, 24]
    ):
        yield 24, shape, "<i2", offset, stride, None
    for shape, stride in itertools.product([[2, 3], [3]], [[6, 2], [2, 4], [4], [-2]]):
        yield 24, shape, "<i2", 4, stride, "F"
    for shape in [[-1], [2, -1], [2**40, 2**40], [2**62], [2**63], [0, 2**63], [0, 2**62], [1] * 64, [1] * 65]:
        yield 24, shape, "<i2", None, None, None
    yield 24, [2, 3], SUBARRAY, None, None, None
    yield 64, [2, 3], SUBARRAY, None, None, None
    yield 64, [2, 3], SUBARRAY, None, None, "F"
    yield 24, [3], "|V0", 24, None, None
    yield 0, [3], "|V0", None, None, None
    yield 0, [0], "<i2", None, None, None
    yield 24, [3], "|O", None, None, None


def ndarray():
    for length, shape, dtype, offset, strides, order in ndarray_arguments():
        buffer = contents(length)
        arguments = given(offset=offset, strides=as_shape(strides), order=order)
        yield {
            "shape": shape,
            "dtype": dtype,
            "buffer": buffer.hex(),
            "offset": offset,
            "strides": strides,
            "order": order,
            "result": attempt(lambda: np.ndarray(as_shape(shape), as_dtype(dtype), buffer, **arguments), describe),
        }


def main(folder):
    # Of sizes that overflow on the way to their error.
    warnings.simplefilter("ignore", RuntimeWarning)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "memmap.jsonl", "w") as file:
        for line in memmap(folder):
            print(json.dumps(line), file=file)
    (folder / "frombuffer.json").write_text(json.dumps(list(frombuffer())))
    (folder / "ndarray.json").write_text(json.dumps(list(ndarray())))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
