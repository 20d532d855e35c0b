"""Writes `safetensors` files with the original library, and what it reads in files made by hand.

    tensors.py OUTDIR

`OUTDIR/tensors.json` holds, under "taken", for each file: file, attributes (pairs), tensors (name, dtype in
the file's words, shape, elements (hexadecimal), values (as float32, hexadecimal; for the types that NumPy
has not)), and under "refused" for each file: file, error.
"""

import ctypes
import json
import pathlib
import random
import struct
import sys

import ml_dtypes
import numpy as np
import safetensors

WORDS = [
    "bool", "uint8", "int8", "uint16", "int16", "float16", "bfloat16", "uint32", "int32", "float32", "uint64",
    "int64", "float64", "complex64", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz",
    "float8_e5m2fnuz",
]  # fmt: skip
# In the file's words: those that NumPy has not.
SMALL = {"BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2}
SHAPES = [(), (256,), (2, 3), (3, 1, 2), (0,), (4, 0, 3)]


def size_of(word):
    return np.dtype(getattr(ml_dtypes, word, word)).itemsize


def serialized(tensors, metadata=None):
    """The file that the original writes for name -> (word, shape, bytes)."""
    kept = {name: ctypes.create_string_buffer(data, max(len(data), 1)) for name, (_, _, data) in tensors.items()}
    specs = {
        name: safetensors.TensorSpec(
            dtype=word, shape=list(shape), data_ptr=ctypes.addressof(kept[name]), data_len=len(data)
        )
        for name, (word, shape, data) in tensors.items()
    }
    return bytes(safetensors.serialize(specs, metadata))


def every_type():
    dice = random.Random("every type")
    tensors = {}
    for word in WORDS:
        for shape in SHAPES:
            data = dice.randbytes(int(np.prod(shape, dtype=int)) * size_of(word))
            if shape == (256,) and size_of(word) == 1:
                data = bytes(range(256))
            if word == "bool":
                data = bytes(byte & 1 for byte in data)
            tensors[f"{word}.{'x'.join(map(str, shape))}"] = (word, shape, data)
    return tensors


def by_hand(header, data=b""):
    text = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(text)) + text + data


def one(dtype="U8", shape="[4]", offsets="[0,4]", name="a", more=""):
    return f'{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}{more}}}}}'


def files():
    """file name -> bytes"""
    yield "every-type", serialized(every_type(), {"format": "np", "\u00e9": "\u6574\u6570 \"x\""})
    yield "nothing", serialized({})
    yield "metadata-only", serialized({}, {"a": "b"})
    yield "float4", serialized({"a": ("float4_e2m1fn_x2", (2, 2), bytes(4))})
    yield "plain", by_hand(one(), bytes(4))
    yield "padded", by_hand(one() + "   ", bytes(4))
    yield "spread", by_hand(one().replace(",", " ,\n\t").replace(":", " : "), bytes(4))
    yield "escaped", by_hand(one(name="\\u00e9\\n/\\\\"), bytes(4))
    yield "unknown-key", by_hand(one(more=',"more":[1,{}]'), bytes(4))
    yield "unordered", by_hand(one("U16", "[1]", "[4,6]", "b")[:-1] + "," + one()[1:], bytes(6))
    yield "no-data", by_hand(one(shape="[0]", offsets="[0,0]"))
    yield "six-bits", by_hand(one("F6_E2M3", "[8]", "[0,6]"), bytes(6))
    yield "empty", b""
    yield "seven-bytes", bytes(7)
    yield "no-header", bytes(8)
    yield "length-too-large", struct.pack("<Q", 100_000_001) + b"{}"
    yield "length-huge", struct.pack("<Q", 2**64 - 1) + b"{}"
    yield "length-beyond-the-end", struct.pack("<Q", 3) + b"{}"
    yield "blank-in-front", by_hand(" " + one(), bytes(4))
    yield "not-json", by_hand("{'a': 1}")
    yield "not-utf8", by_hand(one().encode().replace(b"a", b"\xff"), bytes(4))
    yield "a-list", by_hand("[]")
    yield "unknown-type", by_hand(one("U7"), bytes(4))
    yield "lower-case", by_hand(one("u8"), bytes(4))
    yield "missing-key", by_hand('{"a":{"dtype":"U8","shape":[4]}}', bytes(4))
    yield "negative-shape", by_hand(one(shape="[-4]"), bytes(4))
    yield "fractional-shape", by_hand(one(shape="[4.0]"), bytes(4))
    yield "shape-overflows", by_hand(one(shape="[4294967296,4294967296,4294967296]", offsets="[0,0]"))
    yield "shape-overflows-bits", by_hand(one("F64", "[1152921504606846976]", "[0,0]"))
    yield "another-size", by_hand(one(shape="[3]"), bytes(4))
    yield "gap-in-front", by_hand(one(offsets="[1,5]"), bytes(5))
    yield "gap-behind", by_hand(one(), bytes(5))
    yield "cut-short", by_hand(one(), bytes(3))
    yield "backwards", by_hand(one(offsets="[4,0]"), bytes(4))
    yield "overlap", by_hand(one(name="b")[:-1] + "," + one()[1:], bytes(4))
    yield "hole", by_hand(one(name="b", offsets="[5,9]")[:-1] + "," + one()[1:], bytes(9))
    yield "three-offsets", by_hand(one(offsets="[0,4,4]"), bytes(4))
    yield "half-a-byte", by_hand(one("F4", "[1]", "[0,1]"), bytes(1))
    yield "metadata-of-numbers", by_hand('{"__metadata__":{"a":1}}')
    yield "text-behind", by_hand(one() + "x", bytes(4))


def describe(name, data):
    tensors = []
    for tensor, about in safetensors.deserialize(data):
        elements = bytes(about["data"])
        described = {
            "name": tensor,
            "dtype": about["dtype"],
            "shape": about["shape"],
            "elements": elements.hex(),
        }
        if about["dtype"] in SMALL:
            values = np.frombuffer(elements, SMALL[about["dtype"]]).astype("<f4")
            described["values"] = values.tobytes().hex()
        tensors.append(described)
    length = struct.unpack("<Q", data[:8])[0]
    metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    return {"file": name, "attributes": list(metadata.items()), "tensors": tensors}


def main(folder):
    taken, refused = [], []
    for name, data in files():
        name += ".safetensors"
        (folder / name).write_bytes(data)
        try:
            taken.append(describe(name, data))
        except safetensors.SafetensorError as error:
            refused.append({"file": name, "error": str(error)})
    (folder / "tensors.json").write_text(json.dumps({"taken": taken, "refused": refused}))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
