"""Carry a user's edits of a transaction over to the row that replaces it under a new id.

The vendor does not link the two: it deletes the old id and creates a new one, in either order, and mainly where the
day, the amount or the words have changed. `pairing` has the rules. What they leave open keeps its edits in the
tombstone (`ORPHANED`), until a person names the row that replaces it.
"""

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.banking.models import Transaction
from apps.banking.models.transaction import ORPHANED
from apps.banking.rows.pairing import Candidate, fitting, pair
from apps.banking.rows.staging import require_transaction


class NotCarried(ValueError):
    """The edits cannot be carried between these rows. The message says why."""


def open_edits(account_id: int | None = None) -> QuerySet[Transaction]:
    """The tombstones whose edits no row has taken over: of one account, or of all. An index finds them."""
    rows = Transaction.objects.filter(ORPHANED)
    return rows if account_id is None else rows.filter(account_id=account_id)


def carry_edits(account_id: int) -> int:
    """Pair the account's edited tombstones with the rows that replace them, and copy the edits. Returns how many pairs.

    Call this in a transaction, after a whole list was merged: before its end, a better match may be missing. An edit
    that the new row already has stays.
    """
    require_transaction()
    edited = list(open_edits(account_id).values_list("pk", flat=True))
    if not edited:
        return 0
    lost, new = _around(account_id, edited)
    return _carry(pair(lost, new))


def options(account_id: int) -> dict[int, list[int]]:
    """The ids of the rows that may replace each edited tombstone of the account. A person has to choose."""
    edited = list(open_edits(account_id).values_list("pk", flat=True))
    fits, _ = fitting(*_around(account_id, edited))
    return {old: sorted(fits.get(old, ())) for old in edited}


def carry_by_hand(old_id: int, new_id: int) -> None:
    """Carry the edits of one tombstone to the row that a person named. Raises NotCarried."""
    with transaction.atomic():
        # Locked in the order of their ids, so that two people do not wait for each other.
        rows = Transaction.objects.select_for_update(no_key=True).filter(pk__in=[old_id, new_id]).order_by("pk")
        found = {row.pk: row for row in rows}
        old, new = found.get(old_id), found.get(new_id)
        if old is None or old.deleted_at is None or old.replaced_by_id is not None:
            raise NotCarried(f"{old_id} is not a deleted transaction whose edits are open.")
        if new is None or new.deleted_at is not None or new.account_id != old.account_id:
            raise NotCarried(f"{new_id} is not a transaction of the same account that still exists.")
        _carry({old_id: new_id})


def discard_by_hand(old_id: int) -> None:
    """Drop the open edits of one tombstone, as a person decided. Raises NotCarried."""
    open_rows = open_edits().filter(pk=old_id)
    if not open_rows.update(note="", hidden=False, user_category=None, user_kind="", updated_at=Now()):
        raise NotCarried(f"{old_id} is not a deleted transaction whose edits are open.")


def _around(account_id: int, edited: list[int]) -> tuple[list[Candidate], list[Candidate]]:
    """The rows that `pair` needs: all new rows near the edited tombstones, and all lost rows near those."""
    new = _near(account_id, edited, "deleted_at IS NULL")
    lost = _near(account_id, [row.id for row in new], "deleted_at IS NOT NULL AND replaced_by_id IS NULL")
    return lost, new


def _near(account_id: int, ids: list[int], side: str) -> list[Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(_NEAR.format(side=side), {"account": account_id, "ids": ids})
        return [Candidate(*row) for row in cursor.fetchall()]


def _carry(pairs: Mapping[int, int]) -> int:
    if not pairs:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CARRY, {"old": list(pairs), "new": list(pairs.values())})
        written: int = cursor.rowcount
    return written


# Each key is looked up once, whatever number of rows has it, so a crowd of alike rows costs linear time.
# `pairing` decides; the three and the one day here are its NEAR and TOGETHER.
_NEAR = """
    WITH given AS (
        SELECT date, amount, currency_code, provider_id, coalesce(deleted_at, created_at) AS moment
        FROM banking_transaction WHERE id = ANY(%(ids)s)
    ), of_provider AS (
        SELECT DISTINCT provider_id FROM given WHERE provider_id <> ''
    ), of_look AS (
        SELECT DISTINCT date, amount, currency_code FROM given
    ), of_amount AS (
        SELECT amount, currency_code, min(date) - 3 AS first, max(date) + 3 AS last,
               min(moment) - interval '1 day' AS since, max(moment) + interval '1 day' AS until
        FROM given GROUP BY amount, currency_code
    ), of_day AS (
        SELECT date, currency_code, min(moment) - interval '1 day' AS since, max(moment) + interval '1 day' AS until
        FROM given GROUP BY date, currency_code
    ), rows AS (
        SELECT id, date, amount, currency_code, provider_id, coalesce(deleted_at, created_at) AS moment
        FROM banking_transaction WHERE account_id = %(account)s AND {side}
    )
    SELECT id, date, amount, currency_code, description, provider_id, created_at,
           coalesce(deleted_at, created_at), "order",
           deleted_at IS NOT NULL AND (hidden OR note <> '' OR user_kind <> '' OR user_category_id IS NOT NULL),
           EXISTS (SELECT FROM banking_transaction AS older WHERE older.replaced_by_id = row.id)
    FROM banking_transaction AS row WHERE id IN (
        SELECT id FROM rows JOIN of_provider USING (provider_id)
        UNION SELECT id FROM rows JOIN of_look USING (date, amount, currency_code)
        UNION SELECT id FROM rows JOIN of_amount USING (amount, currency_code)
              WHERE date BETWEEN first AND last AND moment BETWEEN since AND until
        UNION SELECT id FROM rows JOIN of_day USING (date, currency_code) WHERE moment BETWEEN since AND until
    )
"""

_CARRY = """
    WITH pairs AS (
        SELECT old.*, link.new AS successor FROM unnest(%(old)s::bigint[], %(new)s::bigint[]) AS link(old, new)
        JOIN banking_transaction AS old ON old.id = link.old
    ), linked AS (
        UPDATE banking_transaction AS old SET replaced_by_id = successor, updated_at = now()
        FROM pairs WHERE old.id = pairs.id
    )
    UPDATE banking_transaction AS new SET
        user_category_id = coalesce(new.user_category_id, pairs.user_category_id),
        user_kind = coalesce(nullif(new.user_kind, ''), pairs.user_kind),
        note = coalesce(nullif(new.note, ''), pairs.note),
        hidden = new.hidden OR pairs.hidden,
        updated_at = now()
    FROM pairs WHERE new.id = pairs.successor
"""
