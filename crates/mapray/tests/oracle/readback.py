"""Loads files with NumPy and compares what it reads with what was meant.

    readback.py DIR

`DIR/expected.json` lists files of DIR: file, descr (tuples as lists), shape, fortran_order (the header's
word), elements (hexadecimal bytes in C order). The first difference is named and ends it with exit code 1.
"""

import json
import pathlib
import sys

import numpy as np
import values
from numpy.lib import _format_impl as private
from numpy.lib import format as npy

ALL = 2**40


def as_json(value):
    return json.loads(json.dumps(value))


def differences(folder, expected):
    """Each (what, expected, found) in which the file is not as expected."""
    path = folder / expected["file"]
    with open(path, "rb") as file:
        fortran = private._read_array_header(file, npy.read_magic(file), max_header_size=ALL)[1]
    yield "fortran_order", expected["fortran_order"], fortran
    for how in [None, "r"]:
        array = np.load(path, mmap_mode=how, max_header_size=ALL)
        way = "loaded" if how is None else "mapped"
        yield f"descr, {way}", expected["descr"], as_json(npy.dtype_to_descr(array.dtype))
        yield f"shape, {way}", expected["shape"], list(array.shape)
        yield f"elements, {way}", expected["elements"], values.element_bytes(array).hex()


def main(folder):
    listed = json.loads((folder / "expected.json").read_text())
    if not listed:
        sys.exit("expected.json lists no file")
    for expected in listed:
        try:
            for what, wanted, found in differences(folder, expected):
                if wanted != found:
                    sys.exit(f"{expected['file']}: {what}: expected {wanted}, found {found}")
        except Exception as error:
            sys.exit(f"{expected['file']}: NumPy cannot read it: {type(error).__name__}: {error}")
    print(f"{len(listed)} files read back")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
