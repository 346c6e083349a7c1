"""One reading of an item into our rows: from where, for which connection, and the run that records it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from apps.banking.aggregators.contract import ItemState, Page, Source
from apps.banking.models import Connection, Mark
from apps.banking.rows.merge import Scope
from apps.banking.rows.staging import BATCH
from apps.banking.sync.plan import Plan
from apps.banking.sync.runs import Run


@dataclass(repr=False)
class Reading:
    """What every part of a sync needs to read and to write."""

    source: Source
    connection: Connection
    run: Run

    @property
    def scope(self) -> Scope:
        """What all rows that hang on the connection have in common."""
        return {"client_id": self.connection.client_id, "connection_id": self.connection.pk}

    @cached_property
    def _marks(self) -> dict[str, str]:
        return dict(Mark.objects.filter(connection=self.connection).values_list("scope", "text"))

    def mark(self, scope: str) -> str:
        """How far was read there; empty if never."""
        return self._marks.get(scope, "")

    def keep_mark(self, scope: str, text: str) -> None:
        """Remember how far was read: call it only after a whole list, because lists are in no certain order."""
        if text in ("", self.mark(scope)):
            return
        with self.run.write():
            Mark.objects.update_or_create(
                connection=self.connection,
                scope=scope,
                defaults={"text": text},
                create_defaults={"text": text, "client_id": self.connection.client_id},
            )
        self._marks[scope] = text

    def forget_mark(self, scope: str) -> None:
        """What is under the scope is read from its beginning next time. Inside a fenced transaction."""
        Mark.objects.filter(connection=self.connection, scope=scope).delete()
        self._marks.pop(scope, None)


@dataclass(repr=False)
class ItemReading(Reading):
    """A reading by a plan, of an item that was looked at."""

    state: ItemState
    plan: Plan


def gathered(pages: Iterable[Page], size: int = BATCH) -> Iterator[Page]:
    """Pages of one parent united until they have `size` rows: few large writes cost less than many small ones."""
    waiting: Page | None = None
    for page in pages:
        if waiting and (waiting.parent != page.parent or len(waiting.rows) >= size):
            yield waiting
            waiting = None
        waiting = _united(waiting, page) if waiting else page
    if waiting:
        yield waiting


def _united(first: Page, then: Page) -> Page:
    """The pages as one. Rows are written before ids are removed, so an id that comes back is not removed."""
    returned = set(then.seen)
    removed = [vendor_id for vendor_id in first.removed if vendor_id not in returned] + then.removed
    return Page(first.rows + then.rows, first.refused + then.refused, first.parent, removed, then.mark or first.mark)
