"""Pluggy's two kinds of lists as iterators of pages, so that no complete list is ever in memory."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from lib.errors import ErrorType, Unexpected

PAGE_SIZE = 500
# Five million rows: more than any account has, and an end for an endless list.
MAX_PAGES = 10_000

Doc = dict[str, Any]
Docs = list[Doc]


def numbered(fetch: Callable[[int], Any]) -> Iterator[Docs]:
    """The pages of a list with `page` and `totalPages`. `fetch` takes the number of a page, from 1."""
    for number in range(1, MAX_PAGES + 1):
        body = fetch(number)
        if body is None:  # no content: no rows
            return
        rows = rows_of(body)
        if number > 1 and str(body.get("page", number)) != str(number):
            raise _broken("PAGE_MISMATCH", "a page with another number than requested")
        if rows:
            yield rows
        if not rows or number >= _total(body):
            return
    raise _broken("ENDLESS_LIST", "a list without an end")


def cursored(fetch: Callable[[str | None], Any]) -> Iterator[Docs]:
    """The pages of a list with `next`. `fetch` takes the cursor `after` of a page, None for the first."""
    after: str | None = None
    cursors: set[str] = set()
    for _ in range(MAX_PAGES):
        body = fetch(after)
        if rows := rows_of(body):
            yield rows
        if not body.get("next"):
            return
        after = after_of(body["next"])
        if after in cursors:
            raise _broken("CURSOR_LOOP", "the same cursor twice")
        cursors.add(after)
    raise _broken("ENDLESS_LIST", "a list without an end")


def rows_of(body: Any) -> Docs:
    """The `results` of a page, which must be objects. Raises Unexpected."""
    rows = body.get("results") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _broken("NOT_A_PAGE", "a list without results")
    return rows


def after_of(following: Any) -> str:
    """The cursor in `next`, a query string. Ponte uses nothing else of it, and never calls a URL from an answer."""
    query = following.partition("?")[2] if isinstance(following, str) else ""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name == "after" and value:
            # Not unquote_plus: a cursor is base64, and Pluggy does not escape its +.
            return unquote(value)
    raise _broken("NO_CURSOR", "a next page without a cursor")


def _total(body: Doc) -> int:
    total = body.get("totalPages", 1)
    if total is None:
        return 1
    if not str(total).isdecimal():
        raise _broken("NOT_A_PAGE", "a list whose number of pages cannot be read")
    return int(total)


def _broken(code: str, what: str) -> Unexpected:
    return Unexpected(f"Pluggy sent {what}", code=code, error_type=ErrorType.INTERNAL_ERROR)
