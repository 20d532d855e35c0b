import os
from typing import IO, Any

import numpy as np
from numpy.lib.format import (
    ARRAY_ALIGN as ARRAY_ALIGN,
    BUFFER_SIZE as BUFFER_SIZE,
    EXPECTED_KEYS as EXPECTED_KEYS,
    GROWTH_AXIS_MAX_DIGITS as GROWTH_AXIS_MAX_DIGITS,
    MAGIC_LEN as MAGIC_LEN,
    MAGIC_PREFIX as MAGIC_PREFIX,
    descr_to_dtype as descr_to_dtype,
    drop_metadata as drop_metadata,
    dtype_to_descr as dtype_to_descr,
)
from numpy.typing import DTypeLike, NDArray

from mapray import memmap

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

def isfileobj(f: object) -> bool: ...
def magic(major: int, minor: int) -> bytes: ...
def read_magic(fp: IO[bytes]) -> tuple[int, int]: ...
def read_array_header(
    fp: IO[bytes], version: tuple[int, int], max_header_size: int = 10_000
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]: ...
def read_array_header_1_0(
    fp: IO[bytes], max_header_size: int = 10_000
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]: ...
def read_array_header_2_0(
    fp: IO[bytes], max_header_size: int = 10_000
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]: ...
def header_data_from_array_1_0(array: NDArray[Any]) -> dict[str, Any]: ...
def write_array_header_1_0(fp: IO[bytes], d: dict[str, Any]) -> None: ...
def write_array_header_2_0(fp: IO[bytes], d: dict[str, Any]) -> None: ...
def write_array(
    fp: IO[bytes],
    array: NDArray[Any],
    version: tuple[int, int] | None = None,
    allow_pickle: bool = True,
    pickle_kwargs: dict[str, Any] | None = None,
) -> None: ...
def read_array(
    fp: IO[bytes],
    allow_pickle: bool = False,
    pickle_kwargs: dict[str, Any] | None = None,
    *,
    max_header_size: int = 10_000,
) -> NDArray[Any]: ...
def open_memmap(
    filename: str | bytes | os.PathLike[str],
    mode: str = "r+",
    dtype: DTypeLike | None = None,
    shape: Any = None,
    fortran_order: bool = False,
    version: tuple[int, int] | None = None,
    *,
    max_header_size: int = 10_000,
) -> memmap[Any, Any]: ...
