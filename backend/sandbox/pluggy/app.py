"""Builds the application: routes, middleware, start and end."""

import asyncio
from pathlib import Path

from aiohttp import web

from sandbox.kit.controls import Controls
from sandbox.kit.faults import Faults

from . import auth, catalogue_api, control, data, items, machine, pages, snapshot, transactions, webhooks
from .dispatch import Dispatcher
from .faults import KINDS
from .middleware import middleware
from .options import Options
from .tokens import Mint
from .world import WORLD, World

KEEPER = web.AppKey("keeper", asyncio.Task[None])
MOST_BODY = 1024 * 1024


def build(options: Options) -> web.Application:
    """The application, with a new world or the one in the state file.

    ValueError for a wrong switch or state file, OSError if the file cannot be read."""
    app = web.Application(middlewares=[middleware], client_max_size=MOST_BODY)
    world = World(options, Faults(KINDS, count=None))
    world.dispatcher = Dispatcher(world)
    if options.state:
        snapshot.load(world, Path(options.state))
    app[WORLD], app[auth.MINT] = world, Mint()
    controls = Controls(world.faults, lambda: vars(world.switches), shows=True)
    for routes in (_access(), _items(), _banking(), _lists(), _pages(), controls.routes(), _control(), _oracle()):
        app.add_routes(routes)
    app.on_startup.append(_start)
    app.on_cleanup.append(_stop)
    return app


async def _start(app: web.Application) -> None:
    world, path = app[WORLD], app[WORLD].options.state
    await world.dispatcher.start()
    if path:
        app[KEEPER] = asyncio.get_running_loop().create_task(snapshot.keep(world, Path(path)))


async def _stop(app: web.Application) -> None:
    world = app[WORLD]
    for item in world.items.values():
        machine.stop(item)
    if world.options.state:
        app[KEEPER].cancel()
        snapshot.save(world, Path(world.options.state))
    await world.dispatcher.stop()


def _access() -> list[web.RouteDef]:
    return [
        web.post("/auth", auth.authenticate),
        web.post("/connect_token", auth.connect_token),
        web.post("/connecttokens", auth.connect_token),
        web.get("/webhooks", webhooks.list_all),
        web.post("/webhooks", webhooks.create),
        web.get("/webhooks/{id}", webhooks.read),
        web.patch("/webhooks/{id}", webhooks.update),
        web.delete("/webhooks/{id}", webhooks.delete),
    ]


def _items() -> list[web.RouteDef]:
    return [
        web.post("/items", items.create),
        web.get("/items/{id}", items.read),
        web.patch("/items/{id}", items.update),
        web.delete("/items/{id}", items.delete),
        web.post("/items/{id}/mfa", items.send_mfa),
        web.patch("/items/{id}/disable-auto-sync", items.disable_auto_sync),
        web.get("/items/{id}/resources", items.resources),
        web.get("/v2/items", items.list_items),
    ]


def _banking() -> list[web.RouteDef]:
    return [
        web.get("/accounts", data.accounts),
        web.get("/accounts/{id}", data.account),
        web.get("/accounts/{id}/balance", data.balance),
        web.get("/accounts/{id}/statements", data.statements),
        web.get("/v2/transactions", transactions.by_cursor),
        web.get("/transactions", transactions.by_page),
        web.get("/transactions/{id}", transactions.one),
        web.patch("/transactions/{id}", transactions.set_category),
        web.get("/bills", data.bills),
        web.get("/bills/{id}", data.bill),
        web.get("/investments", data.investments),
        web.get("/investments/{id}", data.investment),
        web.get("/investments/{id}/transactions", data.movements),
        web.get("/loans", data.loans),
        web.get("/loans/{id}", data.loan),
        web.get("/identity", data.identity_of_item),
        web.get("/identity/{id}", data.identity),
        web.get("/consents", data.consents),
        web.get("/consents/{id}", data.consent),
    ]


def _lists() -> list[web.RouteDef]:
    return [
        web.get("/connectors", catalogue_api.list_connectors),
        web.get("/connectors/{id}", catalogue_api.connector),
        web.post("/connectors/{id}/validate", catalogue_api.validate),
        web.get("/categories", catalogue_api.list_categories),
        web.get("/categories/rules", catalogue_api.list_rules),
        web.post("/categories/rules", catalogue_api.create_rule),
        web.delete("/categories/rules/{id}", catalogue_api.delete_rule),
        web.get("/categories/{id}", catalogue_api.category),
        web.get("/merchants", catalogue_api.merchants),
    ]


def _pages() -> list[web.RouteDef]:
    return [
        web.get("/oauth/authorize", pages.authorize),
        web.post("/oauth/authorize", pages.decide),
        web.get("/oauthCallback.html", pages.callback),
        web.get("/_files/{name}", pages.statement),
        web.get("/pluggy-connect.js", pages.connect_script),
        web.get("/connect/qr.svg", pages.qr_code),
        web.get("/connect/", pages.connect_page),
        web.get("/connect/{name}", pages.connect_page),
    ]


def _control() -> list[web.RouteDef]:
    return [
        web.post("/_sandbox/items/{id}/evolve", control.evolve_item),
        web.post("/_sandbox/items/{id}/sync", control.sync_item),
        web.post("/_sandbox/items/{id}/fail", control.fail_item),
        web.post("/_sandbox/items/{id}/consent-revoke", control.revoke_consent),
        web.post("/_sandbox/items/{id}/consent", control.set_consent),
        web.post("/_sandbox/items/{id}/act", control.act),
        web.get("/_sandbox/items/{id}/act", control.act),
        web.post("/_sandbox/connectors/{id}/status", control.connector_status),
        web.post("/_sandbox/emit", control.emit),
        web.post("/_sandbox/resend", control.resend),
        web.post("/_sandbox/expire-keys", control.expire_keys),
        web.post("/_sandbox/reset", control.reset),
    ]


def _oracle() -> list[web.RouteDef]:
    return [
        web.get("/_sandbox/state", control.state),
        web.get("/_sandbox/counts", control.counts),
        web.get("/_sandbox/requests", control.requests),
        web.get("/_sandbox/webhooks", control.webhooks),
        web.get("/_sandbox/public-key", control.public_key),
    ]
