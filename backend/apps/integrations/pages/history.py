"""The history: what was sent, and every call that was made."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.models import ActionLog, Integration, Send
from apps.integrations.pages.base import IntegrationsPage, Row
from apps.integrations.pages.send_words import CHANNELS, STATES, SendRow
from apps.integrations.pages.words import error_words
from lib.pages.views import ListPage

_ANY = ("", _("all"))
_OUTCOMES = {
    "ok": ("good", _("Worked")),
    "retry": ("warn", _("Tried again")),
    "failed": ("bad", _("Failed")),
    "unknown": ("warn", _("Unknown")),
}


class HistoryList(IntegrationsPage, ListPage[Row]):
    """A list of one tab, by integration."""

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        with self.own_rows():
            self.integrations = {
                row.pk: row for row in self.visible(Integration).defer("sealed").order_by("created_at")
            }
            return super().get(request)

    def form(self) -> forms.Form:
        form = super().form()
        assert form is not None  # noqa: S101 - both tabs have one
        choices = [(str(row.pk), row.title) for row in self.integrations.values()]
        form.fields["integration"].choices = [_ANY, *choices]  # type: ignore[attr-defined]
        return form

    def more(self, rows: list[Row]) -> dict[str, Any]:
        chosen = self.request.GET.get("integration", "")
        return {"query": f"?integration={chosen}" if chosen in map(str, self.integrations) else ""}


class SendFilter(forms.Form):
    """Which sends."""

    state = forms.ChoiceField(label=_("State"), choices=[_ANY, *STATES.items()], required=False)
    channel = forms.ChoiceField(label=_("Channel"), choices=[_ANY, *CHANNELS.items()], required=False)
    integration = forms.ChoiceField(label=_("Integration"), required=False)


class Sends(HistoryList[Send]):
    """What was sent, newest first."""

    template_name, order, filter_form = "integrations/sends.html", ("-created_at", "-id"), SendFilter

    def rows(self) -> Any:
        return self.visible(Send).defer("params_sealed")

    def filtered(self, rows: Any, chosen: dict[str, Any]) -> Any:
        return rows.filter(**{name: value for name, value in chosen.items() if value})

    def present(self, rows: list[Send]) -> list[SendRow]:
        return [SendRow(row, self.integrations.get(row.integration_id)) for row in rows]


class CallFilter(forms.Form):
    """Which calls."""

    integration = forms.ChoiceField(label=_("Integration"), required=False)


@dataclass(frozen=True)
class CallRow:
    """One attempt of a call in words."""

    call: ActionLog
    integration: Integration | None

    @property
    def provider(self) -> str:
        entry = BY_PROVIDER.get(self.call.provider)
        return entry.label if entry else self.call.provider

    @property
    def tone(self) -> str:
        return _OUTCOMES.get(self.call.outcome, ("idle", ""))[0]

    @property
    def outcome(self) -> str:
        return str(_OUTCOMES.get(self.call.outcome, ("", self.call.outcome))[1])

    @property
    def why(self) -> str:
        return error_words(self.call.code, self.call.provider) if self.call.code else ""


class Calls(HistoryList[ActionLog]):
    """Every attempt of every call, newest first."""

    template_name, order, filter_form = "integrations/calls.html", ("-started_at", "-id"), CallFilter

    def rows(self) -> Any:
        return self.visible(ActionLog)

    def filtered(self, rows: Any, chosen: dict[str, Any]) -> Any:
        number = chosen.get("integration", "").replace("-", "")
        return rows.filter(connection_id=number) if number else rows

    def present(self, rows: list[ActionLog]) -> list[CallRow]:
        by_hex = {row.pk.hex: row for row in self.integrations.values()}
        return [CallRow(row, by_hex.get(row.connection_id)) for row in rows]
