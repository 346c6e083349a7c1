"""Connections in SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, delete, select, update
from sqlalchemy.exc import IntegrityError

from plugfn.connection import Connection, ConnectionStatus
from plugfn.storage.sql.database import Database
from plugfn.storage.sql.tables import connections as table

WITHOUT_SECRET = [column for column in table.c if column.name != "sealed"]


def filtered(table: Table, query: Select[Any], wanted: Mapping[str, Any]) -> Select[Any]:
    """`query` for the rows that have every wanted value that is not None."""
    return query.where(*(table.c[name] == value for name, value in wanted.items() if value is not None))


class SqlConnections(Database):
    """See plugfn.storage.protocol.Connections."""

    async def add_connection(self, connection: Connection, sealed: bytes) -> None:
        """See Store."""
        try:
            await self.execute(self.insert(table).values(**_values(connection), sealed=sealed))
        except IntegrityError:
            raise ValueError("a connection with this id already exists") from None

    async def connection(self, connection_id: str) -> Connection | None:
        """See Store."""
        rows = (await self.execute(select(*WITHOUT_SECRET).where(table.c.id == connection_id))).rows
        return _connection(rows[0]) if rows else None

    async def connections(
        self,
        *,
        user_id: str | None = None,
        provider: str | None = None,
        accounts: Sequence[str] | None = None,
        status: ConnectionStatus | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> list[Connection]:
        """See Store."""
        wanted = {"user_id": user_id, "provider": provider, "status": status}
        query = filtered(table, select(*WITHOUT_SECRET), wanted).where(table.c.id > after)
        if accounts is not None:
            query = query.where(table.c.account.in_(accounts))
        result = await self.execute(query.order_by(table.c.id).limit(max(limit, 0)))
        return [_connection(row) for row in result.rows]

    async def update_connection(
        self, connection: Connection, sealed: bytes | None = None, *, read_at: datetime | None = None
    ) -> bool:
        """See Store."""
        values = _values(connection) | ({} if sealed is None else {"sealed": sealed})
        del values["last_used_at"]
        changed = update(table).where(table.c.id == connection.id)
        if read_at is not None:
            changed = changed.where(table.c.updated_at == read_at)
        return bool((await self.execute(changed.values(**values))).changed)

    async def touch_connection(self, connection_id: str, used_at: datetime) -> None:
        """See Store."""
        await self.execute(update(table).where(table.c.id == connection_id).values(last_used_at=used_at))

    async def delete_connection(self, connection_id: str) -> bool:
        """See Store."""
        return bool((await self.execute(delete(table).where(table.c.id == connection_id))).changed)

    async def with_credentials(self, connection_id: str) -> tuple[Connection, bytes] | None:
        """See Store."""
        rows = (await self.execute(select(table).where(table.c.id == connection_id))).rows
        return (_connection(rows[0]), bytes(rows[0].sealed)) if rows else None


def _values(connection: Connection) -> dict[str, Any]:
    values = {name: getattr(connection, name) for name in (column.name for column in WITHOUT_SECRET)}
    return values | {"status": str(connection.status), "scopes": json.dumps(connection.scopes)}


def _connection(row: Row[Any]) -> Connection:
    values = {column.name: row._mapping[column.name] for column in WITHOUT_SECRET}
    values["status"] = ConnectionStatus(values["status"])
    values["scopes"] = tuple(json.loads(values["scopes"]))
    return Connection(**values)
