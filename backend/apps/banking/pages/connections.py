"""The connections: all of them, one of them, and "sync now"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.audit.record import record
from apps.banking.connect import refresh
from apps.banking.models import Account, Connection, Consent, SyncRun
from apps.banking.pages.account_rows import in_groups
from apps.banking.pages.bank_names import bank_names
from apps.banking.pages.connection_card import LOGOS, Card, card_of
from lib.errors import PonteError
from lib.keyset import Keyset
from lib.pages import display
from lib.pages.charts import Mark
from lib.pages.views import ClientPage, ListPage

# The timeline's length, and how many runs it has at most.
SHOWN = timedelta(days=30)
MOST_RUNS = 200
LAST_RUNS = 10
# So many disconnected banks are listed.
MOST_ENDED = 20

_TONES = {"done": "good", "partial": "warn", "failed": "bad", "running": "idle"}
_RUN_STATES = {
    "done": gettext_lazy("Done"),
    "partial": gettext_lazy("Partly done"),
    "failed": gettext_lazy("Failed"),
    "running": gettext_lazy("Running"),
}
# The keys of Pluggy's statusDetail; Pluggy spells one of them in two ways.
_DETAILS = {
    "accounts": gettext_lazy("Accounts"),
    "creditCards": gettext_lazy("Cards"),
    "transactions": gettext_lazy("Transactions"),
    "investments": gettext_lazy("Investments"),
    "investmentsTransactions": gettext_lazy("Movements of investments"),
    "investmentTransactions": gettext_lazy("Movements of investments"),
    "identity": gettext_lazy("Your data at the bank"),
    "paymentData": gettext_lazy("Payment data"),
    "loans": gettext_lazy("Loans"),
    "accountStatements": gettext_lazy("Statements"),
}
_CAUSES = {
    "item/created": gettext_lazy("Connected"),
    "item/updated": gettext_lazy("The bank had new data"),
    "transactions/created": gettext_lazy("New transactions"),
    "transactions/updated": gettext_lazy("Changed transactions"),
    "transactions/deleted": gettext_lazy("Withdrawn transactions"),
    "connection.reconcile": gettext_lazy("Regular comparison"),
    "item.changed": gettext_lazy("Asked for, or found by looking"),
}


@dataclass(frozen=True)
class Product:
    """A product of a connection: whether the bank's last run updated it, and the bank's warnings."""

    label: str
    is_updated: bool
    at: datetime | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRow:
    """A sync in words."""

    run: SyncRun
    tone: str
    state: str
    cause: str
    counts: str


@method_decorator(csp_update({"img-src": [LOGOS]}), name="dispatch")
class Connections(ListPage[Connection]):
    """All connections of the client; first those that need the person."""

    template_name, section, order = "banking/connections.html", "connections", ("-id",)
    page_size = 100

    def rows(self) -> Any:
        return self.visible(Connection).live().select_related("connector").defer("extra_sealed", "credential_sealed")

    def present(self, rows: list[Connection]) -> list[Card]:
        names = bank_names(rows)
        cards = [card_of(row, names[row.pk]) for row in rows]
        return sorted(cards, key=lambda card: (not card.needs_person, not card.is_ailing, card.name))

    def more(self, rows: list[Connection]) -> dict[str, Any]:
        """The banks that were disconnected last: what was kept of them can be erased."""
        ended = self.visible(Connection).exclude(deleted_at=None).select_related("connector")
        newest = ended.defer("extra_sealed", "credential_sealed").order_by("-pk")[:MOST_ENDED]
        return {"ended": list(map(card_of, newest)) if "after" not in self.request.GET else []}


@method_decorator(csp_update({"img-src": [LOGOS]}), name="dispatch")
class ConnectionDetail(ClientPage):
    """One connection: what it brought, how it fared, and who must act."""

    template_name, section = "banking/connection.html", "connections"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self.get_or_404(self.visible(Connection).select_related("connector"), pk=pk)
        accounts = self.visible(Account).live().filter(connection=connection).order_by("type", "name", "pk")
        runs = self._runs(connection)
        return self.show(
            card=card_of(connection),
            connection=connection,
            groups=in_groups([(account, connection) for account in accounts], {}),
            products=products_of(connection),
            runs=[run_row(run) for run in runs[:LAST_RUNS]],
            marks=marks_of(runs, timezone.now()),
            since=display.day(timezone.now() - SHOWN),
            until=display.day(timezone.now()),
            consents=list(self.visible(Consent).live().filter(connection=connection).order_by("-pk")[:5]),
            refresh_allowed_at=_in_future(connection.refresh_allowed_at),
        )

    def _runs(self, connection: Connection) -> list[SyncRun]:
        rows = self.visible(SyncRun).filter(connection=connection, started_at__gte=timezone.now() - SHOWN)
        return Keyset(("-id",)).page(rows, size=MOST_RUNS).rows


class SyncNow(ClientPage):
    """The button "sync now"."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self.get_or_404(self.visible(Connection), pk=pk)
        try:
            answer = refresh.refresh(connection)
        except PonteError:
            messages.error(request, _("The service that reads the bank does not answer. Try again in a few minutes."))
        else:
            if answer.outcome in refresh.ASKED:
                record("connection.sync", actor=request.user.pk, client=connection.client_id, subject=connection)
            _tell(request, answer)
        return redirect("banking:connection", pk)


def _tell(request: HttpRequest, answer: refresh.Refreshed) -> None:
    when = display.moment(answer.next_at) if answer.next_at else ""
    level, text = {
        refresh.Outcome.STARTED: (messages.SUCCESS, _("The bank is being asked. New data arrives within minutes.")),
        refresh.Outcome.RUNNING: (
            messages.INFO,
            _("The bank is already being asked. New data arrives within minutes."),
        ),
        refresh.Outcome.READ_AGAIN: (messages.INFO, _("This bank sends data by itself. What is there is read again.")),
        refresh.Outcome.TOO_SOON: (
            messages.WARNING,
            _("It is too soon to ask the bank again. Possible from: %s.") % when,
        ),
        refresh.Outcome.BANK_DOWN: (messages.WARNING, _("The bank cannot be reached. Ponte tries again by itself.")),
        refresh.Outcome.NEEDS_USER: (messages.WARNING, _("The bank needs you first: see below what to do.")),
        refresh.Outcome.GONE: (messages.WARNING, _("This connection does not exist at the bank any more.")),
        refresh.Outcome.REFUSED: (messages.ERROR, _("This server may not ask the bank. Its operators must act.")),
    }[answer.outcome]
    messages.add_message(request, level, text)


def _in_future(moment: datetime | None) -> datetime | None:
    return moment if moment and moment > timezone.now() else None


def products_of(connection: Connection) -> list[Product]:
    """The products, by what the bank's last run said of each. Without a word about them, the run brought them all."""
    detail = connection.status_detail if isinstance(connection.status_detail, dict) else {}
    found = {}
    for key, label in _DETAILS.items():
        if isinstance(each := detail.get(key), dict):
            found[str(label)] = Product(str(label), each.get("isUpdated") is True, _at(each), _warnings(each))
    if found:
        return list(found.values())
    is_updated = connection.execution_status == "SUCCESS"
    names = [str(_PRODUCTS.get(str(name), name)) for name in connection.products or ()]
    return [Product(name, is_updated, connection.last_updated_at) for name in names]


_PRODUCTS = {
    "ACCOUNTS": gettext_lazy("Accounts"),
    "CREDIT_CARDS": gettext_lazy("Cards"),
    "TRANSACTIONS": gettext_lazy("Transactions"),
    "PAYMENT_DATA": gettext_lazy("Payment data"),
    "INVESTMENTS": gettext_lazy("Investments"),
    "INVESTMENTS_TRANSACTIONS": gettext_lazy("Movements of investments"),
    "IDENTITY": gettext_lazy("Your data at the bank"),
    "BROKERAGE_NOTE": gettext_lazy("Brokerage notes"),
    "LOANS": gettext_lazy("Loans"),
    "ACCOUNT_STATEMENTS": gettext_lazy("Statements"),
    "MOVE_SECURITY": gettext_lazy("Security data"),
}


def _at(detail: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(detail.get("lastUpdatedAt")))
    except ValueError:
        return None


def _warnings(detail: dict[str, Any]) -> tuple[str, ...]:
    """The bank's own words, or the aggregator's."""
    warnings = [each for each in detail.get("warnings") or () if isinstance(each, dict)]
    return tuple(str(each.get("providerMessage") or each.get("message") or each.get("code")) for each in warnings)


def run_row(run: SyncRun) -> RunRow:
    """A sync in words."""
    cause = str(_CAUSES.get(run.cause, _("A message from the bank")))
    return RunRow(run, _TONES[run.state], str(_RUN_STATES[run.state]), cause, counts_of(run))


def counts_of(run: SyncRun) -> str:
    """What a sync wrote: 12 new, 3 changed."""
    totals = dict.fromkeys(("created", "changed", "removed"), 0)
    for counts in run.counts.values():
        for name in totals:
            totals[name] += counts.get(name, 0)
    new, changed, removed = totals.values()
    words = {
        "created": ngettext("%(n)d new", "%(n)d new", new) % {"n": new},
        "changed": ngettext("%(n)d changed", "%(n)d changed", changed) % {"n": changed},
        "removed": ngettext("%(n)d withdrawn", "%(n)d withdrawn", removed) % {"n": removed},
    }
    return ", ".join(words[name] for name, number in totals.items() if number) or _("nothing new")


def marks_of(runs: list[SyncRun], now: datetime) -> list[Mark]:
    """The syncs as marks of a timeline, oldest first."""
    marks = []
    for run in reversed(runs):
        text = f"{display.moment(run.started_at)}: {_RUN_STATES[run.state]}, {counts_of(run)}"
        marks.append(Mark(1 - (now - run.started_at) / SHOWN, _TONES[run.state], text))
    return marks
