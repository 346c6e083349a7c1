"""PlugFn's short-lived values, each of the client for whom PlugFn works. They expire by the database's clock."""

from hashlib import sha256
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from apps.integrations.models import ShortLived
from apps.integrations.store.scope import client_acted_for
from apps.integrations.store.threads import query

_PUT = """
    INSERT INTO integrations_shortlived AS stored (client_id, kind, key, value, expires_at)
    VALUES (%(client)s, %(kind)s, %(key)s, %(value)s, now() + make_interval(secs => %(ttl)s))
    ON CONFLICT (client_id, kind, key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at
"""
_UNLESS_LIVE = " WHERE stored.expires_at <= now() RETURNING id"
_TAKE = """
    DELETE FROM integrations_shortlived
    WHERE client_id IS NOT DISTINCT FROM %(client)s::uuid AND kind = %(kind)s AND key = %(key)s
    RETURNING CASE WHEN expires_at > now() THEN value END
"""


class OrmShortLived:
    """See plugfn.storage.protocol.ShortLived."""

    async def put_new(self, kind: str, key: str, value: bytes, ttl: float) -> bytes | None:
        """See Store."""
        while True:
            if await query(lambda: _execute(_PUT + _UNLESS_LIVE, kind, key, value=value, ttl=ttl)):
                return None
            # None: another caller took it, or it expired, between the two statements; try again.
            if (live := await self.peek(kind, key)) is not None:
                return live

    async def put(self, kind: str, key: str, value: bytes, ttl: float) -> None:
        """See Store."""
        await query(lambda: _execute(f"{_PUT} RETURNING id", kind, key, value=value, ttl=ttl))

    async def peek(self, kind: str, key: str) -> bytes | None:
        """See Store."""
        return await query(lambda: _live(kind, key))

    async def take(self, kind: str, key: str) -> bytes | None:
        """See Store."""
        taken = await query(lambda: _execute(_TAKE, kind, key))
        return None if taken is None or taken[0] is None else bytes(taken[0])

    async def purge(self) -> int:
        """See Store."""
        return await query(lambda: ShortLived.objects.filter(expires_at__lte=Now()).delete()[0])


def _execute(statement: str, kind: str, key: str, **values: Any) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"client": client_acted_for(), "kind": kind, "key": _digest(key), **values})
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _live(kind: str, key: str) -> bytes | None:
    place = {"client": client_acted_for(), "kind": kind, "key": _digest(key)}
    row = ShortLived.objects.filter(**place, expires_at__gt=Now()).first()
    return None if row is None else bytes(row.value)


def _digest(key: str) -> str:
    """Keys have any length and any letters, and may hold an address."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
