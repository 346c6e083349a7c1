"""Decodes text whose sender names the character set.

Python finds more than character sets under such a name: punycode and idna take quadratic time, others decode no text.
So only the names of this list count. Text with another name is read as UTF-8, like text without one.
"""

import re

CHARSETS = frozenset(
    {
        *("utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "koi8-r", "koi8-u"),
        *("latin1", "macintosh", *(f"iso-8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16))),
        *(f"windows-{page}" for page in range(1250, 1259)),
        *("shift_jis", "euc-jp", "euc-kr", "gb2312", "gbk", "gb18030", "big5"),
    }
)

_CHARSET = re.compile(r"charset=\"?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)


def decoded(body: bytes, content_type: str) -> str:
    """The text of a body. Takes linear time; what cannot be decoded becomes U+FFFD."""
    named = _CHARSET.search(content_type)
    charset = named[1].lower() if named else ""
    return body.decode(charset if charset in CHARSETS else "utf-8", "replace")
