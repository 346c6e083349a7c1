"""Filters of the list of events. Each finds its rows by an index."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.clients.browse import Choices
from apps.clients.browse.filters import distinct
from apps.events.models import Event
from apps.events.selection import in_mailbox
from apps.events.words import OUTCOMES, outcome

# Outcomes of events that wait: the partial indexes of waiting events find them.
WAITING = ("", "failed", "parked", "replayed", "throttled")


def states() -> list[tuple[str, Any]]:
    return list(Event.State.choices)


def kinds() -> list[tuple[str, str]]:
    return [(value, value) for value in distinct(Event, "kind")]


def sources() -> list[tuple[str, str]]:
    return [(value, value) for value in distinct(Event, "source")]


State = Choices.of("state", _("state"), states)
Kind = Choices.of("kind", _("kind"), kinds)
Source = Choices.of("source", _("source"), sources)


class Outcome(admin.SimpleListFilter):
    """How the event ended, or why it waits."""

    title, parameter_name = _("outcome"), "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        seen = {*distinct(Event, "outcome", "state = 'done'"), *WAITING, "dead"} - {""}
        known = [value for value in OUTCOMES if value in seen]
        return [(value, outcome(value)) for value in (*known, *sorted(seen - set(known)))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        value = self.value()
        if value is None:
            return queryset
        state = Event.State.DEAD if value == "dead" else Event.State.PENDING if value in WAITING else Event.State.DONE
        return queryset.filter(state=state, outcome=value)


class InMailbox(admin.SimpleListFilter):
    """The events of the mailbox in the address. It offers no choices, and shows which one is chosen."""

    title, parameter_name = _("mailbox"), "mailbox"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [(chosen, chosen)] if chosen else []

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return in_mailbox(queryset, self.value() or "") if self.value() else queryset
