"""Sends in the admin: to whom, masked; what became of them; and sending again. Contents need a permission."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.clients.browse import BrowseAdmin, Choices, Refused, Verb, badge, copyable, link_to, moment, verb
from apps.clients.browse.columns import EMPTY
from apps.integrations.admin.integrations import SEND_TONES, by_id
from apps.integrations.conversations.masking import masked
from apps.integrations.models import Send
from apps.integrations.sending.request import repeat
from lib.crypto import Unreadable
from lib.errors import Permanent

# Those that somebody looks for. Each has a partial index.
LOOKED_FOR = (Send.State.QUEUED, Send.State.SENDING, Send.State.FAILED, Send.State.UNKNOWN)


def _states() -> list[tuple[str, Any]]:
    return [(str(state), state.label) for state in LOOKED_FOR]


@admin.register(Send)
class SendAdmin(BrowseAdmin):
    menu, icon = "integrations", "outgoing_mail"
    finds = _("The send's, the integration's or the client's id")
    search_fields = ("id__exact",)
    ordering = ("-created_at", "-pk")
    list_display = ("asked", "channel", "to", "state_badge", "error_code", "integration_link", "client_link")
    list_select_related = ("client", "integration")
    list_filter = (Choices.of("state", _("state"), _states),)
    actions = ("send_again",)

    asked = staticmethod(moment("created_at", _("asked")))
    begun = staticmethod(moment("sending_at", _("begun")))
    sent = staticmethod(moment("sent_at", _("sent")))
    delivered = staticmethod(moment("delivered_at", _("delivered")))
    read = staticmethod(moment("read_at", _("read")))
    failed = staticmethod(moment("failed_at", _("failed")))
    number = staticmethod(copyable("pk", _("id")))
    state_badge = staticmethod(badge("state", _("state"), SEND_TONES))
    integration_link = staticmethod(link_to("integration", _("integration"), lambda row: row.title))
    contact_link = staticmethod(link_to("contact", _("contact")))
    client_link = staticmethod(link_to("client", _("client")))
    sections = (
        (_("What and to whom"), ("number", "channel", "action", "to", "contact_link", "source", "content_link")),
        (_("Through what"), ("provider", "integration_link", "client_link", "vendor_id")),
        (_("What became of it"), ("state_badge", "attempts", "error_code")),
        (_("When"), ("asked", "begun", "sent", "delivered", "read", "failed")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Send]:
        rows: QuerySet[Send] = super().get_queryset(request)
        return rows.defer("params_sealed")

    @admin.display(description=_("recipient"))
    def to(self, row: Send) -> str:
        try:
            return masked(row.recipient) or EMPTY
        except Unreadable:
            return EMPTY

    @admin.display(description=_("content"))
    def content_link(self, row: Send) -> SafeString:
        url = reverse("admin:integrations_send_content", args=[row.pk])
        return format_html('<a class="ponte-link" href="{}">{}</a>', url, _("Show the content"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Send], search_term: str
    ) -> tuple[QuerySet[Send], bool]:
        """By its id, or all through an integration, or of a client."""
        return by_id(queryset, search_term, "integration", "client"), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.content_view)
        return [path("<uuid:pk>/content/", view, name="integrations_send_content"), *super().get_urls()]

    def content_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """What was sent, for those who may see it, as text: nothing of it is rendered. Each look is audited."""
        if not request.user.has_perm("integrations.view_content"):
            raise PermissionDenied
        send = Send.objects.filter(pk=pk).first()
        if send is None:
            raise Http404
        with transaction.atomic():
            self.audit(request, "content", send)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Content"),
            "opts": self.opts,
            "send": send,
            "content": _readable(send),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "integrations/admin/content.html", context)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether the person may send again; permission to view sends is not enough."""
        return request.user.has_perm("integrations.replay_send")

    @verb(
        Verb(
            _("Send again"),
            "replay",
            "replay",
            asks_reason=True,
            explain=_("The recipient of an unknown send may get it twice. Look at the service first."),
        )
    )
    def send_again(self, request: HttpRequest, rows: Sequence[Send], reason: str) -> str:
        """Send failed and unknown ones again."""
        for row in rows:
            try:
                repeat(row)
            except Permanent:
                raise Refused(
                    gettext("Only failed and unknown sends can be repeated, while their contents are kept.")
                ) from None
        return ngettext("%(n)s send waits again.", "%(n)s sends wait again.", len(rows)) % {"n": len(rows)}


def _readable(send: Send) -> str:
    if send.params_sealed is None:
        return gettext("It is no longer kept.")
    try:
        return json.dumps(send.params, ensure_ascii=False, indent=2)
    except Unreadable:
        return gettext("No key opens it.")
