"""Writes the corpus: `valid/`, small files of each format, and `hostile/`, files that lie.

    python3 fuzz/corpus.py [FOLDER]

Needs nothing but Python. The same bytes come out each time; a test compares them with those that are
checked in. `manifest.tsv` has a line for each file: its name, what opening it must give, and what it
is. What it must give is `reads` (it opens, and all that is in it can be read), the kind of an error,
or `Kind in a`: the archive opens, and its member `a` gives that error.

Take the files for tests of your own: nothing in them is mapray's.
"""

import struct
import sys
import zlib
from pathlib import Path

FILES = {}
MANIFEST = []


def add(name, expected, what, content):
    """One file of the corpus."""
    assert name not in FILES, name
    FILES[name] = content
    MANIFEST.append((name, expected, what))


# ------------------------------------------------------------------------------ .npy


def npy(dictionary, data=b"", version=1, length=None, align=64):
    """A `.npy` file with this header, true or not."""
    text = dictionary if isinstance(dictionary, bytes) else dictionary.encode("utf-8")
    field = "<H" if version == 1 else "<I"
    before = 8 + struct.calcsize(field)
    text += b" " * (-(before + len(text) + 1) % align) + b"\n"
    length = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(field, length) + text + data


def header(descr, shape, order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def array(descr, shape, data=b"", **how):
    return npy(header(descr, shape), data, **how)


def valid_npy():
    f8 = struct.pack("<6d", *range(6))
    add("valid/v1.npy", "reads", "2 x 3 numbers, version 1.0", array("'<f8'", "(2, 3)", f8))
    add("valid/v2-fortran.npy", "reads", "the same in Fortran order and big endian, version 2.0",
        npy(header("'>f8'", "(2, 3)", "True"), f8, 2))
    fields = "[('整', '<i4', (2,)), ('', '|V3'), (('Title', 'b'), [('c', '|u1')]), ('t', '<M8[25us]')]"
    add("valid/v3-records.npy", "reads", "records with padding, a title and a name in Chinese, version 3.0",
        array(fields, "(2,)", bytes(range(40)), version=3))
    add("valid/scalar.npy", "reads", "no axes", array("'<u2'", "()", b"\x01\x02"))


def hostile_npy():
    def one(name, expected, what, content):
        add(f"hostile/npy-{name}.npy", expected, what, content)

    def lie(name, expected, what, descr, shape, data=b"", **how):
        one(name, expected, what, array(descr, shape, data, **how))

    one("empty", "Format", "no byte at all", b"")
    one("magic-only", "Truncated", "the magic and no more", b"\x93NUMPY")
    one("version-9", "Format", "a version that does not exist", b"\x93NUMPY\x09\0" + bytes(120))
    one("length-4-gib", "Truncated", "a header of 4 GiB claimed in 76 bytes",
        npy("{", b"", 2, length=2**32 - 1))
    one("length-past-end", "Truncated", "a header that is longer than the file",
        npy(header("'<f4'", "(1,)"), b"", 1, length=200))
    one("length-into-data", "Format", "a header that takes in its data",
        npy(header("'|u1'", "(4,)"), b"\xff\xfe\xfd\xfc", 1, length=122))
    one("length-too-short", "Format", "a header that is cut in its dictionary",
        npy(header("'<f4'", "(1,)"), bytes(4), 1, length=40))
    one("blanks", "Format", "a header of 20,000 blanks", npy(header("'<f4'", "()") + " " * 20000, bytes(4)))

    lie("shape-2-to-64", "Format", "2^64 elements", "'|u1'", "(18446744073709551616,)")
    lie("shape-2-to-63", "Format", "2^63 elements claimed in 128 bytes", "'|u1'", "(9223372036854775808,)")
    lie("shape-most", "Shape", "2^63 - 1 bytes behind a header", "'|u1'", "(9223372036854775807,)")
    lie("shape-overflow", "Shape", "a size in bytes that overflows", "'<f8'", "(4611686018427387904,)")
    lie("shape-product", "Shape", "a product of axes that overflows to 0", "'|u1'", "(4294967296, 4294967296)")
    lie("shape-wraps-small", "Shape", "a product of axes that overflows to 4", "'|u1'",
        "(4, 4611686018427387905)", b"1234")
    lie("shape-zero-huge", "Shape", "no elements, of axes whose product overflows", "'|u1'",
        "(0, 4294967296, 4294967296)")
    lie("shape-zero-large", "reads", "no elements, of a long axis", "'<f8'", "(0, 4294967296)")
    lie("shape-1-tib", "Truncated", "1 TiB claimed", "'<f8'", "(137438953472,)")
    lie("shape-negative", "Format", "an axis of -1", "'<f8'", "(-1,)", bytes(8))
    lie("shape-minus-times-minus", "Format", "two negative axes whose product is the true size", "'|u1'",
        "(-2, -2)", bytes(4))
    lie("shape-digits", "Format", "an axis of a thousand digits", "'<f8'", "(" + "9" * 1000 + ",)")
    lie("shape-float", "Format", "an axis that is a float", "'<f8'", "(1.0,)", bytes(8))
    lie("shape-bool", "Format", "an axis that is a boolean", "'<f8'", "(True,)", bytes(8))
    lie("shape-list", "Format", "a list for a shape", "'<f8'", "[1]", bytes(8))
    lie("shape-nested", "Format", "a shape in a shape", "'<f8'", "((1,),)", bytes(8))
    lie("axes-64", "reads", "as many axes as there may be", "'|u1'", "(" + "1, " * 64 + ")", b"x")
    lie("axes-65", "Format", "one axis too many", "'|u1'", "(" + "1, " * 65 + ")", b"x")
    lie("axes-of-sub-array", "Format", "too many axes with those of the dtype", "('|u1', (1,))",
        "(" + "1, " * 64 + ")", b"x")
    lie("one-byte-short", "Truncated", "the last byte is missing", "'<f8'", "(2,)", bytes(15))
    lie("no-data", "Truncated", "a header and nothing behind it", "'<f8'", "(2,)")

    lie("itemsize-0", "reads", "2^62 elements of no bytes", "'|S0'", "(4611686018427387904,)")
    lie("itemsize-0-big-endian", "reads", "2^62 texts of no characters, to be swapped", "'>U0'",
        "(4611686018427387904,)")
    lie("itemsize-0-records", "reads", "2^40 records without fields", "[]", "(1099511627776,)")
    lie("itemsize-2-gib", "Truncated", "one element of 2 GiB", "'|V2147483647'", "(1,)")
    lie("itemsize-too-large", "Format", "an element of more than 2 GiB", "'|V2147483648'", "(1,)")
    lie("itemsize-text", "Format", "a text whose bytes overflow 31 bits", "'<U536870912'", "(1,)")
    lie("itemsize-negative", "Format", "an element of -8 bytes", "'|S-8'", "(1,)", bytes(8))
    lie("sub-array-overflow", "Format", "a sub-array whose size overflows",
        "('<f8', (2147483647, 2147483647, 2147483647))", "(1,)")
    lie("sub-array-negative", "Format", "a sub-array with a negative axis", "('<f8', (-1,))", "(1,)", bytes(8))
    lie("records-overflow", "Format", "fields whose sizes add up to more than 2 GiB",
        "[('a', '|V2147483647'), ('b', '|u1')]", "(1,)")
    lie("records-twice", "Format", "two fields of one name", "[('a', '<f4'), ('a', '<i4')]", "(1,)", bytes(8))
    lie("records-deep", "Format", "records nested 500 deep",
        "[('a', " * 500 + "'|u1'" + ")]" * 500, "(1,)", b"x")
    lie("object", "Dtype", "Python objects", "'|O'", "(1,)", b"\x80\x04K\x01.")
    lie("object-runs", "Dtype", "a pickle that would run a program", "'|O'", "(1,)", b"cos\nsystem\n(S'false'\ntR.")
    lie("object-hidden", "Dtype", "objects in a sub-array of a field", "[('a', [('b', '|O', (2,))])]", "(1,)", bytes(16))
    lie("object-huge", "Dtype", "2^60 Python objects", "'|O'", "(1152921504606846976,)")

    def text(name, expected, what, dictionary, **how):
        one(name, expected, what, npy(dictionary, bytes(8), **how))

    text("brackets", "Format", "9,000 opening brackets", "(" * 9000)
    text("dictionaries", "Format", "1,000 dictionaries in each other", "{1:" * 1000)
    text("code", "Format", "a call for a header", "__import__('os').system('false')")
    text("arithmetic", "Format", "a shape that is calculated", header("'<f8'", "(9**9**9,)"))
    text("text-repeated", "Format", "a text that is multiplied", header("'<f8' * 999999999", "(1,)"))
    text("quote-open", "Format", "a text without an end", "{'descr': '<f8")
    text("escape-open", "Format", "a header that ends in a backslash", b"{'descr': '<f8\\")
    text("nul", "Format", "NUL in a key", b"{'descr\0': '<f8', 'fortran_order': False, 'shape': (1,)}")
    text("utf-8-bad", "Format", "bytes that are no UTF-8 in version 3.0",
         b"{'descr': [('\xff\xfe', '<f8')], 'fortran_order': False, 'shape': (1,)}", version=3)
    text("utf-8-cut", "Format", "UTF-8 that is cut inside a character, in version 3.0",
         b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} #" + b" " * 58 + b"\xe6\x95", version=3, align=1)
    text("surrogate", "Format", "half of a surrogate pair", header(r"[('\ud800', '<f8')]", "(1,)"))
    text("key-missing", "Format", "no shape", "{'descr': '<f8', 'fortran_order': False}")
    text("key-too-many", "Format", "a key that must not be there", header("'<f8'", "(1,), 'x': 1"))
    text("key-twice", "reads", "two shapes, of which Python takes the last",
         "{'shape': (4611686018427387904,), 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}")
    text("keys-many", "Format", "a thousand keys", "{" + "".join(f"'k{i}': 0, " for i in range(1000)) + "}")
    text("order-number", "Format", "1 for True", header("'<f8'", "(1,)", "1"))
    text("two-dictionaries", "Format", "a dictionary behind the dictionary", header("'<f8'", "(1,)") + "{}")
    text("dtype-unknown", "Format", "a dtype that does not exist", header("'<f3'", "(1,)"))
    text("dtype-escape", "Format", "a dtype that commands the terminal", header(r"'<M8[\x1b[2J]'", "(1,)"))
    text("dtype-long", "Format", "a dtype of 9,000 characters", header("'" + "f" * 9000 + "'", "(1,)"))
    text("dtype-none", "Format", "None for a dtype", header("None", "(1,)"))


# ------------------------------------------------------------------------------ deflate


def bits(pairs):
    """Bytes of these numbers of so many bits, the first in the lowest ones."""
    value = count = 0
    for number, width in pairs:
        value |= number << count
        count += width
    return value.to_bytes((count + 7) // 8, "little")


def deflate_stored(data, last=True):
    """Deflate that compresses nothing."""
    length = struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
    return bytes([1 if last else 0]) + length + data


def deflate_repeated(data, runs):
    """`data`, then its last byte 258 times for each run, with the fixed codes of RFC 1951."""
    # Each run: length 258 is the code 11000101, which is written from its highest bit on; distance 1 is 00000.
    run = (0b10100011, 13)
    return deflate_stored(data, last=False) + bits([(0b011, 3)] + [run] * runs + [(0, 7)])


# ------------------------------------------------------------------------------ zip


class Member:
    """What is said of one member, true or not."""

    def __init__(self, name, data, packed=None, **lies):
        self.name = name if isinstance(name, bytes) else name.encode("utf-8")
        self.packed = data if packed is None else packed
        self.method = 0 if packed is None else 8
        self.crc, self.size, self.compressed = zlib.crc32(data), len(data), len(self.packed)
        self.flags, self.behind, self.shift = 0, b"", 0
        self.extra, self.local_extra = b"", b""
        # What the member's own header says instead.
        self.local = {}
        self.magic = b"PK\3\4"
        for key, lie in lies.items():
            assert hasattr(self, key), key
            setattr(self, key, lie)

    def streamed(self, signature=True, wide=False, sizes=None):
        sizes = sizes or (self.compressed, self.size)
        self.flags |= 8
        self.local = dict(crc=0, compressed=0, size=0)
        self.behind = b"PK\7\x08" if signature else b""
        self.behind += struct.pack("<IQQ" if wide else "<III", self.crc, *sizes)
        return self

    def zip64(self):
        """Its sizes in extra fields, as `numpy.savez` writes them into the member's own header."""
        self.local_extra = struct.pack("<HHQQ", 1, 16, self.size, self.compressed)
        self.local = dict(compressed=2**32 - 1, size=2**32 - 1)
        return self


def common(name, extra, values):
    return struct.pack("<5H3I2H", 20, values["flags"], values["method"], 0, 0x21, values["crc"],
                       values["compressed"], values["size"], len(name), len(extra))


def archive(members, front=b"", comment=b"", end=None, end64=None, gap=b""):
    """A zip archive. `end` overrides fields of the end record, `end64` asks for the wide one as well."""
    body, directory = front, b""
    for m in members:
        says = {key: getattr(m, key) for key in ("flags", "method", "crc", "compressed", "size")}
        at = len(body) - len(front) + m.shift
        own = {**says, **m.local}
        own_name = own.get("name", m.name)
        body += m.magic + common(own_name, m.local_extra, own) + own_name + m.local_extra + m.packed + m.behind
        directory += b"PK\1\2\x14\0" + common(m.name, m.extra, says)
        directory += struct.pack("<3H2I", 0, 0, 0, 0, at % 2**32) + m.name + m.extra
    values = dict(disk=0, count=len(members), size=len(directory), offset=len(body) - len(front))
    tail = b""
    if end64 is not None:
        wide = {**values, "length": 44, "locator": len(body) + len(directory), **end64}
        tail += b"PK\6\6" + struct.pack("<QHHII4Q", wide["length"], 45, 45, 0, 0, wide["count"], wide["count"],
                                        wide["size"], wide["offset"])
        tail += b"PK\6\7" + struct.pack("<IQI", 0, wide["locator"], 1)
        values.update(count=0xFFFF, size=2**32 - 1, offset=2**32 - 1)
    values.update(end or {})
    tail += b"PK\5\6" + struct.pack("<4H2IH", values["disk"], values["disk"], values["count"], values["count"],
                                    values["size"], values["offset"], len(comment)) + comment
    return body + directory + gap + tail


SMALL = array("'|u1'", "(5,)", b"12345", align=1)
OTHER = array("'<u2'", "(2,)", b"\1\2\3\4", align=1)


def valid_npz():
    add("valid/kinds.npz", "reads", "members that are stored, streamed and deflated", archive([
        Member("a.npy", SMALL),
        Member("b.npy", OTHER).streamed(),
        Member("c.npy", SMALL, deflate_stored(SMALL)),
    ]))
    add("valid/zip64.npz", "reads", "zip64 where NumPy writes it, and everywhere else", archive([
        Member("a.npy", SMALL).zip64(),
        Member("b.npy", OTHER, deflate_stored(OTHER)).streamed(wide=True),
    ], end64={}))


def hostile_npz():
    def one(name, expected, what, members, **how):
        content = members if isinstance(members, bytes) else archive(members, **how)
        add(f"hostile/npz-{name}.npz", expected, what, content)

    def a(**lies):
        return Member("a.npy", SMALL, **lies)

    def b(**lies):
        return Member("b.npy", OTHER, **lies)

    def deflated(packed, **lies):
        return Member("a.npy", SMALL, packed, **lies)

    whole, n = archive([a(), b()]), len(SMALL)
    one("end-missing", "Format", "no end record", whole[:-22])
    one("end-only-magic", "Format", "the first four bytes of a member", b"PK\3\4")
    one("end-empty", "reads", "an archive without members", [])
    one("end-fake-in-comment", "reads", "a comment with a false end record", [a()],
        comment=b"PK\5\6" + b"\xff" * 18)
    one("end-size-huge", "Format", "a directory of 4 GiB", [a()], end=dict(size=2**32 - 2))
    one("end-size-small", "Format", "a directory that is too short for its members", [a()], end=dict(size=40))
    one("end-offset-huge", "Format", "a directory behind the end", [a()], end=dict(offset=2**32 - 2))
    one("end-count-more", "Format", "65,534 members in a directory of two", [a(), b()], end=dict(count=65534))
    one("end-count-less", "Format", "one member in a directory of two", [a(), b()], end=dict(count=1))
    one("end-count-none", "Format", "no member in a directory of one", [a()], end=dict(count=0))
    one("end-disks", "Format", "the second of several disks", [a()], end=dict(disk=1))
    one("end-gap", "Format", "bytes between the directory and its end", [a()], gap=bytes(60))
    one("end-other-offset", "Format", "a directory that starts before where it is", [a()], end=dict(offset=0))
    one("front", "reads", "bytes in front of the archive", [a(), b()], front=b"#!/bin/sh\n")

    wide = 2**64 - 1
    one("zip64-count", "Format", "2^64 - 1 members", [a()], end64=dict(count=wide))
    one("zip64-size", "Format", "a directory of 2^64 - 1 bytes", [a()], end64=dict(size=wide))
    one("zip64-offset", "Format", "a directory at byte 2^64 - 1", [a()], end64=dict(offset=wide))
    one("zip64-length", "Format", "a wide end record of 2^64 - 1 bytes", [a()], end64=dict(length=wide))
    one("zip64-disagrees", "Format", "two end records that disagree", [a()], end64={}, end=dict(count=7))
    lost = archive([a()], end64=dict(locator=wide))
    one("zip64-locator", "Format", "a locator that leads to byte 2^64 - 1",
        patched(lost, lost.index(b"PK\6\6"), b"PK\6\5"))
    one("zip64-member-size", "Format in a", "a member of 2^64 - 1 bytes by its extra field",
        [a(compressed=2**32 - 1, size=2**32 - 1, extra=struct.pack("<HHQQ", 1, 16, wide, wide))])
    one("zip64-member-cut", "Format", "an extra field that is cut short",
        [a(compressed=2**32 - 1, size=2**32 - 1, extra=struct.pack("<HHQ", 1, 16, n))])
    one("zip64-member-short", "Format", "an extra field with one size for two",
        [a(compressed=2**32 - 1, size=2**32 - 1, extra=struct.pack("<HHQ", 1, 8, n))])
    one("zip64-member-none", "Format in a", "sizes that are said to stand in an extra field, of which there is none",
        [a(compressed=2**32 - 1, size=2**32 - 1)])
    one("zip64-own-other", "Format in a", "other sizes in the extra field of the member's own header",
        [a(local=dict(compressed=2**32 - 1, size=2**32 - 1), local_extra=struct.pack("<HHQQ", 1, 16, 1, 1))])

    one("directory-cut", "Format", "a name that is longer than the directory",
        patched(whole, whole.index(b"PK\1\2") + 28, b"\xff\xff"))
    one("directory-magic", "Format", "a second record that is none",
        patched(whole, whole.rindex(b"PK\1\2"), b"PK\1\3"))
    one("place-beyond", "Format", "a member behind the directory", [a(shift=5000)])
    one("place-inside", "Format in a", "a member that starts one byte late", [a(shift=1), b()])
    one("place-same", "Format in a", "two members in the same place", [a(), b(shift=-(30 + 5 + n))])
    one("place-bomb", "Format in a", "sixteen members over the same bytes",
        overlaps())
    one("overlaps-next", "Format in a", "a member that reaches into the next",
        [a(compressed=n + 40, size=n + 40, local=dict(compressed=n + 40, size=n + 40)), b()])
    one("overlaps-directory", "Format in a", "a member that reaches into the directory",
        [a(compressed=n + 1, size=n + 1)])
    one("size-4-gib", "Format in a", "a stored member of 4 GiB", [a(compressed=2**32 - 2, size=2**32 - 2)])
    one("size-two", "Format in a", "a stored member with two sizes", [a(size=n - 1)])
    one("own-magic", "Format in a", "a member that does not start with its header", [a(magic=b"PK\3\5")])
    one("own-name", "Format in a", "another name in the member's own header", [a(local=dict(name=b"b.npy"))])
    one("own-name-long", "Format in a", "a name in the member's own header that leaves the archive",
        patched(whole, 26, b"\xff\xff"))
    one("own-method", "Format in a", "deflated in the directory, stored in the member's own header",
        [deflated(deflate_stored(SMALL), local=dict(method=0))])
    one("own-size", "Format in a", "another size in the member's own header", [a(local=dict(size=n - 1))])
    one("own-encrypted", "Format in a", "encrypted by its own header only", [a(local=dict(flags=1))])
    one("streamed-sizes", "Format in a", "other sizes behind a streamed member", [a().streamed(sizes=(1, 1))])
    one("streamed-cut", "Format in a", "no sizes behind a streamed member",
        [a(flags=8, local=dict(crc=0, compressed=0, size=0))])

    one("encrypted", "Unsupported in a", "an encrypted member", [a(flags=1)])
    one("encrypted-strongly", "Unsupported in a", "a strongly encrypted member", [a(flags=65)])
    one("encrypted-directory", "Unsupported in a", "masked headers", [a(flags=1 << 13)])
    one("patch", "Unsupported in a", "a patch to another file", [a(flags=32)])
    for method, what in [(1, "shrunk"), (6, "imploded"), (9, "deflate64"), (12, "bzip2"), (14, "lzma"), (93, "zstd"),
                         (99, "AES"), (65535, "a method that does not exist")]:
        one(f"method-{method}", "Unsupported in a", f"a member that is compressed otherwise: {what}", [a(method=method)])

    one("crc-stored", "Format in a", "a stored member with a wrong checksum", [a(crc=1)])
    one("crc-deflated", "Format in a", "a deflated member with a wrong checksum",
        [deflated(deflate_stored(SMALL), crc=1)])
    runs = 10000
    start = array("'|u1'", f"({1 + 258 * runs},)", b"\0", align=1)
    one("bomb", "reads", "2.5 MB in 16 KB: one byte, repeated",
        [Member("a.npy", start + bytes(258 * runs), deflate_repeated(start, runs))])
    one("bomb-claimed", "Format in a", "4 GiB claimed of 100 deflated bytes",
        [deflated(deflate_stored(SMALL), size=2**32 - 2)])
    one("bomb-behind-header", "Format in a", "a member that goes on behind its claimed size",
        [Member("a.npy", SMALL, deflate_repeated(SMALL, 1000))])
    one("deflate-cut", "Format in a", "deflate that ends too early", [deflated(deflate_stored(SMALL)[:-3])])
    one("deflate-nothing", "Format in a", "deflate of no byte", [deflated(b"")])
    one("deflate-noise", "Format in a", "deflate that is none", [deflated(b"\xff" * 60)])
    one("deflate-block-3", "Format in a", "a block of the reserved type", [deflated(b"\x07" + bytes(60))])
    one("deflate-more", "Format in a", "bytes behind the end of the deflated ones",
        [deflated(deflate_stored(SMALL) + b"more")])
    one("deflate-too-far", "Format in a", "a repetition of what was before the start",
        [deflated(bits([(0b011, 3), (0b10100011, 13), (0, 7)]))])
    one("deflate-length", "Format in a", "a block whose two lengths disagree",
        [deflated(b"\1" + struct.pack("<HH", n, 0) + SMALL)])

    for name, text, what in [
        ("up", "../../../etc/passwd", "a name that leads up"),
        ("absolute", "/etc/passwd", "an absolute name"),
        ("backslash", "..\\..\\a", "a name that leads up on other systems"),
        ("device", "NUL", "the name of a device"),
        ("empty", "", "a name of no characters"),
        ("suffix-only", ".npy", "a name that is a suffix only"),
        ("nul", "a\0b", "NUL in a name"),
        ("escape", "\x1b[2J\x1b]0;title\x07", "a name that commands the terminal"),
        ("lines", "a\nerror: b", "a name of two lines"),
        ("right-to-left", "\u202eypn.exe", "a name that is displayed backwards"),
        ("long", "n" * 10000, "a name of 10,000 bytes"),
    ]:
        one(f"name-{name}", "reads", what, [Member(text, SMALL, flags=1 << 11)])
    one("name-utf-8-bad", "reads", "a name that is no UTF-8, marked as such", [Member(b"\xff\xfe", SMALL, flags=1 << 11)])
    one("name-twice", "reads", "two members of one name, of which the last counts", [a(crc=1), a()])
    one("name-with-and-without", "reads", "two members that NumPy calls alike", [Member("a", SMALL), a()])

    def inside(name, expected, what, content):
        one(f"inside-{name}", f"{expected} in a", what, [Member("a.npy", content)])
        one(f"inside-{name}-deflated", f"{expected} in a", f"{what}, deflated",
            [Member("a.npy", content, deflate_stored(content))])

    inside("text", "Format", "a member that is no array", b"What is this?")
    inside("nothing", "Format", "a member of no bytes", b"")
    inside("short", "Truncated", "an array that is longer than its member", array("'|u1'", "(9,)", b"1234", align=1))
    inside("huge", "Truncated", "an array of 1 TiB", array("'|u1'", "(1099511627776,)", b"1234", align=1))
    inside("overflow", "Shape", "an array whose size overflows", array("'<f8'", "(4611686018427387904,)", align=1))
    inside("header", "Truncated", "a header of 4 GiB", npy("{", b"", 2, length=2**32 - 1))
    inside("object", "Dtype", "Python objects", array("'|O'", "(1,)", b"cos\nsystem\n(S'false'\ntR.", align=1))
    inside("zip", "Format", "an archive in the archive", archive([a()]))


def overlaps():
    """Sixteen records of the directory for the same bytes."""
    members = [Member("a.npy" if i == 0 else f"{i:x}.npy", SMALL) for i in range(16)]
    one = archive(members[:1])
    start = one.index(b"PK\1\2")
    directory = one[start:-22]
    records = b"".join(directory.replace(b"a.npy", m.name) for m in members)
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 16, 16, len(records), start, 0)
    return one[:start] + records + end


def patched(content, at, other):
    """The same with other bytes from `at` on."""
    return content[:at] + other + content[at + len(other):]


# ------------------------------------------------------------------------------ safetensors


def tensors(text, data=b"", length=None):
    text = text if isinstance(text, bytes) else text.encode("utf-8")
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(name, dtype="U8", shape="[4]", offsets="[0,4]"):
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


def valid_safetensors():
    text = "{" + ",".join([
        '"__metadata__":{"made":"by hand"}',
        tensor("b", "F32", "[2,2]", "[2,18]"),
        tensor("a", "BF16", "[]", "[0,2]"),
        tensor("c", "F4", "[3,2]", "[18,21]"),
    ]) + "}"
    add("valid/two.safetensors", "reads", "tensors in another order than in the header, and metadata",
        tensors(text, bytes(range(21))))


def hostile_safetensors():
    def one(name, expected, what, text, data=bytes(4), length=None):
        add(f"hostile/safetensors-{name}.safetensors", expected, what, tensors(text, data, length))

    good = "{" + tensor("a") + "}"
    one("length-most", "Format", "a header of 2^64 - 1 bytes", good, length=2**64 - 1)
    one("length-4-gib", "Format", "a header of 4 GiB", good, length=2**32)
    one("length-too-long", "Format", "a header that is longer than the file", good, length=500)
    one("length-100-mb", "Format", "a header of just what is allowed, in a small file", good, length=100_000_000)
    one("length-into-data", "Format", "a header that takes in its data", good, length=len(good) + 2)
    one("length-too-short", "Format", "a header that is cut", good, length=len(good) - 2)
    one("length-0", "Format", "a header of no bytes", "", b"{}", length=0)
    one("blanks", "reads", "a header with blanks behind it", good + " " * 30)
    one("list", "Format", "a list", "{[" + tensor("a") + "]}")
    one("not-an-object", "Format", "a tensor that is a number", '{"a":1}')
    one("comma", "Format", "a comma too many", good[:-1] + ",}")
    one("twice", "Format", "two objects", good + good)
    one("name-twice", "Format", "two tensors of one name", "{" + tensor("a") + "," + tensor("a", offsets="[4,8]") + "}", bytes(8))
    one("key-twice", "Format", "a tensor with two shapes",
        '{"a":{"dtype":"U8","shape":[4],"shape":[2],"data_offsets":[0,4]}}')
    one("key-missing", "Format", "a tensor without a dtype", '{"a":{"shape":[4],"data_offsets":[0,4]}}')
    one("metadata-number", "Format", "metadata that is no text", '{"__metadata__":{"a":1},' + tensor("a") + "}")
    one("metadata-tensor", "Format", "a tensor called __metadata__", "{" + tensor("__metadata__") + "}")
    one("nested", "Format", "10,000 brackets", '{"a":{"dtype":"U8","shape":' + "[" * 10000 + "}")
    one("utf-8-bad", "Format", "bytes that are no UTF-8", good.encode().replace(b'"a"', b'"\xff"'))
    one("surrogate", "Format", "half of a surrogate pair", "{" + tensor("\\ud800") + "}")
    one("nul", "Format", "NUL in a name, not escaped", "{" + tensor("\0") + "}")
    one("name-nul", "reads", "NUL in a name, escaped", "{" + tensor("a\\u0000b") + "}")
    one("name-up", "reads", "a name that leads up", "{" + tensor("../../etc/passwd") + "}")
    one("name-empty", "reads", "a name of no characters", "{" + tensor("") + "}")
    one("overlap", "Format", "two tensors over the same bytes", "{" + tensor("a") + "," + tensor("b") + "}")
    one("overlap-by-one", "Format", "two tensors that share a byte",
        "{" + tensor("a") + "," + tensor("b", offsets="[3,7]") + "}", bytes(7))
    one("hole", "Format", "a byte that is nobody's", "{" + tensor("a") + "," + tensor("b", offsets="[5,9]") + "}", bytes(9))
    one("hole-first", "Format", "a first tensor that does not start at 0", "{" + tensor("a", offsets="[1,5]") + "}", bytes(5))
    one("rest", "Format", "bytes behind the last tensor", good, bytes(5))
    one("short", "Truncated", "a file that ends before its tensors", good, bytes(3))
    one("backwards", "Format", "a tensor that ends before it starts", "{" + tensor("a", offsets="[4,0]") + "}")
    one("offsets-most", "Format", "a tensor at the end of all numbers",
        "{" + tensor("a", offsets=f"[{2**64 - 5},{2**64 - 1}]") + "}")
    one("offsets-1-tib", "Truncated", "a tensor of 1 TiB", "{" + tensor("a", shape=f"[{2**40}]", offsets=f"[0,{2**40}]") + "}")
    one("offsets-negative", "Format", "a negative offset", "{" + tensor("a", offsets="[-4,0]") + "}")
    one("offsets-three", "Format", "three offsets", "{" + tensor("a", offsets="[0,4,8]") + "}")
    one("offsets-float", "Format", "an offset that is a float", "{" + tensor("a", offsets="[0.0,4.0]") + "}")
    one("shape-other", "Format", "a shape of another size than the offsets", "{" + tensor("a", shape="[5]") + "}")
    one("shape-overflow", "Format", "a shape whose size overflows to that of the offsets",
        "{" + tensor("a", shape=f"[{2**62 + 1},4]") + "}")
    one("shape-bits-overflow", "Format", "a shape whose size in bits overflows", "{" + tensor("a", "F64", f"[{2**61}]", "[0,0]") + "}", b"")
    one("shape-zero-huge", "Shape", "no elements, of axes whose product overflows",
        "{" + tensor("a", shape=f"[0,{2**40},{2**40}]", offsets="[0,0]") + "}", b"")
    one("shape-negative", "Format", "a negative axis", "{" + tensor("a", shape="[-4]") + "}")
    one("shape-beyond", "Format", "an axis beyond 64 bits", "{" + tensor("a", shape="[99999999999999999999]") + "}")
    one("axes-65", "Format", "one axis too many", "{" + tensor("a", shape="[4" + ",1" * 64 + "]") + "}")
    one("dtype-unknown", "Unsupported", "a type that does not exist", "{" + tensor("a", "U4") + "}")
    one("dtype-half-byte", "Format", "half a byte", "{" + tensor("a", "F4", "[7]", "[0,4]") + "}")


# ------------------------------------------------------------------------------ journals


def journal(kind=1, payload=b"", version=1, path=b"/data/a.npy", path_len=None, payload_len=None, magic=b"\x93MAPRAYJ"):
    """A journal of no file that there is, whose checksums fit (FORMAT.md, 11.2)."""
    path_len = len(path) if path_len is None else path_len
    payload_len = len(payload) if payload_len is None else payload_len
    times = struct.pack("<qi", 1780000000, 5) * 3
    head = magic + struct.pack("<IIQQQ", version, kind, 2049, 4711, 176) + times
    head += struct.pack("<QII", payload_len, zlib.crc32(payload), path_len) + path
    return head + struct.pack("<I", zlib.crc32(head)) + payload


def piece(offset, new, old=None, claims=None):
    """A piece of at most one sector, in the journal of bytes that are written over others."""
    old = bytes(len(new)) if old is None else old
    claims = len(new) if claims is None else claims
    return struct.pack("<QIII", offset, claims, zlib.crc32(old), zlib.crc32(new)) + new


def journals():
    def one(name, expected, what, content):
        add(f"hostile/journal-{name}.journal", expected, what, content)

    add("valid/piece.journal", "reads", "a journal about another file", journal(1, piece(128, b"\x07" * 8)))
    one("empty", "Format", "nothing", b"")
    one("magic", "Format", "not the magic of a journal", journal(magic=b"\x93NUMPYJJ"))
    one("version-2", "Unsupported", "a later version", journal(version=2))
    one("kind-9", "Unsupported", "a kind that only a later version knows", journal(kind=9))
    one("path-long", "Format", "a path of 4 GiB", journal(path_len=2**32 - 1))
    one("path-beyond", "Format", "a path that ends behind the file", journal(path_len=60000))
    one("path-nul", "reads", "a path with NULs and escapes, which nobody looks at", journal(path=b"\0\x1b[2J\xff"))
    one("payload-beyond", "Format", "a payload of 2^63 bytes", journal(payload_len=2**63))
    one("payload-short", "Format", "a payload shorter than what is there", journal(payload=b"12", payload_len=1))
    one("payload-crc", "Format", "a payload that does not fit its checksum", journal(payload=b"12")[:-1] + b"3")
    one("header-crc", "Format", "a header that does not fit its checksum", journal()[:-1] + b"\0")
    one("piece-huge", "reads", "a piece of 4 GiB, about another file", journal(1, piece(0, b"1", claims=2**32 - 1)))
    one("piece-wraps", "reads", "a piece at 2^64 - 1, about another file", journal(1, piece(2**64 - 1, b"12345678")))


# ------------------------------------------------------------------------------ texts


def texts():
    def dtype(name, expected, what, text):
        add(f"hostile/{name}.dtype", expected, what, text if isinstance(text, bytes) else text.encode("utf-8"))

    def slice(name, expected, what, text):
        add(f"hostile/{name}.slice", expected, what, text.encode("utf-8"))

    add("valid/records.dtype", "reads", "fields with repeats", b"f4, (2,3)>i4, M8[25us], U3")
    add("valid/descr.dtype", "reads", "a descr with padding, a title and a sub-array",
        b"[('a', '<i4', (2, 3)), ('', '|V3'), (('T', 'b'), [('c', '|u1')])]")
    dtype("fields-many", "reads", "a thousand fields", "u1," * 1000)
    dtype("fields-deep", "Dtype", "records nested 500 deep", "[('a', " * 500 + "'u1'" + ")]" * 500)
    dtype("brackets", "Dtype", "10,000 brackets", "(" * 10000)
    dtype("repeats", "Dtype", "repeats of repeats", "(2)" * 1000 + "f4")
    dtype("repeats-huge", "Dtype", "more repeats than fit", "99999999999999999999f4")
    dtype("repeats-overflow", "Dtype", "repeats whose product overflows", "(2147483647,2147483647,2147483647)f8")
    dtype("size-wraps", "Dtype", "a size that overflows 32 bits to 4", "f4294967300")
    dtype("unit-huge", "Dtype", "a count of units beyond 31 bits", "M8[99999999999s]")
    dtype("unit-zero", "Dtype", "a unit divided by zero", "M8[s/0]")
    dtype("nul", "Dtype", "NUL behind a dtype", b"f4\0")
    dtype("wide-digits", "Dtype", "digits that are not ASCII", "f\uff14")
    add("valid/whole.slice", "reads", "one of each item", b"[0:10, ::2, -1, ..., None]")
    slice("digits", "reads", "an index of 5,000 digits, which fits no array", "9" * 5000)
    slice("brackets", "Index", "10,000 brackets", "[" * 10000)
    slice("axes", "reads", "a thousand new axes, which no array may have", "[" + "None," * 1000 + "]")
    slice("colons", "Index", "10,000 colons", ":" * 10000)
    slice("signs", "reads", "a hundred signs", "-" * 100 + "1")
    slice("dots", "Index", "10,000 dots", "." * 10000)
    slice("nul", "Index", "NUL", "1\0")


valid_npy()
valid_npz()
valid_safetensors()
hostile_npy()
hostile_npz()
hostile_safetensors()
journals()
texts()


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    lines = "".join("\t".join(line) + "\n" for line in MANIFEST)
    (folder / "manifest.tsv").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
