"""Connects to a user's PostgreSQL: to checked addresses only, encrypted, with nothing of this machine's own set-up.

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
from plugfn.providers.database_postgres.wire import Wire, no_tls

CONNECT_SECONDS = 6

Connection = psycopg.AsyncConnection[tuple[object, ...]]


@asynccontextmanager
async def connected(credentials: PostgresAccess, guard: Guard) -> AsyncIterator[Connection]:
    """A fresh connection, closed afterwards: no state of one call is ever seen by another.

    Raises Forbidden, Unavailable, NeedsReconnect, Unexpected; what psycopg raises within, as failures.py says."""
    addresses = await guard.resolve(credentials.host, credentials.port)
    if credentials.sslmode == "disable" and any(is_public(effective(ip_address(each))) for each in addresses):
        raise Forbidden("without encryption only private addresses may be connected to", code="unencrypted")
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
                told = failure(error)
                raise wire.failure if wire.failure and told.code == BROKEN else told from None


def _parameters(credentials: PostgresAccess, folder: Path) -> dict[str, str | int]:
    """Everything is said: what is not, libpq would take from this machine's environment and home directory."""
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
        "require_auth": _proofs(credentials),
        "client_encoding": "UTF8",
        "options": "",
        "application_name": "plugfn",
        "connect_timeout": CONNECT_SECONDS,
    }


def _tls(credentials: PostgresAccess) -> ssl.SSLContext | None:
    """How the server must encrypt and prove its name. Raises NeedsReconnect for a certificate that is none."""
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
    except (ssl.SSLError, ValueError, TypeError):  # TypeError: letters that no PEM has
        raise no_tls() from None
    return context


def _proofs(credentials: PostgresAccess) -> str:
    """The password itself is told only to a server that proved its name."""
    return "password,md5,scram-sha-256,none" if credentials.sslmode == "verify-full" else "md5,scram-sha-256,none"
