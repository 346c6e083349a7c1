"""The registry of personal data: how each table exports, erases and purges its rows.

Each app has a module `personal_data` that registers its tables when the app starts. A test fails for a table with a
client or a person that no app registered.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.functional import Promise

from lib.row_security import for_system

# Rows that one transaction erases, and that an export reads at once.
BATCH = 1_000

Columns = dict[str, Any]
Text = str | Promise


def plain(row: models.Model) -> Columns:
    """A row's columns by their names; sealed ones opened. Digests and blind indexes are left out."""
    return {name: getattr(row, name) for name in _names(type(row))}


def without(*secrets: str) -> Callable[[models.Model], Columns]:
    """Like `plain`, without these columns, which are not even opened."""
    return lambda row: {name: getattr(row, name) for name in _names(type(row)) if name not in secrets}


@cache
def _names(model: type[models.Model]) -> list[str]:
    fields = model._meta.concrete_fields
    open_ones = [each.attname for each in fields if not isinstance(each, models.BinaryField)]
    sealed = [each.attname for each in fields if isinstance(each, models.BinaryField)]
    return open_ones + [name.removesuffix("_sealed") for name in sealed if name.endswith("_sealed")]


def of_client(model: type[models.Model]) -> Callable[[UUID], Iterable[Any]]:
    """The rows of a client in one piece. The table needs an index that begins with its client, for all rows."""
    return lambda client: [model._base_manager.filter(client_id=client)]


def by_parent(
    model: type[models.Model], key: str, parents: Callable[[UUID], Iterable[Any]]
) -> Callable[[UUID], Iterable[Any]]:
    """The rows of a client in one piece for each parent, for a table whose index begins with the parent."""

    def pieces(client: UUID) -> Iterator[Any]:
        for rows in parents(client):
            for parent in list(rows.values_list("pk", flat=True)):
                yield model._base_manager.filter(**{key: parent})

    return pieces


@dataclass(frozen=True)
class Holding:
    """What a table holds of clients, or of people.

    `pieces(id)` yields querysets which together are the rows of one client (or person), each read by an index.
    `export` is a row's columns; None: the rows are in no export, and `note` says why.
    `erase(id)` deletes at most BATCH rows and returns how many; 0: none are left. None: they stay; `note` says why.
    `purge()` deletes some of what is too old of all owners, and returns how many; 0: nothing is left that is too old.
    None: rows stay until they are erased.
    Lower orders are erased first: what refers to other rows goes before them.
    """

    model: type[models.Model]
    label: Text
    pieces: Callable[[Any], Iterable[Any]]
    export: Callable[[Any], Columns] | None = plain
    erase: Callable[[Any], int] | None = None
    purge: Callable[[], int] | None = None
    note: str = ""
    order: int = 50


class Registry:
    """The tables of clients, or those of people, by the model."""

    def __init__(self) -> None:
        self._holdings: dict[type[models.Model], Holding] = {}

    def add(self, holding: Holding) -> None:
        """Register a table, or replace what was registered."""
        if (holding.export is None or holding.erase is None) and not holding.note:
            raise ValueError(f"{holding.model._meta.label}: say why its rows are not exported or not erased")
        self._holdings[holding.model] = holding

    def __contains__(self, model: type[models.Model]) -> bool:
        return model in self._holdings

    def __iter__(self) -> Iterator[Holding]:
        """In the order of erasing."""
        return iter(sorted(self._holdings.values(), key=lambda each: (each.order, each.model._meta.label)))


OF_CLIENTS = Registry()
OF_PEOPLE = Registry()


def register(
    model: type[models.Model],
    label: Text,
    *,
    pieces: Callable[[UUID], Iterable[Any]] | None = None,
    export: Callable[[Any], Columns] | None = plain,
    erase: Callable[[UUID], int] | bool = True,
    purge: Callable[[], int] | None = None,
    note: str = "",
    order: int = 50,
) -> None:
    """Register a table with rows of clients. `erase` is True for deleting them in batches, False for keeping them."""
    rows = pieces or of_client(model)
    verb = (in_batches(rows) if erase else None) if isinstance(erase, bool) else erase
    OF_CLIENTS.add(Holding(model, label, rows, export, verb, purge, note, order))


def register_person(
    model: type[models.Model],
    label: Text,
    pieces: Callable[[int], Iterable[Any]],
    *,
    export: Callable[[Any], Columns] | None = plain,
    erase: bool = True,
    purge: Callable[[], int] | None = None,
    note: str = "",
    order: int = 50,
) -> None:
    """Register a table with rows of people, found by the id of the user."""
    OF_PEOPLE.add(Holding(model, label, pieces, export, in_batches(pieces) if erase else None, purge, note, order))


def in_batches(pieces: Callable[[Any], Iterable[Any]]) -> Callable[[Any], int]:
    """Deletes at most BATCH rows at a time."""

    def erase(owner: Any) -> int:
        return next((number for rows in pieces(owner) if (number := delete_some(rows))), 0)

    return erase


def delete_some(rows: Any) -> int:
    """Delete at most BATCH of these rows, and return how many; 0: there are none."""
    keys = list(rows.values_list("pk", flat=True)[:BATCH])
    if keys:
        rows.model._base_manager.filter(pk__in=keys).delete()
    return len(keys)


@dataclass(frozen=True)
class Ending:
    """What must end elsewhere before a client's rows are erased, such as items at an aggregator.

    `begin(client)` asks for it, and may be asked again; it returns how many are left. `mailboxes(client)` names the
    mailboxes of the client's events, which cannot be told once the rows are gone.
    """

    name: str
    begin: Callable[[UUID], int]
    mailboxes: Callable[[UUID], list[str]] = field(default=lambda _client: [])


ENDINGS: dict[str, Ending] = {}


def register_ending(ending: Ending) -> None:
    """Register it, or replace the one of that name."""
    ENDINGS[ending.name] = ending


@for_system("purging")
def purge() -> dict[str, int]:
    """Delete what is too old in every table that says so. Returns how many rows of each."""
    holdings = [*OF_CLIENTS, *OF_PEOPLE]
    return {each.model._meta.label: sum(iter(each.purge, 0)) for each in holdings if each.purge is not None}
