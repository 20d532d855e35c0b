"""Says what NumPy finds in files, as long as somebody asks.

For each path on a line of standard input, a line of standard output: for a .npy file `dtype shape crc`,
for an archive the same of each member, `name dtype shape crc`, in the order of their names, with `; `
between them. The crc is that of the elements in C order. What cannot be loaded is `error: ...`.
"""

import sys
import zlib

import numpy as np


def describe(array):
    shape = "x".join(map(str, array.shape))
    return f"{array.dtype.str} {shape} {zlib.crc32(array.tobytes()):08x}"


for line in sys.stdin:
    try:
        loaded = np.load(line.rstrip("\n"))
        if isinstance(loaded, np.lib.npyio.NpzFile):
            with loaded:
                said = "; ".join(f"{name} {describe(loaded[name])}" for name in sorted(loaded.files))
        else:
            said = describe(loaded)
    except Exception as error:
        said = f"error: {type(error).__name__}: {error}"
    print(said, flush=True)
