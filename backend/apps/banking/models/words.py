"""Search in transactions by the beginnings of words, without case, accents and punctuation.

Each word of a description, a merchant's name and a note stands behind the first letters of the client's id, so a search
reads the words of one client only, however many others there are. The function `banking_words` of the database makes
them (a migration creates it); `fold` does the same in Python with what a person types.
"""

import re
import unicodedata
from uuid import UUID

# More words, or longer ones, find nothing that these do not, and would only cost time.
MOST_WORDS = 8
LONGEST_WORD = 60
# So many letters of the client's id stand before each word. They only choose; the query asks for the client as well.
KEY_LENGTH = 8

# What Unicode does not take apart, and the apostrophes and accents that are left out.
_LETTERS = str.maketrans(dict(zip("ßæÆøØłŁœŒđĐ", "saaoolloodd", strict=True)))
_DROPPED = re.compile("['’\u0300-\u036f]+")
_WORD = re.compile("[a-z0-9]+")


def fold(text: str) -> list[str]:
    """The words of a text: small Latin letters without accents, and digits. Other letters count as spaces."""
    plain = unicodedata.normalize("NFKD", text).translate(_LETTERS)
    return _WORD.findall(_DROPPED.sub("", plain).lower())


def query(client: UUID, text: str) -> str:
    """The tsquery for rows of the client that have, for each word of `text`, a word that begins so. Empty: no words."""
    key = str(client)[:KEY_LENGTH]
    words = [word[:LONGEST_WORD] for word in fold(text)[:MOST_WORDS]]
    return " & ".join(f"'{key}{word}':*" for word in words)
