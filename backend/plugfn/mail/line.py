"""Text that ends up in a header, a file name or on a command line: one line, with nothing that breaks out of it."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that end a line somewhere, or cannot be encoded: controls, surrogates, separators."""

TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the reading direction: with them `exe.pdf` is shown where `fdp.exe` is meant."""


def one_line(text: str) -> str:
    """The text, unless it holds a line break of any kind, NUL or another control character (ValueError)."""
    if any(unicodedata.category(character) in BREAKING for character in text):
        raise ValueError("must be one line without control characters")
    return text


def file_name(text: str) -> str:
    """A name and no path, as a person would read it (ValueError)."""
    if "/" in text or "\\" in text or text.strip(" .") == "" or TURNING.search(text):
        raise ValueError("must be a plain file name, not a path")
    return one_line(text)


def body(text: str) -> str:
    """The text with line feeds only, unless it holds NUL or what no encoding can write (ValueError)."""
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
