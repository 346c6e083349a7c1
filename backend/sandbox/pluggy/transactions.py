"""The transaction endpoints: the cursor list, the old paged list, one transaction, and its category."""

import math
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from aiohttp import web

from . import clock
from .categories import CATEGORIES, name_of
from .cursor import read_cursor, write_cursor
from .errors import ApiError, invalid, not_found
from .ledger import Row
from .model import Account
from .wire import body_of, dump, instant, is_uuid, needed_uuid, page_of, path_uuid, query_value, reply_bytes
from .world import world_of

PAGE = 500
MOST_IDS = 500
TOLD = ("accountId", "ids", "dateFrom", "dateTo", "createdAtFrom")


async def by_cursor(request: web.Request) -> web.Response:
    """GET /v2/transactions: 500 a page, newest first. `next` has the filters."""
    account = world_of(request).account(needed_uuid(request, "accountId"))[1]
    if query_value(request, "createdAtFrom") and query_value(request, "dateFrom"):
        raise invalid("createdAtFrom and dateFrom are mutually exclusive")
    after = read_cursor(request)
    low, high = _bounds(request, "dateFrom", "dateTo")
    rows = _chosen(request, account, low, high, after)
    found = list(islice(rows, PAGE + 1))
    more = None
    if len(found) > PAGE:
        found = found[:PAGE]
        more = write_cursor(
            {name: query_value(request, name) for name in TOLD if query_value(request, name)}, found[-1].key
        )
    return reply_bytes(b'{"results":[' + b",".join([row.body for row in found]) + b'],"next":' + dump(more) + b"}")


def _bounds(request: web.Request, first: str, last: str) -> tuple[str, str]:
    start, end = instant(request, first), instant(request, last)
    low = clock.iso(start) if start else ""
    if end and len(query_value(request, last)) <= 10:
        end += timedelta(days=1, milliseconds=-1)
    return low, clock.iso(end) if end else "~"


def _chosen(
    request: web.Request, account: Account, low: str, high: str, after: tuple[str, str] | None
) -> Iterator[Row]:
    ids = _ids(request)
    if ids is not None:
        rows = sorted((account.ledger.rows[i] for i in ids if i in account.ledger.rows), key=_key, reverse=True)
        return iter([row for row in rows if not after or row.key < after])
    since = instant(request, "createdAtFrom")
    return account.ledger.newest_first(low, high, clock.iso(since) if since else "", after)


def _key(row: Row) -> tuple[str, str]:
    return row.key


def _ids(request: web.Request) -> set[str] | None:
    text = query_value(request, "ids")
    if not text:
        return None
    ids = {part.strip() for part in text.split(",") if part.strip()}
    if len(ids) > MOST_IDS:
        raise ApiError(400, f"ids must hold at most {MOST_IDS} values", "IDS_PARAMETER_EXCEEDS_MAX_LENGTH")
    if not all(map(is_uuid, ids)):
        raise invalid("each value in ids must be a UUID")
    return ids


async def by_page(request: web.Request) -> web.Response:
    """GET /transactions (v1): page envelope. 410 if the switch v1_transactions_gone is on."""
    world = world_of(request)
    if world.switches.v1_transactions_gone:
        raise ApiError(410, "This endpoint was removed, use /v2/transactions")
    account = world.account(needed_uuid(request, "accountId"))[1]
    number, size = page_of(request)
    low, high = _bounds(request, "from", "to")
    rows = list(_chosen(request, account, low, high, None))
    if bill := query_value(request, "billId"):
        rows = [row for row in rows if f'"billId":"{bill}"'.encode() in row.body]
    cut = rows[(number - 1) * size : number * size]
    head = {"page": number, "total": len(rows), "totalPages": math.ceil(len(rows) / size)}
    return reply_bytes(dump(head)[:-1] + b',"results":[' + b",".join([row.body for row in cut]) + b"]}")


def _found(request: web.Request) -> tuple[Account, Row]:
    row_id = path_uuid(request)
    for _, account in world_of(request).accounts():
        if row_id in account.ledger.rows:
            return account, account.ledger.rows[row_id]
    raise not_found("TRANSACTION")


async def one(request: web.Request) -> web.Response:
    """GET /transactions/{id}"""
    return reply_bytes(_found(request)[1].body)


async def set_category(request: web.Request) -> web.Response:
    """PATCH /transactions/{id}: the client's own category, which syncs do not change."""
    account, row = _found(request)
    category = (await body_of(request)).get("categoryId")
    if not isinstance(category, str):
        raise invalid("categoryId must be a string")
    if category not in CATEGORIES:
        raise not_found("CATEGORY")
    doc = {
        **row.doc(),
        "categoryId": category,
        "category": name_of(category),
        "updatedAt": clock.iso(clock.now()),
    }
    account.ledger.put(doc)
    return reply_bytes(account.ledger.rows[row.id].body)
