"""Text for a header, a file name or a command: one line, without characters that could end it early."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that some programs read as the end of a line, or that cannot be encoded."""

TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that reverse the reading direction: with them, `fdp.exe` is displayed as `exe.pdf`."""


def one_line(text: str) -> str:
    """The text. Raises ValueError if it contains a line break, NUL or another control character."""
    if any(unicodedata.category(character) in BREAKING for character in text):
        raise ValueError("must be one line without control characters")
    return text


def file_name(text: str) -> str:
    """A file name that is displayed as it is. Raises ValueError if it is a path."""
    if "/" in text or "\\" in text or text.strip(" .") == "" or TURNING.search(text):
        raise ValueError("must be a plain file name, not a path")
    return one_line(text)


def body(text: str) -> str:
    """The text with line feeds as line ends. Raises ValueError if it contains NUL or lone surrogates."""
    if "\0" in text:
        raise ValueError("must not contain NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


Line = Annotated[str, Field(max_length=500), AfterValidator(one_line)]
Name = Annotated[str, Field(max_length=100), AfterValidator(one_line)]
FileName = Annotated[str, Field(min_length=1, max_length=150), AfterValidator(file_name)]
Body = Annotated[str, AfterValidator(body)]
