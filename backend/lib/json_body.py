"""JSON from strangers, made safe to keep: exact numbers, and no text that a database refuses."""

import json
import re
from decimal import Decimal
from typing import Any

# PostgreSQL stores neither U+0000 nor half a surrogate pair, and one such character would lose a whole batch.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class NotJSON(ValueError):
    """Not JSON, or JSON too deep, or a number beyond all use. Says nothing of the content."""


def parse(raw: bytes) -> Any:
    """The value of `raw` (UTF-8 JSON), with Decimal for numbers with a point. Raises NotJSON."""
    try:
        value = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_refuse)
        return _storable(value) if _SUSPECT.search(raw) else value
    except (ValueError, ArithmeticError, RecursionError):
        raise NotJSON("not JSON") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(entry) for entry in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(entry) for name, entry in value.items()}
    return value
