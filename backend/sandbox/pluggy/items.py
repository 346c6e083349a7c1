"""The item endpoints: create, read, update, second factor, delete, stop auto-sync, list, resources."""

from aiohttp import web

from . import clock, events, machine, second_factor
from .auth import Caller, caller_of
from .cursor import read_cursor, write_cursor
from .errors import ApiError, forbidden, invalid
from .items_guard import check_connector, check_parameters, check_plan, check_products, check_update
from .model import Item
from .users import digits, scenario
from .webhooks import check_url
from .wire import Doc, body_of, paged, path_uuid, query_value, reply
from .world import World, world_of

PAGE = 500


def visible_item(request: web.Request) -> Item:
    """The item in the path. 404 if unknown, 403 if the caller's connect token is for another item."""
    item = world_of(request).item(path_uuid(request))
    if not caller_of(request).may_see(item.id, item.token_id):
        raise forbidden("This connect token belongs to another item")
    return item


async def create(request: web.Request) -> web.Response:
    """POST /items"""
    world, caller, body = world_of(request), caller_of(request), await body_of(request)
    body = {**body, **_from_token(caller)}
    if caller.item_id:
        raise forbidden("This connect token only updates its item")
    check_plan(world, caller)
    connector = check_connector(world, body.get("connectorId"))
    parameters = check_parameters(connector, body.get("parameters"))
    check_products(body.get("products"))
    _check_urls(world, body)
    if body.get("avoidDuplicates"):
        _refuse_duplicate(world, connector, parameters)
    item = _new_item(world, connector, parameters, body, caller)
    machine.start(world, item, "USER" if caller.connect else "CLIENT")
    return reply(item.to_json())


def _from_token(caller: Caller) -> Doc:
    names = ("clientUserId", "webhookUrl", "oauthRedirectUri", "avoidDuplicates", "products")
    return {name: caller.options[name] for name in names if caller.options.get(name) is not None}


def _check_urls(world: World, body: Doc) -> None:
    if body.get("webhookUrl"):
        check_url(world, body["webhookUrl"])
    redirect = body.get("oauthRedirectUri")
    if redirect and not world.options.allow_local_webhooks:
        local = "://localhost" in redirect or "://127." in redirect
        if local or str(redirect).startswith("http://"):
            raise invalid("oauthRedirectUri must be a https secured url or an app deep link")


def _refuse_duplicate(world: World, connector: Doc, parameters: dict[str, str]) -> None:
    same = [
        i for i in world.items.values() if i.connector is connector and _identity(i.parameters) == _identity(parameters)
    ]
    if not same:
        return
    ids = [item.id for item in same]
    error = ApiError(world.switches.duplicates_status, "Item already exists for this user", "ITEM_USER_ALREADY_EXISTS")
    error.extra = {"items": [{"id": item_id} for item_id in ids], "data": {"itemIds": ids}}
    raise error


def _identity(parameters: dict[str, str]) -> str:
    return digits(parameters.get("cpf") or parameters.get("cnpj") or "") or parameters.get("user", "")


def _new_item(world: World, connector: Doc, parameters: dict[str, str], body: Doc, caller: Caller) -> Item:
    products = body.get("products") or connector["products"]
    item = Item(world.next_id("item"), connector, parameters, scenario(parameters), list(products))
    item.client_user_id = body.get("clientUserId")
    item.webhook_url = body.get("webhookUrl")
    item.oauth_redirect_uri = body.get("oauthRedirectUri")
    item.token_id = caller.token_id
    item.created_at = clock.iso(clock.now())
    if parameters.get("token"):
        item.used_codes.add(parameters["token"])
    world.items[item.id] = item
    return item


async def read(request: web.Request) -> web.Response:
    """GET /items/{id}"""
    return reply(visible_item(request).to_json())


async def update(request: web.Request) -> web.Response:
    """PATCH /items/{id}: sync now, with new credentials if the body has some."""
    world, item, body = world_of(request), visible_item(request), await body_of(request)
    check_update(world, item, body)
    check_products(body.get("products"))
    _check_urls(world, body)
    if body.get("parameters"):
        _replace_parameters(item, check_parameters(item.connector, body["parameters"], updating=item))
    for name, slot in (
        ("clientUserId", "client_user_id"),
        ("webhookUrl", "webhook_url"),
        ("products", "products"),
    ):
        if body.get(name) is not None:
            setattr(item, slot, body[name])
    item.auto_sync = True
    machine.start(world, item, "USER" if caller_of(request).connect else "CLIENT")
    return reply(item.to_json())


def _replace_parameters(item: Item, parameters: dict[str, str]) -> None:
    if item.connector["oauth"]:
        if _identity(parameters) != _identity(item.parameters):
            message = "The item was connected with a different account"
            raise ApiError(400, message, "ITEM_ORIGINAL_CONNECTED_WITH_DIFFERENT_ACCOUNT")
        item.consent_expires_at = None
    if parameters.get("token"):
        item.used_codes.add(parameters["token"])
    item.parameters = {**item.parameters, **parameters}
    item.scenario = scenario(item.parameters)


async def send_mfa(request: web.Request) -> web.Response:
    """POST /items/{id}/mfa"""
    item = visible_item(request)
    second_factor.answer(item, await body_of(request))
    return reply(item.to_json())


async def delete(request: web.Request) -> web.Response:
    """DELETE /items/{id}: deletes the item and all its data at once."""
    world, item = world_of(request), visible_item(request)
    machine.stop(item)
    del world.items[item.id]
    events.item_event(world, item, "item/deleted")
    return reply({"count": 1})


async def disable_auto_sync(request: web.Request) -> web.Response:
    """PATCH /items/{id}/disable-auto-sync: stops automatic syncs until the next forced update."""
    world, item = world_of(request), visible_item(request)
    item.auto_sync = False
    machine.schedule(world, item)
    item.touch()
    return reply(item.to_json())


async def resources(request: web.Request) -> web.Response:
    """GET /items/{id}/resources: what the consent covers; empty unless Open Finance."""
    found = visible_item(request).data.resources
    status = query_value(request, "status")
    return paged(request, [r for r in found if not status or r["status"] == status])


async def list_items(request: web.Request) -> web.Response:
    """GET /v2/items: newest first, cursor page."""
    world = world_of(request)
    if not world.switches.list_items:
        raise forbidden("The list of items is not enabled for this team", "LIST_ITEMS_FEATURE_NOT_ENABLED")
    user, connector = query_value(request, "clientUserId"), query_value(request, "connectorId")
    if connector and not connector.isdigit():
        raise invalid("connectorId must not be less than 0")
    after = read_cursor(request)
    chosen = [i for i in world.items.values() if _matches(i, user, connector)]
    chosen.sort(key=lambda i: (i.created_at, i.id), reverse=True)
    rest = [i for i in chosen if not after or (i.created_at, i.id) < after]
    cut, query = rest[:PAGE], {k: v for k, v in (("clientUserId", user), ("connectorId", connector)) if v}
    more = write_cursor(query, (cut[-1].created_at, cut[-1].id)) if len(rest) > PAGE else None
    return reply({"results": [i.to_json() for i in cut], "next": more})


def _matches(item: Item, user: str, connector: str) -> bool:
    return (not user or item.client_user_id == user) and (not connector or item.connector["id"] == int(connector))
