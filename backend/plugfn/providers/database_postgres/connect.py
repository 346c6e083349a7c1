"""Connects to a user's PostgreSQL: to checked addresses only, encrypted, with nothing of this machine's own set-up.

Parameters: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

import os
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
from plugfn.providers.database_postgres.credentials import PostgresAccess
from plugfn.providers.database_postgres.failures import failure

CONNECT_SECONDS = 6

Connection = psycopg.AsyncConnection[tuple[object, ...]]


@asynccontextmanager
async def connected(credentials: PostgresAccess, guard: Guard) -> AsyncIterator[Connection]:
    """A fresh connection, closed afterwards: no state of one call is ever seen by another.

    Raises Forbidden, Unavailable, NeedsReconnect."""
    addresses = await guard.resolve(credentials.host, credentials.port)
    if credentials.sslmode == "disable" and any(ip_address(address).is_global for address in addresses):
        raise Forbidden("without encryption only private addresses may be connected to", code="unencrypted")
    with TemporaryDirectory(prefix="plugfn-") as folder:
        try:
            parameters = make_conninfo("", **_parameters(credentials, addresses, Path(folder)))
            connection: Connection = await psycopg.AsyncConnection.connect(parameters, autocommit=True)
        except psycopg.Error as error:
            raise failure(error) from None
    try:
        yield connection
    finally:
        await connection.close()


def _parameters(credentials: PostgresAccess, addresses: list[str], folder: Path) -> dict[str, str | int]:
    """Everything is said: what is not, libpq would take from this machine's environment and home directory."""
    nowhere = os.fspath(folder / "nothing")
    return {
        "host": ",".join([credentials.host] * len(addresses)),
        "hostaddr": ",".join(addresses),
        "port": credentials.port,
        "dbname": credentials.dbname,
        "user": credentials.user,
        "password": credentials.password.get_secret_value(),
        "passfile": nowhere,
        "sslmode": credentials.sslmode,
        "sslrootcert": _roots(credentials, folder),
        "sslcertmode": "disable",
        "gssencmode": "disable",
        "require_auth": _proofs(credentials),
        "client_encoding": "UTF8",
        "options": "",
        "application_name": "plugfn",
        "connect_timeout": CONNECT_SECONDS,
    }


def _roots(credentials: PostgresAccess, folder: Path) -> str:
    if credentials.sslmode != "verify-full":
        return os.fspath(folder / "nothing")
    if not credentials.root_certificate:
        return certifi.where()
    file = folder / "root.pem"
    file.write_text(credentials.root_certificate)
    return os.fspath(file)


def _proofs(credentials: PostgresAccess) -> str:
    """The password itself is told only to a server that proved its name."""
    return "password,md5,scram-sha-256,none" if credentials.sslmode == "verify-full" else "md5,scram-sha-256,none"
