"""The text of a token: a beginning, such as `ponte_` of personal access tokens, 40 random letters, a checksum of six.

The beginning and the checksum let scanners find a token in a public repository, without false alarms. The checksum
also refuses a mistyped token before the database is asked.
"""

import re
import secrets
import zlib
from string import ascii_letters, digits
from typing import Final

BEGINNING: Final = "ponte_"
# 40 of 62 letters are 238 bits.
RANDOM: Final = 40
CHECKSUM: Final = 6
# How many letters the list of tokens shows, so that a person can tell them apart.
SHOWN: Final = len(BEGINNING) + 6
_LETTERS: Final = digits + ascii_letters
_REST: Final = re.compile(rf"[0-9A-Za-z]{{{RANDOM + CHECKSUM}}}")


def make_text(beginning: str = BEGINNING) -> str:
    """A new random token."""
    body = beginning + "".join(secrets.choice(_LETTERS) for _ in range(RANDOM))
    return body + checksum(body)


def is_well_formed(text: str, beginning: str = BEGINNING) -> bool:
    """Whether `text` has the form of a token and its checksum is right."""
    has_form = text.startswith(beginning) and _REST.fullmatch(text[len(beginning) :])
    return bool(has_form) and checksum(text[:-CHECKSUM]) == text[-CHECKSUM:]


def checksum(body: str) -> str:
    """The CRC-32 of `body` with 62 as its base."""
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        number, rest = divmod(number, len(_LETTERS))
        letters = _LETTERS[rest] + letters
    return letters
