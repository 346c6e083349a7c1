"""JSON from strangers, made safe to keep: exact numbers, and no text that a database refuses."""

import json
import re
from decimal import Decimal
from typing import Any

from lib.storable import storable

# Only these escapes can become text that PostgreSQL refuses, and one such character would lose a whole batch.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class NotJSON(ValueError):
    """Not JSON, or JSON too deep, or a number beyond all use. Says nothing of the content."""


def parse(raw: bytes) -> Any:
    """The value of `raw` (UTF-8 JSON), with Decimal for numbers with a point. Raises NotJSON."""
    try:
        value = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_refuse)
        return storable(value) if _SUSPECT.search(raw) else value
    except (ValueError, ArithmeticError, RecursionError):
        raise NotJSON("not JSON") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
