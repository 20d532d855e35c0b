"""Which file a map is of."""

import os

__all__ = ["identity_of", "require_same"]


def identity_of(pages):
    """Device, inode, size and time of change (in ns) of the file under the core's map.

    Raises
    ------
    OSError
        Where another file has taken the path, or none is there any more.
    """
    descriptor = pages.descriptor()
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def require_same(path, identity, end, changes):
    """Check that the file at a path is the one that was meant, and reaches as far as byte `end`.

    A file that `changes` by design may have any size and time; another must be as it was.
    """
    status = os.stat(path)
    found = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
    if found[:2] != identity[:2]:
        raise OSError(f"{path}: another file has taken the place of the one that was pickled")
    if not changes and found[2:] != identity[2:]:
        raise OSError(f"{path}: the file was changed since it was pickled")
    if found[2] < end:
        raise OSError(f"{path}: the file has {found[2]} bytes, and the array that was pickled needs {end}")
