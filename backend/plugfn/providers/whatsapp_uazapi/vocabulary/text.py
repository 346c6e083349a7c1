"""The text of a message: its length, and which characters are removed."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

MOST_TEXT = 4096
MOST_CAPTION = 1024

# Control characters (C0, C1 and DEL), except line feed and tab.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OPENING = re.compile(r"\{(?=\{)")
_WORD_JOINER = "\u2060"


def cleaned(text: str) -> str:
    """The text without control characters, with line feeds as line ends. Raises PydanticCustomError if it is empty."""
    clean = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not clean.strip():
        raise PydanticCustomError("empty_text", "contains no text")
    return clean


def without_placeholders(text: str) -> str:
    """The text with an invisible word joiner between two opening braces.

    Some gateways fill in {{placeholders}}: what a user or a language model wrote must not become one."""
    return _OPENING.sub("{" + _WORD_JOINER, text)


Text = Annotated[str, Field(min_length=1, max_length=MOST_TEXT), AfterValidator(cleaned)]
Caption = Annotated[str, Field(min_length=1, max_length=MOST_CAPTION), AfterValidator(cleaned)]
