"""The web routes, one small function each. Adapters convert a framework's requests and responses.

GET    /providers                          the providers, with their actions and events
POST   /connections/{provider}/authorize   {"redirect_after", "scopes", "connection_id"} → {"authorization_url"}
GET    /oauth/{provider}/callback          where the vendor sends the user back
GET    /connections                        the user's connections
POST   /connections                        {"provider", "credentials", "label"}: connects with typed credentials
POST   /connections/{id}/test              asks the vendor → {"label"}
DELETE /connections/{id}                   disconnects, and revokes tokens if the vendor supports it
POST   /actions/{provider}/{action}        {"params", "connection_id"}, header Idempotency-Key → the result
GET    /logs                               the newest attempts of the user's calls
POST   /webhooks/{provider}                deliveries; with /{connection}/{secret} for connections with their own URL
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from plugfn.calls.results import json_of
from plugfn.connection import Connection
from plugfn.definition import OAuth2, Provider
from plugfn.errors import ConfigurationError, PlugFnError
from plugfn.inbound import Inbound
from plugfn.plug import PlugFn
from plugfn.problems import validated
from plugfn.web.bodies import Authorize, CallAction, Connect
from plugfn.web.messages import MOST_JSON, Request, Response, failure, redirect, refusal, reply, written

log = logging.getLogger("plugfn.web")


class RoutedRequest(NamedTuple):
    """A request to a route: the user's id ("" where none is needed), and the variable parts of the path."""

    request: Request
    user_id: str
    part: dict[str, str]


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Adapters pass all of these here, so that every framework refuses a method in the same way."""


@dataclass(frozen=True)
class Route:
    """One route. `personal`: it needs a user who is logged in."""

    method: str
    path: str
    summary: str
    answer: Callable[[RoutedRequest], Awaitable[Response]]
    personal: bool = True


class Web:
    """`await Web(plug).handle(request)`. PlugFn's errors become answers; errors of `auth` are left to the framework."""

    def __init__(self, plug: PlugFn) -> None:
        self._plug = plug
        self.routes = (
            Route(
                "GET", "/providers", "The providers, with their actions and events.", self._providers, personal=False
            ),
            Route("POST", "/connections/{provider}/authorize", "Returns the URL to send the user to.", self._authorize),
            Route("GET", "/oauth/{provider}/callback", "The vendor redirects the user here.", self._callback),
            Route("GET", "/connections", "Lists the user's connections.", self._connections),
            Route("POST", "/connections", "Connects with typed credentials.", self._connect),
            Route("POST", "/connections/{id}/test", "Asks the vendor whether the connection works.", self._test),
            Route("DELETE", "/connections/{id}", "Disconnects.", self._disconnect),
            Route("POST", "/actions/{provider}/{action}", "Runs an action.", self._act),
            Route("GET", "/logs", "Lists the newest attempts of the user's calls.", self._logs),
            Route("POST", "/webhooks/{provider}", "Receives deliveries.", self._webhook, personal=False),
            Route("POST", "/webhooks/{provider}/{id}/{secret}", "Receives deliveries.", self._webhook, personal=False),
            Route(
                "POST",
                "/webhooks/{provider}/{id}/{secret}/{rest}",
                "Receives deliveries.",
                self._webhook,
                personal=False,
            ),
        )
        self._patterns = [(_pattern(route.path), route) for route in self.routes]

    @property
    def paths(self) -> dict[str, list[Route]]:
        """The routes by path."""
        routes: dict[str, list[Route]] = {}
        for route in self.routes:
            routes.setdefault(route.path, []).append(route)
        return routes

    def most_bytes(self, path: str) -> int:
        """The largest body for this path; an adapter answers 413 to a larger one."""
        first, _, rest = path.removeprefix("/").partition("/")
        name = rest.partition("/")[0]
        if first != "webhooks" or name not in self._plug.providers:
            return MOST_JSON
        webhooks = self._plug.providers.get(name).webhooks
        return MOST_JSON if webhooks is None else webhooks.max_bytes

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        try:
            return await self._route(request)
        except PlugFnError as error:
            return failure(error)
        except ConfigurationError:
            log.exception("the program is configured wrongly")
            return refusal(500, "configuration", "The server is not configured for this.")

    async def _route(self, request: Request) -> Response:
        matching = [(route, match) for pattern, route in self._patterns if (match := pattern.fullmatch(request.path))]
        for route, match in matching:
            if route.method == request.method:
                return await self._visit(request, route, match.groupdict())
        if matching:
            allow = ", ".join(sorted({route.method for route, _ in matching}))
            return refusal(405, "method_not_allowed", "This path does not support that method.", allow=allow)
        return refusal(404, "not_found", "There is no such path.")

    async def _visit(self, request: Request, route: Route, part: dict[str, str]) -> Response:
        user_id = await self._plug.user_of(request.native) if route.personal else ""
        if route.personal and not user_id:
            return refusal(401, "unauthenticated", "Log in first.")
        return await route.answer(RoutedRequest(request, user_id or "", part))

    async def _providers(self, _visit: RoutedRequest) -> Response:
        return reply({"providers": [describe(provider) for provider in self._plug.providers]})

    async def _authorize(self, visit: RoutedRequest) -> Response:
        body = validated(Authorize, visit.request.document(), "the fields")
        url = await self._plug.connections.authorization_url(
            visit.user_id,
            visit.part["provider"],
            redirect_after=body.redirect_after,
            scopes=body.scopes,
            connection_id=body.connection_id,
        )
        return reply({"authorization_url": url})

    async def _callback(self, visit: RoutedRequest) -> Response:
        done = await self._plug.connections.callback(visit.user_id, visit.part["provider"], visit.request.query)
        if done.redirect_after:
            joint = "&" if "?" in done.redirect_after else "?"
            return redirect(f"{done.redirect_after}{joint}{urlencode({'connected': done.connection.provider})}")
        return reply({"connection": shown(done.connection)})

    async def _connections(self, visit: RoutedRequest) -> Response:
        connections = await self._plug.connections.list(visit.user_id, visit.request.query.get("provider"))
        return reply({"connections": [shown(connection) for connection in connections]})

    async def _connect(self, visit: RoutedRequest) -> Response:
        body = validated(Connect, visit.request.document(), "the fields")
        connection = await self._plug.connections.create(
            visit.user_id, body.provider, body.credentials, label=body.label
        )
        return reply({"connection": shown(connection)}, 201)

    async def _test(self, visit: RoutedRequest) -> Response:
        connection = await self._plug.connections.get(visit.part["id"], visit.user_id)
        return reply({"label": await self._plug.executor.test(connection)})

    async def _disconnect(self, visit: RoutedRequest) -> Response:
        await self._plug.connections.disconnect(visit.part["id"], visit.user_id)
        return Response(204)

    async def _act(self, visit: RoutedRequest) -> Response:
        body = validated(CallAction, visit.request.document(), "the fields")
        result = await self._plug.run(
            f"{visit.part['provider']}.{visit.part['action']}",
            user_id=visit.user_id,
            params=body.params,
            connection_id=body.connection_id,
            idempotency_key=visit.request.headers.get("idempotency-key"),
        )
        return written(f'{{"result":{json_of(result)}}}')

    async def _logs(self, visit: RoutedRequest) -> Response:
        rows = await self._plug.store.logs(user_id=visit.user_id, limit=100)
        names = ("started_at", "provider", "action", "attempt", "outcome", "error", "code", "milliseconds", "call_id")
        return reply({"logs": [{name: _json_value(getattr(row, name)) for name in names} for row in rows]})

    async def _webhook(self, visit: RoutedRequest) -> Response:
        request, part = visit.request, visit.part
        inbound = Inbound(request.body, request.headers, request.query)
        receipt = await self._plug.webhooks.receive(part["provider"], inbound, part.get("id"), part.get("secret"))
        return Response(receipt.status, receipt.body, receipt.content_type)


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _pattern(path: str) -> re.Pattern[str]:
    # Some vendors append their own parts to the URL.
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path).replace("(?P<rest>[^/]+)", "(?P<rest>.+)"))


def describe(provider: Provider) -> dict[str, Any]:
    """A provider as JSON: its actions and events, and the form for its credentials if they are typed."""
    typed = not isinstance(provider.auth, OAuth2)
    return {
        "name": provider.name,
        "label": provider.label,
        "auth": "form" if typed else "oauth2",
        "credentials": provider.credentials.model_json_schema() if typed else None,
        "docs_url": provider.docs_url,
        "actions": [
            {"name": action.name, "summary": action.summary, "safe": action.safe}
            for action in provider.actions.values()
        ],
        "events": [{"name": trigger.name, "summary": trigger.summary} for trigger in provider.triggers],
    }


def shown(connection: Connection) -> dict[str, Any]:
    """A connection as its user may see it, as JSON."""
    return {
        "id": connection.id,
        "provider": connection.provider,
        "label": connection.label,
        "status": str(connection.status),
        "scopes": list(connection.scopes),
        "error_code": connection.error_code,
        "created_at": connection.created_at.isoformat(),
    }
