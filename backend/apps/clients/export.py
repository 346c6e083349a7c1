"""Everything that Ponte holds of a client, and of the person who asks, as one JSON document of any size.

It is written while it is read: rows come from the database in batches, and none is kept.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from apps.clients.models import Membership
from apps.clients.personal_data import BATCH, OF_CLIENTS, OF_PEOPLE, Columns, Holding
from lib.crypto import Unreadable
from lib.row_security import for_client, for_system, streamed

FORMAT = "ponte-export"
VERSION = 1


class _Encoder(DjangoJSONEncoder):
    """Dates, amounts and ids as text."""

    def default(self, value: Any) -> Any:
        """Bytes, such as a payload that is no JSON, as text with its odd bytes escaped."""
        if isinstance(value, bytes | memoryview):
            return bytes(value).decode("utf-8", "backslashreplace")
        return super().default(value)


def write(membership: Membership) -> Iterator[bytes]:
    """The document in pieces."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "written_at": timezone.now(),
        "client": {"id": membership.client_id, "name": membership.client.name},
    }
    yield _json(head)[:-1] + b', "person": {'
    yield from streamed(lambda: for_system("export of a person"), _tables(list(OF_PEOPLE), membership.user_id))
    yield b'}, "data": {'
    yield from streamed(lambda: for_client(membership.client_id), _tables(list(OF_CLIENTS), membership.client_id))
    yield b"}}\n"


def _tables(holdings: list[Holding], owner: Any) -> Iterator[bytes]:
    exported = [each for each in holdings if each.export is not None]
    for number, holding in enumerate(exported):
        yield (b", " if number else b"") + _json(holding.model._meta.label_lower) + b": ["
        yield from _rows(holding, owner)
        yield b"]"


def _rows(holding: Holding, owner: Any) -> Iterator[bytes]:
    comma = b"\n"
    for rows in holding.pieces(owner):
        for row in rows.iterator(chunk_size=BATCH):
            yield comma + _json(_columns(holding, row))
            comma = b",\n"


def _columns(holding: Holding, row: Any) -> Columns:
    """A row of which no key opens a column is in the document by its id: one row must not cost all the others."""
    if holding.export is None:
        return {}
    try:
        return holding.export(row)
    except Unreadable:
        return {"id": row.pk, "unreadable": True}


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False).encode("utf-8", "backslashreplace")
