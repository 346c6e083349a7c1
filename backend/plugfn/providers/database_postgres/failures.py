"""Translates psycopg's errors into PlugFn's. The server's message is dropped, because it may quote values."""

import re

import psycopg

from plugfn.database.sqlstates import SqlStates
from plugfn.errors import InvalidCall, NeedsReconnect, PlugFnError, Unavailable
from plugfn.net.answer import Means

BROKEN = "connection"
"""The code of a connection that failed for an unknown reason."""

LONGEST_MESSAGE = 1_000
"""Characters of the server's text to search: users choose the server, and a search can take quadratic time."""

_STATES = SqlStates()
_UNKNOWN = Means(InvalidCall, "The database refuses the query.")
_REFUSALS = {
    "28P01": re.compile("password authentication failed"),
    "28000": re.compile(r"no pg_hba\.conf entry|role .* does not exist|not permitted to log in|authentication failed"),
    "3D000": re.compile("database .* does not exist"),
    "53300": re.compile("too many (connections|clients)|remaining connection slots"),
    "57P03": re.compile("starting up|shutting down|not (yet )?accepting connections"),
}
_STATE = re.compile("[0-9A-Z]{5}", re.ASCII)
_TLS = re.compile("certificate|SSL", re.IGNORECASE)
_AUTH_METHOD = re.compile("authentication method requirement")


def failure(error: psycopg.Error) -> PlugFnError:
    """The error to raise in place of this one."""
    message = str(error)[:LONGEST_MESSAGE]
    code = error.sqlstate or _code_of_refusal(message)
    if code is None:
        return _no_connection(message)
    if not _STATE.fullmatch(code):
        code = "XX000"  # a code that the server made up is not passed on
    means = _STATES.get(code, _UNKNOWN)
    return means.error(means.meaning, code=code)


def _code_of_refusal(message: str) -> str | None:
    """The code of a refused connection: libpq passes on only the server's text, and this recognises English."""
    return next((code for code, words in _REFUSALS.items() if words.search(message)), None)


def _no_connection(message: str) -> PlugFnError:
    if _AUTH_METHOD.search(message):
        return NeedsReconnect(
            "The server asks for the plain password, which is only sent with sslmode verify-full.", code="auth_method"
        )
    if _TLS.search(message):
        return NeedsReconnect("The connection cannot be encrypted or verified as sslmode requires.", code="tls")
    return Unavailable("The connection to the database failed or broke.", code=BROKEN)
