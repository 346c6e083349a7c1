"""A person's edits of a transaction."""

import pytest

from apps.banking.edits import LONGEST_NOTE, NotEdited, edit_transaction
from apps.banking.factories import CategoryFactory, TransactionFactory
from apps.banking.models import Transaction

pytestmark = pytest.mark.django_db


def stored(row):
    row = Transaction.objects.get(pk=row.pk)
    return row.user_category, row.note, row.hidden


def test_each_edit_leaves_the_others_alone():
    row, category = TransactionFactory(), CategoryFactory()
    edit_transaction(row, category=category)
    edit_transaction(row, note="  reembolsar ")
    edit_transaction(row, hidden=True)
    assert stored(row) == (category, "reembolsar", True) == (row.user_category, row.note, row.hidden)
    edit_transaction(row, category=None)
    assert stored(row) == (None, "reembolsar", True)


def test_an_edit_changes_no_column_of_the_bank():
    row = TransactionFactory(description="antes")
    Transaction.objects.filter(pk=row.pk).update(description="depois")
    edit_transaction(row, note="x")
    assert Transaction.objects.get(pk=row.pk).description == "depois"


@pytest.mark.parametrize("note", ["a" * (LONGEST_NOTE + 1), "a\x00b"])
def test_a_note_that_cannot_be_kept_is_refused(note):
    row = TransactionFactory()
    with pytest.raises(NotEdited):
        edit_transaction(row, note=note, hidden=True)
    assert stored(row) == (None, "", False)


def test_a_category_that_is_gone_or_of_another_aggregator_is_refused():
    row = TransactionFactory()
    for category in (CategoryFactory(deleted_at="2026-11-01T00:00Z"), CategoryFactory(aggregator="toy")):
        with pytest.raises(NotEdited):
            edit_transaction(row, category=category)
    assert stored(row) == (None, "", False)


def test_a_row_that_the_bank_withdrew_meanwhile_is_not_edited():
    row = TransactionFactory()
    Transaction.objects.filter(pk=row.pk).update(deleted_at="2026-11-01T00:00Z")
    with pytest.raises(NotEdited):
        edit_transaction(row, note="x")
    assert stored(row) == (None, "", False)
