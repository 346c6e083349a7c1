"""Integrations in the admin, and what staff do with them: test, pause, resume. No page shows a secret."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from apps.clients.browse import BrowseAdmin, BrowseTable, Choices, Verb, badge, copyable, link_to, moment, verb
from apps.clients.browse.columns import badge_of
from apps.integrations.connect import verbs
from apps.integrations.models import ActionLog, Integration, Send

STATUS_TONES = {"connected": "success", "disconnected": "warning", "error": "danger", "needs_reauth": "danger"}
SEND_TONES = {"sent": "success", "delivered": "success", "read": "success", "failed": "danger", "unknown": "warning"}
# Names of columns, which Django makes from the code.
COLUMNS = (
    gettext_noop("attempt"),
    gettext_noop("call id"),
    gettext_noop("connection id"),
    gettext_noop("keeps content"),
    gettext_noop("last error"),
    gettext_noop("provider"),
    gettext_noop("tested ms"),
)
CALL_TONES = {"ok": "success", "retry": "info", "failed": "danger", "unknown": "warning"}


def _statuses() -> list[tuple[str, Any]]:
    return list(Integration.Status.choices)


class LastSends(BrowseTable):
    """The newest sends through an integration."""

    model, key, title, ordering = Send, "integration", _("Last sends"), ("-created_at", "-pk")
    fields = (moment("created_at", _("asked")), "channel", badge("state", _("state"), SEND_TONES), "error_code")


@admin.register(Integration)
class IntegrationAdmin(BrowseAdmin):
    menu, icon = "integrations", "extension"
    finds = _("The integration's or the client's id")
    search_fields = ("id__exact",)
    list_display = ("title_shown", "type", "status_shown", "client_link", "last_error", "tested", "used")
    list_select_related = ("client",)
    list_filter = (Choices.of("status", _("status"), _statuses),)
    actions = ("test_now", "pause", "resume")
    tables = (LastSends,)

    client_link = staticmethod(link_to("client", _("client")))
    number = staticmethod(copyable("pk", _("id")))
    tested = staticmethod(moment("tested_at", _("tested")))
    used = staticmethod(moment("last_used_at", _("used")))
    paused = staticmethod(moment("paused_at", _("paused since")))
    failed = staticmethod(moment("last_error_at", _("last error at")))
    created = staticmethod(moment("created_at", _("created")))
    changed = staticmethod(moment("updated_at", _("changed")))
    ends = staticmethod(moment("expires_at", _("token ends")))
    sections = (
        (_("Whose and where"), ("number", "title_shown", "type", "provider", "client_link", "scopes")),
        (_("How it is"), ("status_shown", "paused", "last_error", "failed", "tested", "tested_ms")),
        (_("When"), ("created", "changed", "used", "ends")),
        (_("Contents"), ("keeps_content",)),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Integration]:
        rows: QuerySet[Integration] = super().get_queryset(request)
        return rows.defer("sealed", "label")

    @admin.display(description=_("name"))
    def title_shown(self, row: Integration) -> str:
        return row.title

    @admin.display(description=_("status"))
    def status_shown(self, row: Integration) -> SafeString:
        shown = badge_of(row.get_status_display(), STATUS_TONES[row.status])
        return format_html("{} {}", shown, badge_of(str(_("paused")), "warning")) if row.paused_at else shown

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Integration], search_term: str
    ) -> tuple[QuerySet[Integration], bool]:
        """By its id, or all of a client."""
        return by_id(queryset, search_term, "client"), False

    def has_test_permission(self, request: HttpRequest) -> bool:
        """Whether the person may test integrations; permission to view them is not enough."""
        return request.user.has_perm("integrations.test_integration")

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """Whether the person may pause and resume integrations."""
        return request.user.has_perm("integrations.pause_integration")

    @verb(Verb(_("Test"), "test", "network_check", calls_out=True))
    def test_now(self, request: HttpRequest, rows: Sequence[Integration], reason: str) -> str:
        """Ask the services."""
        works = sum(verbs.test(row).error is None for row in rows)
        words = ngettext("%(works)s of %(n)s works.", "%(works)s of %(n)s work.", len(rows))
        return words % {"works": works, "n": len(rows)}

    @verb(
        Verb(
            _("Pause"),
            "pause",
            "pause",
            asks_reason=True,
            explain=_("Nothing is sent through it. What was asked for waits; what comes in is stored."),
        )
    )
    def pause(self, request: HttpRequest, rows: Sequence[Integration], reason: str) -> str:
        """Stop sending."""
        for row in rows:
            verbs.pause(row)
        return ngettext("%(n)s integration is paused.", "%(n)s integrations are paused.", len(rows)) % {"n": len(rows)}

    @verb(Verb(_("Resume"), "pause", "play_arrow"))
    def resume(self, request: HttpRequest, rows: Sequence[Integration], reason: str) -> str:
        """Send again, what has waited first."""
        for row in rows:
            verbs.resume(row)
        return ngettext("%(n)s integration runs again.", "%(n)s integrations run again.", len(rows)) % {"n": len(rows)}


@admin.register(ActionLog)
class CallAdmin(BrowseAdmin):
    """Attempts of calls to services. They hold neither parameters nor results."""

    menu, icon = "integrations", "call_made"
    finds = _("The call's or the integration's id, or the row's number")
    search_fields = ("call_id__exact",)
    list_display = ("id", "started", "provider", "action", "outcome_badge", "code", "duration", "client_link")
    list_select_related = ("client",)
    started = staticmethod(moment("started_at", _("started")))
    outcome_badge = staticmethod(badge("outcome", _("outcome"), CALL_TONES))
    client_link = staticmethod(link_to("client", _("client")))
    sections = (
        (_("What was called"), ("provider", "action", "client_link", "connection_id", "call_id", "attempt", "source")),
        (_("What became of it"), ("outcome_badge", "error", "code", "started", "duration")),
    )

    @admin.display(description=_("duration"))
    def duration(self, row: ActionLog) -> str:
        return f"{row.milliseconds:.0f} ms"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ActionLog], search_term: str
    ) -> tuple[QuerySet[ActionLog], bool]:
        """By the call, by the integration, or by number: each has an index."""
        word = search_term.strip()
        if not word:
            return queryset, False
        if word.isdecimal() and len(word) < 19:
            return queryset.filter(pk=int(word)), False
        plain = word.replace("-", "")[:64]
        return queryset.filter(Q(call_id=plain) | Q(connection_id=plain)), False


def by_id(queryset: QuerySet[Any], word: str, *keys: str) -> QuerySet[Any]:
    """The rows whose own id, or one of these keys, is the word; all for no word, none for another text."""
    if not word.strip():
        return queryset
    try:
        number = UUID(word.strip())
    except ValueError:
        return queryset.none()
    found = Q(pk=number)
    for key in keys:
        found |= Q(**{key: number})
    return queryset.filter(found)
