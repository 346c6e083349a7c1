"""The lease of a mailbox: one worker at a time, and one that wakes up late cannot write."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.utils import OperationalError

# Seconds. A dead worker's mailbox is free again after this, plus at most one sweep; every single request to a vendor
# must be shorter.
LEASE = 45

_CLAIM = """
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
# As if it had never been rung: what comes next rings at once. The token moves on, so that whoever let go (and does not
# know it, where the answer to a COMMIT was lost) cannot write again.
_FREE = """
    UPDATE events_mailbox SET token = token + 1, lease_until = to_timestamp(0), rung_at = to_timestamp(0)
    WHERE key = %(key)s AND token = %(token)s
"""


class LeaseLost(Exception):
    """Another worker holds the mailbox now: nothing more may be written."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one mailbox, until the token moves on."""

    key: str
    token: int

    def renew(self) -> None:
        """Hold the mailbox for another LEASE seconds. Raises LeaseLost."""
        self._update(_RENEW)

    def free(self) -> None:
        """Let go. Raises LeaseLost."""
        self._update(_FREE)

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction that begins by proving that the mailbox is still ours. Raises LeaseLost, writing nothing."""
        with transaction.atomic():
            self.renew()
            yield

    def _update(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"key": self.key, "token": self.token, "lease": LEASE})
            if cursor.rowcount == 0:
                raise LeaseLost(self.key)


def claim(key: str) -> Lease | None:
    """The lease of a mailbox; None while another worker holds it. Call inside a transaction."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Its holder may be in the middle of a long write, with the row locked.
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(_CLAIM, {"key": key, "lease": LEASE})
            row = cursor.fetchone()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == "55P03":  # lock_not_available
            return None
        raise
    return Lease(key, row[0]) if row else None
