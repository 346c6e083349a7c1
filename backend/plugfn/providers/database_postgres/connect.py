"""Connects to a user's PostgreSQL: to checked addresses, encrypted, and without this machine's own configuration.

Parameters: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

import certifi
import psycopg
from psycopg.conninfo import make_conninfo

from plugfn.errors import Forbidden
from plugfn.net.guard import Guard
from plugfn.net.ranges import effective, is_public
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.failures import BROKEN, failure
from plugfn.providers.database_postgres.wire import Wire, tls_error

CONNECT_SECONDS = 6

Connection = psycopg.AsyncConnection[tuple[object, ...]]


@asynccontextmanager
async def connect(credentials: PostgresAccess, guard: Guard) -> AsyncIterator[Connection]:
    """A new connection, which is closed afterwards, so that calls share no state.

    Raises Forbidden, Unavailable, NeedsReconnect, Unexpected; failures.py translates psycopg's errors."""
    addresses = await guard.resolve(credentials.host, credentials.port)
    if credentials.sslmode == "disable" and any(is_public(effective(ip_address(each))) for each in addresses):
        raise Forbidden("sslmode 'disable' is only allowed for private addresses", code="unencrypted")
    wire = Wire(credentials.host, credentials.port, addresses, _tls(credentials), CONNECT_SECONDS)
    with TemporaryDirectory(prefix="plugfn-") as folder:
        async with wire.open(Path(folder)):
            try:
                parameters = make_conninfo("", **_parameters(credentials, Path(folder)))
                connection: Connection = await psycopg.AsyncConnection.connect(parameters, autocommit=True)
                try:
                    yield connection
                finally:
                    await connection.close()
            except psycopg.Error as error:
                translated = failure(error)
                raise wire.failure if wire.failure and translated.code == BROKEN else translated from None


def _parameters(credentials: PostgresAccess, folder: Path) -> dict[str, str | int]:
    """All parameters are set: libpq reads unset ones from this machine's environment and home directory."""
    return {
        "host": os.fspath(folder),
        "hostaddr": "",
        "port": credentials.port,
        "dbname": credentials.dbname,
        "user": credentials.user,
        "password": credentials.password.get_secret_value(),
        "passfile": os.fspath(folder / "nothing"),
        "sslmode": "disable",
        "gssencmode": "disable",
        "require_auth": _auth_methods(credentials),
        "client_encoding": "UTF8",
        "options": "",
        "application_name": "plugfn",
        "connect_timeout": CONNECT_SECONDS,
    }


def _tls(credentials: PostgresAccess) -> ssl.SSLContext | None:
    """The TLS context that sslmode asks for. Raises NeedsReconnect if root_certificate is not a certificate."""
    if credentials.sslmode == "disable":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if credentials.sslmode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        if credentials.root_certificate:
            context.load_verify_locations(cadata=credentials.root_certificate)
        else:
            context.load_verify_locations(certifi.where())
    except (ssl.SSLError, ValueError, TypeError):  # TypeError: characters that PEM does not have
        raise tls_error() from None
    return context


def _auth_methods(credentials: PostgresAccess) -> str:
    """The accepted authentication methods: only a server whose name was verified gets the password itself."""
    return "password,md5,scram-sha-256,none" if credentials.sslmode == "verify-full" else "md5,scram-sha-256,none"
