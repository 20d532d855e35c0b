"""Headers of ``.npy`` files."""

import operator
import re
import struct
import warnings

from numpy.lib.format import (
    ARRAY_ALIGN,
    GROWTH_AXIS_MAX_DIGITS,
    MAGIC_LEN,
    MAGIC_PREFIX,
    dtype_to_descr,
)

from mapray import _core
from mapray._dtypes import dtype_of
from mapray.format._streams import read_exactly

__all__ = [
    "MAX_HEADER_SIZE",
    "check_version",
    "header_bytes",
    "header_data_from_array_1_0",
    "magic",
    "read_array_header",
    "read_array_header_1_0",
    "read_array_header_2_0",
    "read_magic",
    "write_array_header",
    "write_array_header_1_0",
    "write_array_header_2_0",
]

MAX_HEADER_SIZE = 10_000

_LENGTHS = {(1, 0): "<H", (2, 0): "<I", (3, 0): "<I"}
_KEYS = {"descr", "fortran_order", "shape"}
_LONG_INTEGER = re.compile(rb"\d+L\b")


def check_version(version):
    """Raise NumPy's error for a version that is none."""
    if version is not None and version not in _LENGTHS:
        raise ValueError(f"we only support format version (1,0), (2,0), and (3,0), not {version}")


def magic(major, minor):
    """The bytes that a file of this version begins with.

    Examples
    --------
    >>> import mapray.format
    >>> mapray.format.magic(1, 0)
    b'\\x93NUMPY\\x01\\x00'
    """
    if major < 0 or major > 255:
        raise ValueError("major version must be 0 <= major < 256")
    if minor < 0 or minor > 255:
        raise ValueError("minor version must be 0 <= minor < 256")
    return MAGIC_PREFIX + bytes([major, minor])


def read_magic(fp):
    """Read the version of a ``.npy`` file.

    Returns
    -------
    major, minor : int
    """
    found = read_exactly(fp, MAGIC_LEN, "magic string")
    if found[:-2] != MAGIC_PREFIX:
        raise ValueError(
            f"the magic string is not correct; expected {MAGIC_PREFIX!r}, got {found[:-2]!r}"
        )
    return found[-2], found[-1]


def read_array_header(fp, version, max_header_size=MAX_HEADER_SIZE):
    """Read a header of any version, behind its magic.

    NumPy has public functions for the versions 1.0 and 2.0 only.

    Returns
    -------
    shape : tuple of int
    fortran_order : bool
    dtype : dtype
    """
    form = _LENGTHS.get(version)
    if form is None:
        raise ValueError(f"Invalid version {version!r}")
    prelude = read_exactly(fp, struct.calcsize(form), "array header length")
    text = read_exactly(fp, struct.unpack(form, prelude)[0], "array header")
    if len(text) > max_header_size and _characters(text, version) > max_header_size:
        raise ValueError(
            f"Header info length ({_characters(text, version)}) is large and may not be safe to load "
            "securely.\nTo allow loading, adjust `max_header_size` or fully trust the `.npy` file using "
            "`allow_pickle=True`.\nFor safety against large resource use or crashes, sandboxing may be "
            "necessary."
        )
    limit = min(max_header_size, 2**63)
    _, descr, shape, fortran_order, _ = _core.parse_header(magic(*version) + prelude + text, limit)
    if version <= (2, 0) and _LONG_INTEGER.search(text):
        warnings.warn(
            "Reading `.npy` or `.npz` file required additional header parsing as it was created on "
            "Python 2. Save the file again to speed up loading and avoid this warning.",
            UserWarning,
            stacklevel=4,
        )
    return tuple(shape), fortran_order, dtype_of(descr)


def _characters(text, version):
    return len(text.decode("utf8" if version == (3, 0) else "latin1", "replace"))


def read_array_header_1_0(fp, max_header_size=MAX_HEADER_SIZE):
    """Read a header of version 1.0, behind its magic: as `read_array_header`."""
    return read_array_header(fp, (1, 0), max_header_size)


def read_array_header_2_0(fp, max_header_size=MAX_HEADER_SIZE):
    """Read a header of version 2.0, behind its magic: as `read_array_header`."""
    return read_array_header(fp, (2, 0), max_header_size)


def header_data_from_array_1_0(array):
    """What the header of an array says.

    Examples
    --------
    >>> import mapray.format, numpy as np
    >>> mapray.format.header_data_from_array_1_0(np.zeros((2, 3), "f4"))
    {'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}
    """
    fortran_order = array.flags.f_contiguous and not array.flags.c_contiguous
    return {
        "shape": array.shape,
        "fortran_order": bool(fortran_order),
        "descr": dtype_to_descr(array.dtype),
    }


def header_bytes(d, version=None):
    """A header as bytes, from the magic on, with NumPy's warnings for the newer versions."""
    data = _checked_header(d, version) if set(d) == _KEYS else None
    if data is None:
        data = _header_as_given(d, version)
    written = data[6], data[7]
    if version is None and written != (1, 0):
        least = "1.9" if written == (2, 0) else "1.17"
        warnings.warn(
            f"Stored array in format {written[0]}.0. It can only be read by NumPy >= {least}",
            UserWarning,
            stacklevel=4,
        )
    return data


def _checked_header(d, version):
    """The header that the core makes of it; None where it is no header."""
    shape = [operator.index(length) for length in d["shape"]]
    try:
        return bytes(
            _core.format_header(repr(d["descr"]), shape, bool(d["fortran_order"]), version)
        )
    except (OverflowError, ValueError):
        return None


def _header_as_given(d, version):
    """What NumPy makes of a dictionary that is no header: whoever reads it gets an error."""
    text = "{" + "".join(f"{key!r}: {d[key]!r}, " for key in sorted(d)) + "}"
    if growing := d["shape"][-1 if d["fortran_order"] else 0 :][:1]:
        text += " " * (GROWTH_AXIS_MAX_DIGITS - len(repr(growing[0])))
    for number in [version] if version else sorted(_LENGTHS):
        try:
            data = text.encode("utf8" if number == (3, 0) else "latin1")
            length = len(data) + 1
            whole = MAGIC_LEN + struct.calcsize(_LENGTHS[number]) + length
            length += ARRAY_ALIGN - whole % ARRAY_ALIGN
            prelude = magic(*number) + struct.pack(_LENGTHS[number], length)
        except (UnicodeEncodeError, struct.error):
            continue
        return prelude + data.ljust(length - 1) + b"\n"
    raise ValueError(f"Header length {len(text)} too big for version={version}")


def write_array_header(fp, d, version=None):
    """Write a header, from the magic on."""
    fp.write(header_bytes(d, version))


def write_array_header_1_0(fp, d):
    """Write a header of version 1.0, from the magic on."""
    write_array_header(fp, d, (1, 0))


def write_array_header_2_0(fp, d):
    """Write a header of version 2.0, from the magic on."""
    write_array_header(fp, d, (2, 0))
