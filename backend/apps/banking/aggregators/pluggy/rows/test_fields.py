"""Each field of Pluggy's objects fills the column that is meant for it, and no other.

A table names each column's field. The tests send one field alone, and all fields at once with different values.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import models

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.rows.test_rows import MAPPERS, scope_of
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
from apps.banking.rows.merge import Counts, merge

# "field kind" for each column; a dot leads into a nested object.
ALL = {"vendor_created_at": "createdAt instant", "vendor_updated_at": "updatedAt instant"}
FIELDS: dict[type[models.Model], dict[str, str]] = {
    Account: {
        **ALL,
        "type": "type word",
        "subtype": "subtype word",
        "name": "name line",
        "marketing_name": "marketingName line",
        "number": "number line",
        "tax_number": "taxNumber line",
        "owner": "owner line",
        "balance": "balance money",
        "currency_code": "currencyCode currency",
        "transfer_number": "bankData.transferNumber line",
        "closing_balance": "bankData.closingBalance money",
        "automatically_invested_balance": "bankData.automaticallyInvestedBalance money",
        "overdraft_contracted_limit": "bankData.overdraftContractedLimit money",
        "overdraft_used_limit": "bankData.overdraftUsedLimit money",
        "unarranged_overdraft_amount": "bankData.unarrangedOverdraftAmount money",
        "level": "creditData.level word",
        "brand": "creditData.brand word",
        "credit_status": "creditData.status word",
        "holder_type": "creditData.holderType word",
        "balance_close_date": "creditData.balanceCloseDate day",
        "balance_due_date": "creditData.balanceDueDate day",
        "credit_limit": "creditData.creditLimit money",
        "available_credit_limit": "creditData.availableCreditLimit money",
        "minimum_payment": "creditData.minimumPayment money",
        "is_limit_flexible": "creditData.isLimitFlexible flag",
    },
    Transaction: {
        **ALL,
        "type": "type word",
        "description": "description line",
        "currency_code": "currencyCode currency",
        "amount": "amount money",
        "amount_in_account_currency": "amountInAccountCurrency money",
        "date": "date day",
        "status": "status word",
        "balance": "balance money",
        "order": "order whole",
        "category": "category line",
        "category_id": "categoryId line",
        "operation_type": "operationType word",
        "provider_id": "providerId line",
        "provider_code": "providerCode line",
        "payment_method": "paymentData.paymentMethod word",
        "merchant_name": "merchant.name line",
        "installment_number": "creditCardMetadata.installmentNumber whole",
        "total_installments": "creditCardMetadata.totalInstallments whole",
        "bill_id": "creditCardMetadata.billId line",
        "purchase_date": "creditCardMetadata.purchaseDate day",
        "payee_mcc": "creditCardMetadata.payeeMCC whole",
        "bill_post_date": "creditCardMetadata.billPostDate day",
        "bill_month": "creditCardMetadata.billForecastDate month",
        "fee_type": "creditCardMetadata.feeType word",
        "other_credits_type": "creditCardMetadata.otherCreditsType word",
    },
    CreditCardBill: {
        **ALL,
        "due_date": "dueDate day",
        "closing_date": "billClosingDate day",
        "total_amount": "totalAmount money",
        "currency_code": "totalAmountCurrencyCode currency",
        "minimum_payment_amount": "minimumPaymentAmount money",
        "allows_installments": "allowsInstallments flag",
    },
    Consent: {
        **ALL,
        "products": "products words",
        "open_finance_permissions_granted": "openFinancePermissionsGranted words",
        "expires_at": "expiresAt instant",
        "revoked_at": "revokedAt instant",
    },
    Identity: {
        **ALL,
        "full_name": "fullName line",
        "company_name": "companyName line",
        "tax_number": "taxNumber line",
        "document": "document line",
        "document_type": "documentType word",
        "birth_date": "birthDate line",
        "job_title": "jobTitle line",
        "emails": "emails objects",
        "phone_numbers": "phoneNumbers objects",
        "addresses": "addresses objects",
        "investor_profile": "investorProfile word",
    },
    Investment: {
        **ALL,
        "type": "type word",
        "subtype": "subtype word",
        "status": "status word",
        "name": "name line",
        "code": "code line",
        "isin": "isin word",
        "issuer": "issuer line",
        "number": "number line",
        "owner": "owner line",
        "currency_code": "currencyCode currency",
        "value": "value quantity",
        "quantity": "quantity quantity",
        "rate_type": "rateType word",
        "tax_exempt": "taxExempt flag",
        "balance": "balance money",
        "amount": "amount money",
        "amount_profit": "amountProfit money",
        "amount_withdrawal": "amountWithdrawal money",
        "amount_original": "amountOriginal money",
        "taxes": "taxes money",
        "taxes2": "taxes2 money",
        "date": "date day",
        "due_date": "dueDate day",
        "issue_date": "issueDate day",
        "purchase_date": "purchaseDate day",
        "grace_period_date": "gracePeriodDate day",
        "rate": "rate rate",
        "fixed_annual_rate": "fixedAnnualRate rate",
        "annual_rate": "annualRate rate",
        "last_month_rate": "lastMonthRate rate",
        "last_twelve_months_rate": "lastTwelveMonthsRate rate",
    },
    InvestmentTransaction: {
        **ALL,
        "type": "type word",
        "movement_type": "movementType word",
        "description": "description line",
        "date": "date day",
        "trade_date": "tradeDate day",
        "quantity": "quantity quantity",
        "value": "value quantity",
        "amount": "amount money",
        "net_amount": "netAmount money",
        "agreed_rate": "agreedRate rate",
    },
    Loan: {
        **ALL,
        "contract_number": "contractNumber line",
        "product_name": "productName line",
        "type": "type line",
        "kind": "kind word",
        "date": "date day",
        "contract_date": "contractDate day",
        "settlement_date": "settlementDate day",
        "due_date": "dueDate day",
        "first_installment_due_date": "firstInstallmentDueDate day",
        "contract_amount": "contractAmount money",
        "contract_outstanding_balance": "payments.contractOutstandingBalance money",
        "currency_code": "currencyCode currency",
        "cet": "CET rate",
        "installment_periodicity": "installmentPeriodicity word",
        "amortization_scheduled": "amortizationScheduled word",
        "total_number_of_installments": "installments.totalNumberOfInstallments whole",
        "paid_installments": "installments.paidInstallments whole",
        "due_installments": "installments.dueInstallments whole",
        "past_due_installments": "installments.pastDueInstallments whole",
    },
    Category: {
        **ALL,
        "description": "description line",
        "description_translated": "descriptionTranslated line",
        "parent_id": "parentId line",
        "parent_description": "parentDescription line",
    },
    Connector: {
        **ALL,
        "name": "name line",
        "institution_url": "institutionUrl line",
        "image_url": "imageUrl line",
        "primary_color": "primaryColor word",
        "type": "type word",
        "country": "country word",
        "has_mfa": "hasMFA flag",
        "oauth": "oauth flag",
        "is_open_finance": "isOpenFinance flag",
        "is_sandbox": "isSandbox flag",
        "reset_password_url": "resetPasswordUrl line",
        "products": "products words",
        "credentials": "credentials objects",
        "health_status": "health.status word",
        "health_stage": "health.stage word",
        "incidents": "health.incidents objects",
    },
    Connection: {
        **ALL,
        "status": "status word",
        "execution_status": "executionStatus word",
        "status_detail": "statusDetail object",
        "error_code": "error.code word",
        "products": "products words",
        "consecutive_failed_login_attempts": "consecutiveFailedLoginAttempts whole",
        "consent_expires_at": "consentExpiresAt instant",
        "next_auto_sync_at": "nextAutoSyncAt instant",
        "last_updated_at": "lastUpdatedAt instant",
    },
}
# Nested objects of which some fields have columns. They are also in `extra`, whole.
IN_EXTRA = frozenset("bankData creditData paymentData merchant creditCardMetadata payments installments error".split())
# Fields that say what a row belongs to, or that the engine reads elsewhere: neither a column nor `extra`.
KNOWN = {
    Account: ["itemId"],
    Transaction: ["accountId"],
    CreditCardBill: ["accountId"],
    Consent: ["itemId"],
    Identity: ["itemId"],
    Investment: ["itemId", "transactions"],
    InvestmentTransaction: ["investmentId"],
    Loan: ["itemId"],
    Connection: ["clientUserId", "connector"],
}
DAYS = date(2026, 1, 1)
# By kind: what is sent, and what is stored, for the n-th field.
KINDS: dict[str, Callable[[int], tuple[Any, Any]]] = {
    "word": lambda n: (f"WORD_{n}", f"WORD_{n}"),
    "line": lambda n: (f"A line of text with the number {n}", f"A line of text with the number {n}"),
    "money": lambda n: (Decimal(f"{n}.12345678"), Decimal(f"{n}.12345678")),
    "quantity": lambda n: (Decimal(f"{n}.123456789012345678"), Decimal(f"{n}.123456789012345678")),
    "rate": lambda n: (Decimal(f"{n}.123456789012"), Decimal(f"{n}.123456789012")),
    "whole": lambda n: (n, n),
    "flag": lambda n: (True, True),
    "currency": lambda n: (f"X{chr(65 + n // 26)}{chr(65 + n % 26)}",) * 2,
    "day": lambda n: (f"{DAYS + timedelta(n)}T00:00:00.000Z", DAYS + timedelta(n)),
    "month": lambda n: (f"20{n:02}-03", date(2000 + n, 3, 1)),
    "instant": lambda n: (f"2026-11-01T10:{n:02}:00.000Z", datetime(2026, 11, 1, 10, n, tzinfo=UTC)),
    "words": lambda n: ([f"WORD_{n}", "ANOTHER"],) * 2,
    "objects": lambda n: ([{"value": n}],) * 2,
    "object": lambda n: ({"accounts": {"isUpdated": True, "n": n}},) * 2,
}
LEAST = {Transaction: {"id": "x", "amount": 1, "date": "2026-06-01T00:00:00.000Z"}}
EACH = [(model, column) for model, columns in FIELDS.items() for column in columns]
TEXTS = [(model, column) for model, column in EACH if FIELDS[model][column].split()[1] in ("word", "line")]


def mapper_of(model: type[models.Model]) -> Callable[[dict], Row]:
    return rows.item if model is Connection else MAPPERS[model][0]


def least(model: type[models.Model]) -> dict:
    """An object with as few fields as a row needs."""
    return dict(LEAST.get(model, {"id": "x"}))


def put(doc: dict, field: str, value: Any) -> None:
    parent, _, name = field.rpartition(".")
    (doc.setdefault(parent, {}) if parent else doc)[name] = value


def filled(model: type[models.Model], columns: list[str]) -> tuple[dict, Row]:
    """(an object with the fields of these columns, what the columns then hold)"""
    doc, expected, everything = least(model), {}, list(FIELDS[model])
    for column in columns:
        field, kind = FIELDS[model][column].split()
        sent, expected[column] = KINDS[kind](everything.index(column) + 2)
        put(doc, field, sent)
    if "bill_post_date" in expected:
        # The day of posting is also the day of a card's row.
        expected["date"] = expected["bill_post_date"]
    return doc, {**expected, "extra": {name: value for name, value in doc.items() if name in IN_EXTRA}}


@pytest.mark.parametrize("model", FIELDS)
def test_the_table_names_every_column(model):
    others = {"vendor_id", "extra"} | ({"occurred_at"} if model is Transaction else set())
    assert set(FIELDS[model]) == set(mapper_of(model)(least(model))) - others


@pytest.mark.parametrize(("model", "column"), EACH)
def test_a_field_alone_changes_its_column_alone(model, column):
    doc, expected = filled(model, [column])
    assert mapper_of(model)(doc) == {**mapper_of(model)(least(model)), **expected}


@pytest.mark.parametrize("model", FIELDS)
def test_all_fields_together_fill_all_columns(model):
    doc, expected = filled(model, list(FIELDS[model]))
    row = mapper_of(model)(doc)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.django_db
@pytest.mark.parametrize("model", MAPPERS)
def test_what_a_field_holds_is_read_back_from_its_column(model):
    """Through the merge and the database: new, and as a change of an existing row."""
    mapper, names = MAPPERS[model]
    scope = scope_of(names)
    doc, expected = filled(model, list(FIELDS[model]))
    for before, counts in ([], Counts(created=1)), ([mapper(least(model))], Counts(changed=1)):
        model.objects.all().delete()
        merge(model, scope, before)
        assert merge(model, scope, [mapper(doc)]) == counts
        row = model.objects.get()
        assert set(row.extra) == set(expected["extra"])
        assert {name: getattr(row, name) for name in FIELDS[model]} == {name: expected[name] for name in FIELDS[model]}
        assert {name: getattr(row, name) for name in scope} == scope
        assert row.vendor_id == "x"


@pytest.mark.parametrize(("model", "column"), TEXTS)
def test_a_long_text_fills_its_column_and_no_more(model, column):
    field = FIELDS[model][column].split()[0]
    doc, sizes = least(model), {field.attname: field.max_length for field in model._meta.concrete_fields}
    put(doc, field, "x" * 1000)
    row = mapper_of(model)(doc)
    # A sealed column has no size; 500 characters are a line.
    assert len(row[column]) == (sizes.get(column) or 500)
    if "." not in field:
        assert row["extra"] == {field: "x" * 1000}


@pytest.mark.parametrize("model", FIELDS)
def test_only_fields_without_a_column_are_in_extra(model):
    ignored = dict.fromkeys(KNOWN.get(model, []), "x")
    row = mapper_of(model)({**least(model), **ignored, "aFieldOfTomorrow": "y", "nothing": None})
    assert row["extra"] == {"aFieldOfTomorrow": "y"}
