"""Reading from whatever has a `read`."""

import io

__all__ = ["isfileobj", "read_exactly", "read_into"]


def isfileobj(f):
    """Whether `f` is a file of the system, opened by Python.

    Examples
    --------
    >>> import io, mapray.format
    >>> mapray.format.isfileobj(io.BytesIO())
    False
    """
    if not isinstance(f, (io.FileIO, io.BufferedReader, io.BufferedWriter)):
        return False
    try:
        f.fileno()
    except OSError:
        return False
    return True


def read_into(fp, memory):
    """Fill `memory`, a view of bytes; how many there were."""
    done = 0
    read_direct = fp.readinto if isfileobj(fp) and hasattr(fp, "readinto") else None
    while done < len(memory):
        if read_direct is not None:
            count = read_direct(memory[done:])
        else:
            # A stream may give less than it has, and take what is asked for as a reason to get memory.
            data = _read_some(fp, min(len(memory) - done, 1 << 18))
            count = len(data)
            memory[done : done + count] = data
        if not count:
            break
        done += count
    return done


def read_exactly(fp, size, what):
    """Read `size` bytes, or raise NumPy's error."""
    data = bytearray(size)
    found = read_into(fp, memoryview(data))
    if found != size:
        raise ValueError(f"EOF: reading {what}, expected {size} bytes got {found}")
    return bytes(data)


def _read_some(fp, size):
    while True:
        try:
            return fp.read(size)
        except BlockingIOError:
            pass
