"""Every list and every row of banking: the client's own, in a fixed number of queries, with amounts as text."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.audit.models import Entry
from apps.banking import factories as f
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db

LISTS = {
    "connections": lambda member: f.ConnectionFactory(member=member),
    "accounts": lambda member: f.AccountFactory(connection__member=member),
    "balances": lambda member: f.BalanceSnapshotFactory(account__connection__member=member),
    "transactions": lambda member: f.TransactionFactory(account__connection__member=member),
    "bills": lambda member: f.CreditCardBillFactory(account__connection__member=member),
    "investments": lambda member: f.InvestmentFactory(connection__member=member),
    "loans": lambda member: f.LoanFactory(connection__member=member),
    "identities": lambda member: f.IdentityFactory(connection__member=member),
    "sync_runs": lambda member: f.SyncRunFactory(connection__member=member),
}
every_list = pytest.mark.parametrize("name", LISTS)


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def program(caller, member):
    return caller(member, "read", "write", "identity")


def path_of(name: str) -> str:
    return f"/api/{name.replace('_', '-')}/"


@every_list
def test_a_list_has_the_rows_of_its_client_alone(name, member, program):
    mine = LISTS[name](member)
    other = LISTS[name](MembershipFactory())
    # Even a client of the same person that the token is not for.
    LISTS[name](MembershipFactory(user=member.user))
    status, answer = program.get(path_of(name))
    assert status == 200
    assert answer["success"] is True
    assert len(answer[name]) == 1
    if name != "balances":
        assert answer[name][0]["id"] == mine.pk
        if name != "connections":
            assert program.get(f"{path_of(name)}{mine.pk}/")[0] == 200
        for number in (other.pk, 0, 2**63, 10**30):
            status, answer = program.get(f"{path_of(name)}{number}/")
            assert (status, answer["error_code"]) == (404, "NOT_FOUND")


@every_list
def test_a_list_takes_the_same_queries_for_one_row_and_for_many(name, member, program, django_assert_num_queries):
    LISTS[name](member)
    program.get(path_of(name))
    with django_assert_num_queries(2):
        assert len(program.get(path_of(name))[1][name]) == 1
    for _ in range(5):
        LISTS[name](member)
    with django_assert_num_queries(2):
        assert len(program.get(path_of(name))[1][name]) == 6


@every_list
def test_the_pages_of_a_list_have_each_row_once(name, member, program):
    for _ in range(5):
        LISTS[name](member)
    rows, cursor, pages = [], {}, 0
    while cursor is not None:
        answer = program.get(path_of(name), limit=2, **cursor)[1]
        rows += answer[name]
        cursor = {"cursor": answer["next_cursor"]} if answer["next_cursor"] else None
        pages += 1
    assert pages == 3
    assert len({str(row) for row in rows}) == 5
    assert rows == program.get(path_of(name))[1][name]


@every_list
def test_a_stranger_and_a_token_without_the_scope_see_no_list(name, member, caller, stranger):
    assert stranger.get(path_of(name))[0] == 401
    other = "read" if name == "identities" else "identity"
    assert caller(member, other).get(path_of(name))[1]["error_code"] == "SCOPE_MISSING"


@pytest.mark.parametrize("name", [name for name in LISTS if name not in ("balances", "sync_runs", "connections")])
def test_a_tombstone_is_in_no_list(name, member, program):
    row = LISTS[name](member)
    row.deleted_at = timezone.now()
    row.save()
    assert program.get(path_of(name))[1][name] == []
    assert program.get(f"{path_of(name)}{row.pk}/")[0] == 404


def test_a_deleted_connection_is_listed_only_if_it_is_asked_for(member, program):
    f.ConnectionFactory(member=member, state="deleted", deleted_at=timezone.now())
    assert program.get("/api/connections/")[1]["connections"] == []
    assert len(program.get("/api/connections/", state="deleted")[1]["connections"]) == 1


def test_amounts_are_text_with_cents_and_no_more_zeros_than_that(member, program):
    account = f.AccountFactory(connection__member=member)
    for text, shown in [("-135.42", "-135.42"), ("10", "10.00"), ("0.00000001", "0.00000001"), ("1E+3", "1000.00")]:
        row = f.TransactionFactory(account=account, amount=Decimal(text), type="")
        answer = program.get(f"/api/transactions/{row.pk}/")[1]
        assert answer["transaction"]["amount"] == shown


def test_a_cursor_of_another_client_moves_within_the_own_rows_alone(member, program, caller):
    stranger = MembershipFactory()
    for _ in range(3):
        f.TransactionFactory(account__connection__member=stranger)
    mine = f.TransactionFactory(account__connection__member=member, date=date(2020, 1, 1))
    cursor = caller(stranger).get("/api/transactions/", limit=1)[1]["next_cursor"]
    answer = program.get("/api/transactions/", cursor=cursor)[1]
    assert [row["id"] for row in answer["transactions"]] == [mine.pk]


def test_rows_of_one_connection_or_account_can_be_asked_for(member, program):
    account, other = (f.AccountFactory(connection__member=member) for _ in range(2))
    assert len(program.get("/api/accounts/", connection=account.connection_id)[1]["accounts"]) == 1
    foreign = f.AccountFactory()
    assert program.get("/api/accounts/", connection=foreign.connection_id)[1]["accounts"] == []
    f.BalanceSnapshotFactory(account=account, date=date(2026, 11, 1))
    f.BalanceSnapshotFactory(account=account, date=date(2026, 11, 2))
    f.BalanceSnapshotFactory(account=other, date=date(2026, 11, 2))
    rows = program.get("/api/balances/", account=account.pk, date_from="2026-11-02")[1]["balances"]
    assert [(row["account_id"], row["date"]) for row in rows] == [(account.pk, "2026-11-02")]


def test_an_account_shows_the_end_of_its_number_and_a_card_its_limits(member, program):
    account = f.AccountFactory(connection__member=member)
    account.number = "0001/12345-6"
    account.save()
    card = f.AccountFactory(connection__member=member, type="CREDIT", credit_limit=Decimal(5000), brand="VISA")
    shown = program.get(f"/api/accounts/{account.pk}/")[1]["account"]
    assert shown["number_end"] == "45-6"
    assert shown["card"] is None
    shown = program.get(f"/api/accounts/{card.pk}/")[1]["account"]
    assert shown["card"]["credit_limit"] == "5000.00"


def test_bills_without_a_due_date_come_first(member, program):
    card = f.AccountFactory(connection__member=member, type="CREDIT")
    for day in (date(2026, 10, 10), None, date(2026, 11, 10)):
        f.CreditCardBillFactory(account=card, due_date=day)
    rows, cursor = [], {}
    while cursor is not None:
        answer = program.get("/api/bills/", limit=1, account=card.pk, **cursor)[1]
        rows += answer["bills"]
        cursor = {"cursor": answer["next_cursor"]} if answer["next_cursor"] else None
    assert [row["due_date"] for row in rows] == [None, "2026-11-10", "2026-10-10"]


def test_the_movements_of_a_position_are_those_of_its_client(member, program):
    movement = f.InvestmentTransactionFactory(investment__connection__member=member, amount=Decimal("7.5"))
    path = f"/api/investments/{movement.investment_id}/transactions/"
    assert [row["amount"] for row in program.get(path)[1]["transactions"]] == ["7.50"]
    foreign = f.InvestmentTransactionFactory()
    assert program.get(f"/api/investments/{foreign.investment_id}/transactions/")[0] == 404


def test_identities_are_masked_in_lists_and_whole_one_at_a_time_which_the_person_sees(member, program, stranger):
    row = f.IdentityFactory(connection__member=member)
    row.full_name, row.tax_number = "Maria da Silva", "123.456.789-00"
    row.emails = [{"value": "maria@example.com"}]
    row.save()
    (shown,) = program.get("/api/identities/")[1]["identities"]
    assert shown["tax_number"] == "***********-00"
    assert "Maria" not in str(shown)
    whole = program.get(f"/api/identities/{row.pk}/")[1]["identity"]
    assert whole["full_name"] == "Maria da Silva"
    assert whole["emails"] == [{"value": "maria@example.com"}]
    assert Entry.objects.filter(action="identity.reveal", client=member.client_id, via="token").count() == 1
    stranger.browser.force_login(member.user)
    activity = stranger.browser.get("/activity/", headers={"Accept-Language": "en"}).text
    assert "Identity data was shown" in activity


def test_categories_are_for_everybody_with_the_scope(caller):
    f.CategoryFactory(vendor_id="01000000", description="Income", parent_id="")
    f.CategoryFactory(deleted_at=timezone.now())
    rows = caller(MembershipFactory(), "read").get("/api/categories/")[1]["categories"]
    assert [(row["id"], row["name"]) for row in rows if row["id"] == "01000000"] == [("01000000", "Income")]
