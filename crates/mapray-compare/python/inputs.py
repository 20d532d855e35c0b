"""Makes the files that the benchmarks read: `inputs.py KIND PATH [KEY=VALUE ...]`.

KIND is array (dtype=, shape=, order=), archive (members=, length=, compressed=) or tensors (members=, length=).
The elements are multiples of 1/256 below 1, or integers of the dtype's whole range, repeated every 8 MiB. Files are
written in blocks of 8 MiB, so that the page cache holds them in large folios.
"""

import io
import os
import sys

import numpy as np

BLOCK = 8 << 20


def elements(dtype, count):
    """So many pseudo-random elements."""
    random = np.random.default_rng(1)
    if dtype.kind == "b":
        return random.integers(0, 2, count).astype(dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, count, endpoint=True).astype(dtype)
    return (random.integers(0, 256, count) / 256).astype(dtype)


def array(path, dtype, shape, order="C"):
    """One `.npy` file."""
    dtype = np.dtype(dtype)
    shape = tuple(int(length) for length in shape.split("x"))
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": dtype.str, "fortran_order": order == "F", "shape": shape}
    )
    block = elements(dtype, BLOCK // dtype.itemsize).tobytes()
    rest = int(np.prod(shape)) * dtype.itemsize
    # The first block is shorter by the header, so that all others begin at multiples of their size.
    first = header.getvalue() + block[: BLOCK - header.tell()][:rest]
    rest -= len(first) - header.tell()
    with open(path, "wb", buffering=0) as file:
        file.write(first)
        while rest > 0:
            rest -= file.write(memoryview(block)[:rest])
        os.fsync(file.fileno())


def members(count, length):
    """Arrays for archives: of `<f8` where they are small, of `<f4` where they are large."""
    dtype = np.dtype("<f8" if int(length) < 4096 else "<f4")
    one = elements(dtype, int(length))
    return {f"member{index:04}": one + dtype.type(index) for index in range(int(count))}


def archive(path, members_, length, compressed="0"):
    """One `.npz` file."""
    save = np.savez_compressed if int(compressed) else np.savez
    save(path, **members(members_, length))


def tensors(path, members_, length):
    """One safetensors file."""
    from safetensors.numpy import save_file

    save_file(members(members_, length), path)


def main():
    kind, path, *rest = sys.argv[1:]
    options = dict(pair.split("=", 1) for pair in rest)
    if "members" in options:
        options["members_"] = options.pop("members")
    {"array": array, "archive": archive, "tensors": tensors}[kind](path, **options)


if __name__ == "__main__":
    main()
