"""Parsing untrusted JSON: exact numbers, and no text that PostgreSQL refuses."""

import json
import re
from decimal import Decimal
from typing import Any

from lib.storable import storable

# Only these escapes can become text that PostgreSQL refuses, and one such character would lose a whole batch.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class NotJSON(ValueError):
    """The text is not JSON, too deep, or has a number that is too large. The message shows no content."""


def parse(raw: bytes) -> Any:
    """The value of `raw` (JSON in UTF-8). A number with a point becomes a Decimal. Raises NotJSON."""
    try:
        value = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_refuse)
        return storable(value) if _SUSPECT.search(raw) else value
    except (ValueError, ArithmeticError, RecursionError):
        raise NotJSON("not JSON") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
