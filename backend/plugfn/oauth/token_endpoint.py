"""Asks a vendor's token endpoint, and reads what it answers: tokens, or an error under whatever status."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from plugfn.definition import OAuthTokens, Result
from plugfn.errors import GiveUp, NeedsReconnect, PlugFnError, RateLimited, Unavailable, Unexpected
from plugfn.net.answer import Answer, ErrorTable, Means, read_as
from plugfn.net.pool import Pool
from plugfn.net.vendor import VendorHttp
from plugfn.oauth.app import App, TokenRequest

MAX_BYTES = 256 * 1024
SECONDS = 20.0
LONGEST_LIFE = 20 * 365 * 86_400

_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")

_ONCE_MORE = Means(NeedsReconnect, "What the user granted is used up, expired or withdrawn.")
_OUR_SECRET = Means(GiveUp, "The vendor does not accept our client id and secret.")
_OUR_REDIRECT = Means(GiveUp, "The redirect URI is not the one registered with the vendor.")
_OUR_REQUEST = Means(GiveUp, "The vendor does not take this request from our application.")

CODES: Mapping[str, Means] = {
    # RFC 6749, 5.2
    "invalid_grant": _ONCE_MORE,
    "invalid_client": _OUR_SECRET,
    "invalid_request": _OUR_REQUEST,
    "unauthorized_client": _OUR_REQUEST,
    "unsupported_grant_type": _OUR_REQUEST,
    "invalid_scope": _OUR_REQUEST,
    "server_error": Means(Unavailable, "The vendor's server failed."),
    "temporarily_unavailable": Means(Unavailable, "The vendor is overloaded or in maintenance."),
    "slow_down": Means(RateLimited, "Too many requests."),
    # GitHub, https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
    "bad_verification_code": _ONCE_MORE,
    "bad_refresh_token": _ONCE_MORE,
    "incorrect_client_credentials": _OUR_SECRET,
    "redirect_uri_mismatch": _OUR_REDIRECT,
    # Slack, https://docs.slack.dev/reference/methods/oauth.v2.access
    "invalid_code": _ONCE_MORE,
    "code_already_used": _ONCE_MORE,
    "invalid_refresh_token": _ONCE_MORE,
    "token_revoked": _ONCE_MORE,
    "token_expired": _ONCE_MORE,
    "invalid_client_id": _OUR_SECRET,
    "bad_client_secret": _OUR_SECRET,
    "bad_redirect_uri": _OUR_REDIRECT,
    "ratelimited": Means(RateLimited, "Too many requests."),
    "internal_error": Means(Unavailable, "The vendor's server failed."),
    "fatal_error": Means(Unavailable, "The vendor's server failed."),
    "service_unavailable": Means(Unavailable, "The vendor is overloaded or in maintenance."),
}


def _code(answer: Answer) -> str | None:
    """The code of an error in an answer of any status; None when there is none. Never more than a short word of it."""
    try:
        found = answer.json()
    except Unexpected:
        return None
    if not isinstance(found, dict) or not (found.get("error") or found.get("ok") is False):
        return None
    code = found.get("error")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "error"


TABLE = ErrorTable(
    codes=CODES,
    statuses={400: _OUR_REQUEST, 401: _OUR_SECRET, 403: _OUR_REQUEST, 404: _OUR_REQUEST, 405: _OUR_REQUEST},
    read=_code,
)


async def ask_for_tokens(app: App, pool: Pool, grant_type: str, **parameters: str | None) -> OAuthTokens:
    """Tokens for a code or a refresh token. Raises PlugFnError; Unexpected when the answer is not sound."""
    request = app.token_request(grant_type, **parameters)
    try:
        async with asyncio.timeout(SECONDS):
            answer = await _post(request, pool)
        TABLE.check(answer)
        return _read(app, answer.document())
    except TimeoutError:
        raise Unavailable(
            "the vendor's token endpoint did not answer in time",
            maybe_done=True,
            code="timeout",
            provider=app.provider.name,
        ) from None
    except PlugFnError as error:
        error.provider = error.provider or app.provider.name
        raise


async def _post(request: TokenRequest, pool: Pool) -> Answer:
    address = request.address
    http = VendorHttp(pool, address.origin, trusted=True, max_bytes=MAX_BYTES)
    return await http.request(
        "POST",
        address.path or "/",
        params=address.query,
        content=request.body,
        headers=request.headers,
        checked=False,
    )


def _read(app: App, document: Mapping[str, Any]) -> OAuthTokens:
    try:
        tokens = (app.auth.read_tokens or read_tokens)(document)
    except PlugFnError:
        raise
    except Exception as error:  # noqa: BLE001 - a provider of our user may raise anything
        # `from None`: the error of a provider's own code may quote the tokens.
        raise Unexpected(f"the token answer cannot be read: {type(error).__name__}", code="wrong_shape") from None
    for token in (tokens.access_token, tokens.refresh_token):
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise Unexpected("the vendor's token is not one that a header can carry", code="bad_token")
    return tokens


def _lifetime(value: Any) -> float | None:
    """Seconds, which some vendors send as text. None for what is no lifetime: by then the vendor has ended the pair

    before, and a token that ends unforeseen is renewed when it is refused."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= LONGEST_LIFE else None


def _scope(value: Any) -> Any:
    """Some vendors send a list."""
    listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return " ".join(value) if listed else value


class TokenAnswer(Result):
    """RFC 6749, 5.1."""

    access_token: SecretStr = Field(min_length=1)
    token_type: str
    expires_in: Annotated[float | None, BeforeValidator(_lifetime)] = None
    refresh_token: SecretStr | None = None
    scope: Annotated[str | None, BeforeValidator(_scope)] = None


def read_tokens(document: Mapping[str, Any]) -> OAuthTokens:
    """A token answer as RFC 6749, 5.1 has it. Raises Unexpected, also when the token is not a bearer's."""
    found = read_as(TokenAnswer, document)
    if found.token_type.lower() != "bearer":
        raise Unexpected("the vendor's token is of another type than bearer", code="token_type")
    ends = None if found.expires_in is None else datetime.now(UTC) + timedelta(seconds=found.expires_in)
    return OAuthTokens(
        access_token=found.access_token,
        refresh_token=found.refresh_token if found.refresh_token and found.refresh_token.get_secret_value() else None,
        expires_at=ends,
        scopes=tuple((found.scope or "").replace(",", " ").split()),
    )


def merged(old: OAuthTokens, new: OAuthTokens) -> OAuthTokens:
    """What a refresh gave, over what was there: an answer without a refresh token, scope or account keeps the old."""
    return new.model_copy(
        update={
            "refresh_token": new.refresh_token or old.refresh_token,
            "scopes": new.scopes or old.scopes,
            "account": new.account or old.account,
            "label": new.label or old.label,
        }
    )
