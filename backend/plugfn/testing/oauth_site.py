"""An OAuth 2.0 provider at the emulator `oauth`, and users who sign in there: for tests of connecting."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

from plugfn.connection import Connection
from plugfn.connections import Connected
from plugfn.crypto import new_key
from plugfn.definition import Call, Identity, Model, OAuth2, OAuthSettings, OAuthTokens, Origin, Provider, Result
from plugfn.net.answer import ErrorTable
from plugfn.oauth.token_endpoint import read_tokens
from plugfn.plug import PlugFn
from plugfn.testing.emulator import Emulator
from plugfn.vault.sealed_connections import StoredConnection

CLIENT_ID = "plugfn-client"
CLIENT_SECRET = "plugfn-secret-of-the-sandbox"  # noqa: S105 - the emulator's
BASE_URL = "https://app.example"


class Nothing(Model):
    """No parameters."""


class Me(Result):
    """Whose token it is."""

    account: str
    scopes: list[str]


async def whoami(call: Call[OAuthTokens], params: Nothing) -> Me:
    """Asks the emulator's API whose token it is."""
    return (await call.http.get("/api/me")).read(Me)


async def _identify(call: Call[OAuthTokens]) -> Identity:
    account = (await call.http.get("/api/me")).read(Me).account
    return Identity(account=account, label=account.title())


async def _revoke(call: Call[OAuthTokens]) -> None:
    secret = call.settings.client_secret.get_secret_value()
    token = (call.credentials.refresh_token or call.credentials.access_token).get_secret_value()
    await call.http.post("/revoke", form={"client_id": CLIENT_ID, "client_secret": secret, "token": token})


def _tokens(answer: Mapping[str, Any]) -> OAuthTokens:
    account = answer.get("account") or {}
    identity = {"account": account.get("id", ""), "label": account.get("name", "")}
    return read_tokens(answer).model_copy(update=identity)


def made(url: str, *, identify: bool = False, **auth: Any) -> Provider:
    """The provider; `auth` changes its OAuth settings."""
    options: dict[str, Any] = {
        "authorize_url": f"{url}/authorize",
        "token_url": f"{url}/token",
        "scopes": ("read", "write"),
        "read_tokens": _tokens,
        "revoke": _revoke,
    }
    provider = Provider(
        name="acme",
        label="Acme",
        auth=OAuth2(**options | auth),
        docs_url="https://acme.example/docs",
        origin=lambda settings, credentials: Origin(url, trusted=True),
        settings=OAuthSettings,
        headers=lambda tokens: {"Authorization": f"Bearer {tokens.access_token.get_secret_value()}"},
        errors=ErrorTable(),
        identify=_identify if identify else None,
    )
    provider.action("me.get", summary="Whose token it is.", safe=True)(whoami)
    return provider


class Site:
    """An application of ours next to the emulator. Several of them may share a database."""

    def __init__(self, emulator: Emulator, *, provider: Provider | None = None, **plug: Any) -> None:
        self.emulator = emulator
        self.provider = provider or made(emulator.url)
        options: dict[str, Any] = {
            "encryption_key": new_key(),
            "base_url": BASE_URL,
            "allowed_networks": ["127.0.0.0/8"],
        }
        integrations = {"acme": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}}
        self.plug = PlugFn(**options | {"integrations": integrations} | plug)
        self.plug.providers.register(self.provider)
        self.connections = self.plug.connections

    def options(self, **options: Any) -> None:
        """Set options of the emulator."""
        self.emulator.control("POST", "/options", options)

    def grants(self) -> list[dict[str, Any]]:
        """The grants at the emulator."""
        grants: list[dict[str, Any]] = self.emulator.control("GET", "/grants")
        return grants

    def token_requests(self) -> list[dict[str, str]]:
        """The requests to the token endpoint."""
        return [dict(parse_qsl(request["body"])) for request in self.emulator.requests("/token")]

    async def begin(self, user_id: str = "ana", **options: Any) -> str:
        """The URL to send a user to."""
        return await self.connections.authorization_url(user_id, "acme", **options)

    async def visit(self, url: str) -> dict[str, str]:
        """Visit the URL as a browser does; returns the query of the redirect back."""
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(url, follow_redirects=False)
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query, keep_blank_values=True))

    async def connect(self, user_id: str = "ana", **options: Any) -> Connected:
        """Sign in, from beginning to end."""
        query = await self.visit(await self.begin(user_id, **options))
        return await self.connections.callback(user_id, "acme", query)

    async def me(self, connection: Connection, **options: Any) -> Me:
        """Call the API with a connection."""
        me = await self.plug.run("acme.me.get", user_id=connection.user_id, connection_id=connection.id, **options)
        assert isinstance(me, Me)  # noqa: S101 - the action's result type
        return me

    async def tokens(self, connection: Connection) -> OAuthTokens:
        """The stored tokens, without a refresh."""
        stored = await self.connections._vault.read(connection.id, OAuthTokens)
        assert stored is not None  # noqa: S101 - a test's own connection
        assert isinstance(stored.credentials, OAuthTokens)  # noqa: S101 - as they were read
        return stored.credentials

    async def set_tokens(self, connection: Connection, **changed: Any) -> None:
        """Store other tokens, bypassing the library."""
        tokens = (await self.tokens(connection)).model_copy(update=changed)
        row = await self.plug.store.connection(connection.id)
        assert row is not None  # noqa: S101 - a test's own connection
        _, sealed = self.connections._vault._sealed(StoredConnection(connection, tokens))
        await self.plug.store.update_connection(row, sealed)

    async def end_soon(self, connection: Connection, seconds: float = -1) -> None:
        """Let the stored access token expire in that many seconds."""
        await self.set_tokens(connection, expires_at=datetime.now(UTC) + timedelta(seconds=seconds))
