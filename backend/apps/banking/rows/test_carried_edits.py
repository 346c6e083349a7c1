"""A user's edits of a transaction follow it through changes of its id."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from apps.banking.factories import AccountFactory, CategoryFactory
from apps.banking.models import Transaction
from apps.banking.rows.carried_edits import NotCarried, carry_by_hand, carry_edits, open_edits, options
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


def test_edits_follow_a_row_whose_day_words_or_amount_changed_too(account):
    merge_docs(account, same(1), same(2, amount=20), doc(3, amount=30))
    for number in (1, 2, 3):
        edit(number, note=f"of {number}")
    remove(account, 1, 2, 3)
    merge_docs(
        account,
        same(11, date="2026-11-03T03:00:00.000Z"),
        same(12, amount=20, description="UBER *TRIP HELP.UBER.COM"),
        doc(13, description=doc(3)["description"], amount=33),
    )
    assert carry_edits(account.pk) == 3
    assert [row(n).note for n in (11, 12, 13)] == ["of 1", "of 2", "of 3"]


def test_what_fits_several_rows_stays_open_until_a_person_names_one(account):
    merge_docs(account, same(1))
    edit(1, note="reembolsar", hidden=True)
    remove(account, 1)
    merge_docs(
        account, same(2, date="2026-11-02T03:00:00.000Z"), same(3, amount=11), same(4, amount=999, description="x")
    )
    assert carry_edits(account.pk) == 0
    assert list(open_edits()) == [row(1)]
    assert options(account.pk) == {row(1).pk: sorted([row(2).pk, row(3).pk])}
    carry_by_hand(row(1).pk, row(3).pk)
    assert (row(3).note, row(3).hidden, row(1).replaced_by) == ("reembolsar", True, row(3))
    assert (row(2).note, list(open_edits())) == ("", [])


def test_only_open_edits_go_and_only_to_a_live_row_of_the_same_account(account):
    other = AccountFactory()
    merge_docs(account, same(1), same(2), same(3), same(4))
    merge_docs(other, doc(5))
    edit(1, note="a")
    remove(account, 1, 3)
    for old, new in ((1, 3), (1, 5), (1, 1), (2, 4), (2, 1)):
        with pytest.raises(NotCarried):
            carry_by_hand(row(old).pk, row(new).pk)
    with pytest.raises(NotCarried):
        carry_by_hand(row(1).pk, 10**15)
    carry_by_hand(row(1).pk, row(2).pk)
    with pytest.raises(NotCarried):
        carry_by_hand(row(1).pk, row(4).pk)
    assert [row(n).note for n in (2, 3, 4, 5)] == ["a", "", "", ""]


def test_many_open_edits_are_found_with_the_same_number_of_queries(account, django_assert_num_queries):
    merge_docs(account, *[same(n, amount=n) for n in range(1, 40)])
    Transaction.objects.update(note="a")
    remove(account, *range(1, 40))
    merge_docs(account, *[same(100 + n, amount=n) for n in range(1, 40)])
    with django_assert_num_queries(4):
        assert carry_edits(account.pk) == 39


SHOPS = ("UBER *TRIP", "PADARIA SAO JOSE", "PIX ENVIADO MARIA SOUZA", "METRO SP", "NETFLIX.COM")


class Books:
    """A bank that gives rows new ids and changes them. It knows which row is which purchase; Ponte does not."""

    def __init__(self, account, seed: int) -> None:
        self.account, self.rng, self.number = account, random.Random(seed), 0
        # By the number of the current id: the purchase, and its content.
        self.rows: dict[int, tuple[int, dict]] = {}
        self.renamed = 0

    def buy(self, count: int) -> None:
        for _ in range(count):
            self.number += 1
            cents = self.rng.choice([440, *[self.rng.randrange(100, 50_000) for _ in range(3)]])
            day = date(2026, 11, 1) + timedelta(self.rng.randrange(12))
            content = {"amount": Decimal(cents).scaleb(-2), "date": day, "description": self.rng.choice(SHOPS)}
            self.rows[self.number] = (self.number, content)

    def rename(self, count: int) -> list[int]:
        """Change some rows and give them new ids. Returns the old numbers."""
        chosen = self.rng.sample(sorted(self.rows), count)
        for old in chosen:
            purchase, content = self.rows.pop(old)
            self.number += 1
            self.rows[self.number] = (purchase, {**content, **self._change(content)})
        self.renamed += count
        return chosen

    def _change(self, content: dict) -> dict:
        return self.rng.choice(
            [
                {},
                {"date": content["date"] + timedelta(self.rng.choice([-3, -1, 1, 2]))},
                {"amount": content["amount"] + 1},
                {"description": content["description"] + " SAO PAULO"},
            ]
        )

    def docs(self) -> list[dict]:
        return [
            doc(number, **{**content, "date": f"{content['date']}T00:00:00.000Z"})
            for number, (_, content) in self.rows.items()
        ]


def look(transaction: Transaction) -> tuple:
    return transaction.date, transaction.amount, transaction.description


@pytest.mark.parametrize("seed", range(6))
def test_through_days_of_changes_no_edit_is_on_a_wrong_row_and_few_are_left(account, seed):
    books = Books(account, seed)
    for _ in range(6):
        books.buy(12)
        merge_docs(account, *books.docs())
        for number, (purchase, _) in books.rows.items():
            Transaction.objects.filter(vendor_id=doc(number)["id"], note="").update(note=f"of {purchase}")
        gone = books.rename(8)
        steps = [lambda gone=gone: remove(account, *gone), lambda: merge_docs(account, *books.docs())]
        for step in books.rng.sample(steps, 2):
            step()
            carry_edits(account.pk)
        assert_each_edit_is_on_its_own_row_or_on_one_that_looked_the_same(books)
        # A day passes.
        day = timedelta(days=2)
        Transaction.objects.update(created_at=F("created_at") - day, deleted_at=F("deleted_at") - day)
    # A quarter of the prices are alike, and few days and shops make many rows fit several others.
    assert open_edits(account.pk).count() <= books.renamed / 4


def assert_each_edit_is_on_its_own_row_or_on_one_that_looked_the_same(books: Books) -> None:
    for number, (purchase, _) in books.rows.items():
        live = row(number)
        if live.note in ("", f"of {purchase}"):
            continue
        earlier = Transaction.objects.filter(replaced_by=live, note=live.note)
        assert [look(old) for old in earlier] == [look(live)]
