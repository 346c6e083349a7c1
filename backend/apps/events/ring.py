"""Ringing: send the task of each mailbox with due events, and no second task while the first waits for a worker."""

import logging
from collections.abc import Sequence

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
# A mailbox that a worker holds is left out: that worker rings when it ends. `room` is for how many there is room.
_DUE = """
    WITH unanswered AS (
        SELECT count(*) AS n FROM events_mailbox
        WHERE rung_at > now() - make_interval(secs => %(rung_for)s) AND lease_until < rung_at
    ), due AS (
        SELECT e.mailbox, min(e.id) AS head, greatest(max(m.rung_at), min(e.available_at)) AS since
        FROM events_event e LEFT JOIN events_mailbox m ON m.key = e.mailbox
        WHERE e.state = 'pending' AND e.available_at <= now()
            AND (m.key IS NULL OR (m.lease_until < now()
                AND m.rung_at < now() - make_interval(secs => %(rung_for)s)))
        GROUP BY e.mailbox ORDER BY since, head
        LIMIT (SELECT CASE WHEN n < %(limit)s THEN %(limit)s ELSE 0 END FROM unanswered)
    )
    SELECT due.mailbox, e.kind, due.head, %(limit)s - n AS room
    FROM unanswered, due JOIN events_event e ON e.id = due.head
    ORDER BY due.since, due.head
"""
# A mailbox that a write locks is skipped. No order of locks is needed: of the others, only workers lock several
# mailboxes, in order, and they hold these.
_STAMP = """
    WITH free AS (
        SELECT key FROM events_mailbox WHERE key = ANY(%(mailboxes)s) AND lease_until < now()
        FOR NO KEY UPDATE SKIP LOCKED
    )
    INSERT INTO events_mailbox (key, token, rung_at)
    SELECT mailbox, 0, now() FROM unnest(%(mailboxes)s::text[]) AS due (mailbox)
    WHERE mailbox IN (SELECT key FROM free) OR NOT EXISTS (SELECT FROM events_mailbox WHERE key = mailbox)
    ON CONFLICT (key) DO UPDATE SET rung_at = now()
    RETURNING key
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


def in_tasks(due: Sequence[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """The kind and the mailboxes of each task, the longest waiting first.

    Mailboxes that may run together (see Rules) are dealt out evenly.
    """
    alike: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for place, (mailbox, kind) in enumerate(due):
        # Those of a kind that runs alone are alike in nothing.
        common = mailbox.rpartition(":")[0] if together_of(kind) > 1 else mailbox
        alike.setdefault((kind, common), []).append((place, mailbox))
    tasks = []
    for (kind, _), places in alike.items():
        number = -(-len(places) // together_of(kind))
        for first in range(number):
            tasks.append((places[first][0], kind, [mailbox for _, mailbox in places[first::number]]))
    return [(kind, mailboxes) for _, kind, mailboxes in sorted(tasks)]


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
        cursor.execute(_DUE, {"rung_for": RUNG_FOR, "limit": RUNG_LIMIT})
        due = cursor.fetchall()
        if not (chosen := _choose(due)):
            return []
        cursor.execute(_STAMP, {"mailboxes": chosen})
        stamped = {key for (key,) in cursor.fetchall()}
    oldest_first = sorted((head, mailbox, kind) for mailbox, kind, head, _ in due if mailbox in stamped)
    return [(mailbox, kind) for _, mailbox, kind in oldest_first]


def _choose(due: Sequence[tuple[str, str, int, int]]) -> list[str]:
    """As many as there is room for, in whole tasks: what a little room is filled with would run alone."""
    room = due[0][3] if due else 0
    chosen: list[str] = []
    for _kind, mailboxes in in_tasks([(mailbox, kind) for mailbox, kind, *_ in due]):
        if len(chosen) + len(mailboxes) > room:
            break
        chosen += mailboxes
    return chosen
