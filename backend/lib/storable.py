"""Text that PostgreSQL can store: it refuses U+0000 and half of a surrogate pair, in text and in jsonb."""

import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def storable_text(text: str) -> str:
    """`text` with U+FFFD in place of each character that PostgreSQL refuses."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def storable(value: Any) -> Any:
    """A JSON value with storable text in its names and values, at any depth."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        return [storable(entry) for entry in value]
    if isinstance(value, dict):
        return {storable(name): storable(entry) for name, entry in value.items()}
    return value
