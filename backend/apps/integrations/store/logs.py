"""PlugFn's action log. Calls that end at the same time share an INSERT."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from apps.integrations.models import ActionLog as Row
from apps.integrations.store.clients import client_of, user_of
from apps.integrations.store.scope import acted_for
from apps.integrations.store.threads import query
from plugfn.storage.records import ActionLog

_SAME = tuple(field.name for field in fields(ActionLog) if field.name != "user_id")


class OrmActionLogs:
    """See plugfn.storage.protocol.ActionLogs."""

    async def add_logs(self, entries: Sequence[ActionLog]) -> None:
        """See Store."""
        loop = asyncio.get_running_loop()
        part = _Part([_row(entry) for entry in entries], loop.create_future())
        key = loop, acted_for()
        if key in _waiting:
            _waiting[key].append(part)
        else:
            _waiting[key] = [part]
            # A task of its own, because the caller may be cancelled, and the rows of others wait for it.
            task = loop.create_task(_write_waiting(key))
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)
        await part.written

    async def logs(
        self,
        *,
        user_id: str | None = None,
        provider: str | None = None,
        connection_id: str | None = None,
        call_id: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
    ) -> list[ActionLog]:
        """See Store."""
        given = {"provider": provider, "connection_id": connection_id, "call_id": call_id, "started_at__gte": since}
        wanted = {name: value for name, value in given.items() if value is not None}
        found = Row.objects.filter(**wanted)
        if user_id is not None:
            found = found.filter(client=client_of(user_id))
        return await query(lambda: [_entry(row) for row in found.order_by("-started_at", "-id")[: max(limit, 0)]])

    async def purge_logs(self, before: datetime) -> int:
        """See Store."""
        return await query(lambda: Row.objects.filter(started_at__lt=before).delete()[0])


@dataclass(frozen=True)
class _Part:
    """The rows of one caller, who waits until they are written."""

    rows: list[Row]
    written: asyncio.Future[None]

    def end(self, error: Exception | None = None) -> None:
        if self.written.done():
            return
        if error is None:
            self.written.set_result(None)
        else:
            self.written.set_exception(error)


_Key = tuple[asyncio.AbstractEventLoop, UUID | str]
# What came while an INSERT of the same loop and scope was under way. The key is there as long as that is.
_waiting: dict[_Key, list[_Part]] = {}
_tasks: set[asyncio.Task[None]] = set()


async def _write_waiting(key: _Key) -> None:
    try:
        while parts := _waiting[key]:
            _waiting[key] = []
            await _write(parts)
    finally:
        # Some are left only if the loop ends.
        for part in _waiting.pop(key):
            part.written.cancel()


async def _write(parts: Sequence[_Part]) -> None:
    rows = [row for part in parts for row in part.rows]
    try:
        await query(lambda: _insert(rows))
    except IntegrityError as error:
        if len(parts) == 1:
            parts[0].end(error)
        # One row that PostgreSQL refuses must not take the others with it.
        for part in parts if len(parts) > 1 else ():
            await _write([part])
    except Exception as error:  # noqa: BLE001 - it is the callers'
        for part in parts:
            part.end(error)
    else:
        for part in parts:
            part.end()


def _insert(rows: list[Row]) -> None:
    if len(rows) == 1:
        # One round trip instead of three: it opens no transaction.
        rows[0].save(force_insert=True)
    else:
        Row.objects.bulk_create(rows, batch_size=200)


def _row(entry: ActionLog) -> Row:
    values = asdict(entry)
    return Row(client_id=client_of(values.pop("user_id")), **values)


def _entry(row: Row) -> ActionLog:
    return ActionLog(user_id=user_of(row.client_id), **{name: getattr(row, name) for name in _SAME})
