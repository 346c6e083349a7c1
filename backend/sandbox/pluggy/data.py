"""The data endpoints: accounts, bills, investments, loans, identity, consents."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from . import clock
from .auth import caller_of
from .errors import ApiError, forbidden, invalid, not_found
from .model import Account, Item
from .wire import Doc, needed_uuid, page, paged, path_uuid, query_value, reply
from .world import world_of

ACCOUNT_TYPES = ("BANK", "CREDIT")
REDUCED = (
    "id",
    "type",
    "subtype",
    "name",
    "number",
    "balance",
    "currencyCode",
    "itemId",
    "createdAt",
    "updatedAt",
)


def item_of_query(request: web.Request) -> Item:
    """The item named by `itemId`. 404 if unknown, 403 if a connect token is for another item."""
    item = world_of(request).item(needed_uuid(request, "itemId"))
    if not caller_of(request).may_see(item.id, item.token_id):
        raise forbidden("This connect token belongs to another item")
    return item


def account_of_path(request: web.Request) -> Account:
    """The account named in the path, or 404."""
    return world_of(request).account(path_uuid(request))[1]


async def accounts(request: web.Request) -> web.Response:
    """GET /accounts: all accounts of an item. A connect token gets a reduced form."""
    item, kind = item_of_query(request), query_value(request, "type")
    if kind and kind not in ACCOUNT_TYPES:
        raise invalid("type must be one of the following values: BANK, CREDIT")
    docs = [a.doc for a in item.data.accounts.values() if not kind or a.doc["type"] == kind]
    if caller_of(request).connect:
        docs = [{name: doc[name] for name in REDUCED} for doc in docs]
    return page(docs)


async def account(request: web.Request) -> web.Response:
    """GET /accounts/{id}"""
    return reply(account_of_path(request).doc)


async def balance(request: web.Request) -> web.Response:
    """GET /accounts/{id}/balance: read from the bank now, so it fails if the connector is offline."""
    item, found = world_of(request).account(path_uuid(request))
    if item.connector["health"]["status"] == "OFFLINE":
        raise ApiError(502, "The bank does not answer", "BALANCE_CONNECTOR_UNAVAILABLE")
    if item.connector["isOpenFinance"] and not item.consent_valid:
        raise ApiError(403, "The consent does not allow it", "BALANCE_CONSENT_ERROR")
    doc, bank = found.doc, found.doc["bankData"] or {}
    shown = {
        "balance": doc["balance"],
        "currencyCode": doc["currencyCode"],
        "updateDateTime": clock.iso(clock.now()),
    }
    shown |= {"blockedBalance": 0, "automaticallyInvestedBalance": bank.get("automaticallyInvestedBalance")}
    return reply({**shown, "closingBalance": bank.get("closingBalance")})


async def statements(request: web.Request) -> web.Response:
    """GET /accounts/{id}/statements: links that end after 30 minutes."""
    found = account_of_path(request)
    until = clock.iso(clock.now() + timedelta(minutes=30))
    return page([{**line, "url": f"{line['url']}?expires={until}"} for line in found.statements])


async def bills(request: web.Request) -> web.Response:
    """GET /bills"""
    return paged(request, world_of(request).account(needed_uuid(request, "accountId"))[1].bills)


async def bill(request: web.Request) -> web.Response:
    """GET /bills/{id}"""
    bill_id = path_uuid(request)
    for _, found in world_of(request).accounts():
        for doc in found.bills:
            if doc["id"] == bill_id:
                return reply(doc)
    raise not_found("CREDIT_CARD_BILL")


async def investments(request: web.Request) -> web.Response:
    """GET /investments"""
    item, kind = item_of_query(request), query_value(request, "type")
    return paged(request, [d for d in item.data.investments.values() if not kind or d["type"] == kind])


def _one(request: web.Request, part: str, thing: str) -> tuple[Item, Doc]:
    found_id = path_uuid(request)
    for item in world_of(request).items.values():
        docs: dict[str, Any] = getattr(item.data, part)
        if found_id in docs:
            return item, docs[found_id]
    raise not_found(thing)


async def investment(request: web.Request) -> web.Response:
    """GET /investments/{id}"""
    return reply(_one(request, "investments", "INVESTMENT")[1])


async def movements(request: web.Request) -> web.Response:
    """GET /investments/{id}/transactions"""
    item, doc = _one(request, "investments", "INVESTMENT")
    return paged(request, item.data.movements.get(doc["id"], []))


async def loans(request: web.Request) -> web.Response:
    """GET /loans"""
    return paged(request, list(item_of_query(request).data.loans.values()))


async def loan(request: web.Request) -> web.Response:
    """GET /loans/{id}"""
    return reply(_one(request, "loans", "LOAN")[1])


async def identity_of_item(request: web.Request) -> web.Response:
    """GET /identity?itemId=: one object, not a page."""
    found = item_of_query(request).data.identity
    if found is None:
        raise not_found("IDENTITY")
    return reply(found)


async def identity(request: web.Request) -> web.Response:
    """GET /identity/{id}"""
    found_id = path_uuid(request)
    for item in world_of(request).items.values():
        if item.data.identity and item.data.identity["id"] == found_id:
            return reply(item.data.identity)
    raise not_found("IDENTITY")


async def consents(request: web.Request) -> web.Response:
    """GET /consents"""
    return paged(request, list(item_of_query(request).data.consents.values()))


async def consent(request: web.Request) -> web.Response:
    """GET /consents/{id}"""
    return reply(_one(request, "consents", "CONSENT")[1])
