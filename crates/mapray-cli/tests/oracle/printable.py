"""Ranges of characters that Python prints as they are, or not: `start end 0|1`, end excluded.

Characters that the Unicode version of this Python does not have yet are left out: other versions
may have them.
"""

import sys
import unicodedata


def state(code):
    character = chr(code)
    if unicodedata.category(character) == "Cn":
        return None
    # What repr escapes for other reasons is left out too.
    return None if character in "\\'\"\0" else int(character.isprintable())


start, current = 0, state(0)
for code in range(1, sys.maxunicode + 2):
    following = state(code) if code <= sys.maxunicode else None
    if following != current or code > sys.maxunicode:
        if current is not None:
            print(start, code, current)
        start, current = code, following
