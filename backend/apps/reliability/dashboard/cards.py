"""The cards that look at the whole installation: the books of the mailbox, and how fast webhooks are answered."""

from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.clients.browse.cards import Card, Figure, number
from apps.clients.browse.columns import list_of
from apps.events.models import Event
from apps.reliability.backlog import Backlog, count_backlog
from apps.reliability.dashboard.latency import Latency, read_latency
from lib.pages.display import length

# An event that waits longer than this needs a look.
OLD_SECONDS = 3600


def states(request: HttpRequest) -> Card:
    """Events by state, from the books."""
    backlog = _count()
    books = backlog.books
    old = backlog.oldest_pending_seconds
    figures = [
        Figure(_("waiting"), number(books.pending), list_of(Event, state="pending"), "info"),
        Figure(
            _("dead letters"), number(books.dead), list_of(Event, state="dead"), "danger" if books.dead else "success"
        ),
        Figure(_("done"), number(books.done), list_of(Event, state="done"), "success"),
        Figure(
            _("oldest waits"), _length(old), list_of(Event, state="pending"), "warning" if old > OLD_SECONDS else ""
        ),
        Figure(_("overdue"), _length(backlog.overdue_seconds), list_of(Event, state="pending")),
        Figure(_("accepted ever"), number(books.accepted)),
    ]
    note = (
        _("The books agree.") if books.balanced else _("The books do not agree: events were lost or deleted by hand.")
    )
    return Card(gettext_lazy("Events by state"), figures, note=note)


def _count() -> Backlog:
    with transaction.atomic(), connection.cursor() as cursor:
        # Statistics that lag behind a burst would make PostgreSQL read every finished event.
        cursor.execute("SET LOCAL enable_seqscan = off")
        return count_backlog()


def latency(request: HttpRequest) -> Card:
    """How fast this web server answered webhooks since it started."""
    read = read_latency()
    if read is None or not read.count:
        return Card(gettext_lazy("Answers to webhooks"), note=_("No webhook has arrived since this server started."))
    figures = [
        Figure(_("half within"), _milliseconds(read, 0.5)),
        Figure(_("95 % within"), _milliseconds(read, 0.95)),
        Figure(_("99 % within"), _milliseconds(read, 0.99)),
        Figure(_("accepted"), number(read.count), list_of(Event)),
        Figure(_("refused or failed"), number(read.others), tone="warning" if read.others else ""),
    ]
    return Card(gettext_lazy("Answers to webhooks"), figures, note=_("Since this web server started."))


def _length(seconds: float) -> str:
    return length(timedelta(seconds=seconds))


def _milliseconds(read: Latency, share: float) -> str:
    bound = read.within(share)
    return "> 5 s" if bound is None else f"{number_format(bound * 1000, use_l10n=True)} ms"
