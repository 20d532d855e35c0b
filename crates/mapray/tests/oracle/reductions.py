"""Arrays, and what every reduction of them is: files and a JSON list in the folder that is named.

Sums, means, variances and standard deviations are worked out in exact arithmetic and rounded once to the
nearest float64; NumPy says their dtypes and shapes. All else is NumPy's own answer, but for what NumPy
leaves out: NaT that is skipped. A value is a text: "i:-3", "u:3", "b:1", "f:<bits>" or "c:<bits>,<bits>".
Where there is a "slack", a sum or mean may be off by as much.

A case, of the files FILE-c.npy and FILE-f.npy, which hold the same array in both orders of axes and bytes:
        {"file", "slice", "op", "axes": null | [..], "keepdims", "skip", "ddof",
         "dtype", "shape", "values"} or, in place of the last three, {"error": NumPy's message or "dtype"}.
"""

import itertools
import json
import math
import struct
import sys
import warnings
from fractions import Fraction

import numpy as np

SCALE = 160  # bits behind the point: all numbers here are whole numbers of the last one
NAN = float("nan")
DTYPES = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 M8[s] m8[25us]".split()
SHAPE = (3, 4, 5)
SLICES = ["...", "[::-1, ::2, ::-2]", "[:, 1]", "[2, 3, 4]", "[:, 2:2]"]
AXES = [None, [0], [1], [-1], [0, 1], [0, -1], [2, 1], []]
OPS = "sum mean var std min max argmin argmax count_nonzero any all".split()


def values(dtype, name):
    """Elements of this dtype in C order, or None where the name says nothing for it."""
    rng = np.random.default_rng(abs(hash_of(dtype + name)))
    dtype, count = np.dtype(dtype), math.prod(SHAPE)
    if name == "any bytes":
        if dtype.kind in "fc":
            return None  # their sums may overflow on the way
        return np.frombuffer(rng.bytes(count * dtype.itemsize), dtype.newbyteorder("<")).astype(dtype)
    if name == "equal":
        return np.array([7] * count).astype(dtype)
    if name == "small":
        if dtype.kind in "mM":
            numbers = rng.integers(-20, 20, count)
            numbers[[5, 6, 31]] = -(2**63)
            return numbers.view("i8").astype(dtype)
        return rng.integers(-4 if dtype.kind in "ifc" else 0, 5, count).astype(dtype)
    if dtype.kind not in "fc":
        return None
    parts = []
    for _ in range(2):
        part = rng.standard_normal(count)
        if name == "special":
            part[rng.integers(0, count, 4)] = [NAN, NAN, np.inf, -np.inf]
            part[20:25] = NAN
        elif name == "wide":
            part *= 10.0 ** rng.integers(-4, 4 if dtype.char == "e" else 16, count)
        elif name == "far":
            part += 1e3 if dtype.char == "e" else 1e9
        elif name == "cancel":
            big = 30000.0 if dtype.char == "e" else 1e16
            part[0::3], part[2::3] = big, -big
        parts.append(part)
    return (parts[0] + 1j * parts[1] if dtype.kind == "c" else parts[0]).astype(dtype)


def hash_of(text):
    return int.from_bytes(text.encode(), "little") % 2**31


NAMES = ["small", "any bytes", "equal", "special", "wide", "far", "cancel"]


def scaled(value):
    """A finite number as a whole number of 2^-SCALE."""
    numerator, denominator = value.as_integer_ratio()
    assert denominator <= 2**SCALE
    return numerator * (2**SCALE // denominator)


def nearest(fraction):
    try:
        return float(fraction)  # rounds once, to even
    except OverflowError:
        return math.copysign(math.inf, fraction)


def nearest_sqrt(fraction):
    if fraction == 0:
        return 0.0
    shift = 400
    whole, rest = divmod(fraction.numerator << 2 * shift, fraction.denominator)
    root = math.isqrt(whole)
    exact = rest == 0 and root * root == whole
    return nearest(Fraction(2 * root + (not exact), 2 ** (shift + 1)))


def float_sum(numbers):
    if not all(map(math.isfinite, numbers)):
        return sum(numbers)
    return Fraction(sum(map(scaled, numbers)), 2**SCALE)


def float_squares(numbers):
    """The sum of squared distances from the mean."""
    if not all(map(math.isfinite, numbers)):
        return NAN
    whole = [scaled(x) for x in numbers]
    first, second = sum(whole), sum(x * x for x in whole)
    return Fraction(len(whole) * second - first * first, len(whole) << 2 * SCALE)


def divided(total, by):
    if not by:
        return NAN
    if isinstance(total, float):
        return total / by
    return nearest(total / Fraction(by))


def f(value):
    value = nearest(value) if isinstance(value, Fraction) else float(value)
    return "f:%d" % struct.unpack("<Q", struct.pack("<d", value))


def c(re, im):
    return "c:" + f(re)[2:] + "," + f(im)[2:]


def parts_of(group, kind):
    """The numbers of a group: of the real line, or real and imaginary parts."""
    if kind == "c":
        return [group.real.astype(float).tolist(), group.imag.astype(float).tolist()]
    if kind == "f":
        return [group.astype(float).tolist()]
    return [group.astype("i8" if kind in "mM" else object).tolist()]


def exact(op, group, skip, ddof):
    """The value of `op` of all elements of an array of one axis."""
    kind = group.dtype.kind
    if skip and kind in "fcmM":
        group = group[~(np.isnat(group) if kind in "mM" else np.isnan(group))]
    n, parts = len(group), parts_of(group, kind)
    if kind == "m":
        if op == "mean" and n == 0 or -(2**63) in parts[0]:
            return "i:%d" % -(2**63)
        total = sum(parts[0])
        return "i:%d" % (total if op == "sum" else int(Fraction(total, n)))
    if op == "sum":
        if kind in "biu":
            return ("u:%d" if kind == "u" else "i:%d") % sum(map(int, parts[0]))
        return (c if kind == "c" else f)(*map(float_sum, parts))
    if op == "mean":
        if kind in "biu":
            return f(Fraction(sum(map(int, parts[0])), n) if n else NAN)
        return (c if kind == "c" else f)(*(divided(float_sum(p), n) for p in parts))
    freedom = n - ddof
    if n == 0 or skip and freedom <= 0:
        return f(NAN)
    if kind in "biu":
        parts = [[int(x) for x in parts[0]]]
        squares = Fraction(n * sum(x * x for x in parts[0]) - sum(parts[0]) ** 2, n)
    else:
        squares = sum(map(float_squares, parts))
    if freedom <= 0:
        return f(NAN if squares != squares or squares == 0 else math.inf)
    if isinstance(squares, float):
        return f(squares)
    variance = squares / Fraction(freedom)
    return f(nearest_sqrt(variance) if op == "std" else variance)


def written(value):
    """An element of NumPy's as a text."""
    value = np.asarray(value)
    kind = value.dtype.kind
    if kind == "b":
        return "b:%d" % value
    if kind in "iu":
        return kind + ":%d" % value
    if kind in "mM":
        return "i:%d" % value.astype("i8")
    return c(value.real, value.imag) if kind == "c" else f(value)


def groups(array, axes):
    """The shape of the result, and the elements that become each of its values, in C order."""
    axes = range(array.ndim) if axes is None else [axis % array.ndim for axis in axes]
    kept = [axis for axis in range(array.ndim) if axis not in axes]
    shape = [array.shape[axis] for axis in kept]
    moved = array.transpose(kept + sorted(axes)).reshape(math.prod(shape), -1) if array.size else None
    if moved is None:
        length = math.prod(array.shape[axis] for axis in axes)
        return [array.reshape(-1)[:0]] * math.prod(shape) if length == 0 else []
    return list(moved)


def skipped(op, group):
    """NumPy's answer without NaN and NaT, where NumPy has one."""
    kind = group.dtype.kind
    nan = np.isnat(group) if kind in "mM" else np.isnan(group) if kind in "fc" else np.zeros(len(group), bool)
    rest = group[~nan]
    if op in ("count_nonzero", "any", "all"):
        return getattr(np, op)(rest)
    if len(rest) == 0:
        if op.startswith("arg"):
            raise ValueError("all-NaN slice encountered")
        nothing = "NaT" if kind in "mM" else complex(NAN, NAN) if kind == "c" else NAN
        return group.dtype.type(nothing, *([np.datetime_data(group.dtype)] if kind in "mM" else []))
    answer = getattr(rest, op)()
    if op.startswith("arg"):
        return np.intp(np.flatnonzero(~nan)[answer])
    if kind in "fcmM" and op in ("min", "max"):
        assert written(answer) == written(getattr(np, "nan" + op)(group)), (op, group)
    return answer


def answer(array, op, axes, keepdims, skip, ddof):
    axis = None if axes is None else tuple(axes)
    if op.startswith("arg") and axis is not None:
        if len(axis) != 1:
            return None
        axis = axis[0]
    options = {"ddof": ddof} if op in ("var", "std") else {}
    try:
        numpy = np.asarray(getattr(np, op)(array, axis=axis, keepdims=keepdims, **options))
        dtype, shape = numpy.dtype.newbyteorder("<").str, list(numpy.shape)
        if op in ("sum", "mean", "var", "std"):
            texts = [exact(op, group, skip, ddof) for group in groups(array, axes)]
        elif skip:
            texts = [written(skipped(op, group)) for group in groups(array, axes)]
        else:
            texts = [written(value) for value in numpy.reshape(-1)]
    except TypeError:
        return {"error": "dtype"}
    except ValueError as error:
        return {"error": str(error)}
    assert len(texts) == numpy.size, (op, array.shape, axes)
    return {"dtype": dtype, "shape": shape, "values": texts}


def cases_of(array, slice_text, name):
    part = array if slice_text == "..." else eval("array" + slice_text, {"array": array})
    some = AXES if slice_text == "..." else [None, [-1], [0, -1]]
    skips = [False, True] if array.dtype.kind in "fcmM" or name == "small" else [False]
    for axes, op, skip in itertools.product(some, OPS, skips):
        if axes == [] and name != "small":
            continue
        if axes is not None and any(not -part.ndim <= axis < part.ndim for axis in axes):
            continue
        if axes is not None and len({axis % part.ndim for axis in axes}) < len(axes):
            continue
        for ddof in [0, 2.5, 100] if op == "var" else [1] if op == "std" else [0]:
            keepdims = axes == [0, -1]
            found = answer(part, op, axes, keepdims, skip, ddof)
            if found is not None:
                yield {
                    "slice": slice_text, "op": op, "axes": axes, "keepdims": keepdims, "skip": skip, "ddof": ddof,
                } | found  # fmt: skip


def big():
    """An array of several blocks, of values that cancel and lie far from zero."""
    rng = np.random.default_rng(5)
    array = rng.standard_normal((400, 3, 300)) * 10.0 ** rng.integers(-6, 12, (400, 1, 1)) + 1e11
    array[::2] *= -1
    array[399, 1, 250], array[17, 2, 3], array[17, 2, 9] = 1e30, -1e31, -1e31
    return array


def save(folder, name, array):
    np.save(f"{folder}/{name}-c.npy", array.astype(array.dtype.newbyteorder("<"), order="C"))
    np.save(f"{folder}/{name}-f.npy", array.astype(array.dtype.newbyteorder(">"), order="F"))


def big_cases():
    slices = [("...", None), ("...", [2]), ("[::-3, 1, 7::5]", None), ("[:, ::2, ::-1]", [1])]
    for (text, axes), op in itertools.product(slices, OPS):
        part = big() if text == "..." else eval("big()" + text)
        case = {"slice": text, "op": op, "axes": axes, "keepdims": False, "skip": False, "ddof": 0}
        yield case | answer(part, op, axes, False, False, 0)


def main(folder):
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    with open(folder + "/cases.json", "w") as out:

        def add(file, array, cases):
            save(folder, file, array)
            out.writelines(json.dumps({"file": file} | case) + "\n" for case in cases)

        for dtype, name in itertools.product(DTYPES, NAMES):
            elements = values(dtype, name)
            if elements is not None:
                array = elements.reshape(SHAPE)
                file = f"{dtype.strip(']').replace('[', '')}-{name.replace(' ', '-')}"
                cases = [case for text in SLICES for case in cases_of(array, text, name)]
                if name == "cancel" and dtype in ("f8", "c16"):
                    # What 106 bits cannot tell of numbers that cancel to the last bit of 53.
                    slack = float(np.abs(array).sum()) * array.size * 2.0**-100
                    cases = [case | {"slack": slack} for case in cases]
                add(file, array, cases)
        add("big", big(), big_cases())


main(sys.argv[1])
