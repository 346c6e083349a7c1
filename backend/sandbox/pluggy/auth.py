"""POST /auth, connect tokens, and which calls each of them may make."""

import hmac
import time
from dataclasses import dataclass, field

from aiohttp import web

from .errors import ApiError, forbidden, invalid, not_found, unauthorized
from .tokens import Mint
from .wire import Doc, body_of, is_uuid, reply
from .world import World, world_of

MINT = web.AppKey("mint", Mint)
CALLER = "caller"

CONNECT_MAY = {
    "GET /connectors",
    "GET /connectors/{id}",
    "POST /connectors/{id}/validate",
    "POST /items",
    "GET /items/{id}",
    "PATCH /items/{id}",
    "POST /items/{id}/mfa",
    "GET /accounts",
}


@dataclass
class Caller:
    """The sender of a request: an API key (may make every call) or a connect token (may connect one item)."""

    token: str
    token_id: str
    connect: bool = False
    item_id: str | None = None
    options: Doc = field(default_factory=dict)

    def may_see(self, item_id: str, token_of_item: str) -> bool:
        """Whether this caller may touch that item."""
        return not self.connect or item_id == self.item_id or token_of_item == self.token_id


def caller_of(request: web.Request) -> Caller:
    """The sender of this request."""
    caller: Caller = request[CALLER]
    return caller


def admit(request: web.Request, endpoint: str) -> Caller:
    """The caller of X-API-KEY. 403 (or 401, by the switch) without a valid key, 403 outside a connect token's scope."""
    world = world_of(request)
    token = request.headers.get("X-API-KEY", "")
    claims = request.app[MINT].read(token)
    if claims is None or claims["jti"] in world.revoked or claims["at"] < world.minted_after:
        raise unauthorized(world.switches.unauthorized_status)
    caller = Caller(token, claims["jti"], claims["use"] == "connect", claims.get("itemId"), claims.get("options") or {})
    if caller.connect and endpoint not in CONNECT_MAY:
        raise forbidden("This connect token may not read that")
    return caller


async def authenticate(request: web.Request) -> web.Response:
    """POST /auth: exchanges client id and secret for an API key."""
    world = world_of(request)
    body = await body_of(request)
    given_id, given_secret = body.get("clientId"), body.get("clientSecret")
    if not isinstance(given_id, str) or not isinstance(given_secret, str):
        raise invalid("clientId must be a string", "clientSecret must be a string")
    if not _matches(world, given_id, given_secret):
        raise ApiError(401, "Client keys are invalid", "CLIENT_KEYS_UNAUTHORIZED")
    if world.switches.client_disabled:
        raise ApiError(401, "Client is disabled", "CLIENT_DISABLED")
    claims = {"use": "api", "clientId": given_id, "jti": world.fresh_id(), "at": time.time()}
    return reply({"apiKey": request.app[MINT].make(claims, world.options.key_ttl)})


def _matches(world: World, given_id: str, given_secret: str) -> bool:
    same_id = hmac.compare_digest(given_id.encode(), world.options.client_id.encode())
    same_secret = hmac.compare_digest(given_secret.encode(), world.options.client_secret.encode())
    return same_id and same_secret


async def connect_token(request: web.Request) -> web.Response:
    """POST /connect_token: a token for the browser. Options count only inside `options`."""
    world = world_of(request)
    body = await body_of(request)
    item_id, options = body.get("itemId"), body.get("options") or {}
    if item_id is not None and (not isinstance(item_id, str) or not is_uuid(item_id)):
        raise invalid("itemId must be a UUID")
    if item_id and item_id not in world.items:
        raise not_found("ITEM")
    if not isinstance(options, dict):
        raise invalid("options must be an object")
    claims = {
        "use": "connect",
        "clientId": world.options.client_id,
        "jti": world.fresh_id(),
        "at": time.time(),
    }
    claims |= {"itemId": item_id, "options": options}
    return reply({"accessToken": request.app[MINT].make(claims, world.options.connect_token_ttl, "RS256")})
