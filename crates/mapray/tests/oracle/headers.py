"""Headers written by hand: odd ones that NumPy takes, and wrong ones that it refuses.

Each is (name, text, version); a version of None stands for 1.0. What NumPy makes of them is not said here
but asked of it.
"""


def header(descr="'<i4'", order="False", shape="(3,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def of_descrs(prefix, descrs):
    return [(f"{prefix}-{i:02}", header(descr), None) for i, descr in enumerate(descrs)]


PLAIN = header()

# Names without a byte order, of every kind that `numpy.dtype` knows.
SPELLED = """
    float32 =f4 int uint f d i l q ? b B h H I L Q e g F D G p P int8 int16 int32 int64 uint8 uint16 uint32
    uint64 float16 float64 half single double longdouble float128 complex64 complex128 complex256 bool bool_
    str str_ bytes bytes_ void S U V V3 a5 c b1 i4 f8 c8 u2 U2 |i4 |f4 <b1 <i1 >u1 <S3 >S3 |U3 =U3 >V3 intp
    uintp intc uintc short ushort longlong ulonglong long ulong byte ubyte csingle cdouble clongdouble float
    complex f16 <c32 unicode M m M8 m8 datetime64 timedelta64 datetime64[ns] timedelta64[s] m8[D] M8[1s]
    M8[1000ms] M8[s/1000] M8[Y/4] M8[generic] >M8[D] |M8[D] S03
""".split()

SUBARRAYS = [
    "('<f4', (2,))", "('<f4', 2)", "('<f4', ())", "('<f4', (0,))", "('>i2', (2, 3))", "(('<f4', (2,)), (3,))",
    "('|V8', 3)", "'(2,)f4'", "'2f4'", "'(2, 3)i4'", "'>(2,)i4'", "'(2,)>i4'", "([('a', '<i2')], (2,))",
]  # fmt: skip

RECORDS = [
    "[['a', '<i4']]", "[('x', '<i4', 2)]", "[('x', '<i4', ())]", "[('a', ('<i4', (2,)))]", "[('a', 'float32')]",
    "[('a', '(2,)f4')]", "[('a', 'f4,i4')]", "'f4,i4'", "'f4, (2, 3)i4'", "'3i4,f8'", "'i4,'",
    "[('', '<i4')]", "[('f0', '<i4'), ('', '<i2')]", "[('', '|V4'), ('', '|V2')]", "[('', '|V0'), ('a', '<i4')]",
    "[((None, 'a'), '<i4')]", "[(('', 'a'), '<i4')]", "[(('t', ''), '<i4')]", "[('', 'V4'), ('a', '|i1')]",
    "[('a', [('', '|V1'), ('b', '<i2', 2)], (3,)), ('', '|V3')]",
]  # fmt: skip

LITERALS = [
    ("double-quotes", '{"descr": "<i4", "fortran_order": False, "shape": (3,)}'),
    ("other-key-order", "{'shape': (3,), 'fortran_order': False, 'descr': '<i4'}"),
    ("no-blanks", "{'descr':'<i4','fortran_order':False,'shape':(3,)}"),
    ("leading-blanks", "  \t " + PLAIN),
    ("leading-newline", "\n" + PLAIN),
    ("comment-after", PLAIN + "  # a comment, {'descr'"),
    ("comment-before", "# a comment\n" + PLAIN),
    ("comment-inside", "{ # a } in a comment\n'descr': '<i4',\n\n 'fortran_order': False, 'shape': (3,)}"),
    ("parenthesised", "(" + PLAIN + ")"),
    ("newline-inside", header(shape="(3,\n2)")),
    ("carriage-return", PLAIN + "\r\n"),
    ("form-feed", "{'descr': '<i4'\f, 'fortran_order': False, 'shape': (3,)}"),
    ("continued-line", "{'descr': '<i4', \\\n'fortran_order': False, 'shape': (3,)}"),
    ("python-2-long", header(shape="(3L,)")),
    ("python-2-longs", header(shape="(3L, 2L)", descr="[('a', '<i2', (2L,))]", order="True")),
    ("unicode-prefix", "{u'descr': u'<i4', u'fortran_order': False, u'shape': (3,)}"),
    ("raw-prefix", header("r'<i4'")),
    ("joined-strings", header("'<' 'i4'")),
    ("triple-quotes", header("'''<i4'''")),
    ("hex-escape", header("'\\x3ci4'")),
    ("unicode-escape", header("'\\u003ci4'")),
    ("octal-escape", header("'\\74i4'")),
    ("hex-number", header(shape="(0x3,)")),
    ("octal-number", header(shape="(0o3,)")),
    ("binary-number", header(shape="(0b11,)")),
    ("underscored-number", header(shape="(1_0,)")),
    ("signed-number", header(shape="(+3,)")),
    ("zeros", header(shape="(00,)")),
    ("inner-parentheses", header(shape="((3),)", order="(False)")),
    ("blanks-in-shape", header(shape="( 3 , 2 , )")),
    ("no-dimensions", header(shape="( )")),
    ("repeated-key", "{'descr': '<i2', 'descr': '<i4', 'fortran_order': False, 'shape': (3,)}"),
    ("fortran-1d", header(order="True")),
    ("fortran-0d", header(order="True", shape="()")),
    ("fortran-empty", header(order="True", shape="(3, 0)")),
    ("fortran-row", header(order="True", shape="(1, 3)")),
    ("fortran-subarray", header("('<i2', (2,))", "True", "(2, 3)")),
    ("fortran-subarray-2d", header("('<i2', (2, 3))", "True", "(2, 3)")),
]

ODD = [
    *[("literal-" + name, text, None) for name, text in LITERALS],
    *of_descrs("spelled", [repr(name) for name in SPELLED]),
    *of_descrs("subarray", SUBARRAYS),
    *of_descrs("odd-record", RECORDS),
    ("literal-plain-v2", PLAIN, (2, 0)),
    ("literal-plain-v3", PLAIN, (3, 0)),
    ("literal-python-2-long-v2", header(shape="(3L,)"), (2, 0)),
    ("literal-utf8-v3", header("[('\u6574\u6570', '<i4')]"), (3, 0)),
    ("literal-latin1-v1", header("[('\u00e9', '<i4')]"), (1, 0)),
    ("literal-limit", PLAIN.ljust(9999) + "\n", None),
]

REFUSED = [
    *of_descrs("bad-descr", [
        "'!f4'", "'i4 '", "' i4'", "'cfloat'", "'Float64'", "'i16'", "''", "'float_'", "'Int8'", "'string'", "'f3'",
        "'M8[]'", "'datetime64[]'", "'M8[ s]'", "'M8[2 s]'", "'M8[-1s]'", "'M8[x]'", "'S-3'", "'U99999999999'",
        "'(2)i4'", "['<i4']", "('<i4',)", "{'names': ['a'], 'formats': ['<i4']}", "None", "b'<i4'", "4", "True",
        "[('a', '<i4'), ('a', '<i4')]", "[(b'a', '<i4')]", "[(('a', 'a'), '<i4')]", "[('a', '<i4', (True,))]",
        "[('a', '<i4'), (('a', 'b'), '<i4')]", "[('a', '<i4', (2,), 3)]", "[('a', '<i4', (-1,))]", "[('a',)]",
        "f'<i4'", "'<i4", "<i4",
    ]),
    *[(f"bad-shape-{i:02}", header(shape=shape), None) for i, shape in enumerate([
        "(-3,)", "(3l,)", "(3)", "[3]", "3", "(True,)", "(1+2,)", "(3.0,)", "(03,)", "(1j,)", "None", "(,)", "(3,,)",
        "(99999999999999999999,)", "(4294967296, 4294967296)", "('3',)", "(3",
    ])],
    *[(f"bad-order-{i:02}", header(order=order), None) for i, order in enumerate([
        "false", "0", "1", "None", "'False'", "not True", "",
    ])],
    *[(f"bad-text-{i:02}", text, None) for i, text in enumerate([
        "", "{}", "[]", "{'descr': '<i4', 'fortran_order': False}", PLAIN + PLAIN, PLAIN + " ,", PLAIN + ";",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), 'x': 1}", PLAIN + "\0", PLAIN + "\\", PLAIN[:-1],
        "dict(descr='<i4', fortran_order=False, shape=(3,))", "\n  " + PLAIN, "x" + PLAIN, "(" * 300 + ")" * 300,
        "{'descr': '<i4\n', 'fortran_order': False, 'shape': (3,)}", PLAIN.ljust(10000) + "\n",
        "{b'descr': '<i4', 'fortran_order': False, 'shape': (3,)}", "{'descr'; '<i4'}", "__import__('os')",
    ])],
    ("bad-version-0.0", PLAIN, (0, 0)),
    ("bad-version-1.1", PLAIN, (1, 1)),
    ("bad-version-2.1", PLAIN, (2, 1)),
    ("bad-version-4.0", PLAIN, (4, 0)),
    ("bad-python-2-long-v3", header(shape="(3L,)"), (3, 0)),
]  # fmt: skip
