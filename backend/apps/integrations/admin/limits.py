"""The page of staff about the limits of integrations now: breakers that are open, budgets that are used up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.clients.browse.columns import badge_of, link, with_seconds
from apps.integrations.models import Integration
from apps.integrations.plug import plug
from apps.integrations.store.scope import acting_for
from plugfn.calls.limit_states import LimitStates
from plugfn.errors import PlugFnError

PERMISSION = "integrations.view_integration"
# Reading them costs two round trips each.
MOST = 30


@dataclass(frozen=True)
class Row:
    """One integration, and how its limits stand; None if they cannot be read."""

    integration: Integration
    states: LimitStates | None

    @property
    def name(self) -> SafeString | str:
        return link(self.integration, self.integration.title)

    @property
    def client(self) -> SafeString | str:
        return link(self.integration.client, str(self.integration.client))

    @property
    def used(self) -> Any:
        return with_seconds(self.integration.last_used_at)

    @property
    def breaker(self) -> SafeString:
        """Whether calls are blocked, and for how long."""
        if self.states is None:
            return badge_of(gettext("cannot be read"), "warning")
        circuit = self.states.circuit
        if circuit.blocked:
            seconds = {"seconds": round(circuit.blocked)}
            return badge_of(gettext("blocked for %(seconds)s s") % seconds, "danger")
        if not circuit.failures:
            return badge_of(gettext("passes calls"), "success")
        failures = ngettext("%(n)s failure", "%(n)s failures", circuit.failures) % {"n": circuit.failures}
        return badge_of(failures, "warning")

    @property
    def budgets(self) -> str:
        """The calls within each budget's window, and what the vendor asked for."""
        return ", ".join(_budget(each) for each in (self.states.budgets if self.states else ()))


def _budget(usage: Any) -> str:
    shown = f"{usage.used}/{usage.limit} · {usage.per_seconds} s"
    if not usage.paused:
        return shown
    return gettext("%(budget)s, paused for %(seconds)s s") % {"budget": shown, "seconds": round(usage.paused)}


def page(request: HttpRequest) -> HttpResponse:
    """The integrations that were used last."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": _("Limits now"), "rows": _rows(), "most": MOST}
    request.current_app = admin.site.name
    return TemplateResponse(request, "integrations/admin/limits.html", context)


def _rows() -> Sequence[Row]:
    used = Integration.objects.select_related("client").defer("sealed", "label").exclude(last_used_at=None)
    return [Row(row, _states(row)) for row in used.order_by("-last_used_at")[:MOST]]


def _states(row: Integration) -> LimitStates | None:
    try:
        with acting_for(row.client_id):
            states: LimitStates = plug().limits(row.pk.hex, str(row.client_id))
    except PlugFnError:
        return None
    return states
