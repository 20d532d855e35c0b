"""Whether arrays that were appended to are in NumPy what they are to be.

    python append_check.py DIR

DIR is a folder of `append.py`, in which each `N.base.npy` has been appended to. Prints the number of cases, or
fails with those that are wrong.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
cases = json.loads((folder / "cases.json").read_text())
wrong = []
for n, case in enumerate(cases):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = np.load(folder / f"{n}.base.npy", max_header_size=100_000)
        expected = np.load(folder / f"{n}.grown.npy", max_header_size=100_000)
    same = found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()
    if not same or np.isfortran(found) != np.isfortran(expected):
        wrong.append(f"{case['name']}: {found.dtype} {found.shape}, not {expected.dtype} {expected.shape}")
assert not wrong, "\n".join(wrong)
print(len(cases))
