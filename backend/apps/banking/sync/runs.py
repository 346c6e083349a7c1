"""A sync's record of itself: what it counted commits with the rows it counted, so that no crash makes it lie."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.rows.base import Mapper
from apps.banking.announce import announce
from apps.banking.models import Connection, SyncRun
from apps.banking.rows.merge import Counts
from apps.events.models import Event
from apps.events.work import Batch, LeaseLost
from lib.errors import ErrorType, PonteError

logger = logging.getLogger(__name__)

WRITTEN = ("created", "changed", "removed")


class Run:
    """One sync of one connection, for the events of one batch. Its row is made by its first write."""

    def __init__(self, batch: Batch, connection: Connection) -> None:
        self.batch, self.connection = batch, connection
        self.cause: Event = batch.events[0]
        self.counts: dict[str, Counts] = {}
        # What went wrong without ending the run: products that could not be read, and the last row refused.
        self.failures: list[PonteError] = []
        self.refused: PonteError | None = None
        self._row: SyncRun | None = None
        self._started_at = timezone.now()

    def count(self, product: str, counts: Counts) -> Counts:
        """Add to the counts of `product`. Gives back what it was given."""
        self.counts[product] = self.counts.get(product, Counts()) + counts
        return counts

    def sift(self, mapper: Mapper, docs: Iterable[dict[str, Any]]) -> rows.Mapped:
        """Documents as rows. What cannot be stored is noted and left out: it must not keep the others away."""
        found = rows.mapped(mapper, docs)
        for bad in found.refused:
            logger.error("%s: a row was refused: %s", self.connection, bad.code)
            self.refused = bad
        return found

    @property
    def has_changes(self) -> bool:
        """Whether a product row was written."""
        return any(self.counts.values())

    @contextmanager
    def write(self) -> Iterator[None]:
        """One fenced transaction; what was counted in it is kept or lost together with its rows."""
        with self._keeping_count(), self.batch.write():
            row = self._opened()
            yield
            row.counts = self._numbers
            row.save(update_fields=["counts"])

    @contextmanager
    def finish(self, outcome: str) -> Iterator[None]:
        """The last fenced transaction: the run's end and what it announces commit with what is written in it."""
        with self._keeping_count(), self.batch.finish(outcome):
            row = self._opened()
            yield
            error = next(iter(self.failures), self.refused)
            self._close(row, SyncRun.State.PARTIAL if error else SyncRun.State.DONE, error)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever ends the run is kept in its row; only a lost lease leaves it to who holds the mailbox now."""
        try:
            yield
        except LeaseLost:
            raise
        except Exception as error:
            self._abandon(error)
            raise

    def _abandon(self, error: Exception) -> None:
        """What was written until now stays, and is announced. Raises LeaseLost."""
        with self.batch.write():
            self._close(self._opened(), SyncRun.State.FAILED, error)

    @contextmanager
    def _keeping_count(self) -> Iterator[None]:
        before, row = dict(self.counts), self._row
        try:
            yield
        except BaseException:
            self.counts, self._row = before, row
            raise

    def _opened(self) -> SyncRun:
        """This run's row, its counts being ours. Whoever ran before and left no end was interrupted."""
        if self._row is None:
            settle_interrupted(self.connection, self.cause)
            self._row = SyncRun.objects.create(
                client_id=self.connection.client_id,
                connection=self.connection,
                cause=self.batch.kind,
                event=self.cause.pk,
                started_at=self._started_at,
            )
        return self._row

    @property
    def _numbers(self) -> dict[str, dict[str, int]]:
        return {product: counts.as_dict() for product, counts in self.counts.items()}

    def _close(self, row: SyncRun, state: SyncRun.State, error: Exception | None) -> None:
        row.counts, row.state, row.finished_at = self._numbers, state, max(timezone.now(), row.started_at)
        if error:
            row.error_type, row.error_code = described(error)
        row.save()
        _announce(self.connection, row, self.cause)


def described(error: Exception) -> tuple[str, str]:
    """(reliability type, code), never the message: it may hold what a person typed."""
    if isinstance(error, PonteError):
        return str(error.error_type), error.code[:60]
    return str(ErrorType.INTERNAL_ERROR), type(error).__name__[:60]


def settle_interrupted(connection: Connection, cause: Event | None) -> None:
    """End the run that a killed worker left open, and announce what it had committed. Inside a transaction."""
    # Each run does this first, so that only the last one can be open.
    row = SyncRun.objects.filter(connection=connection).order_by("-pk").first()
    if row is None or row.state != SyncRun.State.RUNNING:
        return
    row.state, row.finished_at = SyncRun.State.FAILED, max(timezone.now(), row.started_at)
    row.error_type, row.error_code = str(ErrorType.INTERNAL_ERROR), "INTERRUPTED"
    row.save(update_fields=["state", "finished_at", "error_type", "error_code"])
    _announce(connection, row, cause)


def _announce(connection: Connection, row: SyncRun, cause: Event | None) -> None:
    written = {product: sum(counts[name] for name in WRITTEN) for product, counts in row.counts.items()}
    if written.get("transactions"):
        announce("transactions.synced", connection, {"run": row.pk, **row.counts["transactions"]}, cause=cause)
    if any(written.values()):
        announce("connection.updated", connection, {"run": row.pk, "counts": row.counts}, cause=cause)
