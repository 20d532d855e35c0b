"""Reductions of whole maps by the core."""


import numpy as np
from numpy.lib.format import dtype_to_descr

from mapray._dtypes import dtype_of
from mapray._pages import Pages
from mapray._pagework import part_of

__all__ = ["Reductions"]

# What the core reduces as NumPy does: booleans, integers, floats and complex numbers of up to 8-byte parts.
_KINDS = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}


def reduced(array, name, axis=None, keepdims=False, ddof=0):
    """A reduction by the core; None where it is not one that the core does as NumPy does."""
    if not isinstance(array._mmap, Pages) or array.size == 0:
        return None
    if array.itemsize > _KINDS.get(array.dtype.kind, 0):
        return None
    axes = None if axis is None else [axis] if isinstance(axis, (int, np.integer)) else list(axis)
    pages = array._open_pages()
    part = part_of(array, pages, repr(dtype_to_descr(array.dtype)))
    wanted = (name, axes, bool(keepdims), float(ddof))
    descr, shape, data = pages.reduce(part, wanted)
    result = np.frombuffer(bytearray(data), dtype_of(descr)).reshape(shape)
    return result if shape else result[()]


def _counted(array, axis):
    """How many elements go into each element of the result."""
    if axis is None:
        return array.size
    axes = axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([array.shape[axis] for axis in axes]))


def _method(name, numpys):
    def method(self, axis=None, dtype=None, out=None, keepdims=False, **rest):
        if type(self)._is_memmap and dtype is None and out is None and not rest:
            result = reduced(self, name, axis, keepdims)
            if result is not None:
                return result
        return numpys(self, axis=axis, dtype=dtype, out=out, keepdims=keepdims, **rest)

    method.__name__ = name
    method.__doc__ = f"""As `numpy.ndarray.{name}`, by the core: other threads run, and a file that was cut short is an `OSError`."""
    return method


def _ordered(name, numpys):
    def method(self, axis=None, out=None, keepdims=False, **rest):
        if type(self)._is_memmap and out is None and not rest:
            result = reduced(self, name, axis, keepdims)
            if result is not None:
                return result
        return numpys(self, axis=axis, out=out, keepdims=keepdims, **rest)

    method.__name__ = name
    method.__doc__ = _method(name, numpys).__doc__
    return method


def _deviation(name, numpys):
    def method(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False, **rest):
        plain = type(self)._is_memmap and dtype is None and out is None and not rest
        # NumPy warns of what is left then.
        if plain and self.size and ddof < _counted(self, axis):
            result = reduced(self, name, axis, keepdims, ddof)
            if result is not None:
                return result
        rest |= {"dtype": dtype, "out": out, "ddof": ddof, "keepdims": keepdims}
        return numpys(self, axis=axis, **rest)

    method.__name__ = name
    method.__doc__ = _method(name, numpys).__doc__
    return method


class Reductions:
    """The part of `memmap` that reduces it.

    Integers give NumPy's results to the bit. Sums and means of floats are computed with 106 bits, and
    rounded once at the end. What the core does not do (``dtype``, ``out``, ``where``, ``initial``, other
    dtypes) NumPy does.

    Examples
    --------
    >>> import mapray, numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "a.npy")
    >>> mapray.save(path, [[1e16, 1.0, -1e16], [1.0, 2.0, 3.0]])
    >>> m = mapray.load(path, mmap_mode="r")
    >>> m[0].sum() == 1.0, m.max(axis=1).tolist()
    (np.True_, [1e+16, 3.0])
    >>> np.mean(m[1])
    np.float64(2.0)
    """

    __slots__ = ()

    # False for subclasses, whose results keep their class, as in NumPy.
    _is_memmap = False

    sum = _method("sum", np.ndarray.sum)
    mean = _method("mean", np.ndarray.mean)
    std = _deviation("std", np.ndarray.std)
    var = _deviation("var", np.ndarray.var)
    min = _ordered("min", np.ndarray.min)
    max = _ordered("max", np.ndarray.max)
    argmin = _ordered("argmin", np.ndarray.argmin)
    argmax = _ordered("argmax", np.ndarray.argmax)
    any = _ordered("any", np.ndarray.any)
    all = _ordered("all", np.ndarray.all)

    def count_nonzero(self, axis=None, *, keepdims=False):
        """As `numpy.count_nonzero` of this array."""
        return np.count_nonzero(self, axis, keepdims=keepdims)

    def __array_function__(self, function, types, args, kwargs):
        if function is np.count_nonzero and len(args) <= 2 and args and args[0] is self:
            axis = args[1] if len(args) == 2 else kwargs.get("axis")
            if type(self)._is_memmap and set(kwargs) <= {"axis", "keepdims"}:
                result = reduced(self, "count_nonzero", axis, kwargs.get("keepdims", False))
                if result is not None:
                    return result
        return np.ndarray.__array_function__(self, function, types, args, kwargs)
