"""Pluggy's transactions as plain rows: the sign by `type`, the day by what tells it best."""

from datetime import date
from decimal import Decimal

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy.rows.base import ALWAYS, ID_LENGTH, base, needed, rest
from apps.banking.aggregators.pluggy.rows.values import (
    Doc,
    clock_time,
    currency,
    day,
    day_of,
    line,
    money,
    part,
    text,
    whole,
    word,
)

_TRANSACTION = frozenset(
    ALWAYS
    | {"accountId", "description", "currencyCode", "amount", "amountInAccountCurrency", "date", "type", "status"}
    | {"balance", "order", "category", "categoryId", "operationType", "providerId", "providerCode"}
)


def transaction(doc: Doc) -> Row:
    """A Transaction of an account or a card. Raises RefusedRow."""
    extra = rest(doc, _TRANSACTION)
    card = part(doc, "creditCardMetadata")
    aside: Doc = {}
    kind = word(doc, "type", extra)
    row = {
        **base(doc, extra),
        "type": kind,
        "description": line(doc, "description", extra),
        "currency_code": currency(doc, "currencyCode", extra),
        "amount_in_account_currency": signed(money(doc, "amountInAccountCurrency", extra), kind),
        "status": word(doc, "status", extra),
        "balance": money(doc, "balance", extra),
        "order": whole(doc, "order", extra),
        "category": line(doc, "category", extra),
        "category_id": text(doc, "categoryId", extra, ID_LENGTH),
        "operation_type": word(doc, "operationType", extra),
        "provider_id": line(doc, "providerId", extra),
        "provider_code": line(doc, "providerCode", extra),
        # What follows stays in `extra` too, inside the whole object it is a part of.
        "payment_method": word(part(doc, "paymentData"), "paymentMethod", aside),
        "merchant_name": line(part(doc, "merchant"), "name", aside),
        **_card_columns(card, aside),
    }
    row["amount"] = signed(needed(money(doc, "amount", extra), "ROW_AMOUNT", row), kind)
    row["date"] = needed(_transaction_day(doc, card), "ROW_DATE", row)
    row["occurred_at"] = clock_time(_string(card, "transactionDateTime") or _string(doc, "date"))
    return row


_NO_CARD: Row = {
    "installment_number": None,
    "total_installments": None,
    "bill_id": "",
    "purchase_date": None,
    "payee_mcc": None,
}


def _card_columns(card: Doc, aside: Doc) -> Row:
    if not card:
        return _NO_CARD
    return {
        "installment_number": whole(card, "installmentNumber", aside),
        "total_installments": whole(card, "totalInstallments", aside),
        "bill_id": text(card, "billId", aside, ID_LENGTH),
        "purchase_date": day(card, "purchaseDate", aside),
        "payee_mcc": whole(card, "payeeMCC", aside),
    }


def signed(amount: Decimal | None, kind: str) -> Decimal | None:
    """Negative for a DEBIT, positive for a CREDIT, whatever sign was sent; as sent for a kind we do not know."""
    if amount is None or kind not in ("DEBIT", "CREDIT"):
        return amount
    return -abs(amount) if kind == "DEBIT" and amount else abs(amount)


def _transaction_day(doc: Doc, card: Doc) -> date | None:
    """The day a movement counts for. On a card, the day it was posted to the bill is better than `date`; the instant
    of the purchase only for one that is not paid in instalments, which all carry the first one's.
    """
    single = (whole(card, "totalInstallments", {}) or 1) <= 1
    sources = [_string(card, "billPostDate"), _string(card, "transactionDateTime") if single else ""]
    for source in (*sources, _string(doc, "date"), _string(doc, "createdAt")):
        if source and (found := day_of(source)):
            return found
    return None


def _string(doc: Doc, name: str) -> str:
    value = doc.get(name)
    return value if isinstance(value, str) else ""
