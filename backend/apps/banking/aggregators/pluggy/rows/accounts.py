"""Pluggy's accounts, bills, consents and identities as plain rows."""

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy.rows.base import ALWAYS, base, rest
from apps.banking.aggregators.pluggy.rows.values import (
    Doc,
    currency,
    day,
    flag,
    instant,
    line,
    money,
    part,
    word,
    words,
)

_ACCOUNT = frozenset(
    ALWAYS
    | {"itemId", "type", "subtype", "number", "name", "marketingName", "balance", "taxNumber", "owner"}
    | {"currencyCode"}
)


def account(doc: Doc) -> Row:
    """An Account; `bankData` and `creditData` are also whole in `extra`. Raises RefusedRow."""
    extra = rest(doc, _ACCOUNT)
    bank, credit = part(doc, "bankData"), part(doc, "creditData")
    aside: Doc = {}
    return {
        **base(doc, extra),
        "type": word(doc, "type", extra),
        "subtype": word(doc, "subtype", extra),
        "name": line(doc, "name", extra),
        "marketing_name": line(doc, "marketingName", extra),
        "number": line(doc, "number", extra),
        "tax_number": line(doc, "taxNumber", extra),
        "owner": line(doc, "owner", extra),
        "balance": money(doc, "balance", extra),
        "currency_code": currency(doc, "currencyCode", extra),
        "transfer_number": line(bank, "transferNumber", aside),
        "closing_balance": money(bank, "closingBalance", aside),
        "automatically_invested_balance": money(bank, "automaticallyInvestedBalance", aside),
        "overdraft_contracted_limit": money(bank, "overdraftContractedLimit", aside),
        "overdraft_used_limit": money(bank, "overdraftUsedLimit", aside),
        "unarranged_overdraft_amount": money(bank, "unarrangedOverdraftAmount", aside),
        "level": word(credit, "level", aside),
        "brand": word(credit, "brand", aside),
        "credit_status": word(credit, "status", aside),
        "holder_type": word(credit, "holderType", aside),
        "balance_close_date": day(credit, "balanceCloseDate", aside),
        "balance_due_date": day(credit, "balanceDueDate", aside),
        "credit_limit": money(credit, "creditLimit", aside),
        "available_credit_limit": money(credit, "availableCreditLimit", aside),
        "minimum_payment": money(credit, "minimumPayment", aside),
        "is_limit_flexible": flag(credit, "isLimitFlexible", aside),
    }


_BILL = frozenset(
    ALWAYS
    | {"accountId", "dueDate", "billClosingDate", "totalAmount", "totalAmountCurrencyCode"}
    | {"minimumPaymentAmount", "allowsInstallments"}
)


def bill(doc: Doc) -> Row:
    """A Bill of a card; its charges and payments are in `extra`. Raises RefusedRow."""
    extra = rest(doc, _BILL)
    return {
        **base(doc, extra),
        "due_date": day(doc, "dueDate", extra),
        "closing_date": day(doc, "billClosingDate", extra),
        "total_amount": money(doc, "totalAmount", extra),
        "currency_code": currency(doc, "totalAmountCurrencyCode", extra),
        "minimum_payment_amount": money(doc, "minimumPaymentAmount", extra),
        "allows_installments": flag(doc, "allowsInstallments", extra),
    }


_CONSENT = frozenset(ALWAYS | {"itemId", "products", "openFinancePermissionsGranted", "expiresAt", "revokedAt"})


def consent(doc: Doc) -> Row:
    """A Consent. Raises RefusedRow."""
    extra = rest(doc, _CONSENT)
    return {
        **base(doc, extra),
        "products": words(doc, "products"),
        "open_finance_permissions_granted": words(doc, "openFinancePermissionsGranted"),
        "expires_at": instant(doc, "expiresAt", extra),
        "revoked_at": instant(doc, "revokedAt", extra),
    }


_IDENTITY = frozenset(
    ALWAYS
    | {"itemId", "fullName", "companyName", "taxNumber", "document", "documentType", "birthDate", "jobTitle"}
    | {"emails", "phoneNumbers", "addresses", "investorProfile"}
)


def identity(doc: Doc) -> Row:
    """An IdentityResponse: whom the bank knows. Raises RefusedRow."""
    extra = rest(doc, _IDENTITY)
    return {
        **base(doc, extra),
        "full_name": line(doc, "fullName", extra),
        "company_name": line(doc, "companyName", extra),
        "tax_number": line(doc, "taxNumber", extra),
        "document": line(doc, "document", extra),
        "document_type": word(doc, "documentType", extra),
        "birth_date": line(doc, "birthDate", extra),
        "job_title": line(doc, "jobTitle", extra),
        "emails": doc.get("emails") or [],
        "phone_numbers": doc.get("phoneNumbers") or [],
        "addresses": doc.get("addresses") or [],
        "investor_profile": word(doc, "investorProfile", extra),
    }
