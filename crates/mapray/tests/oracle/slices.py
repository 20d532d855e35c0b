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
        return memory.reshape(shape)[(slice(None, None, -1),) * len(shape)]
    return memory.reshape(shape, order=order)


def bracketed(text):
    text = text.strip()
    return text if text.startswith("[") else f"[{text}]"


def is_basic(key):
    items = key if type(key) is tuple else (key,)
    return all(item is None or item is ... or type(item) in (int, slice) for item in items)


class Key:
    def __getitem__(self, key):
        return key


def answer(case):
    a = array(case["shape"], case["order"])
    out = {"base": a.strides}
    names = dict(NAMES, a=a, key=Key())
    try:
        # The parentheses let lines break anywhere.
        key = eval(f"(key{bracketed(case['text'])})", names)
    except Exception as error:
        return out | {"other": f"{type(error).__name__}: {error}"}
    if not is_basic(key):
        return out | {"other": repr(key)}
    try:
        result = a[key]
    except (IndexError, ValueError) as error:
        return out | {"error": str(error)}
    except TypeError as error:
        return out | {"other": str(error)}
    elements = np.asarray(result).ravel().tolist()
    return out | {"shape": result.shape, "strides": result.strides, "elements": elements}


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))


main()
