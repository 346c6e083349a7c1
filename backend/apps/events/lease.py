"""The lease of a mailbox: one worker at a time works on it, and a worker that lost its lease cannot write."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.utils import OperationalError

# Seconds after which the mailbox of a dead worker is free again. The next sweep rings for it. Every request to a vendor
# must be shorter.
LEASE = 45

# In one round trip. The worker that holds the lease may be in a long write, and its transaction locks the row.
_CLAIM = """
    SET LOCAL lock_timeout = '2s';
    INSERT INTO events_mailbox (key, token, lease_until)
    VALUES (%(key)s, 1, now() + make_interval(secs => %(lease)s))
    ON CONFLICT (key) DO UPDATE SET token = events_mailbox.token + 1, lease_until = excluded.lease_until
    WHERE events_mailbox.lease_until < now()
    RETURNING token
"""
_RENEW = """
    UPDATE events_mailbox SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE key = %(key)s AND token = %(token)s
"""
# rung_at becomes 0, so that the next event rings at once. The token rises, so that this worker cannot write again, not
# even if the answer to its COMMIT was lost and it does not know that it freed the mailbox.
_FREE = """
    UPDATE events_mailbox SET token = token + 1, lease_until = to_timestamp(0), rung_at = to_timestamp(0)
    WHERE key = %(key)s AND token = %(token)s
"""
# Several mailboxes, without waiting for those that somebody writes to.
_CLAIM_FREE = """
    UPDATE events_mailbox SET token = token + 1, lease_until = now() + make_interval(secs => %(lease)s)
    WHERE key IN (
        SELECT key FROM events_mailbox WHERE key = ANY(%(keys)s) AND lease_until < now()
        ORDER BY key FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING key, token
"""
_RENEW_ALL = """
    WITH held AS (
        SELECT mailbox.key FROM events_mailbox AS mailbox
        JOIN unnest(%(keys)s::text[], %(tokens)s::bigint[]) AS lease (key, token) USING (key, token)
        ORDER BY mailbox.key FOR NO KEY UPDATE OF mailbox
    )
    UPDATE events_mailbox SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE key IN (SELECT key FROM held)
    RETURNING key
"""
_FREE_ALL = """
    UPDATE events_mailbox AS mailbox SET token = mailbox.token + 1, lease_until = to_timestamp(0),
        rung_at = to_timestamp(0)
    FROM unnest(%(keys)s::text[], %(tokens)s::bigint[]) AS lease (key, token)
    WHERE mailbox.key = lease.key AND mailbox.token = lease.token
"""


class LeaseLost(Exception):
    """Another worker may hold the mailbox now: this one must write nothing more."""


class Locked(Exception):
    """Another worker is writing to the mailbox."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one mailbox, as long as its token is `token`."""

    key: str
    token: int

    def renew(self) -> None:
        """Extend the lease to LEASE seconds from now. Raises LeaseLost."""
        self._update(_RENEW)

    def free(self) -> None:
        """Release the mailbox. Raises LeaseLost."""
        self._update(_FREE)

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction that first checks the lease. Raises LeaseLost, and writes nothing, if the lease is lost."""
        with transaction.atomic():
            self.renew()
            yield

    def _update(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"key": self.key, "token": self.token, "lease": LEASE})
            if cursor.rowcount == 0:
                raise LeaseLost(self.key)


def claim(key: str) -> Lease | None:
    """Take the lease of a mailbox; None if another worker holds it. Call this inside a transaction.

    Raises Locked, after which the transaction can do nothing more, if another transaction keeps the mailbox locked.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"key": key, "lease": LEASE})
            cursor.nextset()
            row = cursor.fetchone()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == "55P03":  # lock_not_available
            raise Locked(key) from error
        raise
    return Lease(key, row[0]) if row else None


def claim_free(keys: Sequence[str]) -> list[Lease]:
    """Take the leases of those mailboxes that exist, and that nobody holds or writes to, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_FREE, {"keys": list(keys), "lease": LEASE})
        tokens = dict(cursor.fetchall())
    return [Lease(key, tokens[key]) for key in keys if key in tokens]


def renew_all(leases: Sequence[Lease]) -> set[str]:
    """Extend the leases to LEASE seconds from now. Returns the mailboxes of those that are not lost."""
    with connection.cursor() as cursor:
        cursor.execute(_RENEW_ALL, {**as_columns(leases), "lease": LEASE})
        return {key for (key,) in cursor.fetchall()}


def free_all(leases: Sequence[Lease]) -> None:
    """Release the mailboxes of those leases that are not lost."""
    if leases:
        with connection.cursor() as cursor:
            cursor.execute(_FREE_ALL, as_columns(leases))


def as_columns(leases: Sequence[Lease]) -> dict[str, list[Any]]:
    """The keys and the tokens, as parameters of a statement."""
    return {"keys": [lease.key for lease in leases], "tokens": [lease.token for lease in leases]}
