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

import sys as _sys

from mapray import format
from mapray._guard import guard
from mapray._load import load
from mapray._handle import Handle, open
from mapray._memmap import memmap
from mapray._npz import NpzFile
from mapray._save import save, savez, savez_compressed
from mapray._shared import shared
from mapray.format import (
    descr_to_dtype,
    drop_metadata,
    dtype_to_descr,
    header_data_from_array_1_0,
    isfileobj,
    magic,
    open_memmap,
    read_array,
    read_array_header_1_0,
    read_array_header_2_0,
    read_magic,
    write_array,
    write_array_header_1_0,
    write_array_header_2_0,
)

__all__ = [
    "Handle",
    "NpzFile",
    "descr_to_dtype",
    "drop_metadata",
    "dtype_to_descr",
    "format",
    "guard",
    "header_data_from_array_1_0",
    "isfileobj",
    "load",
    "magic",
    "memmap",
    "open",
    "open_memmap",
    "read_array",
    "read_array_header_1_0",
    "read_array_header_2_0",
    "read_magic",
    "save",
    "savez",
    "savez_compressed",
    "shared",
    "write_array",
    "write_array_header_1_0",
    "write_array_header_2_0",
]

if "dask" in _sys.modules:
    from mapray import _engines

    _engines.register()
