"""The bytes of test arrays: of every dtype, with its special values, always the same ones.

Everything is made byte by byte, never by assignment, so that padding, bits of NaNs and booleans other
than 0 and 1 are what is written here.
"""

import random
import struct

import numpy as np

FLOATS = [
    0.0, -0.0, 1.0, -1.5, 0.1, float("inf"), float("-inf"), float("nan"), -float("nan"), 1e-7, 65504.0,
]  # fmt: skip
TEXTS = ["", "a", "\u00e9", "\u6574\u6570", "\U0001d11e", "nul\0in", "longer than the room", " ", "\0b"]
BYTES = [b"", b"a", b"nul\0in", b"\xff\x80", b"longer than the room", b" ", b"\0b"]
TIMES = [-(2**63), 0, 1, -1, 2**63 - 1, -(2**63) + 1, 951782400, -62135596800]


def array(dtype, shape, order="C"):
    """An array of this dtype, shape and order."""
    count = int(np.prod(shape, dtype=int))
    raw = elements(np.dtype(dtype), count, random.Random(f"{np.dtype(dtype)!r} {shape}"))
    return np.ndarray(shape, dtype, raw, order=order)


def element_bytes(array):
    """The bytes of the elements in C order, padding included.

    `tobytes` is no help: of records that do not lie in C order it copies the fields only, and what it
    gives for the padding between them is uninitialised memory.
    """

    # The bytes need an axis of their own, and there can be no more than 64.
    array = array.squeeze()

    class Bytes:
        __array_interface__ = {
            "version": 3,
            "typestr": "|u1",
            "data": array.__array_interface__["data"],
            "shape": (*array.shape, array.dtype.itemsize),
            "strides": (*array.strides, 1),
        }

    return np.asarray(Bytes()).tobytes() if array.nbytes else b""


def elements(dtype, count, dice):
    """The bytes of so many elements."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return elements(base, count * int(np.prod(shape, dtype=int)), dice)
    if dtype.names is not None:
        return records(dtype, count, dice)
    native = dtype.newbyteorder("=")
    raw = plain(native, count, dice)
    if native == dtype or dtype.itemsize == 0:
        return raw
    return np.ndarray(count, native, raw).byteswap().tobytes()


def records(dtype, count, dice):
    """Records whose padding is random bytes."""
    raw = bytearray(dice.randbytes(count * dtype.itemsize))
    for name in dtype.names:
        field, offset = dtype.fields[name][:2]
        values = elements(field, count, dice)
        for i in range(count):
            start = i * dtype.itemsize + offset
            raw[start : start + field.itemsize] = values[i * field.itemsize : (i + 1) * field.itemsize]
    return bytes(raw)


def plain(dtype, count, dice):
    """Native bytes: the special values in turn, from a random one on, then random ones."""
    size = dtype.itemsize
    if dtype.kind == "b":
        pool = [b"\x00", b"\x01", b"\x02", b"\xff", b"\x80"]
    elif dtype.kind in "iu":
        pool = [bytes(size), b"\xff" * size, b"\xff" * (size - 1) + b"\x7f", bytes(size - 1) + b"\x80"]
    elif dtype.kind in "fc":
        pool = numbers(dtype)
    elif dtype.kind in "mM":
        pool = [struct.pack("=q", value) for value in TIMES]
    elif dtype.kind == "S":
        pool = [value[:size].ljust(size, b"\0") for value in BYTES]
    elif dtype.kind == "U":
        length = size // 4
        points = [[ord(letter) for letter in text[:length]] for text in TEXTS]
        pool = [struct.pack(f"={length}I", *text, *[0] * (length - len(text))) for text in points]
    else:
        pool = [bytes(size)]
    start = dice.randrange(len(pool))
    chosen = [pool[(start + i) % len(pool)] for i in range(count)]
    # Text must stay text, and not every pattern is a long double.
    if dtype.kind not in "bSU" and dtype.char not in "gG":
        for i in range(count // 2, count, 2):
            chosen[i] = dice.randbytes(size)
    return b"".join(chosen)


def numbers(dtype):
    """Special values of a real or complex dtype."""
    parts = 2 if dtype.kind == "c" else 1
    real = np.dtype(f"f{dtype.itemsize // parts}")
    limits = np.finfo(real)
    extremes = [limits.max, -limits.max, limits.tiny, limits.smallest_subnormal, limits.eps]
    with np.errstate(over="ignore"):
        values = np.array([*FLOATS, *extremes], real)
    raw = bytearray(values.tobytes())
    if real.char == "g":
        # The bytes after the ten of an x87 number are whatever lay on the stack.
        raw = bytearray(np.ndarray((len(values), 16), np.uint8, raw).copy().tobytes())
        for i in range(len(raw)):
            if limits.nmant == 63 and i % 16 >= 10:
                raw[i] = 0
    else:
        # A signalling NaN with a payload, which arithmetic would change.
        one = (1 << limits.nmant) // 2 - 3
        bits = ((1 << (limits.bits - 1 - limits.nmant)) - 1) << limits.nmant
        raw += (bits | one).to_bytes(real.itemsize, "little" if struct.pack("=H", 1)[0] else "big")
    reals = [bytes(raw[i : i + real.itemsize]) for i in range(0, len(raw), real.itemsize)]
    if parts == 1:
        return reals
    return [reals[i] + reals[(i * 5 + 3) % len(reals)] for i in range(len(reals))]
