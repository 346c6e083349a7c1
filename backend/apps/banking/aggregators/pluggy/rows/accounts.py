"""Map Pluggy's accounts, bills, consents and identities to plain rows."""

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.rows.base import ALWAYS, base, unmapped
from apps.banking.aggregators.pluggy.rows.values import (
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
    """An Account. `extra` also has the whole `bankData` and `creditData`. Raises RefusedRow."""
    extra = unmapped(doc, _ACCOUNT)
    bank, credit = part(doc, "bankData"), part(doc, "creditData")
    unused: Doc = {}
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
        "transfer_number": line(bank, "transferNumber", unused),
        "closing_balance": money(bank, "closingBalance", unused),
        "automatically_invested_balance": money(bank, "automaticallyInvestedBalance", unused),
        "overdraft_contracted_limit": money(bank, "overdraftContractedLimit", unused),
        "overdraft_used_limit": money(bank, "overdraftUsedLimit", unused),
        "unarranged_overdraft_amount": money(bank, "unarrangedOverdraftAmount", unused),
        "level": word(credit, "level", unused),
        "brand": word(credit, "brand", unused),
        "credit_status": word(credit, "status", unused),
        "holder_type": word(credit, "holderType", unused),
        "balance_close_date": day(credit, "balanceCloseDate", unused),
        "balance_due_date": day(credit, "balanceDueDate", unused),
        "credit_limit": money(credit, "creditLimit", unused),
        "available_credit_limit": money(credit, "availableCreditLimit", unused),
        "minimum_payment": money(credit, "minimumPayment", unused),
        "is_limit_flexible": flag(credit, "isLimitFlexible", unused),
    }


_BILL = frozenset(
    ALWAYS
    | {"accountId", "dueDate", "billClosingDate", "totalAmount", "totalAmountCurrencyCode"}
    | {"minimumPaymentAmount", "allowsInstallments"}
)


def bill(doc: Doc) -> Row:
    """A Bill of a card. `extra` has its charges and payments. Raises RefusedRow."""
    extra = unmapped(doc, _BILL)
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
    extra = unmapped(doc, _CONSENT)
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
    """An IdentityResponse: the user's personal data at the bank. Raises RefusedRow."""
    extra = unmapped(doc, _IDENTITY)
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
