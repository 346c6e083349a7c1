"""Ringing: send the task of each mailbox with due events, and no second task while the first waits for a worker."""

import logging
from collections.abc import Iterable, Sequence

from celery import current_app
from django.db import connection, transaction
from kombu import Producer

from apps.events import bell
from apps.events.kinds import task_of, together_of

logger = logging.getLogger(__name__)

# At most this many messages that no worker has taken are in the broker, one for each mailbox.
RUNG_LIMIT = 500
# Seconds after which such a message is void, and its mailbox is rung again.
RUNG_FOR = 15

# The mailboxes that have waited longest come first, counted from their oldest due event or their last void message.
# A mailbox that a write locks is skipped. A mailbox that a worker holds is skipped too: that worker rings when it ends.
# No order of locks is needed: of the others, only workers lock several mailboxes, in order, and they hold these.
_STAMP = """
    WITH unanswered AS (
        SELECT count(*) AS n FROM events_mailbox
        WHERE rung_at > now() - make_interval(secs => %(rung_for)s) AND lease_until < rung_at
    ), due AS (
        SELECT e.mailbox, min(e.id) AS head
        FROM events_event e LEFT JOIN events_mailbox m ON m.key = e.mailbox
        WHERE e.state = 'pending' AND e.available_at <= now()
            AND (m.key IS NULL OR (m.lease_until < now()
                AND m.rung_at < now() - make_interval(secs => %(rung_for)s)))
        GROUP BY e.mailbox ORDER BY greatest(max(m.rung_at), min(e.available_at)), head
        LIMIT (SELECT greatest(0, %(limit)s - n) FROM unanswered)
    ), free AS (
        SELECT key FROM events_mailbox WHERE key IN (SELECT mailbox FROM due) AND lease_until < now()
        FOR NO KEY UPDATE SKIP LOCKED
    ), stamped AS (
        INSERT INTO events_mailbox (key, token, rung_at)
        SELECT mailbox, 0, now() FROM due
        WHERE mailbox IN (SELECT key FROM free) OR NOT EXISTS (SELECT FROM events_mailbox WHERE key = mailbox)
        ON CONFLICT (key) DO UPDATE SET rung_at = now()
        RETURNING key
    )
    SELECT due.mailbox, e.kind FROM stamped JOIN due ON due.mailbox = stamped.key JOIN events_event e ON e.id = due.head
    ORDER BY due.head
"""
# The number of an advisory lock: one process rings at a time.
_RINGING = 7_664_530_211


def ring() -> int:
    """Send the task of each mailbox with due events. Returns the number of these mailboxes.

    If the broker goes away, the remaining mailboxes are rung again once their messages would have been void.
    """
    bell.answered()
    due = _stamp_due()
    try:
        with current_app.producer_or_acquire() as producer:
            for kind, mailboxes in in_tasks(due):
                send(kind, mailboxes, producer=producer)
    except bell.BROKER_ERRORS as error:
        logger.warning("The broker went away (%s). The sweep will ring again.", type(error).__name__)
    return len(due)


def in_tasks(due: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """The kind and the mailboxes of each task. Those that may run together (see Rules) are dealt out evenly."""
    alike: dict[tuple[str, str], list[str]] = {}
    for mailbox, kind in due:
        # Those of a kind that runs alone are alike in nothing.
        common = mailbox.rpartition(":")[0] if together_of(kind) > 1 else mailbox
        alike.setdefault((kind, common), []).append(mailbox)
    tasks: list[tuple[str, list[str]]] = []
    for (kind, _), mailboxes in alike.items():
        number = -(-len(mailboxes) // together_of(kind))
        tasks += [(kind, mailboxes[first::number]) for first in range(number)]
    return tasks


def send(kind: str, mailboxes: Sequence[str], *, producer: Producer | None = None) -> None:
    """Send the task of these mailboxes to the broker. Raises bell.BROKER_ERRORS."""
    task, queue = task_of(kind)
    current_app.send_task(task, args=mailboxes, queue=queue, expires=RUNG_FOR, producer=producer)


def _stamp_due() -> list[tuple[str, str]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_RINGING])
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        # For some minutes after a burst, statistics say that most events are pending, and PostgreSQL would read all.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(_STAMP, {"rung_for": RUNG_FOR, "limit": RUNG_LIMIT})
        due: list[tuple[str, str]] = cursor.fetchall()
    return due
