"""What the parts of a sync share: the source of the item, its connection, its marks, and the run that counts."""

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
class Writing:
    """The connection to write to, and the run that writes the rows and counts them."""

    connection: Connection
    run: Run

    @property
    def scope(self) -> Scope:
        """The column values that all rows of the connection share."""
        return {"client_id": self.connection.client_id, "connection_id": self.connection.pk}

    @cached_property
    def _marks(self) -> dict[str, str]:
        return dict(Mark.objects.filter(connection=self.connection).values_list("scope", "text"))

    def mark(self, scope: str) -> str:
        """The mark of a scope; empty if the scope was never read to its end."""
        return self._marks.get(scope, "")

    def store_mark(self, scope: str, text: str) -> None:
        """Store the mark of a scope. Call this only after the whole list was read, because lists are not sorted."""
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
        """Delete the mark, so that the scope is read from its beginning next time. Inside a fenced transaction."""
        Mark.objects.filter(connection=self.connection, scope=scope).delete()
        self._marks.pop(scope, None)


@dataclass(repr=False)
class Reading(Writing):
    """A writing with the source to read from."""

    source: Source


@dataclass(repr=False)
class ItemReading(Reading):
    """A reading with the item's state, and the plan made from it."""

    state: ItemState
    plan: Plan


def joined_pages(pages: Iterable[Page], size: int = BATCH) -> Iterator[Page]:
    """Join neighbouring pages of one parent up to about `size` rows, because few large writes cost less than many."""
    waiting: Page | None = None
    for page in pages:
        if waiting and (waiting.parent != page.parent or len(waiting.rows) >= size):
            yield waiting
            waiting = None
        waiting = _joined(waiting, page) if waiting else page
    if waiting:
        yield waiting


def _joined(first: Page, second: Page) -> Page:
    """The pages as one. Rows are written before ids are removed, so an id that comes back is not removed."""
    returned = set(second.seen)
    removed = [vendor_id for vendor_id in first.removed if vendor_id not in returned] + second.removed
    return Page(
        first.rows + second.rows, first.refused + second.refused, first.parent, removed, second.mark or first.mark
    )
