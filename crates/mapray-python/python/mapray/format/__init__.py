"""The public functions of `numpy.lib.format`, on the Rust core.

Examples
--------
>>> import io, mapray.format, numpy as np
>>> file = io.BytesIO()
>>> mapray.format.write_array(file, np.arange(3))
>>> _ = file.seek(0)
>>> mapray.format.read_magic(file)
(1, 0)
>>> mapray.format.read_array_header_1_0(file)
((3,), False, dtype('int64'))
"""

from numpy.lib.format import (
    ARRAY_ALIGN,
    BUFFER_SIZE,
    EXPECTED_KEYS,
    GROWTH_AXIS_MAX_DIGITS,
    MAGIC_LEN,
    MAGIC_PREFIX,
    descr_to_dtype,
    drop_metadata,
    dtype_to_descr,
)

from mapray.format._arrays import read_array, write_array
from mapray.format._headers import (
    header_data_from_array_1_0,
    magic,
    read_array_header,
    read_array_header_1_0,
    read_array_header_2_0,
    read_magic,
    write_array_header_1_0,
    write_array_header_2_0,
)
from mapray.format._maps import open_memmap
from mapray.format._streams import isfileobj

__all__ = [
    "ARRAY_ALIGN",
    "BUFFER_SIZE",
    "EXPECTED_KEYS",
    "GROWTH_AXIS_MAX_DIGITS",
    "MAGIC_LEN",
    "MAGIC_PREFIX",
    "descr_to_dtype",
    "drop_metadata",
    "dtype_to_descr",
    "header_data_from_array_1_0",
    "isfileobj",
    "magic",
    "open_memmap",
    "read_array",
    "read_array_header",
    "read_array_header_1_0",
    "read_array_header_2_0",
    "read_magic",
    "write_array",
    "write_array_header_1_0",
    "write_array_header_2_0",
]
