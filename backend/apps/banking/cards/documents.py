"""Whose the other side of a transfer is, by the documents that the bank sends with it. They stay encrypted at rest."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.banking.models import Account, Transaction

_DIGITS = re.compile(r"\D")
# A CPF and a CNPJ. A masked number has fewer digits, and proves nothing.
LENGTHS = (11, 14)


def whose(client_id: UUID, ids: Iterable[int]) -> dict[int, bool | None]:
    """Whether the other side of each row is one of the client's own people; None if no document says it."""
    sides = {}
    rows = Transaction.objects.filter(client_id=client_id, pk__in=list(ids)).exclude(extra_sealed=None)
    for row in rows.only("account_id", "vendor_id", "amount", "extra_sealed").iterator(2000):
        sides[row.pk] = _sides(row)
    if not sides:
        return {}
    own = {near for near, _ in sides.values()} | _documents(client_id)
    return {pk: (far in own) if far else None for pk, (_, far) in sides.items()}


def _documents(client_id: UUID) -> set[str]:
    """The documents of the client's accounts."""
    accounts = Account.objects.filter(client_id=client_id).exclude(tax_number_sealed=None)
    columns = accounts.only("connection_id", "vendor_id", "tax_number_sealed")
    return {_number(account.tax_number) for account in columns} - {""}


def _sides(row: Transaction) -> tuple[str, str]:
    """(the document of the account's own side, that of the other side); empty where the bank says nothing."""
    payment = row.extra.get("paymentData")
    names = ("payer", "receiver") if row.amount < 0 else ("receiver", "payer")
    near, far = (_party(payment, name) for name in names)
    return near, far


def _party(payment: Any, name: str) -> str:
    party = payment.get(name) if isinstance(payment, dict) else None
    document = party.get("documentNumber") if isinstance(party, dict) else None
    return _number(document.get("value")) if isinstance(document, dict) else ""


def _number(value: Any) -> str:
    digits = _DIGITS.sub("", value) if isinstance(value, str) else ""
    return digits if len(digits) in LENGTHS else ""
