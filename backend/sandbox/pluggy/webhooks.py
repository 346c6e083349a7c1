"""The webhook endpoints, with Pluggy's rules for URLs and their exact messages."""

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from . import clock
from .errors import invalid, not_found
from .events import KINDS
from .wire import Doc, body_of, page, path_uuid, reply
from .world import World, world_of

MOST_PER_EVENT = 5
RESERVED_ENDINGS = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa")
MALFORMED = "Webhook url must be valid URL address and not localhost"
NOT_HTTPS = "Webhook url must be a https secured url"
IP_LITERAL = "Webhook url host can't be an IP address"
RESERVED = "Webhook url host can't be localhost or a reserved/internal name"
PRIVATE = "Webhook url can't resolve to a private, loopback, link-local or reserved address"
UNRESOLVED = "Webhook url host could not be resolved"
BAD_PORT = "Webhook url must use the port 443"
CREDENTIALS = "Webhook url can't carry credentials"


def check_url(world: World, url: object) -> str:
    """The URL, if its form is allowed; else 400. Local URLs need --allow-local-webhooks."""
    parts = _split(url)
    if world.options.allow_local_webhooks:
        return str(url)
    if parts.hostname in ("localhost", "localhost.localdomain"):
        raise invalid(MALFORMED if parts.scheme != "https" else RESERVED)
    _check_form(parts)
    return str(url)


def _split(url: object) -> SplitResult:
    try:
        text = url if isinstance(url, str) else ""
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise invalid(MALFORMED) from None
    if not usable or " " in text:
        raise invalid(MALFORMED)
    return parts


def _check_form(parts: SplitResult) -> None:
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https":
        raise invalid(NOT_HTTPS)
    if _is_ip(host):
        raise invalid(IP_LITERAL)
    if host.endswith(RESERVED_ENDINGS):
        raise invalid(RESERVED)
    if "." not in host:
        raise invalid(MALFORMED)
    if parts.username or parts.password:
        raise invalid(CREDENTIALS)
    if parts.port not in (None, 443):
        raise invalid(BAD_PORT)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def check_host(world: World, url: str) -> None:
    """The host must resolve, and to public addresses only; 400 otherwise."""
    if world.options.allow_local_webhooks:
        return
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(urlsplit(url).hostname, 443, type=socket.SOCK_STREAM)
    except OSError:
        raise invalid(UNRESOLVED) from None
    if any(not ipaddress.ip_address(line[4][0]).is_global for line in found):
        raise invalid(PRIVATE)


async def _checked(world: World, body: Doc, old: Doc | None = None) -> tuple[str, str]:
    event = body.get("event", old["event"] if old else None)
    if event not in KINDS:
        raise invalid(f"Invalid event type '{event}' for webhook")
    url = body.get("url", old["url"] if old else None)
    if "url" in body or old is None:
        check_url(world, url)
        await check_host(world, str(url))
    others = [hook for hook in world.webhooks.values() if hook is not old and hook["event"] == event]
    if any(hook["url"] == url for hook in others):
        raise invalid(f"A webhook for event '{event}' and url '{url}' already exists.")
    if len(others) >= MOST_PER_EVENT:
        raise invalid(f"You have reached the maximum of {MOST_PER_EVENT} webhooks for event '{event}'.")
    return str(event), str(url)


def _headers(headers: object) -> dict[str, str]:
    if headers is None:
        return {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise invalid("headers must be an object of strings")
    return dict(headers)


async def create(request: web.Request) -> web.Response:
    """POST /webhooks: answers 200, as the Node SDK requires (201 with --webhook-create-status)."""
    world, body = world_of(request), await body_of(request)
    headers = _headers(body.get("headers"))
    event, url = await _checked(world, body)
    moment = clock.iso(clock.now())
    hook: Doc = {
        "id": world.fresh_id(), "url": url, "event": event, "headers": headers, "disabledAt": None,
        "createdAt": moment, "updatedAt": moment,
    }  # fmt: skip
    world.webhooks[hook["id"]] = hook
    return reply(hook, world.options.webhook_create_status)


def _found(request: web.Request) -> Doc:
    hook = world_of(request).webhooks.get(path_uuid(request))
    if hook is None:
        raise not_found("WEBHOOK")
    return hook


async def list_all(request: web.Request) -> web.Response:
    """GET /webhooks"""
    return page(list(world_of(request).webhooks.values()))


async def read(request: web.Request) -> web.Response:
    """GET /webhooks/{id}"""
    return reply(_found(request))


async def update(request: web.Request) -> web.Response:
    """PATCH /webhooks/{id}: url, event, headers (null: none), enabled."""
    world, hook, body = world_of(request), _found(request), await body_of(request)
    headers = _headers(body["headers"]) if "headers" in body else hook["headers"]
    event, url = await _checked(world, body, hook)
    moment = clock.iso(clock.now())
    hook.update({"url": url, "event": event, "headers": headers, "updatedAt": moment})
    if body.get("enabled") is True:
        hook["disabledAt"] = None
        world.dispatcher.lost_in_a_row.pop(hook["id"], None)
    elif body.get("enabled") is False:
        hook["disabledAt"] = moment
    return reply(hook)


async def delete(request: web.Request) -> web.Response:
    """DELETE /webhooks/{id}"""
    hook = _found(request)
    del world_of(request).webhooks[hook["id"]]
    return reply({"count": 1})
