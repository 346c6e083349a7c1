"""All rows of a list of transactions, batch by batch: each query begins after the last row of the one before."""

from collections.abc import Iterator

from django.db.models import QuerySet

from apps.banking.models import Transaction
from lib.keyset import Keyset

NEWEST_FIRST = Keyset(("-date", "-id"))
SIZE = 1000


def batches(rows: QuerySet[Transaction], size: int = SIZE) -> Iterator[list[Transaction]]:
    """The rows, newest first. No transaction stays open between two batches, however slowly the file is read."""
    cursor = ""
    while True:
        page = NEWEST_FIRST.page(rows, cursor, size=size)
        if page.rows:
            yield page.rows
        if not page.next:
            return
        cursor = page.next
