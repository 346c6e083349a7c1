"""Loans: what is owed, and one loan with its instalments and payments."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.banking.cards.cycles import add_months
from apps.banking.models import Loan
from apps.banking.pages.account_rows import sums
from apps.banking.pages.bank_names import bank_names
from apps.banking.pages.connection_card import name_of
from apps.banking.pages.freshness import freshness
from lib.pages.views import ClientPage, ListPage

KINDS = {
    "LOAN": _("Loan"),
    "FINANCING": _("Financing"),
    "INVOICE_FINANCING": _("Advance on receivables"),
    "UNARRANGED_ACCOUNT_OVERDRAFT": _("Overdraft"),
}
# What people call it, and its length in months and in days.
PERIODS = {
    "MONTHLY": (_("every month"), 1, 0),
    "WEEKLY": (_("every week"), 0, 7),
    "FORTNIGHTLY": (_("every two weeks"), 0, 14),
    "BIMONTHLY": (_("every two months"), 2, 0),
    "QUARTERLY": (_("every three months"), 3, 0),
    "SEMESTERLY": (_("every six months"), 6, 0),
    "YEARLY": (_("every year"), 12, 0),
}
# Of the instalments to come, so many are shown.
NEXT = 12


@dataclass(frozen=True)
class LoanRow:
    """A loan with its bank. `paid_share` is per hundred."""

    loan: Loan
    kind: str
    bank: str
    paid_share: int | None


@dataclass(frozen=True)
class Payment:
    """A payment that the bank lists."""

    day: date
    amount: Decimal
    currency: str


class Loans(ListPage[Loan]):
    """All loans."""

    template_name, section, order = "banking/loans.html", "loans", ("-id",)

    def rows(self) -> Any:
        return self.visible(Loan).live().select_related("connection__connector").defer("extra_sealed", "digest")

    def present(self, rows: list[Loan]) -> list[LoanRow]:
        banks = bank_names({loan.connection_id: loan.connection for loan in rows}.values())
        return [row_of(loan, banks[loan.connection_id]) for loan in rows]

    def more(self, rows: list[Loan]) -> dict[str, Any]:
        return {"sums": sums((loan.contract_outstanding_balance, loan.currency_code) for loan in rows)}


class LoanDetail(ClientPage):
    """One loan."""

    template_name, section = "banking/loan.html", "loans"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        loan = self.get_or_404(self.visible(Loan).live().select_related("connection__connector"), pk=pk)
        period = PERIODS.get(loan.installment_periodicity)
        return self.show(
            row=row_of(loan, name_of(loan.connection)),
            loan=loan,
            period=period[0] if period else "",
            cost=loan.cet * 100 if loan.cet is not None else None,
            coming=coming(loan),
            payments=payments_of(loan),
            freshness=freshness(loan.connection),
        )


def row_of(loan: Loan, bank: str) -> LoanRow:
    """The row of a loan at the bank of this name."""
    total, paid = loan.total_number_of_installments, loan.paid_installments
    share = min(100, 100 * paid // total) if total and paid is not None else None
    return LoanRow(loan, str(KINDS.get(loan.kind, KINDS["LOAN"])), bank, share)


def coming(loan: Loan) -> list[tuple[int, date]]:
    """The number and the day of the next instalments, counted from the first one. The bank names only that."""
    first, total = loan.first_installment_due_date, loan.total_number_of_installments
    period = PERIODS.get(loan.installment_periodicity)
    if first is None or total is None or period is None:
        return []
    _name, months, days = period
    begin = max(0, loan.paid_installments or 0)
    ahead = range(begin, min(total, begin + NEXT))
    try:
        return [(n + 1, add_months(first, months * n) + timedelta(days * n)) for n in ahead]
    except (ValueError, OverflowError):
        # By the bank's numbers they are due after the calendar's end.
        return []


def payments_of(loan: Loan) -> list[Payment]:
    """The payments that the bank lists, newest first. One that makes no sense is left out."""
    payments = loan.extra.get("payments")
    releases = payments.get("releases") if isinstance(payments, dict) else None
    found = [_payment(each, loan.currency_code) for each in releases or () if isinstance(each, dict)]
    return sorted((each for each in found if each), key=lambda payment: payment.day, reverse=True)


def _payment(release: dict[str, Any], currency: str) -> Payment | None:
    try:
        paid = datetime.fromisoformat(str(release["paidDate"]))
        moment = timezone.localtime(paid) if timezone.is_aware(paid) else paid
        return Payment(moment.date(), Decimal(str(release["paidAmount"])), str(release.get("currencyCode") or currency))
    except (KeyError, ValueError, ArithmeticError):
        return None
