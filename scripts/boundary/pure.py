# SPDX-License-Identifier: Apache-2.0
"""The functions and methods that constant folding may perform: pure, and bounded in what they make. Data only."""

from __future__ import annotations

import ast
import base64
import binascii
import builtins
import codecs
import html
import json
import operator
import string
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any, Final

LARGEST: Final = 1 << 16
"""No value longer than this is computed."""

METHODS: Final = frozenset(
    """join format replace lower upper strip lstrip rstrip title swapcase capitalize casefold decode encode split
    rsplit translate removeprefix removesuffix zfill partition
    rpartition splitlines expandtabs center ljust rjust format_map hex get keys values items index count copy find
    rfind startswith endswith to_bytes __add__ __getitem__
    __mul__ __format__ __mod__ __str__ isalpha isdigit isalnum isupper islower""".split()
)
PURE: Final[dict[str, Callable[..., Any]]] = {
    **{
        f"builtins.{n}": getattr(builtins, n)
        for n in """
        chr ord str int bytes bytearray reversed sorted list tuple set dict zip enumerate map filter len hex
        oct bin min max sum abs divmod round repr ascii frozenset bool any all range format
    """.split()
    },
    **{
        f"base64.{n}": getattr(base64, n)
        for n in """
        b64decode b32decode b16decode b85decode a85decode urlsafe_b64decode standard_b64decode decodebytes
        b64encode urlsafe_b64encode b32encode b16encode
    """.split()
    },
    **{f"binascii.{n}": getattr(binascii, n) for n in "unhexlify a2b_hex a2b_base64 hexlify b2a_hex".split()},
    **{f"operator.{n}": getattr(operator, n) for n in "add concat mod xor getitem mul sub".split()},
    "codecs.decode": codecs.decode,
    "codecs.encode": codecs.encode,
    "zlib.decompress": lambda data: zlib.decompressobj().decompress(data, LARGEST),
    "urllib.parse.unquote": urllib.parse.unquote,
    "urllib.parse.unquote_plus": urllib.parse.unquote_plus,
    "html.unescape": html.unescape,
    "json.loads": json.loads,
    "ast.literal_eval": ast.literal_eval,
    "builtins.bytes.fromhex": bytes.fromhex,
    "builtins.bytearray.fromhex": bytearray.fromhex,
    "builtins.str.join": str.join,
    "builtins.str.lower": str.lower,
    "builtins.str.maketrans": str.maketrans,
    "builtins.str.format": str.format,
    "builtins.str.replace": str.replace,
    "builtins.bytes.decode": bytes.decode,
    "builtins.str.strip": str.strip,
    "builtins.int.from_bytes": int.from_bytes,
    "builtins.str.encode": str.encode,
    "builtins.str.upper": str.upper,
    "builtins.str.swapcase": str.swapcase,
    "builtins.int.to_bytes": int.to_bytes,
    "builtins.str.title": str.title,
}
VALUES: Final[dict[str, Any]] = {
    f"string.{n}": getattr(string, n)
    for n in "ascii_lowercase ascii_uppercase ascii_letters digits punctuation printable hexdigits whitespace".split()
}
