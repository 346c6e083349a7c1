"""The control plane under /_sandbox, beside faults and switches: the bank's days, failures, and the oracle."""

from aiohttp import web

from . import clock, connectors, events, evolve, machine, rsa_key, second_factor
from .dispatch import Event
from .errors import ApiError, invalid, not_found
from .model import Item
from .users import MESSAGES
from .wire import Doc, body_of, query_value, reply
from .world import World, world_of

HEALTH = ("ONLINE", "UNSTABLE", "OFFLINE")


def _item(request: web.Request) -> tuple[World, Item]:
    world = world_of(request)
    return world, world.item(request.match_info["id"])


async def evolve_item(request: web.Request) -> web.Response:
    """POST /_sandbox/items/{id}/evolve: a day at the bank, without an execution. Answers the changes by account."""
    world, item = _item(request)
    plan = await body_of(request)
    evolve.check(plan, item)
    if item.running or not item.runs:
        raise ApiError(409, "The item has no data yet or is being updated")
    item.cause = "SYNC"
    machine.settle(item, tuple(plan.get("partial") or ()))
    changed = evolve.day_at_the_bank(world, item, plan)
    if not plan.get("silent"):
        events.item_event(world, item, "item/updated")
    machine.schedule(world, item)
    return reply({"item": item.to_json(), "accounts": changed})


async def sync_item(request: web.Request) -> web.Response:
    """POST /_sandbox/items/{id}/sync: an automatic execution now. The body is its day at the bank."""
    world, item = _item(request)
    plan = await body_of(request)
    evolve.check(plan, item)
    if item.running:
        raise ApiError(409, "The item is being updated")
    machine.start(world, item, "SYNC", plan or {"new": world.switches.auto_sync_rows, "post_pending": True})
    return reply(item.to_json())


async def fail_item(request: web.Request) -> web.Response:
    """POST /_sandbox/items/{id}/fail {"code"}: the last execution failed with this code."""
    world, item = _item(request)
    body = await body_of(request)
    code = body.get("code")
    if code not in MESSAGES:
        raise invalid(f"code must be one of {sorted(MESSAGES)}")
    if item.task:
        item.task.cancel()
    item.cause = "SYNC"
    machine.fail(world, item, code, str(body.get("providerMessage", "")))
    return reply(item.to_json())


async def revoke_consent(request: web.Request) -> web.Response:
    """POST /_sandbox/items/{id}/consent-revoke: revoked at the bank; expires with {"expire": true} instead."""
    world, item = _item(request)
    body = await body_of(request)
    moment = clock.iso(clock.now())
    for consent in item.data.consents.values():
        consent.update({"expiresAt": moment} if body.get("expire") else {"revokedAt": moment})
    item.consent_expires_at = moment if body.get("expire") else None
    machine.fail(world, item, "USER_AUTHORIZATION_REVOKED")
    return reply(item.to_json())


async def set_consent(request: web.Request) -> web.Response:
    """POST /_sandbox/items/{id}/consent {"expiresAt"}: changes when the consent ends. Nothing fails yet."""
    _, item = _item(request)
    until = clock.parse_iso(str((await body_of(request)).get("expiresAt", "")))
    if until is None:
        raise invalid("expiresAt must be a valid ISO 8601 date string")
    item.consent_expires_at = clock.iso(until)
    for consent in item.data.consents.values():
        consent["expiresAt"] = clock.iso(until)
    item.touch()
    return reply(item.to_json())


async def act(request: web.Request) -> web.Response:
    """GET or POST /_sandbox/items/{id}/act: the user reads the QR code now."""
    _, item = _item(request)
    second_factor.act(item)
    return reply(item.to_json())


async def connector_status(request: web.Request) -> web.Response:
    """POST /_sandbox/connectors/{id}/status {"status"}: changes the health and sends connector/status_updated."""
    world, body = world_of(request), await body_of(request)
    number = request.match_info["id"]
    connector = world.connectors.get(int(number)) if number.isdigit() else None
    if connector is None:
        raise not_found("CONNECTOR")
    if body.get("status") not in HEALTH:
        raise invalid(f"status must be one of {HEALTH}")
    connectors.set_health(connector, body["status"], str(body.get("title", "")))
    if not body.get("silent"):
        events.connector_event(world, connector["id"], body["status"])
    return reply(connectors.to_json(connector))


async def emit(request: web.Request) -> web.Response:
    """POST /_sandbox/emit {"event","payload","itemId"?}: sends any event, also of other kinds."""
    world, body = world_of(request), await body_of(request)
    kind, payload = body.get("event"), body.get("payload") or {}
    if not isinstance(kind, str) or not isinstance(payload, dict):
        raise invalid("event must be a string", "payload must be an object")
    item = world.items.get(str(body.get("itemId")))
    event = world.dispatcher.send(kind, payload, item.webhook_url if item else None)
    return reply(event.to_json())


async def resend(request: web.Request) -> web.Response:
    """POST /_sandbox/resend {"eventIds"?, "event"?, "state"?}: deliver again, under the same event ids."""
    world, body = world_of(request), await body_of(request)
    ids, kind, state = body.get("eventIds"), body.get("event"), body.get("state")
    chosen = [
        e for e in list(world.dispatcher.events)
        if (not ids or e.event_id in ids) and (not kind or e.kind == kind)
        and (not state or any(d.state == state for d in e.deliveries))
    ]  # fmt: skip
    return reply({"events": len(chosen), "deliveries": sum(world.dispatcher.resend(event) for event in chosen)})


async def expire_keys(request: web.Request) -> web.Response:
    """POST /_sandbox/expire-keys: ends every key and token issued so far."""
    world_of(request).minted_after = clock.now().timestamp()
    return reply({"expired": True})


async def state(request: web.Request) -> web.Response:
    """GET /_sandbox/state?itemId=: all data, as the API shows it. Without itemId: of all items."""
    world, wanted = world_of(request), query_value(request, "itemId")
    chosen = [world.item(wanted)] if wanted else list(world.items.values())
    return reply({"items": [_truth(item) for item in chosen], "webhooks": list(world.webhooks.values())})


def _truth(item: Item) -> Doc:
    data = item.data
    return {
        "item": item.to_json(),
        "accounts": [a.doc for a in data.accounts.values()],
        "transactions": {a.id: a.ledger.docs() for a in data.accounts.values()},
        "bills": {a.id: a.bills for a in data.accounts.values() if a.bills},
        "statements": {a.id: a.statements for a in data.accounts.values()},
        "investments": list(data.investments.values()),
        "investmentTransactions": data.movements,
        "loans": list(data.loans.values()),
        "identity": data.identity,
        "consents": list(data.consents.values()),
        "resources": data.resources,
        "counts": _counts(item),
    }


def _counts(item: Item) -> Doc:
    data = item.data
    return {
        "accounts": len(data.accounts),
        "transactions": sum(len(a.ledger) for a in data.accounts.values()),
        "bills": sum(len(a.bills) for a in data.accounts.values()),
        "investments": len(data.investments),
        "investmentTransactions": sum(map(len, data.movements.values())),
        "loans": len(data.loans),
    }


async def counts(request: web.Request) -> web.Response:
    """GET /_sandbox/counts?itemId=: the number of rows, without the rows (cheap for big items)."""
    world, wanted = world_of(request), query_value(request, "itemId")
    chosen = [world.item(wanted)] if wanted else list(world.items.values())
    return reply({"items": {item.id: {"status": item.status, **_counts(item)} for item in chosen}})


async def requests(request: web.Request) -> web.Response:
    """GET /_sandbox/requests: requests by endpoint and status, limits and how far they were exceeded."""
    world = world_of(request)
    limits = world.limits.report()
    found = world.requests.report()
    found |= {"limits": limits, "over_limit": sum(line["over"] for line in limits.values())}
    last = query_value(request, "last")
    if last.isdigit() and int(last):
        found["last"] = list(world.requests.last)[-int(last) :]
    return reply(found)


async def webhooks(request: web.Request) -> web.Response:
    """GET /_sandbox/webhooks?event=&itemId=: every event with its deliveries, and counts."""
    world, kind, item = world_of(request), query_value(request, "event"), query_value(request, "itemId")
    found = [
        e for e in world.dispatcher.events
        if (not kind or e.kind == kind) and (not item or e.payload.get("itemId") == item)
    ]  # fmt: skip
    summary = {"counts": delivery_counts(found)}
    return reply(summary if query_value(request, "summary") else {**summary, "events": [e.to_json() for e in found]})


def delivery_counts(found: list[Event]) -> Doc:
    """Events, deliveries by state, attempts, and the slowest answer."""
    deliveries = [d for e in found for d in e.deliveries]
    states = ("pending", "delivered", "lost", "refused", "dropped")
    attempts = [a for d in deliveries for a in d.attempts]
    return {
        "events": len(found),
        "deliveries": len(deliveries),
        **{state: sum(d.state == state for d in deliveries) for state in states},
        "attempts": len(attempts),
        "unique_delivered": sum(any(d.state == "delivered" for d in e.deliveries) for e in found),
        "slowest_ms": max((a["ms"] for a in attempts), default=0),
    }


async def reset(request: web.Request) -> web.Response:
    """POST /_sandbox/reset: back to the state at the start. {"keep": ["webhooks"]} keeps registered webhooks."""
    world, body = world_of(request), await body_of(request)
    for item in world.items.values():
        machine.stop(item)
    await world.dispatcher.reset()
    world.clear(keep_webhooks="webhooks" in (body.get("keep") or []))
    return reply({"reset": True})


async def public_key(_request: web.Request) -> web.Response:
    """GET /_sandbox/public-key: the key with which clients encrypt parameters."""
    return reply({"publicKey": rsa_key.public_pem()})
