"""Reading requests and writing answers: JSON, page envelopes, checked query parameters."""

import json
import math
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from . import clock
from .errors import ApiError, invalid

Doc = dict[str, Any]
JSON_TYPE = "application/json"


def dump(doc: object) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":")).encode()


def reply(doc: object, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=dump(doc), status=status, content_type=JSON_TYPE, charset="utf-8")


def refusal(error: ApiError) -> web.Response:
    """The answer for an error."""
    answer = reply(error.body(), error.status)
    answer.headers.update(error.headers)
    return answer


def reply_bytes(body: bytes) -> web.Response:
    """A JSON answer from bytes."""
    return web.Response(body=body, content_type=JSON_TYPE, charset="utf-8")


def page(results: Sequence[object]) -> web.Response:
    """The page envelope around a list that is not paged."""
    return reply({"page": 1, "total": len(results), "totalPages": 1, "results": list(results)})


def paged(request: web.Request, results: Sequence[object]) -> web.Response:
    """The page envelope cut by `page` and `pageSize` (1 to 500, default 500)."""
    number, size = page_of(request)
    cut = results[(number - 1) * size : number * size]
    total = len(results)
    return reply({"page": number, "total": total, "totalPages": math.ceil(total / size), "results": list(cut)})


def page_of(request: web.Request) -> tuple[int, int]:
    """`page` and `pageSize` of the query; 400 when out of bounds."""
    return _integer(request, "page", 1, 10**9), _integer(request, "pageSize", 500, 500)


def _integer(request: web.Request, name: str, default: int, high: int) -> int:
    text = query_value(request, name)
    if not text:
        return default
    if not text.isdigit() or not 1 <= int(text) <= high:
        raise invalid(f"{name} must not be less than 1,{name} must not be greater than {high}")
    return int(text)


def query_value(request: web.Request, name: str) -> str:
    """A query parameter as text. An empty one counts as absent (the .NET SDK sends `type=`)."""
    return request.query.get(name, "").strip()


def is_uuid(text: str) -> bool:
    """Whether this is a UUID in the usual hyphened form."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except (ValueError, AttributeError):
        return False


def needed_uuid(request: web.Request, name: str) -> str:
    """A required UUID of the query. 400 with the vendor's two messages if missing, one if malformed."""
    text = query_value(request, name)
    if not text:
        raise invalid(f"{name} should not be null or undefined", f"{name} must be a UUID")
    if not is_uuid(text):
        raise invalid(f"{name} must be a UUID")
    return text.lower()


def path_uuid(request: web.Request) -> str:
    """The `{id}` of the path; 400 if it is not a UUID."""
    text = request.match_info["id"]
    if not is_uuid(text):
        raise invalid("id must be a UUID")
    return text.lower()


def instant(request: web.Request, name: str) -> datetime | None:
    """A date or date-time of the query, or None. 400 for any other text."""
    text = query_value(request, name)
    if not text:
        return None
    moment = clock.parse_iso(text)
    if moment is None:
        raise invalid(f"{name} must be a valid ISO 8601 date string")
    return moment


def truthy(request: web.Request, name: str) -> bool:
    """A boolean of the query; absent is false."""
    return query_value(request, name).lower() in ("true", "1")


async def body_of(request: web.Request) -> Doc:
    """The JSON object in the request. An empty body is `{}`; anything else is 400."""
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        doc = json.loads(raw)
    except ValueError:
        raise invalid("Unexpected token in JSON body") from None
    if not isinstance(doc, dict):
        raise invalid("body must be an object")
    return doc
