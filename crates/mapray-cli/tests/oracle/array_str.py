"""Arrays and how NumPy prints them: one JSON object a line.

Each has `dtype` (a descr string, or `{"fields": [[name, dtype, offset], …], "itemsize": n}`, or
`{"base": dtype, "shape": [...]}`), `shape`, `bytes` (hexadecimal, C order) and `str`.
"""

import json
import sys

import numpy as np

RNG = np.random.default_rng(20240229)
LD = np.longdouble


def describe(dtype):
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return {"base": describe(base), "shape": list(shape)}
    if dtype.names is not None:
        fields = [[n, describe(dtype.fields[n][0]), dtype.fields[n][1]] for n in dtype.names]
        return {"fields": fields, "itemsize": dtype.itemsize}
    return dtype.str


def emit(array):
    array = np.asarray(array)
    with np.errstate(all="ignore"):
        text = str(array)
    # Not tobytes(): that of a big-endian long double is fine, but be sure of C order.
    data = np.ascontiguousarray(array).tobytes()
    line = {
        "dtype": describe(array.dtype),
        "shape": list(array.shape),
        "bytes": data.hex(),
        "str": text,
    }
    sys.stdout.write(json.dumps(line) + "\n")


def emit_both(array):
    """The array, its bytes swapped, and each of its first elements on its own."""
    array = np.asarray(array)
    emit(array)
    emit(array.astype(array.dtype.newbyteorder(">")))
    for value in array.ravel()[:8]:
        emit(np.array(value, dtype=array.dtype))


def shaped(make):
    """Arrays of many shapes, of `make(count)` elements."""
    for shape in [
        (), (0,), (1,), (2,), (7,), (30,), (200,), (1000,), (1001,), (1200,), (0, 3), (3, 0, 2),
        (1, 1), (2, 3), (3, 40), (40, 3), (30, 40), (1001, 1), (1, 1001), (7, 150), (6, 200),
        (5, 1, 300), (2, 3, 4), (1, 1, 1), (11, 11, 11), (3, 7, 50), (2, 2, 2, 2), (4, 3, 10, 10),
        (1, 1, 1, 1, 1, 2),
    ]:
        yield make(int(np.prod(shape, dtype=int))).reshape(shape)


def raw(dtype, count):
    dtype = np.dtype(dtype)
    return np.frombuffer(RNG.bytes(dtype.itemsize * count), dtype, count)


def booleans():
    for array in shaped(lambda n: RNG.random(n) < 0.5):
        emit(array)
    emit(np.array([0, 1, 2, 255], "u1").view("?"))


def integers():
    for code in "bBhHiIqQ":
        dtype = np.dtype(code)
        info = np.iinfo(dtype)
        emit_both(np.array([info.min, info.max], dtype))
        emit_both(np.array([info.max, 0, 1], dtype))
        emit_both(np.array([info.min, 0, 1], dtype))
        for array in shaped(lambda n: raw(dtype, n)):
            emit(array)
        small = lambda n: RNG.integers(0, 12, n).astype(dtype)
        for array in shaped(small):
            emit(array.astype(dtype.newbyteorder(">")))
    # Widths come from the elements that are shown.
    hidden = np.arange(2000)
    hidden[1000] = 10**9
    emit(hidden)


SPECIAL = [
    [0.0], [-0.0], [0.0, -0.0], [1.0], [-1.0, 1.0], [1.0, 2.0, 3.0], [1.5, -2.25, 3.0],
    [np.nan], [np.inf], [-np.inf], [np.nan, np.inf], [np.nan, -np.inf, np.inf], [1.0, np.nan],
    [1.0, -np.inf], [1.5, np.inf], [-1.5, np.nan], [1e-5, np.nan], [1e-5, -np.inf, 1.0],
    [0.1, 0.2, 0.3], [1 / 3, 2 / 3], [1e3], [999.0], [999.9, 0.9999], [1000.0, 1.0], [1001.0, 1.0],
    [1000.5, 1.0], [1e4], [12345.0, 13.0], [1e5], [999999.0], [1e6], [1e7], [99999999.0], [1e8],
    [123456789.0], [1e15], [1e16], [9999999999999998.0], [1e17], [1e-3], [1e-4], [9.9e-5], [1e-5],
    [0.0, 1e-5], [0.0, 1e-4, 0.05], [0.0, 1e9], [1e-7, 1e7], [1e-300, 1.0], [1e300, 1e-300],
    [1e100, 1.0], [1e-100, -2.5e99], [1.23456789e-10, 0.1], [1.234567890123e10, -4.0],
    [1.23456789, 2.0], [1.123456785, 1.0], [1.123456775, 3.5], [0.999999999], [9.999999999],
    [99.999999999, 1.0], [0.123456789123, 100.0], [12345.678901234, 2345.5], [5e-324],
    [2.2250738585072014e-308, 1.0], [1.7976931348623157e308], [2.0**60], [2.0**-60], [2.0**52, 1e8],
    [9007199254740993.0], [123456.7, 999.9], [0.00010001, 0.0999], [0.00012345678901],
    [1.00000000001], [0.5, 0.25, 0.125, 0.0625], [100.0, 200.0, -0.0], [1e2, 1e5], [1e2, 1.0001e5],
    [3.14159265358979, 2.71828182845905, -1.41421356237], [65504.0], [6e-8], [6.1e-5, 6e-5],
    [2049.0, 3.0], [0.1, 100.0], [0.1, 100.1], [1.0, 1000.0], [1.0, 1000.4], [0.333, 333.4],
    [1e-45], [3.4028235e38], [1.1754944e-38], [16777216.0], [8388608.5, 1.0], [0.3, 300.0],
    [0.7, 700.0], [1.1, 1100.0], [4.35, 4350.0],
]


def floats():
    for code in "efdg":
        dtype = np.dtype(code)
        for values in SPECIAL:
            with np.errstate(all="ignore"):
                emit_both(np.array(values, dtype=dtype))
        for array in shaped(lambda n: np.arange(n).astype(dtype)):
            emit(array)
        for array in shaped(lambda n: RNG.normal(size=n).astype(dtype)):
            emit(array)
        for low, high in [(-3, 3), (-1, 1), (-4, -2), (0, 2), (2, 4.5), (-8, 0), (4, 8), (-30, 30)]:
            for _ in range(6):
                values = 10 ** RNG.uniform(low, high, 9) * RNG.choice([-1, 1], 9)
                with np.errstate(all="ignore"):
                    emit_both(values.astype(dtype))
                    emit_both(np.round(values, 3).astype(dtype))
        for _ in range(12):
            emit_both(raw(dtype, 6) if code != "g" else random_long_doubles(6))
        for value in [1.0, 0.5, 2.0, 1e3, 1e-4, 1e6, 1e8, 1e16]:
            # The neighbours of what is compared with.
            with np.errstate(all="ignore"):
                value = dtype.type(value)
                for near in [np.nextafter(value, -value), np.nextafter(value, 2 * value)]:
                    emit_both(np.array([near]))
                    emit_both(np.array([near, value]))
                    emit_both(np.array([near, near * dtype.type(1000)]))
                    emit_both(np.array([near, value * dtype.type(1000)]))
                    emit_both(np.array([value, near * dtype.type(1000)]))


def random_long_doubles(count, spread=16382):
    data = np.zeros((count, 2), "u8")
    data[:, 0] = RNG.integers(0, 2**63, count, dtype="u8") | np.uint64(1 << 63)
    exponent = 16383 + RNG.integers(-spread, spread, count)
    data[:, 1] = exponent.astype("u8") | RNG.integers(0, 2**49, count, dtype="u8") << np.uint64(15)
    return data.reshape(-1).view("g")


def encoded(*pairs):
    """Long doubles of these signs and exponents, and significands."""
    return np.array([[low, high] for high, low in pairs], "u8").reshape(-1).view("g")


def long_doubles():
    info = np.finfo(LD)
    tiny = info.smallest_subnormal
    for values in [[info.max], [info.tiny], [tiny], [tiny * 3, 1], [LD(1) / 3], [LD(2) / 3, 1],
                   [LD("0.1"), LD(0.1)], [LD("0.0001")], [LD("1e16")], [LD("1e4000"), 1],
                   [LD("1e-4000"), LD("1.5")], [LD("9999999999999999.5")], [LD(2) ** 63 + 1],
                   [LD("1.23456789012345678901234567890")], [LD(np.pi), -LD(np.e)]]:
        emit_both(np.array(values, dtype="g"))
    for power in range(-70, 70, 7):
        emit_both(np.array([LD(2) ** power]))
        emit_both(np.array([LD(10) ** power]))
    for spread in [3, 10, 30, 60, 300, 3000]:
        for _ in range(8):
            emit_both(random_long_doubles(5, spread))
    one, top = 0x3FFF, 1 << 63
    for pair in [(0x7FFF, top), (0x7FFF, 0), (0x7FFF, 3 << 62), (0x7FFF, top + 1), (0x7FFF, 5),
                 (one, 1 << 62), (one, 0), (0, 5), (1, top), (2, top), (1, top + 5), (0x8000, 0),
                 (0xBFFF, 1 << 62), (0xFFFF, 0), (0xFFFF, top), (0x7FFE, top)]:
        emit(encoded(pair))
        emit(encoded(pair).reshape(()))
        emit(encoded(pair, (one, top)))


def complexes():
    parts = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-5, 1e5, 1e7, 1e9, 3e15, 1e16, 1 / 3,
             np.nan, np.inf, -np.inf]
    for code in "FDG":
        dtype = np.dtype(code)
        for real in parts:
            for imag in parts:
                value = np.zeros(1, dtype)
                value.real, value.imag = real, imag
                emit(value)
                emit(value.reshape(()))
                emit(value.astype(dtype.newbyteorder(">")).reshape(()))
        for _ in range(60):
            value = np.zeros(RNG.integers(2, 6), dtype)
            value.real, value.imag = RNG.choice(parts, (2, value.size))
            emit_both(value)
        for array in shaped(lambda n: (RNG.normal(size=n) + 1j * RNG.normal(size=n)).astype(dtype)):
            emit(array)
        for array in shaped(lambda n: (np.arange(n) - 1j * np.arange(n)).astype(dtype)):
            emit(array)
    for _ in range(20):
        emit_both(raw("F", 4))
        emit_both(raw("D", 4))


def texts():
    words = [b"", b"a", b"it's", b'say "x"', b"'\"", b"\\", b"\n\r\t\0x", b"\x00\x7f\x80\xff", b"~ ",
             b"a long one that goes on", bytes(range(256))]
    for word in words:
        emit(np.array([word]))
        emit(np.array(word))
    emit(np.array(words[:10]))
    emit(np.array(words[:10], "S1"))
    emit(np.zeros(3, "S5"))
    emit(np.array([b"x" * 80, b"y", b"z" * 74]))
    for array in shaped(lambda n: raw("S3", n)):
        emit(array)
    strings = [
        "", "a", "it's", 'say "x"', "'\"", "\\", "\n\r\t\0x", "\x7f\x80\xa0\xad\xff", "~ ", "żółw",
        "日本語", "e\u0301", "\u0301", "\u200b\u200d\ufeff", "\u2028\u2029\x85", "\U0001f600",
        "\U000e0001\U0010ffff", "\ue000", "\u3000", "a\u0300b", "\u0378", "x" * 80,
    ]
    for text in strings:
        emit(np.array([text]))
        emit(np.array([text]).astype(f">U{max(len(text), 1)}"))
        emit(np.array(text))
    emit(np.array(strings[:-1]))
    emit(np.array(strings * 2))
    emit(np.array(strings, ">U9"))
    emit(np.array([0xD800, 0x41, 0xDFFF, 0], "u4").view("U4"))
    for array in shaped(lambda n: RNG.integers(32, 0x500, 3 * n).astype("u4").view("U3")):
        emit(array)
    for size in [1, 3, 8, 30]:
        emit(raw(f"V{size}", 4))
        emit(raw(f"V{size}", 1).reshape(()))
    for array in shaped(lambda n: raw("V2", n)):
        emit(array)


def times():
    nat = np.iinfo("i8").min
    units = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
    lists = [
        [0], [1, -1], [nat], [nat, 0], [nat, nat], [-1970, -1971, -719162], [10**4, -(10**4)],
        [2**62, -(2**62)], [2**63 - 1], [nat + 1], [-719528, -719529, 11016, 11017, 11016 + 146097],
        [10957, 10957 + 58, 10957 + 59, 10957 + 60, 10957 + 365, 10957 + 366], [-62135596800, 0],
    ]
    for kind in "Mm":
        for unit in units:
            for number in ["", 2, 7, 25, 1000, 2**31 - 1]:
                for values in lists if number in ("", 7) else lists[:7]:
                    emit_both(np.array(values, "i8").view(f"{kind}8[{number}{unit}]"))
            for size in range(6, 63, 8):
                values = RNG.integers(-(2**size), 2**size, 6)
                emit_both(values.view(f"{kind}8[{unit}]"))
        for array in shaped(lambda n: RNG.integers(-(10**5), 10**5, n).view(f"{kind}8[D]")):
            emit(array)
    emit_both(np.arange(-800000, 800000, 1601).view("M8[D]"))
    for start in range(-800000, 800000, 40009):
        emit(np.arange(start, start + 900).view("M8[D]"))
    emit_both(np.array([nat, nat], "i8").view("M8"))
    emit_both(np.array([nat, 5, -123], "i8").view("m8"))


def records():
    inner = np.dtype([("p", "<f4"), ("q", ">i2", (2,))])
    dtypes = [
        [("a", "i4")],
        [("a", "i4"), ("b", "f8")],
        [("a", "?"), ("b", ">f4"), ("c", "S3"), ("d", "U2")],
        [("x", "f8", (3,)), ("y", "u1", (2, 2))],
        [("in", inner), ("n", "i1")],
        [("in", inner, (2,)), ("t", "M8[D]"), ("u", "m8[s]")],
        [("flags", "?", (3,)), ("flag", "?"), ("v", "V2"), ("h", "f2")],
        [("c", "F"), ("d", ">D", (2,)), ("one", [("z", "e")])],
        [("big", "i2", (1200,)), ("wide", "u1", (40, 30)), ("none", "f4", (0,)), ("e", "S2", (2, 0))],
        {"names": ["a", "b"], "formats": ["<i2", "<f8"], "offsets": [2, 12], "itemsize": 32},
        [("a", "g"), ("b", "G")],
    ]
    for dtype in map(np.dtype, dtypes):
        for count in [1, 3, 1200]:
            if count * dtype.itemsize > 10**5:
                continue
            array = np.zeros(count, dtype)
            emit(array)
            emit(array[0].reshape(()) if count == 1 else array.reshape(1, -1))
            fill(array)
            emit(array)
            emit(array.reshape(-1, 1))
            emit(array[:1].reshape(()))
        align = np.dtype([("i", "i1"), ("r", dtype, (2,)), ("k", "i1")], align=True)
        array = np.zeros(3, align)
        fill(array["r"])
        emit(array)
        emit(array[:1].reshape(()))
    emit(np.zeros(3, np.dtype([])))


def fill(array):
    """Random values of moderate size in every field."""
    if array.dtype.names is not None:
        for name in array.dtype.names:
            fill(array[name])
    elif array.dtype.kind in "SU":
        array[...] = RNG.choice(["a", "b'", "", "xyz"], array.shape)
    elif array.dtype.kind == "V":
        array[...] = b"\x01\xfe"
    elif array.dtype.kind in "mM":
        array[...] = RNG.integers(-9999, 9999, array.shape).astype(array.dtype)
    elif array.dtype.kind == "b":
        array[...] = RNG.random(array.shape) < 0.5
    else:
        array[...] = (RNG.normal(size=array.shape) * 100).astype(
            "i1" if array.dtype.kind in "iu" else "f4")


for part in [booleans, integers, floats, long_doubles, complexes, texts, times, records]:
    part()
