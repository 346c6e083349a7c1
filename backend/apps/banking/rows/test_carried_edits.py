"""A user's edits of a transaction follow it through changes of its id."""

import pytest

from apps.banking.factories import AccountFactory, CategoryFactory
from apps.banking.models import Transaction
from apps.banking.rows.carried_edits import carry_edits
from apps.banking.rows.test_merge import doc, merge_docs
from apps.banking.rows.tombstones import tombstone

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return AccountFactory()


def same(number: int, **changes) -> dict:
    """Documents that differ only in their id."""
    return doc(number, **{"description": "UBER *TRIP", **changes})


def row(number: int, account=None) -> Transaction:
    matches = Transaction.objects.filter(vendor_id=doc(number)["id"])
    return matches.get(account=account) if account else matches.get()


def edit(number: int, **edits) -> None:
    Transaction.objects.filter(vendor_id=doc(number)["id"]).update(**edits)


def remove(account, *numbers: int) -> None:
    tombstone(Transaction.objects.filter(account=account), [doc(n)["id"] for n in numbers])


def test_edits_follow_when_the_old_id_is_deleted_first(account):
    category = CategoryFactory()
    merge_docs(account, same(1))
    edit(1, note="reembolsar", hidden=True, user_category=category)
    remove(account, 1)
    assert carry_edits(account.pk) == 0
    merge_docs(account, same(2))
    assert carry_edits(account.pk) == 1
    new = row(2)
    assert (new.note, new.hidden, new.user_category) == ("reembolsar", True, category)
    assert row(1).replaced_by == new


def test_edits_follow_when_the_new_id_is_created_first(account):
    merge_docs(account, same(1))
    edit(1, note="reembolsar")
    merge_docs(account, same(2))
    assert carry_edits(account.pk) == 0
    remove(account, 1)
    assert carry_edits(account.pk) == 1
    assert row(2).note == "reembolsar"


def test_the_nth_tombstone_pairs_with_the_nth_new_row(account):
    merge_docs(account, same(1, order=0), same(2, order=1), same(3, order=2))
    edit(1, note="primeira")
    edit(3, note="terceira")
    remove(account, 1, 2, 3)
    merge_docs(account, same(13, order=2), same(11, order=0), same(12, order=1))
    assert carry_edits(account.pk) == 3
    assert [row(n).note for n in (11, 12, 13)] == ["primeira", "", "terceira"]


def test_edits_follow_through_two_changes_of_the_id(account):
    merge_docs(account, same(1))
    edit(1, note="reembolsar")
    for old, new in ((1, 2), (2, 3)):
        remove(account, old)
        merge_docs(account, same(new))
        assert carry_edits(account.pk) == 1
    assert row(3).note == "reembolsar"


def test_the_pairing_ignores_spelling_but_not_the_amount(account):
    merge_docs(account, same(1), same(4))
    edit(1, note="a")
    edit(4, note="b")
    remove(account, 1)
    merge_docs(account, same(2, description="Uber trip"))
    assert carry_edits(account.pk) == 1
    remove(account, 4)
    merge_docs(account, same(5, amount=11), same(6, date="2026-11-03T03:00:00.000Z"), same(7, currencyCode="USD"))
    assert carry_edits(account.pk) == 0


def test_an_equal_purchase_that_existed_before_is_not_a_successor(account):
    merge_docs(account, same(1), same(2))
    edit(1, note="reembolsar")
    remove(account, 1)
    assert carry_edits(account.pk) == 0
    assert row(2).note == ""


def test_edits_on_the_new_row_win(account):
    merge_docs(account, same(1))
    edit(1, note="antiga", hidden=True)
    merge_docs(account, same(2))
    edit(2, note="nova")
    remove(account, 1)
    carry_edits(account.pk)
    assert (row(2).note, row(2).hidden) == ("nova", True)


def test_rows_of_other_accounts_are_left_alone(account):
    other = AccountFactory()
    merge_docs(account, same(1))
    edit(1, note="reembolsar")
    remove(account, 1)
    merge_docs(other, same(2))
    assert carry_edits(account.pk) == 0
    assert carry_edits(other.pk) == 0


def test_a_tombstone_that_returns_is_no_longer_replaced(account):
    merge_docs(account, same(1))
    edit(1, note="reembolsar")
    remove(account, 1)
    merge_docs(account, same(2))
    carry_edits(account.pk)
    merge_docs(account, same(1))
    old = row(1)
    assert (old.deleted_at, old.replaced_by, old.note) == (None, None, "reembolsar")


def test_a_repeat_changes_nothing(account):
    merge_docs(account, same(1))
    edit(1, note="reembolsar")
    remove(account, 1)
    merge_docs(account, same(2))
    assert [carry_edits(account.pk) for _ in range(3)] == [1, 0, 0]
