"""Pluggy's objects become rows: sign, day, unknown and missing fields, refused rows."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.rows.test_values import ANY_JSON
from apps.banking.factories import AccountFactory, ConnectionFactory, InvestmentFactory
from apps.banking.models import (
    Account,
    Category,
    Connection,
    Connector,
    Consent,
    CreditCardBill,
    Identity,
    Investment,
    InvestmentTransaction,
    Loan,
    Transaction,
)
from apps.banking.rows.columns import columns
from apps.banking.rows.merge import Counts, merge

MAPPERS = {
    Account: (rows.account, ("client_id", "connection_id")),
    Category: (rows.category, ("aggregator",)),
    Connector: (rows.connector, ("aggregator",)),
    Consent: (rows.consent, ("client_id", "connection_id")),
    CreditCardBill: (rows.bill, ("account_id", "client_id")),
    Identity: (rows.identity, ("client_id", "connection_id")),
    Investment: (rows.investment, ("client_id", "connection_id")),
    InvestmentTransaction: (rows.investment_transaction, ("client_id", "investment_id")),
    Loan: (rows.loan, ("client_id", "connection_id")),
    Transaction: (rows.transaction, ("account_id", "client_id")),
}
LEAST = {"id": "x", "amount": 1, "date": "2026-11-01T00:00:00.000Z"}


def transaction_doc(**changes) -> dict:
    return {**LEAST, "type": "DEBIT", "description": "Padaria", "currencyCode": "BRL", **changes}


@pytest.mark.parametrize("model", MAPPERS)
def test_a_row_holds_every_column_the_aggregator_owns_and_nothing_else(model):
    mapper, scope = MAPPERS[model]
    shape = columns(model, scope)
    key = {"vendor_id"} if shape.key else set()
    wanted = {*shape.texts, *shape.values, *shape.objects, *shape.sealed, *shape.indexed, "vendor_updated_at", *key}
    # The sync says what kind a transaction is, by rules that are the same for all aggregators.
    assert set(mapper(LEAST)) == wanted - ({"kind"} if model is Transaction else set())


def test_an_item_becomes_columns_of_a_connection():
    row = rows.item({"id": "i", "error": {"code": "INVALID_CREDENTIALS"}, "statusDetail": {"accounts": None}})
    for name in row:
        assert hasattr(Connection, name)
    assert row["error_code"] == "INVALID_CREDENTIALS"
    assert row["extra"] == {"error": {"code": "INVALID_CREDENTIALS"}}


@pytest.mark.parametrize(
    ("kind", "sent", "expected"),
    [
        ("DEBIT", "10.50", "-10.50"),
        ("DEBIT", "-10.50", "-10.50"),
        ("CREDIT", "10.50", "10.50"),
        ("CREDIT", "-10.50", "10.50"),
        ("OF_TOMORROW", "-10.50", "-10.50"),
        ("DEBIT", "0", "0"),
    ],
)
def test_the_sign_follows_the_type(kind, sent, expected):
    row = rows.transaction(transaction_doc(type=kind, amount=Decimal(sent), amountInAccountCurrency=Decimal(sent)))
    assert row["amount"] == row["amount_in_account_currency"] == Decimal(expected)
    assert not str(row["amount"]).startswith("-0.00000000")


@pytest.mark.parametrize(
    ("card", "meant"),
    [
        ({}, date(2026, 10, 31)),
        ({"billPostDate": "2026-11-04"}, date(2026, 11, 4)),
        ({"transactionDateTime": "2026-10-30T02:15:00.000Z"}, date(2026, 10, 29)),
        ({"transactionDateTime": "2026-10-30T02:15:00.000Z", "totalInstallments": 1}, date(2026, 10, 29)),
        ({"transactionDateTime": "2026-08-30T02:15:00.000Z", "totalInstallments": 10}, date(2026, 10, 31)),
        ({"transactionDateTime": "2026-08-30T02:15:00.000Z", "totalInstallments": "10"}, date(2026, 10, 31)),
        ({"billPostDate": "2026-11-04", "transactionDateTime": "2026-10-30T02:15:00.000Z"}, date(2026, 11, 4)),
        ({"billPostDate": "soon"}, date(2026, 10, 31)),
    ],
)
def test_a_card_transaction_belongs_to_the_day_of_its_posting_or_purchase(card, meant):
    doc = transaction_doc(date="2026-11-01T01:00:00.000Z", creditCardMetadata=card)
    assert rows.transaction(doc)["date"] == meant


def test_the_instant_is_stored_if_the_vendor_knows_it():
    row = rows.transaction(transaction_doc(date="2026-11-01T14:02:11.000Z"))
    assert row["occurred_at"] == datetime(2026, 11, 1, 14, 2, 11, tzinfo=UTC)
    assert rows.transaction(transaction_doc())["occurred_at"] is None


def test_fields_without_a_column_are_in_extra():
    doc = transaction_doc(descriptionRaw="PADARIA 01", ofTomorrow={"a": [1]}, merchant={"name": "Padaria", "cnpj": "1"})
    row = rows.transaction(doc)
    assert row["merchant_name"] == "Padaria"
    assert row["extra"] == {
        "descriptionRaw": "PADARIA 01",
        "ofTomorrow": {"a": [1]},
        "merchant": {"name": "Padaria", "cnpj": "1"},
    }


def test_the_mcc_may_be_text_or_number():
    for mcc in (5411, "5411"):
        assert rows.transaction(transaction_doc(creditCardMetadata={"payeeMCC": mcc}))["payee_mcc"] == 5411


def test_text_that_is_too_long_is_cut_and_goes_whole_to_extra():
    row = rows.transaction(transaction_doc(description="x" * 10_000))
    assert len(row["description"]) == 500
    assert row["extra"]["description"] == "x" * 10_000


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": None}, "ROW_WITHOUT_ID"),
        ({"id": ""}, "ROW_WITHOUT_ID"),
        ({"id": "x" * 101}, "ROW_WITHOUT_ID"),
        ({"id": "a\x00b"}, "ROW_WITHOUT_ID"),
        ({"id": {"a": 1}}, "ROW_WITHOUT_ID"),
        ({"amount": None}, "ROW_AMOUNT"),
        ({"amount": Decimal("1E+200000")}, "ROW_AMOUNT"),
        ({"amount": "muito"}, "ROW_AMOUNT"),
        ({"date": None}, "ROW_DATE"),
        ({"date": "ontem"}, "ROW_DATE"),
    ],
)
def test_a_useless_row_is_refused_without_the_others_and_counts_as_listed(changes, code):
    page = rows.mapped(rows.transaction, [transaction_doc(id="good"), transaction_doc(**changes)])
    assert [row["vendor_id"] for row in page.rows] == ["good"]
    assert [bad.code for bad in page.refused] == [code]
    assert page.seen == (["good"] if code == "ROW_WITHOUT_ID" else ["good", "x"])


def test_a_refusal_does_not_show_the_content():
    page = rows.mapped(rows.transaction, [transaction_doc(description="Maria", amount="segredo")])
    assert "segredo" not in str(page.refused[0]) + repr(page.refused[0])


def test_without_a_date_the_day_of_creation_counts():
    doc = transaction_doc(date=None, createdAt="2026-11-02T12:00:00.000Z")
    assert rows.transaction(doc)["date"] == date(2026, 11, 2)


def test_numbers_of_investments_keep_their_decimals():
    row = rows.investment(
        {"id": "i", "quantity": Decimal("0.000000000000000001"), "fixedAnnualRate": Decimal("0.1365")}
    )
    assert row["quantity"] == Decimal("0.000000000000000001")
    assert row["fixed_annual_rate"] == Decimal("0.1365")


def test_a_loan_takes_its_numbers_from_nested_objects():
    doc = {"id": "l", "CET": Decimal("0.29"), "payments": {"contractOutstandingBalance": 10}}
    row = rows.loan({**doc, "installments": {"totalNumberOfInstallments": 12, "paidInstallments": 3}})
    assert (row["cet"], row["contract_outstanding_balance"]) == (Decimal("0.29"), 10)
    assert (row["total_number_of_installments"], row["paid_installments"]) == (12, 3)


FIELDS = sorted(
    {"description", "type", "status", "amount", "date", "currencyCode", "balance", "order", "category", "number"}
    | {"creditCardMetadata", "paymentData", "merchant", "bankData", "creditData", "taxNumber", "owner", "createdAt"}
    | {"products", "expiresAt", "emails", "quantity", "installments", "payments", "health", "credentials", "CET"}
    | {"incidents", "dueDate", "name", "updatedAt", "openFinancePermissionsGranted", "unknown\x00field"}
)
DOCS = st.dictionaries(st.sampled_from(FIELDS), ANY_JSON, max_size=12)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(docs=st.lists(DOCS, min_size=1, max_size=4))
@pytest.mark.parametrize("model", MAPPERS)
def test_any_body_is_refused_or_stored_and_a_repeat_changes_nothing(model, docs):
    mapper, names = MAPPERS[model]
    page = rows.mapped(mapper, [{**doc, "id": f"row-{n}"} for n, doc in enumerate(docs)])
    with transaction.atomic():
        scope = scope_of(names)
        first = merge(model, scope, page.rows)
        assert first.created == (len(page.rows) if model is not Identity else min(1, len(page.rows)))
        assert merge(model, scope, page.rows) == Counts(unchanged=first.created)
        for row in model.objects.all():
            assert isinstance(row.extra, dict)
        transaction.set_rollback(True)


def scope_of(names: tuple[str, ...]) -> dict:
    if names == ("aggregator",):
        return {"aggregator": "pluggy"}
    parents = {"account_id": AccountFactory, "connection_id": ConnectionFactory, "investment_id": InvestmentFactory}
    parent_name = next(name for name in names if name != "client_id")
    parent = parents[parent_name]()
    return {"client_id": parent.client_id, parent_name: parent.pk}
