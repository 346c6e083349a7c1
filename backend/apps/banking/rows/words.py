"""Bring the words of transactions up to date, by which they are found. A sync only writes the transactions.

Rows are taken in the order of their last change, beginning a little before the newest row that has words: a transaction
that began earlier may have committed later.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Max

from apps.banking.models import TransactionWords
from lib.row_security import for_system

BATCH = 5000
# No transaction of ours takes longer: the database ends one that idles for 30 seconds.
OVERLAP = timedelta(minutes=5)
_BEGINNING = (datetime(1, 1, 1, tzinfo=UTC), 0)


@for_system("words of transactions")
def index_words(batch: int = BATCH) -> int:
    """Write the words of all rows that have changed. Returns how many were written. Each batch commits by itself."""
    newest = TransactionWords.objects.aggregate(newest=Max("as_of"))["newest"]
    place: tuple[datetime, int] = (newest - OVERLAP, 0) if newest else _BEGINNING
    total: int = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, {"time": place[0], "id": place[1], "batch": batch})
            written, rows, time, number = cursor.fetchone()
        total += int(written)
        if rows < batch:
            return total
        place = (time, number)


def index_rows(ids: Iterable[int]) -> None:
    """Write the words of these rows now: those that a person has just edited."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ROWS, {"ids": list(ids)})


_WRITE = """
    INSERT INTO banking_transactionwords AS stored (transaction_id, words, as_of)
    SELECT id, banking_words(client_id, description, merchant_name, note), updated_at FROM {rows}
    ON CONFLICT (transaction_id) DO UPDATE SET words = EXCLUDED.words, as_of = EXCLUDED.as_of
    WHERE stored.as_of <> EXCLUDED.as_of
"""
_OF_ROWS = _WRITE.format(rows="banking_transaction WHERE id = ANY(%(ids)s)")
_NEXT = """
    WITH changed AS (
        SELECT * FROM banking_transaction WHERE (updated_at, id) > (%(time)s, %(id)s)
        ORDER BY updated_at, id LIMIT %(batch)s
    ), written AS ({write} RETURNING 1), last AS (
        SELECT updated_at, id FROM changed ORDER BY updated_at DESC, id DESC LIMIT 1
    )
    SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM changed),
           (SELECT updated_at FROM last), (SELECT id FROM last)
"""
_NEXT = _NEXT.replace("{write}", _WRITE.format(rows="changed"))
