"""What psycopg raises → the errors that callers handle. The server's own message is dropped: it may quote values."""

import re

import psycopg

from plugfn.database.sqlstates import SqlStates
from plugfn.errors import InvalidCall, NeedsReconnect, PlugFnError, Unavailable
from plugfn.net.answer import Means

BROKEN = "connection"
"""The code of a connection that failed, and nobody said why."""

_STATES = SqlStates()
_UNKNOWN = Means(InvalidCall, "The database refuses the query.")
_AT_THE_DOOR = {
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
    code = error.sqlstate or _code_at_the_door(str(error))
    if code is None:
        return _no_connection(str(error))
    if not _STATE.fullmatch(code):
        code = "XX000"  # what a server makes up itself is not passed on
    means = _STATES.get(code, _UNKNOWN)
    return means.error(means.meaning, code=code)


def _code_at_the_door(message: str) -> str | None:
    """libpq tells no code when a connection is refused, only the server's words: known when these are English."""
    return next((code for code, words in _AT_THE_DOOR.items() if words.search(message)), None)


def _no_connection(message: str) -> PlugFnError:
    if _AUTH_METHOD.search(message):
        return NeedsReconnect(
            "The server asks for the password itself, which only sslmode verify-full would tell it.", code="auth_method"
        )
    if _TLS.search(message):
        return NeedsReconnect("The connection cannot be encrypted or verified as sslmode asks.", code="tls")
    return Unavailable("The connection to the database failed or broke.", code=BROKEN)
