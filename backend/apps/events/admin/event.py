"""One event, the list of events, and what staff do with them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.clients.browse import BrowseAdmin, Verb, badge, link_to, moment, verb
from apps.clients.browse.columns import badge_of, list_of
from apps.events.admin.filters import InMailbox, Kind, Outcome, Source, State
from apps.events.admin.payload import readable_payload, shape
from apps.events.chain import chain
from apps.events.discard import discard
from apps.events.models import Event
from apps.events.replay import replay
from apps.events.selection import in_mailbox
from apps.events.words import STATE_TONES, outcome

REPLAY = Verb(_("Replay"), "replay", "replay")
DISCARD = Verb(
    _("Discard"),
    "discard",
    "delete_sweep",
    asks_reason=True,
    explain=_("A discarded event counts as done. Ponte never processes it, unless somebody replays it."),
)


@admin.register(Event)
class EventAdmin(BrowseAdmin):
    menu, icon = "events", "mail"
    finds = _("Event's id or number, or a mailbox")
    list_display = ("id", "received", "kind", "state_shown", "outcome_shown", "error_code", "mailbox_link")
    list_filter = (State, Kind, Outcome, Source, InMailbox)
    search_fields = ("event_id__exact",)
    actions = ("replay_events", "discard_events")

    received = staticmethod(moment("received_at", _("received")))
    due = staticmethod(moment("available_at", _("due")))
    finished = staticmethod(moment("finished_at", _("finished")))
    state_shown = staticmethod(badge("state", _("state"), STATE_TONES))
    client_link = staticmethod(link_to("client", _("client")))

    sections = (
        (_("What it says"), ("kind", "source", "event_id", "mailbox_link", "client_link", "payload_shown")),
        (
            _("What became of it"),
            ("state_shown", "outcome_shown", "attempts", "error_type", "error_code", "received", "due", "finished"),
        ),
        (_("Chain of causes"), ("chain_shown",)),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        events: QuerySet[Event] = super().get_queryset(request)
        return events.select_related("client") if _is_detail(request) else events.defer("payload")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """By number, by mailbox, or by the sender's id: each has an index."""
        word = search_term.strip()
        if not word:
            return queryset, False
        if word.isdecimal() and len(word) < 19:
            return queryset.filter(pk=int(word)), False
        if ":" in word:
            return in_mailbox(queryset, word), False
        # The index begins with the source, and there are few.
        return queryset.filter(source__in=[value for value, _ in Source.offered()], event_id=word), False

    @admin.display(description=_("outcome"))
    def outcome_shown(self, event: Event) -> Any:
        return outcome(event.outcome)

    @admin.display(description=_("mailbox"))
    def mailbox_link(self, event: Event) -> SafeString:
        return format_html(
            '<a class="ponte-link" href="{}">{}</a>', list_of(Event, mailbox=event.mailbox), event.mailbox
        )

    @admin.display(description=_("chain"))
    def chain_shown(self, event: Event) -> SafeString | str:
        links = chain(event)
        if len(links) == 1 and not event.caused_by:
            return gettext("Nothing caused it, and it caused nothing.")
        rows = [
            {
                "event": link.event,
                "step": link.step,
                "indent": link.step - links[0].step,
                "badge": badge_of(link.event.get_state_display(), STATE_TONES.get(link.event.state, "")),
                "outcome": outcome(link.event.outcome),
                "url": reverse("admin:events_event_change", args=[link.event.pk]),
            }
            for link in links
        ]
        purged = event.caused_by if event.caused_by and links[0].step == 0 else None
        return render_to_string("events/admin/chain.html", {"rows": rows, "purged": purged})

    @admin.display(description=_("payload"))
    def payload_shown(self, event: Event) -> SafeString:
        url = reverse("admin:events_event_payload", args=[event.pk])
        return format_html(
            '<pre class="ponte-pre">{}</pre><a class="ponte-link" href="{}">{}</a>',
            shape(event),
            url,
            _("Show the values"),
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.payload_view)
        return [path("<int:pk>/payload/", view, name="events_event_payload"), *super().get_urls()]

    def payload_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The decrypted payload, for those who may see it. Each look is audited."""
        if not request.user.has_perm("events.view_payload"):
            raise PermissionDenied
        event = Event.objects.filter(pk=pk).first()
        if event is None:
            raise Http404
        with transaction.atomic():
            self.audit(request, "payload", event)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Payload"),
            "opts": self.opts,
            "event": event,
            "payload": readable_payload(event),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "events/admin/payload.html", context)

    @verb(REPLAY)
    def replay_events(self, request: HttpRequest, events: Sequence[Event], reason: str) -> str:
        """Make the chosen events pending again."""
        number = replay(events, actor=request.user.get_username(), reason=reason or "from the admin")
        return ngettext("%(n)s event is pending again.", "%(n)s events are pending again.", number) % {"n": number}

    @verb(DISCARD)
    def discard_events(self, request: HttpRequest, events: Sequence[Event], reason: str) -> str:
        """Give up the chosen events."""
        number = discard(events)
        return ngettext("%(n)s event was discarded.", "%(n)s events were discarded.", number) % {"n": number}

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether the person may replay events; permission to view them is not enough."""
        return request.user.has_perm("events.replay_event")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        """Whether the person may discard events."""
        return request.user.has_perm("events.discard_event")


def _is_detail(request: HttpRequest) -> bool:
    match = request.resolver_match
    return bool(match and match.url_name and match.url_name.endswith("_change"))
