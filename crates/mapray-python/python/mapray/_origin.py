"""What a map is made of: a path, or a file that is open already."""

import os
import pathlib
import stat

__all__ = ["origin_of"]


def origin_of(filename, mode):
    """The origin that NumPy's argument `filename` names, for a map in this (short) mode."""
    if hasattr(filename, "read"):
        return _OpenFile(filename, mode)
    return _AtPath(filename, mode)


class _AtPath:
    def __init__(self, filename, mode):
        path = os.fspath(filename)
        self.name = os.fsdecode(path)
        self.core_mode = mode
        if isinstance(filename, os.PathLike):
            self.filename = pathlib.Path(filename).resolve()
        elif isinstance(path, bytes):
            self.filename = None
        else:
            self.filename = os.path.abspath(path)

    def length(self):
        """The number of bytes of the file."""
        return os.stat(self.name).st_size

    def require(self, length):
        """Check that the file is there and has so many bytes, with NumPy's errors."""
        status = os.stat(self.name)
        if stat.S_ISREG(status.st_mode):
            _require(status.st_size, length)


class _OpenFile:
    def __init__(self, file, mode):
        # NumPy neither cuts nor clears a file that is open.
        self.core_mode = "r+" if mode == "w+" else mode
        # This also writes what Python still holds back.
        file.seek(0, os.SEEK_END)
        self._length = file.tell()
        self.name = file.fileno()
        name = getattr(file, "name", None)
        self.filename = os.path.abspath(name) if isinstance(name, str) else None

    def length(self):
        """The number of bytes of the file."""
        return self._length

    def require(self, length):
        """Check that the file has so many bytes, with NumPy's errors."""
        _require(self._length, length)


def _require(found, wanted):
    if found == 0:
        raise ValueError("cannot mmap an empty file")
    if found < wanted:
        raise ValueError("mmap length is greater than file size")
