"""A user's edits of a transaction follow it through changes of its id."""

import json
import random
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import F

from apps.banking.factories import AccountFactory, CategoryFactory
from apps.banking.models import Transaction
from apps.banking.rows import carried_edits
from apps.banking.rows.carried_edits import (
    NotCarried,
    carry_by_hand,
    carry_edits,
    discard_by_hand,
    open_edits,
    options,
)
from apps.banking.rows.test_merge import doc, merge_docs
from apps.banking.rows.tombstones import tombstone
from lib.row_security import for_system

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
    assert (list(open_edits(account.pk)), list(open_edits(other.pk))) == ([row(1)], [])


@pytest.mark.django_db(transaction=True)
def test_edits_are_carried_in_a_transaction_alone(account):
    with pytest.raises(RuntimeError, match="transaction"):
        carry_edits(account.pk)


def test_both_rows_of_a_pair_have_the_time_of_the_change(account):
    merge_docs(account, same(1))
    edit(1, note="reembolsar")
    remove(account, 1)
    merge_docs(account, same(2))
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    Transaction.objects.update(updated_at=long_ago)
    carry_edits(account.pk)
    assert row(1).updated_at == row(2).updated_at > long_ago


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


def found(account, *numbers: int, side: str = "deleted_at IS NULL") -> set[int]:
    """The numbers of the rows that Ponte compares with these."""
    near = carried_edits._near(account.pk, [row(number).pk for number in numbers], side)
    return {int(Transaction.objects.get(pk=candidate.id).vendor_id[-12:]) for candidate in near}


def test_only_rows_that_a_rule_can_pair_are_read(account):
    """Every other row of an account, of millions perhaps, would only cost time."""
    by_provider = {"amount": 77, "description": "x", "date": "2026-06-01T03:00:00.000Z"}
    merge_docs(
        account,
        same(1, providerId="p"),
        same(2),
        same(3, date="2026-11-04T03:00:00.000Z"),
        same(4, amount=99),
        same(5, **by_provider, providerId="p"),
        same(11, **by_provider),
        same(12, date="2026-11-05T03:00:00.000Z"),
        same(13, currencyCode="USD"),
    )
    merge_docs(AccountFactory(), same(14))
    edit(1, note="reembolsar")
    remove(account, 1)
    assert found(account, 1) == {2, 3, 4, 5}
    Transaction.objects.live().update(created_at=F("created_at") - timedelta(days=2))
    # After another day only the same look and the same `providerId` count.
    assert found(account, 1) == {2, 5}


def test_rows_near_each_of_several_are_read(account):
    """Alike rows are looked up together, so their days and moments are a span."""
    days = {1: 3, 2: 20, 11: 1, 12: 10, 13: 22}
    merge_docs(account, *[same(n, date=f"2026-11-{day:02d}T03:00:00.000Z") for n, day in days.items()])
    merge_docs(account, same(21, date="2026-11-03T03:00:00.000Z"), same(22, date="2026-11-03T03:00:00.000Z"))
    merge_docs(account, *[same(n, date="2026-11-03T03:00:00.000Z", amount=n) for n in (31, 32, 33)])
    remove(account, 1, 2, 22)
    now = row(1).deleted_at
    for number, ago in {11: 0, 12: 10, 13: 20, 31: 0, 32: 10, 33: 20}.items():
        edit(number, created_at=now - timedelta(days=ago))
    edit(2, deleted_at=now - timedelta(days=20))
    edit(22, deleted_at=now - timedelta(days=20))
    assert found(account, 1, 2) >= {11, 12, 13, 31}
    assert found(account, 1, 2).isdisjoint({32, 33})
    assert found(account, 1, 22) >= {21, 31, 32, 33}


def test_a_row_counts_as_edited_or_taken_for_each_reason_alone(account):
    merge_docs(account, *[same(n, order=n) for n in range(1, 8)])
    edit(2, note="x")
    edit(3, hidden=True)
    edit(4, user_category=CategoryFactory())
    edit(6, note="x")
    remove(account, 1, 2, 3, 4, 5)
    edit(5, replaced_by=row(7))
    lost = carried_edits._near(account.pk, [row(1).pk], "deleted_at IS NOT NULL")
    assert [(one.order, one.is_edited) for one in sorted(lost, key=lambda one: one.order)] == [
        (1, False),
        (2, True),
        (3, True),
        (4, True),
        (5, False),
    ]
    live = carried_edits._near(account.pk, [row(1).pk], "deleted_at IS NULL")
    assert sorted((one.order, one.is_edited, one.is_taken) for one in live) == [(6, False, False), (7, False, True)]


@pytest.mark.parametrize("same_id", [{}, {"providerId": "p"}])
def test_a_crowd_of_alike_rows_costs_linear_time(account, same_id):
    crowd = 40
    merge_docs(account, *[same(n, **same_id) for n in range(1, 2 * crowd + 1)])
    gone = range(1, crowd + 1)
    remove(account, *gone)
    ids = list(Transaction.objects.filter(deleted_at__isnull=False).values_list("pk", flat=True))
    query = "EXPLAIN (ANALYZE, FORMAT JSON) " + carried_edits._NEAR.format(side="deleted_at IS NULL")
    with connection.cursor() as cursor:
        cursor.execute(query, {"account": account.pk, "ids": ids})
        plan = cursor.fetchone()[0]
    assert max(joined((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])) == crowd


def joined(node: dict) -> list[float]:
    """How many rows each join of a plan returned."""
    below = [number for part in node.get("Plans", ()) for number in joined(part)]
    return [node["Actual Rows"] * node["Actual Loops"], *below] if "Join Type" in node else below


@pytest.fixture
def other_session(process_environment):
    """Another person's session of the database."""
    with psycopg.connect(process_environment["DATABASE_URL"]) as session:
        session.execute("SET ROLE ponte_system")
        session.commit()
        yield session


@pytest.fixture
def to_choose(transactional_db):
    """An edited tombstone with the higher number, and two rows that may replace it."""
    account = AccountFactory()
    with transaction.atomic():
        merge_docs(account, same(1, amount=11), same(2, amount=12), same(3))
        edit(3, note="reembolsar")
        remove(account, 3)
    return row(3).pk, row(1).pk, row(2).pk


def test_a_person_waits_for_nobody_who_refers_to_the_rows_or_changes_others(to_choose, other_session):
    old, new, unrelated = to_choose
    other_session.execute("SELECT FROM banking_transaction WHERE id = ANY(%s) FOR KEY SHARE", [[old, new]])
    other_session.execute("SELECT FROM banking_transaction WHERE id = %s FOR UPDATE", [unrelated])
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        try:
            carry_by_hand(old, new)
        finally:
            cursor.execute("RESET lock_timeout")
    assert row(1).note == "reembolsar"


def test_of_two_people_who_choose_at_once_the_second_is_refused(to_choose, other_session, wait_until):
    old, new, other = to_choose
    # The tombstone's version is stored before the other row's, which without an order would be locked first.
    edit(1, note="")
    other_session.execute("SELECT FROM banking_transaction WHERE id = %s FOR UPDATE", [new])
    errors: list[Exception] = []

    def choose() -> None:
        try:
            with for_system("the tests"):
                carry_by_hand(old, new)
        except NotCarried as error:
            errors.append(error)
        finally:
            connection.close()

    person = threading.Thread(target=choose)
    person.start()
    try:
        wait_until(lambda: waits_for(other_session), what="the wait for the lock")
        other_session.execute("SELECT FROM banking_transaction WHERE id = %s FOR UPDATE NOWAIT", [old])
        other_session.execute("UPDATE banking_transaction SET replaced_by_id = %s WHERE id = %s", [other, old])
        other_session.commit()
    finally:
        other_session.rollback()
        person.join(20)
    assert len(errors) == 1
    assert (row(1).note, row(3).replaced_by_id) == ("", other)


def waits_for(session: psycopg.Connection) -> bool:
    """Whether a third session waits for a lock of this one, which cannot see it: a transaction sees the activity of
    its beginning."""
    query = "SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        cursor.execute(query, [session.info.backend_pid])
        return cursor.fetchone() is not None


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


def test_a_person_discards_open_edits_alone(account):
    merge_docs(account, same(1), same(2), same(3))
    for number in (1, 2, 3):
        edit(number, note="a", hidden=True, user_category=CategoryFactory())
    remove(account, 1, 3)
    discard_by_hand(row(1).pk)
    assert (row(1).note, row(1).hidden, row(1).user_category) == ("", False, None)
    assert list(open_edits()) == [row(3)]
    for number in (1, 2):
        with pytest.raises(NotCarried):
            discard_by_hand(row(number).pk)
    assert (row(2).note, row(3).note) == ("a", "a")
