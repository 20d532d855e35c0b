"""What is done in Python: `work.py CONTENDER WORK [KEY=VALUE ...]` does one piece of work.

It prints the seconds that the work took, without the start of Python and its imports, and a number that tells whether
it was the same work: the result of a reduction, the size of a file. `work.py versions` prints what runs.
The contender `package` has `mapray` do what `numpy` does for the others.

What WORK does, and what the keys mean, is written down in `src/child/mod.rs`.
"""

import os
import platform
import resource
import statistics
import sys
import time

import numpy as np
from numpy.lib.format import open_memmap

# What opens and writes files: `mapray` where the package is the contender.
files = np


def once(work):
    """The seconds of one run, and what it returned."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def often(work, times):
    """The median of the seconds of many runs, after some that do not count."""
    for _ in range(3):
        work()
    runs = [once(work) for _ in range(times)]
    return statistics.median(seconds for seconds, _ in runs), runs[0][1]


def open_one(o):
    def work():
        return float(files.load(o["path"], mmap_mode="r")[0])

    return often(work, 200)


def open_member(o):
    def work():
        # NumPy ignores the mode for archives.
        with files.load(o["path"], mmap_mode="r") as archive:
            return float(archive[o["member"]][0])

    return often(work, 30)


def viewed(array, view):
    match view:
        case "whole":
            return array
        case "step":
            return array[::2]
        case "transposed":
            return array[:, 256:768].T
    raise ValueError(view)


def reduce(o):
    options = {}
    if "axis" in o:
        options["axis"] = int(o["axis"])
    if "accumulate" in o:
        options["dtype"] = o["accumulate"]
    op = getattr(np, o["op"])

    def work():
        return op(viewed(files.load(o["path"], mmap_mode="r"), o.get("view", "whole")), **options)

    seconds, result = once(work)
    return seconds, float(np.sum(result, dtype=float))


def summary(o):
    def work():
        array = np.load(o["path"], mmap_mode="r")
        bad = np.isnan(array).sum(), np.isinf(array).sum()
        return float(array.sum()), array.min(), array.max(), array.mean(), array.std(), bad

    seconds, result = once(work)
    return seconds, result[0]


def index_lists(count, rows, below):
    """Lists of indices in no order, the same as mapray's."""
    state, lists = 1, []
    for _ in range(count):
        indices = []
        for _ in range(rows):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            indices.append((state >> 33) % below)
        lists.append(np.array(indices))
    return lists


def gather(o):
    def rows(array, indices):
        return array[indices] if o["contender"] == "numpy" else np.take(array, indices, axis=0)

    times = int(o.get("batches", 0))
    array = files.load(o["path"], mmap_mode="r")
    first, *lists = index_lists(1 + (times + 3 if times else 0), int(o["rows"]), len(array))
    if not times:
        seconds, batch = once(lambda: rows(files.load(o["path"], mmap_mode="r"), first))
        return seconds, float(batch[:, 0].sum(dtype=float))
    # As in a loop: a batch goes when the next one has come, so that its memory is used again.
    batch = rows(array, first)
    value, lists = float(batch[:, 0].sum(dtype=float)), iter(lists)

    def work():
        nonlocal batch
        batch = rows(array, next(lists))

    return often(work, times)[0], value


def load(o):
    seconds, array = once(lambda: files.load(o["path"]))
    return seconds, float(array.flat[-1])


def load_members(o):
    def work():
        with files.load(o["path"]) as archive:
            return [archive[name] for name in archive.files]

    seconds, arrays = once(work)
    return seconds, sum(float(array[-1]) for array in arrays)


def sync(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def save(o):
    array = np.load(o["path"])

    def work():
        files.save(o["out"], array)
        if o["synced"] == "1":
            sync(o["out"])

    return once(work)[0], os.path.getsize(o["out"])


def savez(o):
    write = files.savez_compressed if o["compressed"] == "1" else files.savez
    arrays = np.array_split(np.load(o["path"]), int(o["members"]))
    arrays = {f"member{index:04}": array for index, array in enumerate(arrays)}
    return once(lambda: write(o["out"], **arrays))[0], os.path.getsize(o["out"])


def cap(o):
    """Caps the private memory at so many MiB above what there is."""
    if "cap" in o:
        with open("/proc/self/status") as status:
            data = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
        limit = (data << 10) + (int(o["cap"]) << 20)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def convert(o):
    cap(o)

    def through_memory():
        array = np.load(o["path"], mmap_mode="r")
        np.save(o["out"], array.astype(o["dtype"]) if "dtype" in o else np.asfortranarray(array))

    def through_maps():
        array = np.load(o["path"], mmap_mode="r")
        out = open_memmap(
            o["out"],
            "w+",
            dtype=o.get("dtype", array.dtype),
            shape=array.shape,
            fortran_order=o.get("order") == "F",
        )
        out[...] = array

    work = through_maps if o["contender"] == "numpy-memmap" else through_memory
    return once(work)[0], os.path.getsize(o["out"])


def multiply(o):
    if o["contender"] == "numexpr":
        import numexpr

    def work():
        array = np.load(o["path"], mmap_mode="r")
        out = open_memmap(o["out"], "w+", dtype=array.dtype, shape=array.shape)
        half = array.dtype.type(0.5)
        if o["contender"] == "numexpr":
            numexpr.evaluate("array * half", out=out)
        else:
            np.multiply(array, half, out=out)

    return once(work)[0], os.path.getsize(o["out"])


def flush(o):
    array = np.load(o["path"], mmap_mode="r+")
    array[len(array) // 2 :: 16, 0] = 0.5
    array[:256, 0] = 0.5
    return once(lambda: array[:256].flush())[0], 0.0


WORK = {
    "open": open_one,
    "open-member": open_member,
    "reduce": reduce,
    "summary": summary,
    "gather": gather,
    "load": load,
    "load-members": load_members,
    "save": save,
    "savez": savez,
    "convert": convert,
    "multiply": multiply,
    "flush": flush,
}


def main():
    global files
    if sys.argv[1] == "versions":
        import numexpr

        print(f"NumPy {np.__version__}, NumExpr {numexpr.__version__}, Python {platform.python_version()}")
        return
    contender, work, *rest = sys.argv[1:]
    if contender == "package":
        import mapray as files
    options = dict(pair.split("=", 1) for pair in rest)
    seconds, value = WORK[work](options | {"contender": contender})
    print(repr(seconds), repr(float(value)))


if __name__ == "__main__":
    main()
