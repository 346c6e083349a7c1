"""OFX 1.0.2, which personal finance programs import: one statement for each account.

A program knows a transaction again by its FITID. It is the aggregator's id; if the bank gave the transaction a new id
and Ponte carried the person's edits over, it stays that of the first one. Scheduled and pending transactions are left
out, because programs would take them for booked, and keep them when the bank changes them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from xml.sax.saxutils import escape

from django.utils import timezone

from apps.banking.exports.records import plain
from apps.banking.models import Account, Transaction

LONGEST_NAME = 32
_HEADER = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:UTF-8\r\nCHARSET:NONE\r\n"
    "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
)


@dataclass(frozen=True)
class Statement:
    """One account that was read with its connection, its booked rows in batches, and its first and last day."""

    account: Account
    batches: Iterable[list[Transaction]]
    first: date
    last: date

    @property
    def is_card(self) -> bool:
        """Whether it is a card's statement, which OFX keeps apart."""
        return self.account.is_card


def parts(statements: Iterable[Statement], language: str, now: datetime) -> Iterator[str]:
    """The parts of the file. Each statement is read when its turn comes."""
    ordered = sorted(statements, key=lambda statement: (statement.is_card, statement.account.pk))
    yield _HEADER + "<OFX>" + _signon(language, now)
    for is_card in (False, True):
        chosen = [statement for statement in ordered if statement.is_card is is_card]
        if chosen:
            tag = "CREDITCARDMSGSRSV1" if is_card else "BANKMSGSRSV1"
            yield f"<{tag}>"
            yield from chain.from_iterable(map(_statement, chosen))
            yield f"</{tag}>"
    yield "</OFX>\r\n"


def _signon(language: str, now: datetime) -> str:
    code = "POR" if language.startswith("pt") else "ENG"
    return (
        f"<SIGNONMSGSRSV1><SONRS>{_STATUS}{_leaf('DTSERVER', f'{now:%Y%m%d%H%M%S}')}{_leaf('LANGUAGE', code)}"
        "</SONRS></SIGNONMSGSRSV1>"
    )


def _statement(statement: Statement) -> Iterator[str]:
    account, card = statement.account, "CC" if statement.is_card else ""
    yield (
        f"<{card}STMTTRNRS>{_leaf('TRNUID', str(account.pk))}{_STATUS}<{card}STMTRS>"
        f"{_leaf('CURDEF', account.currency_code)}{_account(account, card)}"
        f"<BANKTRANLIST>{_leaf('DTSTART', f'{statement.first:%Y%m%d}')}{_leaf('DTEND', f'{statement.last:%Y%m%d}')}"
    )
    for rows in statement.batches:
        ids = first_ids(rows)
        yield "".join(_transaction(row, ids[row.pk]) for row in rows)
    # What a card owes is below zero, as its purchases are.
    balance = f"{plain(account.worth):f}" if account.worth is not None else "0.00"
    read_at = account.connection.last_updated_at
    as_of = timezone.localdate(read_at) if read_at else statement.last
    yield (
        f"</BANKTRANLIST><LEDGERBAL>{_leaf('BALAMT', balance)}{_leaf('DTASOF', f'{as_of:%Y%m%d}')}</LEDGERBAL>"
        f"</{card}STMTRS></{card}STMTTRNRS>"
    )


def _account(account: Account, card: str) -> str:
    """Our own number for the account: a file that travels holds no number of a bank account."""
    if card:
        return f"<CCACCTFROM>{_leaf('ACCTID', f'ponte-{account.pk}')}</CCACCTFROM>"
    kind = "SAVINGS" if account.subtype == "SAVINGS_ACCOUNT" else "CHECKING"
    return (
        f"<BANKACCTFROM>{_leaf('BANKID', 'ponte')}{_leaf('ACCTID', f'ponte-{account.pk}')}{_leaf('ACCTTYPE', kind)}"
        "</BANKACCTFROM>"
    )


def _transaction(row: Transaction, fitid: str) -> str:
    name = row.merchant_name or row.description
    kind = "CREDIT" if row.amount > 0 else "DEBIT"
    # Once the hyphenated text is longer than a name may be, the memo has all of it.
    memo = " - ".join(filter(None, (row.description, row.note)))
    return (
        f"<STMTTRN>{_leaf('TRNTYPE', kind)}{_leaf('DTPOSTED', f'{row.date:%Y%m%d}')}"
        f"{_leaf('TRNAMT', f'{plain(row.amount):f}')}{_leaf('FITID', fitid)}{_leaf('NAME', name[:LONGEST_NAME])}"
        f"{_leaf('MEMO', memo)}</STMTTRN>"
    )


def first_ids(rows: Iterable[Transaction]) -> dict[int, str]:
    """The vendor's id under which each row was first known: that of the oldest row that it replaces."""
    ids = {row.pk: row.vendor_id for row in rows}
    # The oldest row so far → the row of the statement. Chains are short, and most rows replace none.
    heads = {pk: pk for pk in ids}
    while heads:
        older = Transaction.objects.filter(replaced_by__in=heads).order_by("-pk")
        found = list(older.values_list("pk", "replaced_by_id", "vendor_id"))
        ids |= {heads[newer]: vendor_id for _pk, newer, vendor_id in found}
        heads = {pk: heads[newer] for pk, newer, _vendor_id in found}
    return ids


def _leaf(tag: str, text: str) -> str:
    # A control character would make the file unreadable.
    clean = "".join(char if char.isprintable() else " " for char in text)
    return f"<{tag}>{escape(clean)}</{tag}>"


_STATUS = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
