from typing import Any

import numpy as np

__all__ = ["dtype_of"]

def dtype_of(descr: str) -> np.dtype[Any]: ...
