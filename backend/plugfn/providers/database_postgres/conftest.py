"""Tables and two roles in the real PostgreSQL: a reader, and a writer that may do anything; and a TCP door to it."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16/"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

WORLD = """
create table vendas (id bigint primary key, cliente text, total numeric(10,2), nota float8, paga boolean,
  criada timestamptz, dia date, dados jsonb, foto bytea, marcas text[], "Ação" text);
insert into vendas values
  (1, 'Ana', 10.50, 0.1, true, '2026-01-02 03:04:05-03', '2026-01-02', '{"a": 1.5, "b": [1, null]}', '\\x00ff',
   '{x,"y z"}', 'sim'),
  (2, 'a,b (c)', 99999999.99, 'NaN', false, '2026-02-03 00:00:00Z', 'infinity', null, null, '{}', 'não'),
  (3, 'O''Neil "x" \\ 100%', 0.10, 1e300, null, null, null, '[]', null, null, null),
  (4, null, null, null, true, null, '2026-02-28', null, null, null, null);
create table segredos (id int primary key, senha text);
insert into segredos values (1, 'nobody may read this');
create schema crm;
create table crm.clientes (id int primary key, nome text);
insert into crm.clientes values (1, 'Ana'), (2, 'Bia');
create function resist() returns int language plpgsql as $$
begin
  loop
    begin
      perform pg_sleep(60);
    exception when query_canceled then null;
    end;
  end loop;
end $$;
"""


class Door:
    """A TCP server in its own thread, which relays to PostgreSQL's socket or gives a scripted answer."""

    def __init__(self, serve: Serve) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self._do(asyncio.start_server(_patient(serve), "127.0.0.1", 0))
        self.port: int = self.server.sockets[0].getsockname()[1]

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def close(self) -> None:
        self._do(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def _end(self) -> None:
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _patient(serve: Serve) -> Serve:
    """Clients leave at any time. Python would report the error of the task during a later test, and it would fail."""

    async def until_the_client_leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)

    return until_the_client_leaves


def relay(socket: str, tls: ssl.SSLContext | None = None) -> Serve:
    """Relays to PostgreSQL's unix socket and back; with `tls`, it encrypts on our side as PostgreSQL would."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(8)
        if first == SSL_REQUEST:
            writer.write(b"S" if tls else b"N")
            if tls:
                await writer.start_tls(tls)
            first = b""
        inner, out = await asyncio.open_unix_connection(socket)
        out.write(first)
        try:
            await asyncio.gather(_pump(reader, out), _pump(inner, writer))
        finally:
            out.close()
            writer.close()

    return serve


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    with suppress(ConnectionError, OSError, RuntimeError):
        writer.close()


@pytest.fixture
def door() -> Iterator[Callable[[Serve], int]]:
    """`door(serve)`: the port of a TCP server that runs `serve` for each connection."""
    doors: list[Door] = []

    def opened(serve: Serve) -> int:
        doors.append(Door(serve))
        return doors[-1].port

    yield opened
    for each in doors:
        each.close()


@pytest.fixture(scope="session")
def socket_path(postgres_url: str) -> str:
    """PostgreSQL's unix socket."""
    parts = conninfo_to_dict(postgres_url)
    return str(Path(str(parts["host"])) / f".s.PGSQL.{parts.get('port') or 5432}")


@pytest.fixture(scope="session")
def roles(postgres_url: str) -> Iterator[dict[str, str]]:
    """The names of two roles: a reader that may only read two tables, and a writer that may do anything with all."""
    superuser = make_conninfo(postgres_url, user="postgres")
    names = {kind: f"plugfn_{kind}_{uuid4().hex[:8]}" for kind in ("reader", "writer")}
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(WORLD)
        for name in names.values():
            connection.execute(f'create role "{name}" login')
        connection.execute(f'grant usage on schema crm to "{names["reader"]}"')
        connection.execute(f'grant select on vendas, crm.clientes to "{names["reader"]}"')
        connection.execute(f'grant all on schema public, crm to "{names["writer"]}"')
        connection.execute(f'grant all on vendas, segredos, crm.clientes to "{names["writer"]}"')
    yield names
    with psycopg.connect(superuser, autocommit=True) as connection:
        for name in names.values():
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [name])
            connection.execute(f'drop owned by "{name}"')
            connection.execute(f'drop role "{name}"')
    _wait_until_alone(superuser)


def _wait_until_alone(superuser: str) -> None:
    """Waits until no session is left: one that is still ending would stop the database from being dropped."""
    name = conninfo_to_dict(superuser)["dbname"]
    with psycopg.connect(make_conninfo(superuser, dbname="postgres"), autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", [name])


@pytest.fixture(scope="session")
def port(socket_path: str) -> Iterator[int]:
    """A TCP port of the real PostgreSQL."""
    opened = Door(relay(socket_path))
    yield opened.port
    opened.close()


@pytest.fixture
def credentials(roles: dict[str, str], port: int, postgres_url: str) -> Callable[..., dict[str, Any]]:
    """`credentials(role="writer", …)`: what a user would enter; the role is the reader by default."""

    def typed(role: str = "reader", **more: Any) -> dict[str, Any]:
        own = {"host": "127.0.0.1", "port": port, "dbname": conninfo_to_dict(postgres_url)["dbname"]}
        own |= {"user": roles[role], "password": "not-asked-for-here", "sslmode": "disable"}
        return own | {"allowed_tables": ["vendas", "crm.clientes"]} | more

    return typed


@pytest.fixture
def world_as_it_is(postgres_url: str, roles: dict[str, str]) -> Callable[[], list[Any]]:
    """Reads everything that an attack could change: rows, tables, settings of roles, advisory locks."""
    superuser = make_conninfo(postgres_url, user="postgres")
    looks = (
        "select md5(string_agg(v::text, '|' order by id)) from vendas v",
        "select md5(string_agg(s::text, '|' order by id)) from segredos s",
        "select count(*) from pg_class where relnamespace = 'public'::regnamespace",
        "select count(*) from pg_db_role_setting",
        "select count(*) from pg_locks where locktype = 'advisory' and database = "
        "(select oid from pg_database where datname = current_database())",
    )

    def look() -> list[Any]:
        with psycopg.connect(superuser) as connection:
            return [connection.execute(question).fetchall() for question in looks]

    return look
