"""Reads a JSON body strictly: one object, of a bounded depth, with numbers that the database can hold."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from apps.api.errors import Refused

# Bytes. The largest body of ours is a note.
LIMIT = 64 * 1024
DEEPEST = 8
_LONGEST_NUMBER = 40


class StrictJSON(BaseParser):
    """The only parser of the API. A name twice in one object, NaN and a lone surrogate are errors."""

    media_type = "application/json"
    limit = LIMIT

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """The object in the body. Raises Refused."""
        data = stream.read(self.limit + 1)
        if len(data) > self.limit:
            raise Refused(413, "TOO_LARGE", _("The request is too large."), limit=self.limit)
        try:
            value = json.loads(data.decode(), parse_constant=_refuse, parse_int=_whole, object_pairs_hook=_once)
            # Half of a surrogate pair has no bytes.
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise Refused(400, "MALFORMED_JSON", _("The body is not valid JSON.")) from None
        if not isinstance(value, dict):
            raise Refused(400, "MALFORMED_JSON", _("The body must be a JSON object."))
        if any(depth > DEEPEST for depth in _depths(value)):
            raise Refused(400, "MALFORMED_JSON", _("The body is nested too deeply."), deepest=DEEPEST)
        return value


def _refuse(_text: str) -> NoReturn:
    raise ValueError


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _depths(value: Any) -> Iterator[int]:
    waiting = [(value, 1)]
    while waiting:
        entry, depth = waiting.pop()
        yield depth
        inside = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
        waiting += [(part, depth + 1) for part in inside]
