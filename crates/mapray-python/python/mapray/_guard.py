"""The guard against the signal that kills a process whose mapped file is cut short."""

from mapray import _core

__all__ = ["guard"]


def guard():
    """Keep the process alive where the file under a map is cut short.

    NumPy's own code looks at a map's pages without asking anybody. Where the file has become shorter, or
    the disk has no room for a page, the system then ends the process (``SIGBUS``). Once this function has
    been called, such pages read as zeros instead, and each later call of ours on the map raises `OSError`.

    It installs a signal handler for the whole process. Again does no harm.

    Examples
    --------
    >>> import mapray, os, tempfile
    >>> mapray.guard()
    >>> path = os.path.join(tempfile.mkdtemp(), "a.bin")
    >>> m = mapray.memmap(path, mode="w+", shape=8192)
    >>> os.truncate(path, 0)
    >>> int(m[5000])
    0
    >>> m.flush()
    Traceback (most recent call last):
    ...
    OSError: ...
    """
    _core.install_guard()
