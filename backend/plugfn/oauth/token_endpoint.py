"""Requests tokens from a vendor's token endpoint, and reads the answer: tokens, or an error under any status."""

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

_CONNECT_AGAIN = Means(NeedsReconnect, "The user's grant is used up, expired or withdrawn.")
_OUR_SECRET = Means(GiveUp, "The vendor does not accept our client id and secret.")
_OUR_REDIRECT = Means(GiveUp, "The redirect URI is not the one registered with the vendor.")
_OUR_REQUEST = Means(GiveUp, "The vendor does not accept this request from our application.")

CODES: Mapping[str, Means] = {
    # RFC 6749, 5.2
    "invalid_grant": _CONNECT_AGAIN,
    "invalid_client": _OUR_SECRET,
    "invalid_request": _OUR_REQUEST,
    "unauthorized_client": _OUR_REQUEST,
    "unsupported_grant_type": _OUR_REQUEST,
    "invalid_scope": _OUR_REQUEST,
    "server_error": Means(Unavailable, "The vendor's server failed."),
    "temporarily_unavailable": Means(Unavailable, "The vendor is overloaded or in maintenance."),
    "slow_down": Means(RateLimited, "Too many requests."),
    # GitHub, https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
    "bad_verification_code": _CONNECT_AGAIN,
    "bad_refresh_token": _CONNECT_AGAIN,
    "incorrect_client_credentials": _OUR_SECRET,
    "redirect_uri_mismatch": _OUR_REDIRECT,
    # Slack, https://docs.slack.dev/reference/methods/oauth.v2.access
    "invalid_code": _CONNECT_AGAIN,
    "code_already_used": _CONNECT_AGAIN,
    "invalid_refresh_token": _CONNECT_AGAIN,
    "token_revoked": _CONNECT_AGAIN,
    "token_expired": _CONNECT_AGAIN,
    "invalid_client_id": _OUR_SECRET,
    "bad_client_secret": _OUR_SECRET,
    "bad_redirect_uri": _OUR_REDIRECT,
    "ratelimited": Means(RateLimited, "Too many requests."),
    "internal_error": Means(Unavailable, "The vendor's server failed."),
    "fatal_error": Means(Unavailable, "The vendor's server failed."),
    "service_unavailable": Means(Unavailable, "The vendor is overloaded or in maintenance."),
}


def _code(answer: Answer) -> str | None:
    """The error's code in an answer of any status; None when there is no error. Only a short word is ever returned."""
    try:
        document = answer.json()
    except Unexpected:
        return None
    if not isinstance(document, dict) or not (document.get("error") or document.get("ok") is False):
        return None
    code = document.get("error")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "error"


TABLE = ErrorTable(
    codes=CODES,
    statuses={400: _OUR_REQUEST, 401: _OUR_SECRET, 403: _OUR_REQUEST, 404: _OUR_REQUEST, 405: _OUR_REQUEST},
    read=_code,
)


async def ask_for_tokens(app: App, pool: Pool, grant_type: str, **parameters: str | None) -> OAuthTokens:
    """Tokens for a code or a refresh token. Raises PlugFnError, such as Unexpected when the answer is not valid."""
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
    except Exception as error:  # noqa: BLE001 - a provider's function may raise anything
        # `from None`: the message may quote the tokens.
        raise Unexpected(f"the token answer cannot be read: {type(error).__name__}", code="wrong_shape") from None
    for token in (tokens.access_token, tokens.refresh_token):
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise Unexpected("the vendor's token has characters that a header cannot carry", code="bad_token")
    return tokens


def _lifetime(value: Any) -> float | None:
    """Seconds, which some vendors send as text. None when the value is not valid.

    An error would lose the tokens, and the vendor has already replaced the old ones. A token of unknown lifetime is
    renewed when it is refused."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= LONGEST_LIFE else None


def _scope(value: Any) -> Any:
    """Scopes as text; some vendors send a list."""
    listed = isinstance(value, list) and all(isinstance(scope, str) for scope in value)
    return " ".join(value) if listed else value


class TokenAnswer(Result):
    """RFC 6749, 5.1."""

    access_token: SecretStr = Field(min_length=1)
    token_type: str
    expires_in: Annotated[float | None, BeforeValidator(_lifetime)] = None
    refresh_token: SecretStr | None = None
    scope: Annotated[str | None, BeforeValidator(_scope)] = None


def read_tokens(document: Mapping[str, Any]) -> OAuthTokens:
    """A token answer in the form of RFC 6749, 5.1. Raises Unexpected, also when it is not a bearer token."""
    answer = read_as(TokenAnswer, document)
    if answer.token_type.lower() != "bearer":
        raise Unexpected("the vendor's token is not a bearer token", code="token_type")
    expires_at = None if answer.expires_in is None else datetime.now(UTC) + timedelta(seconds=answer.expires_in)
    return OAuthTokens(
        access_token=answer.access_token,
        refresh_token=answer.refresh_token
        if answer.refresh_token and answer.refresh_token.get_secret_value()
        else None,
        expires_at=expires_at,
        scopes=tuple((answer.scope or "").replace(",", " ").split()),
    )


def with_new_tokens(old: OAuthTokens, new: OAuthTokens) -> OAuthTokens:
    """The old tokens updated by a refresh: what the vendor's answer omits (refresh token, scopes, account) stays."""
    return new.model_copy(
        update={
            "refresh_token": new.refresh_token or old.refresh_token,
            "scopes": new.scopes or old.scopes,
            "account": new.account or old.account,
            "label": new.label or old.label,
        }
    )
