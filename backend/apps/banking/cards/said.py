"""What a person says about a transaction: that it is a transfer, that it is none, or with which row it belongs.

No rule changes that again. It is stored in `user_kind`, which follows the transaction to a new id like its other edits.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.banking.cards.pairs import lock, pair_movements
from apps.banking.models import Account, Kind, Transaction, TransferPair

# A person may choose among rows with the opposite amount that are at most this many days away.
CHOICE = timedelta(days=10)
CHOICES = 20


class NotSaid(ValueError):
    """What the person said cannot be. The message says why."""


def pair_of(row: Transaction) -> TransferPair | None:
    """The pair that a row is in."""
    return TransferPair.objects.filter(Q(outgoing_id=row.pk) | Q(incoming_id=row.pk)).first()


def say_kind(row: Transaction, kind: str) -> None:
    """Store that the row is of this kind. Its pair ends. Raises NotSaid for a kind that does not exist."""
    if kind not in Kind.values:
        raise NotSaid(_("There is no such kind of transaction."))
    with transaction.atomic():
        lock(row.client_id)
        _end_pairs([row.pk])
        Transaction.objects.filter(pk=row.pk).update(user_kind=kind)


def is_no_transfer(pair: TransferPair) -> None:
    """Store that the two rows are not one movement: an expense, and an income or a card's refund."""
    with transaction.atomic():
        lock(pair.client_id)
        _end_pairs([pair.outgoing_id, pair.incoming_id])
        on_card = Account.objects.filter(transactions=pair.incoming_id, type="CREDIT").exists()
        Transaction.objects.filter(pk=pair.outgoing_id).update(user_kind=Kind.EXPENSE)
        incoming = Kind.REFUND if on_card else Kind.INCOME
        Transaction.objects.filter(pk=pair.incoming_id).update(user_kind=incoming)


def belong_together(one: Transaction, other: Transaction) -> TransferPair:
    """Store that the two rows are one movement. Raises NotSaid."""
    out, into = sorted((one, other), key=lambda row: row.amount)
    if out.client_id != into.client_id or out.account_id == into.account_id:
        raise NotSaid(_("A transfer needs two accounts."))
    if not out.amount < 0 < into.amount:
        raise NotSaid(_("One transaction must take money out, and the other must bring it in."))
    with transaction.atomic():
        lock(out.client_id)
        _check_free(out.pk, into.pk)
        _end_pairs([out.pk, into.pk])
        kind = Kind.BILL_PAYMENT if into.account.is_card else Kind.OWN_TRANSFER
        Transaction.objects.filter(pk__in=[out.pk, into.pk]).update(user_kind=kind)
        return TransferPair.objects.create(
            client_id=out.client_id, outgoing_id=out.pk, incoming_id=into.pk, kind=kind, by_person=True
        )


def let_the_rules_say(row: Transaction) -> None:
    """Forget what a person said about the row, and about the other row of its pair."""
    with transaction.atomic():
        lock(row.client_id)
        pair = pair_of(row)
        rows = [pair.outgoing_id, pair.incoming_id] if pair and pair.by_person else [row.pk]
        _end_pairs(rows)
        Transaction.objects.filter(pk__in=rows).update(user_kind="")
        pair_movements(row.client_id, since=row.date)


def may_belong_to(row: Transaction) -> QuerySet[Transaction]:
    """The rows among which a person may choose the other side of `row`: the opposite amount, in another account."""
    near = Transaction.objects.live().filter(
        client_id=row.client_id, date__range=(row.date - CHOICE, row.date + CHOICE), amount=-row.amount
    )
    free = near.exclude(account_id=row.account_id).filter(pair_as_outgoing=None, pair_as_incoming=None)
    return free.select_related("account").newest_first()[:CHOICES]


def _end_pairs(rows: list[int]) -> None:
    TransferPair.objects.filter(Q(outgoing_id__in=rows) | Q(incoming_id__in=rows)).delete()


def _check_free(*rows: int) -> None:
    if Transaction.objects.filter(pk__in=rows, deleted_at=None).count() != len(rows):
        raise NotSaid(_("One of the transactions no longer exists."))
    pairs = TransferPair.objects.filter(Q(outgoing_id__in=rows) | Q(incoming_id__in=rows), by_person=True)
    if pairs.exists():
        raise NotSaid(_("One of the transactions already belongs to another one. End that first."))
