"""Transactions: each filter, and the edits of a person."""

from datetime import date
from decimal import Decimal

import pytest

from apps.audit.models import Entry
from apps.banking import factories as f
from apps.banking.models import Transaction
from apps.banking.rows.words import index_words
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def program(caller, member):
    return caller(member)


@pytest.fixture
def account(member):
    return f.AccountFactory(connection__member=member)


@pytest.fixture
def make(account):
    return lambda **more: f.TransactionFactory(**{"account": account, **more})


def found(program, **query) -> list[int]:
    status, answer = program.get("/api/transactions/", **query)
    assert status == 200, answer
    return [row["id"] for row in answer["transactions"]]


def test_each_filter_leaves_only_what_fits(program, make, member):
    food = f.CategoryFactory(vendor_id="11000000")
    usual = {"date": date(2026, 11, 10), "amount": Decimal(-50), "category_id": "05000000", "status": "POSTED"}
    wanted = make(**usual, description="Padaria São João")
    others = {
        "account": make(**{**usual, "account": f.AccountFactory(connection__member=member)}),
        "date_from": make(**{**usual, "date": date(2026, 11, 1)}),
        "date_to": make(**{**usual, "date": date(2026, 11, 20)}),
        "amount_min": make(**{**usual, "amount": Decimal("-50.01")}),
        "amount_max": make(**{**usual, "amount": Decimal("-49.99")}),
        "direction": make(**{**usual, "amount": Decimal(50), "type": "CREDIT"}),
        "category": make(**{**usual, "user_category": food}),
        "text": make(**usual, description="Mercado"),
        "status": make(**{**usual, "status": "PENDING"}),
    }
    index_words()
    filters = {
        "account": wanted.account_id,
        "date_from": "2026-11-10",
        "date_to": "2026-11-10",
        "amount_min": "-50",
        "amount_max": "-50.00",
        "direction": "out",
        "category": "05000000",
        "text": "sao PADA",
        "status": "POSTED",
    }
    for name, value in filters.items():
        rows = found(program, **{name: value})
        assert wanted.pk in rows, name
        assert others[name].pk not in rows, name
    assert found(program, **filters) == [wanted.pk]
    assert found(program, category="11000000") == [others["category"].pk]
    assert found(program, direction="in") == [others["direction"].pk]
    assert found(program, connection=wanted.account.connection_id, text="padaria") == [wanted.pk]


def test_what_is_hidden_is_shown_only_if_it_is_asked_for(program, make):
    shown, hidden = make(), make(hidden=True)
    assert found(program) == [shown.pk]
    assert found(program, hidden="only") == [hidden.pk]
    assert set(found(program, hidden="all")) == {shown.pk, hidden.pk}


@pytest.mark.parametrize("text", ["'; DROP TABLE x; --", "a:*|!b&(", "%_", "…", "\\", "é" * 200])
def test_any_text_can_be_searched_for(program, make, text):
    make()
    index_words()
    found(program, text=text)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"account": "x"}, "account"),
        ({"account": "0"}, "account"),
        ({"account": str(2**63)}, "account"),
        ({"date_from": "yesterday"}, "date_from"),
        ({"date_to": "2026-02-30"}, "date_to"),
        ({"amount_min": "NaN"}, "amount_min"),
        ({"amount_max": "1e400"}, "amount_max"),
        ({"amount_max": "1e2"}, "amount_max"),
        ({"amount_max": " 1"}, "amount_max"),
        ({"amount_max": "1,00"}, "amount_max"),
        ({"amount_max": "9" * 21}, "amount_max"),
        ({"direction": "up"}, "direction"),
        ({"status": "posted"}, "status"),
        ({"text": "x" * 201}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"category": ""}, "category"),
        ({"merchant": "x"}, "merchant"),
    ],
)
def test_a_wrong_filter_is_an_error_and_not_ignored(program, query, field):
    status, answer = program.get("/api/transactions/", **query)
    assert (status, list(answer["details"])) == (400, [field])


def test_a_person_edits_what_is_theirs(program, make, member):
    row = make(category_id="05000000")
    own = f.CategoryFactory(vendor_id="11000000")
    path = f"/api/transactions/{row.pk}/"
    status, answer = program.patch(path, {"category_id": "11000000", "note": "lunch", "hidden": True})
    assert status == 200
    shown = answer["transaction"]
    assert (shown["category_id"], shown["category_is_own"], shown["note"], shown["hidden"]) == (
        "11000000",
        True,
        "lunch",
        True,
    )
    row.refresh_from_db()
    assert (row.user_category, row.note, row.hidden) == (own, "lunch", True)
    assert program.patch(path, {"category_id": None})[1]["transaction"]["category_id"] == "05000000"
    assert program.get(path)[1]["transaction"]["note"] == "lunch"
    entries = Entry.objects.filter(action="transaction.edit", subject=f"banking.transaction:{row.pk}")
    assert entries.count() == 2
    assert "lunch" not in str(list(entries.values()))


def test_an_edit_of_nothing_leaves_no_line_in_the_audit(program, make):
    row = make(note="old")
    assert program.patch(f"/api/transactions/{row.pk}/", {})[1]["transaction"]["note"] == "old"
    assert not Entry.objects.filter(action="transaction.edit").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"note": 7}, "note"),
        ({"note": None}, "note"),
        ({"note": "x" * 501}, "note"),
        ({"note": "a\0"}, "note"),
        ({"hidden": "true"}, "hidden"),
        ({"hidden": 1}, "hidden"),
        ({"hidden": None}, "hidden"),
        ({"category_id": 5}, "category_id"),
        ({"amount": "1.00"}, "amount"),
        ({"note": "kept", "hidden": 1}, "hidden"),
    ],
)
def test_a_wrong_edit_names_the_field_and_changes_nothing(program, make, body, field):
    row = make(note="old")
    status, answer = program.patch(f"/api/transactions/{row.pk}/", body)
    assert (status, list(answer["details"])) == (400, [field])
    assert Transaction.objects.get(pk=row.pk).note == "old"
    assert not Entry.objects.filter(action="transaction.edit").exists()


def test_a_category_that_does_not_exist_changes_nothing(program, make):
    row = make(note="old")
    answer = program.patch(f"/api/transactions/{row.pk}/", {"category_id": "none", "note": "new"})
    assert (answer[0], answer[1]["error_code"]) == (409, "NO_SUCH_CATEGORY")
    assert Transaction.objects.get(pk=row.pk).note == "old"


def test_the_transaction_of_another_client_is_404_and_stays_as_it_is(program, caller):
    row = f.TransactionFactory()
    assert program.patch(f"/api/transactions/{row.pk}/", {"note": "mine now"})[0] == 404
    assert Transaction.objects.get(pk=row.pk).note == ""


def test_a_token_that_reads_edits_nothing(caller, member, make):
    row = make()
    assert caller(member, "read").patch(f"/api/transactions/{row.pk}/", {"note": "x"})[0] == 403
