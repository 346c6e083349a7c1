"""PlugFn's action log."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

from apps.integrations.models import ActionLog as Row
from apps.integrations.store.clients import client_of, user_of
from apps.integrations.store.threads import query
from plugfn.storage.records import ActionLog

_SAME = tuple(field.name for field in fields(ActionLog) if field.name != "user_id")


class OrmActionLogs:
    """See plugfn.storage.protocol.ActionLogs."""

    async def add_logs(self, entries: Sequence[ActionLog]) -> None:
        """See Store."""
        rows = [_row(entry) for entry in entries]
        await query(lambda: _insert(rows))

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
