"""The words of a description, without case and accents: banks write "Pagamento", "PAGTO" and "pgto." for one thing."""

import re
import unicodedata
from functools import lru_cache

_LETTERS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """The text in small letters, without accents."""
    small = text.casefold()
    if small.isascii():
        return small
    return "".join(c for c in unicodedata.normalize("NFKD", small) if not unicodedata.combining(c))


def letters(text: str) -> str:
    """The letters and digits of the plain text, without spaces and punctuation."""
    return "".join(_LETTERS.findall(plain(text)))
