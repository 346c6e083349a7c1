"""Search in transactions by the beginnings of words, without case, accents and punctuation.

The index holds the words of a description, a merchant's name and a note, each behind the first letters of the client's
id. So a search reads the words of one client only, however many others there are. The function `banking_words` of the
database makes them (a migration creates it); `fold` does the same in Python with what a person types.
"""

import unicodedata
from uuid import UUID

from django.db import models

# More words, or longer ones, find nothing that these do not, and would only cost time.
MOST_WORDS = 8
LONGEST_WORD = 60
# So many letters of the client's id stand before each word. They only choose; the query asks for the client as well.
KEY_LENGTH = 8

_LETTERS = {
    "ß": "s",
    "æ": "a",
    "Æ": "a",
    "ø": "o",
    "Ø": "o",
    "ł": "l",
    "Ł": "l",
    "œ": "o",
    "Œ": "o",
    "ª": "a",
    "º": "o",
}
# An apostrophe inside a name is left out when people type it.
_DROPPED = {0x27: "", 0x2019: "", **dict.fromkeys(range(0x300, 0x370), "")}


def _letter(code: int) -> str:
    """What stands for one character: a plain letter, or a space for anything that is neither letter nor digit."""
    char = chr(code)
    plain = _LETTERS.get(char) or unicodedata.normalize("NFKD", char)[0]
    return plain.lower() if plain.isascii() and plain.isalnum() else " "


_LATIN = {code: _letter(code) for code in (*range(0x180), *range(0x2000, 0x2070)) if chr(code) != _letter(code)}
FOLDED = str.maketrans(_LATIN | _DROPPED)


def fold(text: str) -> list[str]:
    """The words of a text: small letters without accents, and digits."""
    return text.encode(errors="ignore").decode().translate(FOLDED).split()


def query(client: UUID, text: str) -> str:
    """The tsquery for rows of the client that have, for each word of `text`, a word that begins so. Empty: no words."""
    key = str(client)[:KEY_LENGTH]
    words = [word[:LONGEST_WORD] for word in fold(text)[:MOST_WORDS]]
    return " & ".join(f"'{key}{word}':*" for word in words)


class HasWords(models.Func):
    """Whether a transaction has the words of a tsquery. Its columns stand as in the index, which serves it."""

    function = "banking_words"
    template = "(%(function)s(%(expressions)s) @@ %(wanted)s::tsquery)"
    output_field = models.BooleanField()

    def __init__(self, wanted: str) -> None:
        super().__init__("client_id", "description", "merchant_name", "note")
        self.wanted = wanted

    def as_sql(self, compiler, connection, **context):  # type: ignore[no-untyped-def]
        columns, params = super().as_sql(compiler, connection, wanted="%s", **context)
        return columns, (*params, self.wanted)
