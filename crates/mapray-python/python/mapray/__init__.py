"""NumPy's memory maps, on a Rust core.

What NumPy has goes by NumPy's names and signatures: `memmap`, `load`, `save`, `savez`, `savez_compressed`,
`open_memmap`, `NpzFile`, and the functions of `numpy.lib.format` (here and in `mapray.format`).

Examples
--------
>>> import mapray, os, tempfile
>>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
>>> with mapray.open_memmap(path, mode="w+", dtype="i4", shape=(2, 3)) as m:
...     m[0] = [1, 2, 3]
>>> mapray.load(path)
array([[1, 2, 3],
       [0, 0, 0]], dtype=int32)
"""

from mapray._guard import guard
from mapray._memmap import memmap

__all__ = ["guard", "memmap"]
