"""What happened and why: syncs, what connections announced, and what people did, in one list, newest first.

Each of the three tables is paged by its own id. A page takes the newest of the three and remembers how far it came in
each, so that no page costs more than the first.
"""

from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.audit.models import Entry
from apps.banking.connect.advice import advice_for
from apps.banking.models import Connection, SyncRun
from apps.banking.pages.bank_names import bank_names
from apps.banking.pages.connections import run_row
from apps.events.emit import SOURCE
from apps.events.models import Event
from lib.pages.views import ClientPage

PAGE = 40
# Syncs, events and entries of the audit.
TABLES = 3
# The log of syncs tells the others.
_TOLD = {
    "connection.connected": ("good", gettext_lazy("connected, the first data has arrived")),
    "connection.needs_user": ("warn", gettext_lazy("Needs you")),
    "connection.recovered": ("good", gettext_lazy("Works again")),
    "connection.deleted": ("idle", gettext_lazy("Disconnected")),
    "consent.expiring": ("warn", gettext_lazy("Your permission at the bank ends soon")),
}
_ACTIONS = {
    "transactions.export": gettext_lazy("Transactions were downloaded"),
    "account.reveal": gettext_lazy("An account's number was shown"),
    "identity.reveal": gettext_lazy("Identity data was shown"),
    "connection.sync": gettext_lazy("New data was asked for"),
    "connection.take_over": gettext_lazy("A bank was connected by its id"),
    "connection.pause": gettext_lazy("A bank was paused"),
    "connection.resume": gettext_lazy("A bank was resumed"),
    "connection.disconnect": gettext_lazy("A bank was disconnected"),
    "edits.carry": gettext_lazy("Edits were carried to another transaction"),
    "edits.drop": gettext_lazy("Edits were dropped"),
    "credentials.save": gettext_lazy("Credentials were stored"),
    "credentials.replace": gettext_lazy("A secret of credentials was replaced"),
    "credentials.remove": gettext_lazy("Credentials were removed"),
    "integration.connect": gettext_lazy("A service was connected"),
    "integration.change": gettext_lazy("The credentials of a service were changed"),
    "integration.pause": gettext_lazy("A service was paused"),
    "integration.resume": gettext_lazy("A service was resumed"),
    "integration.address": gettext_lazy("A webhook address was made"),
    "integration.contents": gettext_lazy("Keeping contents of messages was switched"),
    "integration.disconnect": gettext_lazy("A service was disconnected"),
    "send.repeat": gettext_lazy("A message was sent again"),
    "send.confirm": gettext_lazy("A message was marked as arrived"),
    "client.create": gettext_lazy("The client was created"),
    "client.rename": gettext_lazy("The client was renamed"),
    "client.erase": gettext_lazy("The erasure of all data was ordered"),
    "invitation.create": gettext_lazy("Somebody was invited"),
    "invitation.accept": gettext_lazy("An invitation was accepted"),
    "invitation.revoke": gettext_lazy("An invitation was withdrawn"),
    "member.role": gettext_lazy("A member's role was changed"),
    "token.create": gettext_lazy("An access token was made"),
    "token.revoke": gettext_lazy("An access token was revoked"),
    "agent.connect": gettext_lazy("An application was connected"),
    "agent.revoke": gettext_lazy("The access of an application ended"),
}
_VIA = {Entry.Via.SESSION: "", Entry.Via.ADMIN: gettext_lazy("by staff"), Entry.Via.SYSTEM: gettext_lazy("by Ponte")}


@dataclass(frozen=True)
class Happening:
    """One thing that happened. `place` is (table, id), from which the next page begins."""

    at: datetime
    place: tuple[int, int]
    icon: str
    tone: str
    title: str
    text: str
    connection: int | None = None


class Activity(ClientPage):
    """The list."""

    template_name, section = "banking/activity.html", "activity"

    def get(self, request: HttpRequest) -> HttpResponse:
        place = _place(request.GET.get("after", ""))
        names = bank_names(self._connections())
        sources = [self._syncs(names, place[0]), self._events(names, place[1]), self._entries(place[2])]
        together = merge(*sources, key=lambda each: each.at, reverse=True)
        found = list(islice(together, PAGE + 1))
        shown = found[:PAGE]
        for each in shown:
            table, number = each.place
            place[table] = number
        cursor = "-".join(map(str, place))
        return self.show(rows=shown, next=f"?after={cursor}" if len(found) > PAGE else "", names=names)

    def _connections(self) -> Any:
        return self.visible(Connection).select_related("connector").defer("extra_sealed", "credential_sealed")

    def _syncs(self, names: dict[int, str], before: int) -> list[Happening]:
        runs = _before(self.visible(SyncRun), before)
        return [self._sync(run_row(run), run, names) for run in runs]

    def _sync(self, row: Any, run: SyncRun, names: dict[int, str]) -> Happening:
        bank = names.get(run.connection_id, _("Bank"))
        title = _("%(bank)s was read: %(state)s") % {"bank": bank, "state": row.state.lower()}
        return Happening(
            run.started_at, (0, run.pk), "sync", row.tone, title, f"{row.cause} · {row.counts}", run.connection_id
        )

    def _events(self, names: dict[int, str], before: int) -> list[Happening]:
        # Events have no queryset of clients: their client may be empty. The membership is the person's own.
        rows = Event.objects.filter(client=self.membership.client_id, source=SOURCE, kind__in=_TOLD)
        return [_event(event, names) for event in _before(rows, before)]

    def _entries(self, before: int) -> list[Happening]:
        rows = Entry.objects.filter(client=self.membership.client_id, action__in=_ACTIONS)
        entries = list(_before(rows, before))
        people = _people({entry.actor for entry in entries if entry.actor}, self.request.user.pk)
        return [_entry(entry, people) for entry in entries]


def _before(rows: Any, number: int) -> Any:
    """The newest rows below a number; 0 is the beginning."""
    return (rows.filter(pk__lt=number) if number else rows).order_by("-pk")[: PAGE + 1]


def _event(event: Event, names: dict[int, str]) -> Happening:
    tone, title = _TOLD[event.kind]
    data = event.data
    number = data.get("connection")
    bank = names.get(number, _("Bank")) if isinstance(number, int) else _("Bank")
    text = ""
    if event.kind == "connection.needs_user":
        advice = advice_for(str(data.get("action") or ""))
        text = f"{advice.happened} {advice.next}"
    icon = {"good": "check", "warn": "alert"}.get(tone, "unlink")
    return Happening(event.received_at, (1, event.pk), icon, tone, f"{bank} · {title}", text, number)


def _entry(entry: Entry, people: dict[int, str]) -> Happening:
    who = people.get(entry.actor or 0, "")
    via = str(_VIA.get(Entry.Via(entry.via), entry.get_via_display()))
    text = " · ".join(part for part in (who, via, entry.reason) if part)
    return Happening(entry.at, (2, entry.pk), "person", "info", str(_ACTIONS[entry.action]), text)


def _people(ids: set[int], own: int | None) -> dict[int, str]:
    """What to call people: the reader is "you"."""
    users = get_user_model().objects.filter(pk__in=ids)
    return {user.pk: _("You") if user.pk == own else user.get_username() for user in users}


def _place(cursor: str) -> list[int]:
    """How far earlier pages came in each table."""
    parts = cursor.split("-") if cursor else ["0"] * TABLES
    if len(parts) != TABLES or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise Http404
    return [int(part) for part in parts]
