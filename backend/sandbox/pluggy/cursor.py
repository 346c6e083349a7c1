"""The cursor of /v2 lists: standard base64 of `<ISO date, 24 characters>|<uuid>`, always 84 characters."""

import base64

from aiohttp import web

from .errors import invalid
from .ledger import Key
from .wire import is_uuid, query_value


def write_cursor(query: dict[str, str], last: Key) -> str:
    """The `next` of a page: a query string that carries the filters and ends in `after`."""
    filters = "".join(f"{name}={value}&" for name, value in query.items())
    return f"?{filters}after={base64.b64encode('|'.join(last).encode()).decode()}"


def read_cursor(request: web.Request) -> Key | None:
    """The row after which the page starts; 400 `Invalid cursor` for anything but our own cursors."""
    text = query_value(request, "after").replace(" ", "+")
    if not text:
        return None
    try:
        date, _, row_id = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode().partition("|")
    except ValueError:
        raise invalid("Invalid cursor") from None
    if len(date) != 24 or not is_uuid(row_id):
        raise invalid("Invalid cursor")
    return date, row_id
