"""The log of a sync: its counts commit together with the rows that they count, so no crash makes them wrong."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from apps.banking.aggregators.contract import Page
from apps.banking.announce import announce
from apps.banking.models import Connection, SyncRun
from apps.banking.models.base import VendorRow
from apps.banking.rows.merge import Counts, Scope, merge
from apps.banking.rows.tombstones import tombstone
from apps.events.models import Event
from apps.events.work import Batch, LeaseLost
from lib.errors import ErrorType, PonteError

logger = logging.getLogger(__name__)

WRITTEN = ("created", "changed", "removed")

VendorRowT = TypeVar("VendorRowT", bound=VendorRow)


class Run(ABC):
    """Writes the rows of one sync of one connection, and counts them by product.

    `failures` are the errors of products that did not end the run; `refused` is the last row that was refused.
    `planned` holds the products to read, `read` those that were read, `reading` the one that is being read.
    """

    cause: Event | None = None

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.planned: list[str] = []
        self.read: list[str] = []
        self.reading = ""
        self.counts: dict[str, Counts] = {}
        self.failures: list[PonteError] = []
        self.refused: PonteError | None = None
        self.since: date | None = None

    def touched(self, day: date) -> None:
        """Note that a transaction of this day may have changed: `since` is the earliest."""
        self.since = min(day, self.since or day)

    @abstractmethod
    def write(self) -> AbstractContextManager[None]:
        """One transaction. Rows and counts commit together or roll back together."""

    def begin(self, product: str) -> None:
        """From here on the run reads `product`; empty: it has read all. People see it with the next page's commit."""
        if product == self.reading:
            return
        if self.reading and self.reading not in self.read:
            self.read.append(self.reading)
        self.reading = product

    @property
    def progress(self) -> dict[str, object]:
        """How far the run is, for SyncRun.progress."""
        return {"planned": self.planned, "read": list(self.read), "reading": self.reading}

    def merge(self, product: str, model: type[VendorRow], scope: Scope, page: Page) -> Counts:
        """Merge a page's rows, and log each row that was refused. Inside `write`."""
        for error in page.refused:
            logger.error("%s: a row was refused: %s", self.connection, error.code)
            self.refused = error
        return self.count(product, merge(model, scope, page.rows))

    def remove(self, product: str, rows: QuerySet[VendorRow], vendor_ids: Iterable[str]) -> Counts:
        """Tombstone the rows that have one of these ids. Inside `write`."""
        return self.count(product, Counts(removed=tombstone(rows, vendor_ids)))

    def live(self, product: str, rows: QuerySet[VendorRowT]) -> QuerySet[VendorRowT]:
        """The rows without tombstones, as this run leaves them."""
        return rows.filter(deleted_at=None)

    def count(self, product: str, counts: Counts) -> Counts:
        """Add `counts` to those of `product`, and return `counts`."""
        self.counts[product] = self.counts.get(product, Counts()) + counts
        return counts

    @property
    def has_changes(self) -> bool:
        """Whether a product row was written."""
        return any(self.counts.values())

    @property
    def counts_by_product(self) -> dict[str, dict[str, int]]:
        """The counts, for SyncRun.counts and for people."""
        return {product: counts.as_dict() for product, counts in self.counts.items()}


class RecordedRun(Run):
    """A run for the events of one batch. Its first write creates its row, a SyncRun."""

    def __init__(self, batch: Batch, connection: Connection) -> None:
        super().__init__(connection)
        self.batch, self.cause = batch, batch.events[0]
        self._row: SyncRun | None = None
        self._started_at = timezone.now()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One fenced transaction. Raises LeaseLost."""
        with self._restoring_counts(), self.batch.write():
            row = self._open()
            yield
            row.counts, row.progress = self.counts_by_product, self.progress
            row.save(update_fields=["counts", "progress"])

    @contextmanager
    def finish(self, outcome: str) -> Iterator[None]:
        """The last fenced transaction: it commits the rows written inside, the end of the run and its domain events."""
        with self._restoring_counts(), self.batch.finish(outcome):
            row = self._open()
            yield
            error = next(iter(self.failures), self.refused)
            self._close(row, SyncRun.State.PARTIAL if error else SyncRun.State.DONE, error)

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record an error that ends the run. After a lost lease, the row belongs to the worker that took over."""
        try:
            yield
        except LeaseLost:
            raise
        except Exception as error:
            self._fail(error)
            raise

    def _fail(self, error: Exception) -> None:
        """End the run as failed. The rows written so far stay and are announced. Raises LeaseLost."""
        with self.batch.write():
            self._close(self._open(), SyncRun.State.FAILED, error)

    @contextmanager
    def _restoring_counts(self) -> Iterator[None]:
        """Restore the counts if the transaction inside rolls back."""
        before, row = dict(self.counts), self._row
        try:
            yield
        except BaseException:
            self.counts, self._row = before, row
            raise

    def _open(self) -> SyncRun:
        """This run's row; a new row first ends an earlier run that was interrupted."""
        if self._row is None:
            end_interrupted_run(self.connection, self.cause)
            self._row = SyncRun.objects.create(
                client_id=self.connection.client_id,
                connection=self.connection,
                cause=self.batch.kind,
                event=self.batch.events[0].pk,
                started_at=self._started_at,
            )
        return self._row

    def _close(self, row: SyncRun, state: SyncRun.State, error: Exception | None) -> None:
        row.counts, row.progress = self.counts_by_product, self.progress
        row.state, row.finished_at = state, max(timezone.now(), row.started_at)
        if error:
            row.error_type, row.error_code = describe_error(error)
        row.save()
        _announce(self.connection, row, self.cause)


def describe_error(error: Exception) -> tuple[str, str]:
    """(reliability type, code). Never the message, which may hold what a user typed."""
    if isinstance(error, PonteError):
        return str(error.error_type), error.code[:60]
    return str(ErrorType.INTERNAL_ERROR), type(error).__name__[:60]


def end_interrupted_run(connection: Connection, cause: Event | None) -> None:
    """End the run that a killed worker left open, and announce the rows that it committed. Inside a transaction."""
    # Each run does this first, so only the last run can be open.
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
