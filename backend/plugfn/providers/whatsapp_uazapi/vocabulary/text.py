"""What may be written in a message."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

MOST_TEXT = 4096
MOST_CAPTION = 1024

# Line feed and tab stay; C0, C1 and DEL go.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_OPENING = re.compile(r"\{(?=\{)")
_WORD_JOINER = "\u2060"


def cleaned(text: str) -> str:
    """Without control characters, its line ends as line feeds. Raises PydanticCustomError when nothing is left."""
    kept = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not kept.strip():
        raise PydanticCustomError("empty_text", "has no text in it")
    return kept


def without_placeholders(text: str) -> str:
    """No two braces in a row are left: an invisible word joiner stands between them.

    For gateways that fill in placeholders of their own: what a user or a model wrote must not become one."""
    return _OPENING.sub("{" + _WORD_JOINER, text)


Text = Annotated[str, Field(min_length=1, max_length=MOST_TEXT), AfterValidator(cleaned)]
Caption = Annotated[str, Field(min_length=1, max_length=MOST_CAPTION), AfterValidator(cleaned)]
