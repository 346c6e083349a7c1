"""Revokes tokens at the vendor when a user disconnects. A failure never prevents the disconnect."""

import asyncio
import logging
from uuid import uuid4

from plugfn.connection import Connection
from plugfn.definition import Call, OAuthTokens
from plugfn.errors import PlugFnError
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.net.vendor import VendorHttp
from plugfn.oauth.app import App

log = logging.getLogger("plugfn.oauth")

SECONDS = 15.0


async def revoked(app: App, connection: Connection, tokens: OAuthTokens, pool: Pool, guard: Guard) -> str:
    """The outcome: "revoked", "unsupported" (the vendor cannot revoke tokens), or the error's code."""
    if app.auth.revoke is None:
        return "unsupported"
    try:
        async with asyncio.timeout(SECONDS):
            await app.auth.revoke(_call(app, connection, tokens, pool, guard))
    except TimeoutError:
        return "timeout"
    except PlugFnError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - a provider's bug must not prevent the disconnect
        # The message may quote the token.
        log.error("%s: revoking a token failed with %s", app.provider.name, type(error).__name__)
        return "provider_bug"
    return "revoked"


def _call(app: App, connection: Connection, tokens: OAuthTokens, pool: Pool, guard: Guard) -> Call[OAuthTokens]:
    origin = app.provider.origin(app.settings, tokens)
    http = VendorHttp(
        pool,
        origin.url,
        trusted=origin.trusted,
        headers=app.provider.headers(tokens),
        errors=app.provider.errors,
    )
    return Call(app.provider, connection, tokens, app.settings, http, guard, uuid4().hex)
