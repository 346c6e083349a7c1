"""Store which transactions are two sides of one movement. A sync calls `pair_movements` when its rows are visible.

The rules run over all rows that may pair, not only over the new ones, so the order of syncs makes no difference, and a
second run changes nothing. `matching` has the rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.banking.cards.documents import whose
from apps.banking.cards.matching import TRANSFERS, Match, Movement, match
from apps.banking.models import Account, TransferPair
from apps.clients.models import Client

# Rows this long before the first changed one are looked at again, because their pairs may change.
BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Paired:
    """How many pairs a run made and dropped."""

    made: int = 0
    dropped: int = 0


def lock(client_id: UUID) -> None:
    """Lock the pairs of the client against other transactions, until this one ends."""
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
    accounts = dict(Account.objects.live().filter(client_id=client_id).values_list("pk", "type"))
    if len(accounts) < 2:
        return []
    cards = [pk for pk, kind in accounts.items() if kind == "CREDIT"]
    given: dict[str, Any] = {"client": client_id, "start": start, "taken": taken}
    given |= {"accounts": list(accounts), "cards": cards}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, given)
        return [Movement(*row) for row in cursor.fetchall()]


def _judged(client_id: UUID, movements: list[Movement]) -> Iterable[Movement]:
    """The rows, with what documents say about the other side of transfers: whether it is the client too."""
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

# The rows that may pair, and of these the ones with a counterpart: in another account, with the other sign, at most
# three days away (`matching.NEAR`). Windows that only count, and no join: their cost grows with the rows, also if
# the planner expects something else, and a crowd of rows with one amount costs no more than others.
_CANDIDATES = """
    SELECT id, account_id, is_card, date, amount, currency_code, kind, vendor_id FROM (
        SELECT id, account_id, account_id = ANY(%(cards)s) AS is_card, date, amount, currency_code, kind, vendor_id,
               count(*) FILTER (WHERE amount < 0) OVER near AS outgoing,
               count(*) FILTER (WHERE amount > 0) OVER near AS incoming,
               count(*) OVER near AS every, count(*) OVER own AS of_account
        FROM banking_transaction AS row
        WHERE client_id = %(client)s AND deleted_at IS NULL AND date >= %(start)s AND account_id = ANY(%(accounts)s)
          AND user_kind = '' AND status <> 'PENDING'
          AND (kind IN ('transfer', 'own_transfer', 'bill_payment')
               OR (kind = 'expense' AND 'BOLETO' IN (payment_method, operation_type)))
          AND id <> ALL(%(taken)s::bigint[])
        WINDOW near AS (
            PARTITION BY abs(amount), currency_code ORDER BY date
            RANGE BETWEEN interval '3 days' PRECEDING AND interval '3 days' FOLLOWING
        ), own AS (
            PARTITION BY abs(amount), currency_code, account_id ORDER BY date
            RANGE BETWEEN interval '3 days' PRECEDING AND interval '3 days' FOLLOWING
        )
    ) AS movement
    WHERE outgoing > 0 AND incoming > 0 AND every > of_account
"""
