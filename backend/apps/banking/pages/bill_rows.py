"""Turn bills, proofs and series into what their pages show: words, badges, bars. No query here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.banking.cards.bills import Bill, Month
from apps.banking.cards.cycles import State
from apps.banking.cards.lines import Line
from apps.banking.cards.proof import Cause, Proof
from apps.banking.cards.series import Series
from apps.banking.models import Account
from lib.pages import display
from lib.pages.charts import Bar

# The tone of the badge, and the word.
STATES: dict[State, tuple[str, Promise]] = {
    State.CLOSED: ("good", _("Closed")),
    State.AWAITED: ("busy", _("Closed, the bank has not sent it yet")),
    State.OPEN: ("info", _("Open")),
    State.FUTURE: ("idle", _("Ahead")),
}
CAUSES: dict[Cause, Promise] = {
    Cause.CHARGES: _("Interest, fines and taxes of the bill"),
    Cause.CARRIED: _("Left over from the bill before"),
    Cause.PAID: _("Payments that the bank has taken off"),
    Cause.UNCONFIRMED: _("Lines that the bank does not count here"),
}


@dataclass(frozen=True)
class BillRow:
    """A bill in a list."""

    bill: Bill
    month: str
    tone: str
    state: Promise
    url: str

    @property
    def title(self) -> str:
        """The month at the beginning of a line."""
        return capitalised(self.month)


@dataclass(frozen=True)
class ProofRow:
    """A line of the proof."""

    label: Any
    amount: Decimal
    is_sum: bool = False


@dataclass(frozen=True)
class LineRow:
    """A transaction on a bill."""

    line: Line
    tags: list[Any]
    url: str


@dataclass(frozen=True)
class SeriesRow:
    """A purchase in instalments: how far it is, and what is still to come. `done` counts the bills that have closed."""

    title: str
    url: str
    each: Decimal
    amount: Decimal
    done: int
    total: int
    left: Decimal
    first: str
    last: str
    stopped: bool

    @property
    def progress(self) -> str:
        """3/12."""
        return f"{self.done}/{self.total}"


def capitalised(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def bill_row(bill: Bill) -> BillRow:
    tone, word = STATES[bill.cycle.state]
    url = reverse("banking:bill", args=[bill.account.pk, bill.key])
    return BillRow(bill, display.month(bill.cycle.month), tone, word, url)


def proof_rows(proof: Proof) -> list[ProofRow]:
    """The bank's total, the lines, the difference, what explains it, and what nothing explains."""
    rows = [ProofRow(_("The bank's total"), proof.total), ProofRow(_("Sum of the lines"), proof.lines)]
    rows.append(ProofRow(_("Difference"), proof.difference, is_sum=True))
    rows += [ProofRow(CAUSES[part.cause], part.amount) for part in proof.parts]
    return rows if proof.is_explained else [*rows, ProofRow(_("Not explained"), proof.unexplained)]


def proof_notice(proof: Proof) -> tuple[str, Any, Any]:
    """(tone, title, text) of the notice above the proof."""
    if proof.is_exact:
        return "good", _("The bill adds up"), _("The lines add up to the bank's total, to the cent.")
    if proof.is_explained:
        return "good", _("The bill adds up"), _("What the bank names beside the lines explains the difference.")
    if proof.unconverted:
        text = ngettext_lazy(
            "%d purchase abroad has no amount in reais yet, so the difference cannot be known.",
            "%d purchases abroad have no amount in reais yet, so the difference cannot be known.",
        )
        return "warn", _("The bill does not add up"), text % proof.unconverted
    text = _("The bank has sent no lines that explain the difference. Compare it with the bank's own bill.")
    return "warn", _("The bill does not add up"), text


def line_row(line: Line, *, closed: bool) -> LineRow:
    row = line.row
    tags: list[Any] = []
    if line.is_payment:
        tags.append(_("payment, not counted"))
    if row.status == "PENDING":
        tags.append(_("pending"))
    if closed and not row.bill_id:
        tags.append(_("by Ponte's rule"))
    if row.hidden:
        tags.append(_("hidden"))
    return LineRow(line, tags, reverse("banking:transfer", args=[row.pk]))


def series_row(series: Series, words: dict[int, str], months: Sequence[Any], open_place: int) -> SeriesRow:
    """`words` are the descriptions by row, `months` the due months by place."""
    done = [part for part in series.parts if part.place < open_place]
    ahead = sum((one.owed for one in series.expected), Decimal(0))
    places = [part.place for part in series.parts] + [one.place for one in series.expected]
    first, last = (months[max(0, place)] for place in (min(places), max(places)))
    return SeriesRow(
        title=words.get(series.parts[-1].id, ""),
        url=reverse("banking:transfer", args=[series.parts[-1].id]),
        each=series.parts[-1].owed,
        amount=series.amount,
        # Those before the first row were due before the bank's history begins.
        done=max((part.number for part in done), default=min(series.numbers) - 1),
        total=series.total,
        left=sum((part.owed for part in series.parts if part.place >= open_place), ahead),
        first=display.month(first),
        last=display.month(last),
        stopped=series.stopped,
    )


def bars(amounts: Iterable[tuple[Any, Decimal]], currency: str) -> list[Bar]:
    """A bar for each (month, amount), the longest for the largest."""
    pairs = list(amounts)
    most = max((amount for _month, amount in pairs), default=Decimal(0))
    return [
        Bar(
            capitalised(display.month(month)),
            display.money(amount, currency),
            float(max(amount, Decimal(0)) / most) if most > 0 else 0.0,
        )
        for month, amount in pairs
    ]


@dataclass(frozen=True)
class MonthRow:
    """A month in the table of what is owed, with the part of each card."""

    title: str
    month: Month
    cards: list[Decimal | None]


def month_row(month: Month, cards: Sequence[Account]) -> MonthRow:
    return MonthRow(capitalised(display.month(month.month)), month, [month.cards.get(card.pk) for card in cards])
