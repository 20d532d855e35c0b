"""Closing a map that arrays may still lie over."""

import builtins

import numpy as np

from mapray import _core
from mapray._pages import Pages

__all__ = ["IN_METHOD", "Closing", "require_alone"]


class _Probe:
    """Counts the references that a call itself makes, in the shape of `Closing`."""

    def close(self):
        return _core.references(self)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.count = _core.references(self)


class _Based:
    """Something with a base, as arrays have."""

    def __init__(self):
        self.base = object()


def _base_references():
    """How many references there are to a base, and to it alone, where one variable holds it."""
    base = _Based().base
    return _core.references(base)


def _own_references():
    """How many references an object has in its own `close` and `__exit__` if one variable refers to it."""
    probe = _Probe()
    with probe:
        pass
    return probe.close(), probe.count


IN_METHOD, _IN_EXIT = _own_references()
# One for the array whose base it is.
_OF_A_BASE = _base_references() + 1


class Closing:
    """The part of `memmap` that closes it."""

    __slots__ = ()

    @property
    def closed(self):
        """Whether the map was closed. An array in memory never is."""
        return isinstance(self._mmap, Pages) and self._mmap.closed

    def close(self, *, force=False):
        """Write what was stored to the file, and let the file go.

        Nothing that still refers to the array can crash: zeros that belong to this process alone take the
        place of the pages, and stay there until the last array dies. Calls of ours raise `ValueError` then.
        Again does nothing.

        Parameters
        ----------
        force : bool, optional
            Close though views or something else refer to the map; they show zeros from then on.

        Raises
        ------
        BufferError
            Where something besides one variable refers to the map, and it is not forced.
        OSError
            Where what was stored cannot be written; the map is closed then all the same.

        Examples
        --------
        >>> import mapray, numpy as np, os, tempfile
        >>> m = mapray.memmap(os.path.join(tempfile.mkdtemp(), "a"), mode="w+", shape=10)
        >>> row = m[2:5]
        >>> m.close()
        Traceback (most recent call last):
        ...
        BufferError: 1 view of the map is in use; drop it first, or call close(force=True)
        >>> m.close(force=True)
        >>> row
        <closed memmap, shape=(3,), dtype=uint8>
        >>> np.asarray(row)
        array([0, 0, 0], dtype=uint8)
        >>> m[0]
        Traceback (most recent call last):
        ...
        ValueError: the map is closed
        """
        if isinstance(self._mmap, Pages) and not self._mmap.closed:
            if not force:
                require_alone(_core.references(self) - IN_METHOD, self)
            self._mmap.let_go()

    def __repr__(self):
        if self.closed:
            return f"<closed {type(self).__name__}, shape={self.shape}, dtype={self.dtype}>"
        return np.ndarray.__repr__(self)

    def __str__(self):
        return repr(self) if self.closed else np.ndarray.__str__(self)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if not isinstance(self._mmap, Pages) or self._mmap.closed:
            return
        if kind is not None:
            # What went wrong in the block says more than views that its frames keep alive.
            self._mmap._map.flush()
            return
        require_alone(_core.references(self) - _IN_EXIT, self)
        self._mmap.let_go()


def require_alone(others, array):
    """Raise if other arrays lie over the pages of this one, or there are `others` that refer to it."""
    # What an interactive session has printed last is not in use.
    others -= getattr(builtins, "_", None) is array
    pages = array._mmap
    views = pages.leases - 1
    whole = array.base
    # The array of which this is a view, if it lives for this view only, is nobody's.
    if views == 1 and whole is not pages and _core.references(whole) <= _OF_A_BASE:
        views = 0
    if views > 0:
        views = "1 view of the map is" if views == 1 else f"{views} views of the map are"
        them = "it" if views.startswith("1 ") else "them"
        raise BufferError(f"{views} in use; drop {them} first, or call close(force=True)")
    if others > 0 or pages._map.exports:
        raise BufferError(
            "something else still refers to the map (a view that is a plain array, say); "
            "drop it first, or call close(force=True)"
        )
