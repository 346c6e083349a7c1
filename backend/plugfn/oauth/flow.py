"""The authorization code flow: starts with a URL, and finishes with the query of the vendor's redirect."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest

from pydantic import SecretStr

from plugfn.definition import OAuthTokens
from plugfn.errors import GiveUp, InvalidParams, InvalidState, NeedsReconnect, Problem, TryLater
from plugfn.net.answer import Means
from plugfn.net.pool import Pool
from plugfn.oauth.app import App
from plugfn.oauth.pending import Pending, States
from plugfn.oauth.token_endpoint import ask_for_tokens

MOST_SCOPES = 100
MOST_CODE = 4096

_SCOPE = re.compile(r"[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,200}")

ERRORS: Mapping[str, Means] = {
    # RFC 6749, 4.1.2.1
    "access_denied": Means(NeedsReconnect, "The user did not grant access."),
    "server_error": Means(TryLater, "The vendor's server failed. Start again."),
    "temporarily_unavailable": Means(TryLater, "The vendor is overloaded or in maintenance. Start again."),
    "invalid_request": Means(GiveUp, "The vendor does not accept this request from our application."),
    "unauthorized_client": Means(GiveUp, "The vendor does not allow our application to ask for this."),
    "unsupported_response_type": Means(GiveUp, "The vendor does not allow our application to ask for a code."),
    "invalid_scope": Means(GiveUp, "The vendor does not know one of the scopes."),
    # GitHub
    "application_suspended": Means(GiveUp, "The vendor has suspended our application."),
    "redirect_uri_mismatch": Means(GiveUp, "The redirect URI is not the one registered with the vendor."),
}
"""Error codes that a vendor may redirect with instead of a code. Any other one is GiveUp."""


@dataclass(frozen=True)
class Granted:
    """The result of a finished flow."""

    pending: Pending
    tokens: OAuthTokens

    @property
    def missing_scopes(self) -> tuple[str, ...]:
        """Scopes that were asked for and not granted."""
        return tuple(scope for scope in self.pending.scopes if scope not in self.tokens.scopes)


class Flow:
    """Starts and finishes authorizations."""

    def __init__(self, states: States, pool: Pool, base_url: str) -> None:
        self._states, self._pool, self._base_url = states, pool, base_url

    async def begin(
        self,
        app: App,
        user_id: str,
        *,
        scopes: Sequence[str] | None = None,
        redirect_after: str = "",
        connection_id: str | None = None,
    ) -> str:
        """The URL to send the user to, valid for ten minutes and one use. Raises InvalidParams."""
        pending = Pending(
            provider=app.provider.name,
            user_id=user_id,
            redirect_uri=app.redirect_uri(self._base_url),
            scopes=app.scopes if scopes is None else _scopes(scopes),
            verifier=SecretStr(secrets.token_urlsafe(64)) if app.auth.pkce else None,
            redirect_after=redirect_after,
            connection_id=connection_id,
        )
        return app.authorization_url(pending, await self._states.new(pending))

    async def finish(self, app: App, user_id: str, query: Mapping[str, str]) -> Granted:
        """Exchange the code in the redirect's query for tokens. Raises PlugFnError.

        A state of another user or provider is refused and stays valid for its owner. Any other outcome uses it up,
        also when the user refuses."""
        state = query.get("state", "")
        pending = await self._states.peek(state)
        if not _same(pending.user_id, user_id) or pending.provider != app.provider.name:
            raise InvalidState("another user began this sign-in, or it is for another provider")
        pending = await self._states.take(state)
        _check_issuer(app, query)
        _check_error(query)
        code = query.get("code", "")
        if not code or len(code) > MOST_CODE:
            raise InvalidParams("the vendor sent no valid code", problems=[Problem("code", "is missing or too long")])
        return Granted(pending, await self._exchange(app, pending, code))

    async def _exchange(self, app: App, pending: Pending, code: str) -> OAuthTokens:
        verifier = None if pending.verifier is None else pending.verifier.get_secret_value()
        tokens = await ask_for_tokens(
            app,
            self._pool,
            "authorization_code",
            code=code,
            redirect_uri=pending.redirect_uri,
            code_verifier=verifier,
        )
        # RFC 6749, 5.1: an answer without scopes grants the scopes that were asked for.
        return tokens if tokens.scopes else tokens.model_copy(update={"scopes": pending.scopes})


def _same(first: str, second: str) -> bool:
    return compare_digest(first.encode("utf-8", "surrogatepass"), second.encode("utf-8", "surrogatepass"))


def _scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(scopes, str) or len(scopes) > MOST_SCOPES or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        problem = Problem("scopes", f"at most {MOST_SCOPES} names without spaces, commas and quotes")
        raise InvalidParams("the scopes are not valid", problems=[problem])
    return tuple(dict.fromkeys(scopes))


def _check_issuer(app: App, query: Mapping[str, str]) -> None:
    """RFC 9207, 2.4: refuses an answer from a server that was not asked."""
    if app.auth.issuer is not None and query.get("iss") != app.auth.issuer:
        raise InvalidState("the answer comes from a server that was not asked", code="issuer")


def _check_error(query: Mapping[str, str]) -> None:
    if not (code := query.get("error")):
        return
    row = ERRORS.get(code)
    if row is None:
        # Anyone can write anything into this query, so the message repeats nothing of it.
        raise GiveUp("The vendor refused the sign-in.", code="authorization_failed")
    raise row.error(row.meaning, code=code)
