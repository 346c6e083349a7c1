"""PlugFn's connections are rows of Integration."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.models import Generation, Integration
from apps.integrations.store.clients import as_uuid, client_of, user_of
from apps.integrations.store.recent import WITH_NUMBER, RecentConnections, is_kept
from apps.integrations.store.scope import acted_for
from apps.integrations.store.threads import query
from plugfn.connection import Connection, ConnectionStatus
from plugfn.errors import InvalidCall

T = TypeVar("T")
# The columns that PlugFn owns, and that have the same name and value in its Connection.
_SAME = ("provider", "created_at", "updated_at", "label", "account", "expires_at", "error_code", "last_used_at")
_WITHOUT_SECRET = Integration.objects.defer("sealed")


class OrmConnections:
    """See plugfn.storage.protocol.Connections."""

    def __init__(self) -> None:
        self._recent = RecentConnections()

    async def add_connection(self, connection: Connection, sealed: bytes) -> None:
        """See Store. Raises InvalidCall (code already_connected) for a second one of a type of which one is enough."""
        await self._write(lambda: _add(connection, sealed))

    async def connection(self, connection_id: str) -> Connection | None:
        """See Store."""
        found = await self.with_credentials(connection_id)
        return None if found is None else found[0]

    async def with_credentials(self, connection_id: str) -> tuple[Connection, bytes] | None:
        """See Store. Of typed credentials it may be what was true a second ago, but never before a write of ours."""
        scope = acted_for()
        return self._recent.get(connection_id, scope) or await query(lambda: self._read(connection_id, scope))

    def _read(self, connection_id: str, scope: UUID | str) -> tuple[Connection, bytes] | None:
        if (kept := self._recent.get_checked(connection_id, scope)) is not None:
            return kept
        began = monotonic()
        row = WITH_NUMBER.filter(pk=as_uuid(connection_id)).first()
        if row is None:
            return None
        found = connection_of(row), bytes(row.sealed)
        if is_kept(row.provider):
            self._recent.put(found, scope, row.number, began)
        return found

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
        wanted: dict[str, Any] = {} if user_id is None else {"client": client_of(user_id)}
        wanted |= {} if provider is None else {"provider": provider}
        wanted |= {} if accounts is None else {"account__in": list(accounts)}
        wanted |= {"id__gt": as_uuid(after)} if after else {}
        found = _WITHOUT_SECRET.filter(**wanted)
        if status is not None:
            refused = {"status": Integration.Status.NEEDS_REAUTH}
            found = found.filter(**refused) if status is ConnectionStatus.NEEDS_REAUTH else found.exclude(**refused)
        return await query(lambda: [connection_of(row) for row in found.order_by("id")[: max(limit, 0)]])

    async def update_connection(
        self, connection: Connection, sealed: bytes | None = None, *, read_at: datetime | None = None
    ) -> bool:
        """See Store."""
        return await self._write(lambda: _update(connection, sealed, read_at))

    async def touch_connection(self, connection_id: str, used_at: datetime) -> None:
        """See Store."""
        await query(lambda: Integration.objects.filter(pk=as_uuid(connection_id)).update(last_used_at=used_at))
        self._recent.touch(connection_id, used_at)

    async def delete_connection(self, connection_id: str) -> bool:
        """See Store."""
        return await self._write(lambda: _delete(connection_id))

    async def _write(self, work: Callable[[], T]) -> T:
        """Write, and read again what is used afterwards; also if it failed, because that was out of date then."""

        def write() -> T:
            try:
                return work()
            finally:
                self._recent.void()

        return await query(write)


@transaction.atomic
def _add(connection: Connection, sealed: bytes) -> None:
    entry = BY_PROVIDER.get(connection.provider)
    row = Integration(
        **_values(connection),
        id=UUID(connection.id),
        client_id=client_of(connection.user_id),
        type=entry.type if entry else connection.provider,
        is_sole=entry is not None and not entry.several,
        status=_status(connection),
        sealed=sealed,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "integration_sole" in str(error):
            raise InvalidCall("the client has an integration of this type already", code="already_connected") from None
        raise ValueError("a connection with this id already exists") from None
    if _has_own_address(row.provider):
        void_cached_keys()


@transaction.atomic
def _update(connection: Connection, sealed: bytes | None, read_at: datetime | None) -> bool:
    rows = Integration.objects.select_for_update().filter(pk=as_uuid(connection.id))
    row = (rows if read_at is None else rows.filter(updated_at=read_at)).first()
    if row is None:
        return False
    values = _values(replace(connection, last_used_at=row.last_used_at)) | {"status": _status(connection, row.status)}
    if sealed is not None:
        values["sealed"] = sealed
    is_cached = sealed is not None or (values["label"], values["status"]) != (row.label, row.status)
    Integration.objects.filter(pk=row.pk).update(**values)
    if is_cached and (is_kept(row.provider) or _has_own_address(row.provider)):
        void_cached_keys()
    return True


def _delete(connection_id: str) -> bool:
    # A trigger voids what processes cached, because integrations also end with their client.
    _, deleted = Integration.objects.filter(pk=as_uuid(connection_id)).delete()
    return deleted.get(Integration._meta.label, 0) > 0


def _has_own_address(provider: str) -> bool:
    """Whether its credentials prove webhooks. The tokens of other providers are refreshed all the time."""
    entry = BY_PROVIDER.get(provider)
    webhooks = None if entry is None else entry.definition.webhooks
    return webhooks is not None and webhooks.per_connection


def void_cached_keys() -> None:
    """Processes that cached connections, or what proves a webhook, read them again. The row is locked until then."""
    Generation.objects.update(number=F("number") + 1)


def _values(connection: Connection) -> dict[str, Any]:
    return {name: getattr(connection, name) for name in _SAME} | {"scopes": list(connection.scopes)}


def _status(connection: Connection, now: str = Integration.Status.CONNECTED) -> str:
    """PlugFn knows two states: it leaves those that only Ponte knows as they are."""
    if connection.status is ConnectionStatus.NEEDS_REAUTH:
        return Integration.Status.NEEDS_REAUTH
    return Integration.Status.CONNECTED if now == Integration.Status.NEEDS_REAUTH else now


def connection_of(row: Integration) -> Connection:
    """PlugFn's connection of a row, still sealed."""
    refused = row.status == Integration.Status.NEEDS_REAUTH
    return Connection(
        id=row.pk.hex,
        user_id=user_of(row.client_id),
        status=ConnectionStatus.NEEDS_REAUTH if refused else ConnectionStatus.ACTIVE,
        scopes=tuple(row.scopes),
        **{name: getattr(row, name) for name in _SAME},
    )
