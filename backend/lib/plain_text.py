"""Text of others without the signs that nobody sees: they can hide words from people and show them to a model."""

import unicodedata

_BREAKS = "\n\r\t"


def plain_text(text: str) -> str:
    """The text in one line, with the signs that a person can see."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if sign in _BREAKS else sign for sign in text if sign in _BREAKS or not _is_hidden(sign))


def _is_hidden(sign: str) -> bool:
    """Control, format, private and unassigned code points, halves of surrogate pairs, and variation selectors."""
    return unicodedata.category(sign)[0] == "C" or "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"
