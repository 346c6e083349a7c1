"""Store which transactions are two sides of one movement. A sync calls `pair_movements` when its rows are visible.

The rules run over all rows that may pair, not only over the new ones, so the order of syncs makes no difference, and a
second run changes nothing. `matching` has the rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from django.db import connection, transaction

from apps.banking.cards.documents import whose
from apps.banking.cards.matching import TRANSFERS, Match, Movement, match
from apps.banking.models import TransferPair
from apps.clients.models import Client

# Rows this long before the first changed one are looked at again, because their pairs may change.
BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Paired:
    """How many pairs a run made and dropped."""

    made: int = 0
    dropped: int = 0


def lock(client_id: UUID) -> None:
    """Let nobody else pair rows of the client until the transaction ends."""
    list(Client.objects.select_for_update(no_key=True).filter(pk=client_id).values_list("pk"))


def pair_movements(client_id: UUID, since: date | None = None) -> Paired:
    """Pair the client's rows from 30 days before `since`, or all, as the rules say. Pairs that a person made stay."""
    with transaction.atomic():
        lock(client_id)
        _follow_new_ids(client_id)
        start = since - BEFORE if since else date.min
        stored, taken = _stored(client_id, start)
        wanted = match(_judged(client_id, _movements(client_id, start, taken)))
        return _store(client_id, stored, wanted)


def _store(client_id: UUID, stored: dict[Match, int], wanted: set[Match]) -> Paired:
    outdated = [pk for found, pk in stored.items() if found not in wanted]
    if outdated:
        TransferPair.objects.filter(pk__in=outdated).delete()
    made = [
        TransferPair(client_id=client_id, outgoing_id=new.outgoing, incoming_id=new.incoming, kind=new.kind)
        for new in sorted(wanted - stored.keys(), key=lambda new: new.outgoing)
    ]
    TransferPair.objects.bulk_create(made, batch_size=1000)
    return Paired(len(made), len(outdated))


def _stored(client_id: UUID, start: date) -> tuple[dict[Match, int], list[int]]:
    """(the pairs that the rules may change, the rows that are taken by others)"""
    with connection.cursor() as cursor:
        cursor.execute(_STORED, {"client": client_id, "start": start})
        rows = cursor.fetchall()
    free = {Match(out, into, kind): pk for pk, out, into, kind, is_fixed in rows if not is_fixed}
    return free, [row for _, out, into, _, is_fixed in rows if is_fixed for row in (out, into)]


def _movements(client_id: UUID, start: date, taken: list[int]) -> list[Movement]:
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, {"client": client_id, "start": start, "taken": taken})
        return [Movement(*row) for row in cursor.fetchall()]


def _judged(client_id: UUID, movements: list[Movement]) -> Iterable[Movement]:
    """The rows, and of transfers that may be somebody else's, whose the other side is."""
    unsure = {row.id for row in movements if row.kind in TRANSFERS and not row.is_card}
    owners = whose(client_id, unsure)
    return [replace(row, is_own=owners.get(row.id)) for row in movements]


def _follow_new_ids(client_id: UUID) -> None:
    """Let pairs that a person made follow their rows to new ids, and drop the rules' pairs of deleted rows."""
    with connection.cursor() as cursor:
        for column in ("outgoing_id", "incoming_id"):
            cursor.execute(_FOLLOW.format(column=column), {"client": client_id})
        cursor.execute(_DROP, {"client": client_id})


_FOLLOW = """
    UPDATE banking_transferpair AS pair SET {column} = old.replaced_by_id
    FROM banking_transaction AS old
    WHERE pair.client_id = %(client)s AND pair.by_person AND old.id = pair.{column} AND old.replaced_by_id IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM banking_transferpair AS other
        WHERE other.{column} = old.replaced_by_id AND other.by_person
      )
"""

_DROP = """
    DELETE FROM banking_transferpair AS pair USING banking_transaction AS gone
    WHERE pair.client_id = %(client)s AND NOT pair.by_person AND gone.deleted_at IS NOT NULL
      AND gone.id IN (pair.outgoing_id, pair.incoming_id)
"""

_STORED = """
    SELECT pair.id, outgoing_id, incoming_id, pair.kind, by_person OR least(o.date, i.date) < %(start)s
    FROM banking_transferpair AS pair
    JOIN banking_transaction AS o ON o.id = outgoing_id JOIN banking_transaction AS i ON i.id = incoming_id
    WHERE pair.client_id = %(client)s AND (by_person OR greatest(o.date, i.date) >= %(start)s)
"""

# The rows that may pair, and of these the ones with a counterpart. The days are joined one by one, so that a crowd of
# rows with one amount costs no more than its neighbours of each day. The three days are `matching.NEAR`.
_CANDIDATES = """
    WITH movement AS MATERIALIZED (
        SELECT row.id, row.account_id, account.type = 'CREDIT' AS is_card, row.date, row.amount, row.currency_code,
               row.kind, row.vendor_id
        FROM banking_transaction AS row JOIN banking_account AS account ON account.id = row.account_id
        WHERE row.client_id = %(client)s AND row.deleted_at IS NULL AND row.date >= %(start)s
          AND row.user_kind = '' AND row.status <> 'PENDING' AND account.deleted_at IS NULL
          AND (row.kind IN ('transfer', 'own_transfer', 'bill_payment')
               OR (row.kind = 'expense' AND 'BOLETO' IN (row.payment_method, row.operation_type)))
          AND row.id <> ALL(%(taken)s::bigint[])
    ), near AS (
        SELECT DISTINCT account_id, amount, currency_code, date + shift AS date
        FROM movement CROSS JOIN generate_series(-3, 3) AS shift
    )
    SELECT * FROM movement WHERE EXISTS (
        SELECT FROM near WHERE near.amount = -movement.amount AND near.currency_code = movement.currency_code
        AND near.date = movement.date AND near.account_id <> movement.account_id
    )
"""
