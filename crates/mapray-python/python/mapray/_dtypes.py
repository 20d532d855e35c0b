"""Dtypes as the core spells them."""

import ast
import functools

from numpy.lib.format import descr_to_dtype

__all__ = ["dtype_of"]


@functools.lru_cache(maxsize=256)
def dtype_of(descr):
    """The dtype that a header spells so."""
    return descr_to_dtype(ast.literal_eval(descr))
