"""What a person changes in a transaction: its category, a note, whether it is hidden. No sync touches these columns."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.banking.models import Category, Transaction
from apps.banking.rows.words import index_rows

# The search reads this much of a note.
LONGEST_NOTE = 500


class Keep(Enum):
    """Says that a value stays as it is; None would say "no category of one's own"."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


class NotEdited(ValueError):
    """The edit is refused and nothing has changed. The message, for the person, says why."""


def edit_transaction(
    transaction: Transaction,
    *,
    category: Category | Keep | None = KEEP,
    note: str | Keep = KEEP,
    hidden: bool | Keep = KEEP,
) -> None:
    """Store a person's edits, and set them on `transaction`. Category None means the bank's own. Raises NotEdited."""
    edits: dict[str, Any] = {}
    if category is not KEEP:
        edits["user_category"] = _usable(category, transaction)
    if note is not KEEP:
        edits["note"] = _storable(note)
    if hidden is not KEEP:
        edits["hidden"] = hidden
    if edits:
        _store(transaction, edits)


def _usable(category: Category | None, transaction: Transaction) -> Category | None:
    if category is None:
        return None
    if category.deleted_at or category.aggregator != transaction.account.connection.aggregator:
        raise NotEdited(_("This category does not exist any more. Choose another one."))
    return category


def _storable(note: str) -> str:
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise NotEdited(_("A note has at most %(limit)d characters. Shorten it.") % {"limit": LONGEST_NOTE})
    if "\x00" in note:
        raise NotEdited(_("The note has a character that cannot be stored. Remove it."))
    return note


def _store(transaction: Transaction, edits: Mapping[str, Any]) -> None:
    # Not save(): a sync may have changed the other columns, or deleted the row, since it was read.
    rows = Transaction.objects.filter(pk=transaction.pk, deleted_at=None)
    if not rows.update(**edits, updated_at=timezone.now()):
        raise NotEdited(_("The bank has withdrawn this transaction meanwhile. Look for it in the list again."))
    if "note" in edits:
        index_rows([transaction.pk])
    for name, value in edits.items():
        setattr(transaction, name, value)
