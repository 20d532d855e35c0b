"""NumPy's answers to slice expressions: a JSON line in, a JSON line out.

In:   {"shape": [3, 5], "order": "C" | "F" | "R", "text": "[1:, -1]"}; R is C order read backwards along each axis
Out:  {"base": strides of the array, "shape": [...], "strides": [...], "elements": [...]}
      {"base": [...], "error": NumPy's message}
      {"base": [...], "other": what the expression gives that is not basic indexing, or why it is no Python}

The array holds, in eight bytes each, where its elements lie in memory, so elements are addresses.
"""

import json
import sys
import warnings

import numpy as np

NAMES = {"np": np, "numpy": np, "newaxis": np.newaxis}


def array(shape, order):
    memory = np.arange(int(np.prod(shape)), dtype=np.int64)
    if order == "R":
        # The ellipsis keeps an array of no axes an array.
        return memory.reshape(shape)[(..., *[slice(None, None, -1)] * len(shape))]
    return memory.reshape(shape, order=order)


def bracketed(text):
    text = text.strip()
    return text if text.startswith("[") else f"[{text}]"


def is_basic(key):
    def is_part(part):
        return part is None or type(part) is int

    def is_item(item):
        if type(item) is slice:
            return all(map(is_part, (item.start, item.stop, item.step)))
        return is_part(item) or item is ...

    return all(map(is_item, key if type(key) is tuple else (key,)))


class Key:
    def __getitem__(self, key):
        return key


def to_64_bits(item):
    return min(max(item, -(2**63)), 2**63 - 1) if type(item) is int else item


def with_64_bits(key):
    """The key with its indices cut to 64 bits: beyond them NumPy's own refusals are a matter of chance."""
    return tuple(map(to_64_bits, key)) if type(key) is tuple else to_64_bits(key)


def as_written(message, key):
    """The message with the index that it names as the expression has it."""
    for item in key if type(key) is tuple else (key,):
        cut = f"index {to_64_bits(item)} is out of bounds"
        if type(item) is int and message.startswith(cut):
            return message.replace(cut, f"index {item} is out of bounds")
    return message


def answer(case):
    a = array(case["shape"], case["order"])
    out = {"base": a.strides}
    try:
        # The parentheses let lines break anywhere.
        key = eval(f"(key{bracketed(case['text'])})", dict(NAMES, key=Key()))
    except Exception as error:
        return out | {"other": f"{type(error).__name__}: {error}"}
    if not is_basic(key):
        return out | {"other": repr(key)}
    try:
        result = a[with_64_bits(key)]
    except (IndexError, ValueError) as error:
        return out | {"error": as_written(str(error), key)}
    except TypeError as error:
        return out | {"other": str(error)}
    elements = np.asarray(result).ravel().tolist()
    return out | {"shape": result.shape, "strides": result.strides, "elements": elements}


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))


main()
