"""JSON input of a command: from the argument, a file or standard input."""

import json
import sys
from pathlib import Path
from typing import Any

from plugfn.errors import InvalidParams, Problem

MOST = 16 * 1_048_576


def params_from(given: str) -> dict[str, Any]:
    """A JSON object: the text itself, `@file`, or `-` for standard input. Raises InvalidParams."""
    try:
        text = _text(given)
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"cannot be read ({type(error).__name__})") from None
    if len(text) > MOST:
        raise _wrong("larger than 16 MB")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong("not JSON") from None
    if not isinstance(found, dict):
        raise _wrong("not a JSON object")
    return found


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read(MOST + 1)
    return Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given


def _wrong(reason: str) -> InvalidParams:
    return InvalidParams("the JSON input is not valid", problems=[Problem("", reason)])
