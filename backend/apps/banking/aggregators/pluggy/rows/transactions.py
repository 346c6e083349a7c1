"""Map Pluggy's transactions to plain rows: `type` decides the sign, and several fields the day."""

from datetime import date
from decimal import Decimal

from apps.banking.aggregators.contract import Row
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.rows.base import ALWAYS, ID_LENGTH, base, required, unmapped
from apps.banking.aggregators.pluggy.rows.values import (
    clock_time,
    currency,
    day,
    day_of,
    line,
    money,
    month,
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
    extra = unmapped(doc, _TRANSACTION)
    card = part(doc, "creditCardMetadata")
    unused: Doc = {}
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
        # The values below are in `extra` too, inside their parent objects.
        "payment_method": word(part(doc, "paymentData"), "paymentMethod", unused),
        "merchant_name": line(part(doc, "merchant"), "name", unused),
        **_card_columns(card, unused),
    }
    row["amount"] = signed(required(money(doc, "amount", extra), "ROW_AMOUNT", row), kind)
    row["date"] = required(_transaction_day(doc, card), "ROW_DATE", row)
    row["occurred_at"] = clock_time(_string(card, "transactionDateTime") or _string(doc, "date"))
    return row


_NO_CARD: Row = {
    "installment_number": None,
    "total_installments": None,
    "bill_id": "",
    "purchase_date": None,
    "payee_mcc": None,
    "bill_post_date": None,
    "bill_month": None,
    "fee_type": "",
    "other_credits_type": "",
}


def _card_columns(card: Doc, unused: Doc) -> Row:
    if not card:
        return _NO_CARD
    return {
        "installment_number": whole(card, "installmentNumber", unused),
        "total_installments": whole(card, "totalInstallments", unused),
        "bill_id": text(card, "billId", unused, ID_LENGTH),
        "purchase_date": day(card, "purchaseDate", unused),
        "payee_mcc": whole(card, "payeeMCC", unused),
        "bill_post_date": day(card, "billPostDate", unused),
        "bill_month": month(card, "billForecastDate", unused),
        "fee_type": word(card, "feeType", unused),
        "other_credits_type": word(card, "otherCreditsType", unused),
    }


def signed(amount: Decimal | None, kind: str) -> Decimal | None:
    """Negative for a DEBIT, positive for a CREDIT, whatever sign Pluggy sent. Unchanged for an unknown kind."""
    if amount is None or kind not in ("DEBIT", "CREDIT"):
        return amount
    return -abs(amount) if kind == "DEBIT" and amount else abs(amount)


def _transaction_day(doc: Doc, card: Doc) -> date | None:
    """The day of a transaction. On a card, the day of its posting to the bill is better than `date`. So is the time of
    the purchase, but not with instalments, because each of them has the time of the first.
    """
    single = (whole(card, "totalInstallments", {}) or 1) <= 1
    sources = [_string(card, "billPostDate"), _string(card, "transactionDateTime") if single else ""]
    for source in (*sources, _string(doc, "date"), _string(doc, "createdAt")):
        if source and (date_of_source := day_of(source)):
            return date_of_source
    return None


def _string(doc: Doc, name: str) -> str:
    value = doc.get(name)
    return value if isinstance(value, str) else ""
