"""/settings/applications/: which applications have access, since when, when they last used it, and the end of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.agents.endpoints import base
from apps.agents.models import Call, Grant
from apps.agents.oauth.places import resource_of
from apps.agents.oauth.tokens import end, shown_scopes
from apps.audit.record import Via
from lib.pages.views import ListPage, SignedInPage
from lib.row_security import for_system, system_rows

# The last calls of tools, of whatever token or application.
LAST_CALLS = 20
_STATES = {
    "valid": ("good", pgettext_lazy("application", "connected")),
    "expired": ("idle", gettext_lazy("expired")),
    "revoked": ("idle", pgettext_lazy("token", "revoked")),
}


class Connected(ListPage[Grant]):
    """The person's applications in all their clients, and the last calls in the chosen one."""

    template_name, section, order = "agents/connected.html", "applications", ("-id",)

    def get(self, request: HttpRequest, **path: Any) -> HttpResponse:
        with for_system("applications of a person"):
            return super().get(request, **path)

    def rows(self) -> Any:
        return Grant.objects.of_person(self.membership.user_id).select_related("application", "member__client")

    def present(self, rows: list[Grant]) -> list[dict[str, Any]]:
        return [_shown(row) for row in rows]

    def more(self, rows: list[Grant]) -> dict[str, Any]:
        calls = self.visible(Call).filter(user=self.request.user).order_by("-id")[:LAST_CALLS]
        return {"address": resource_of(base(self.request)), "calls": calls}


class Revoke(SignedInPage):
    """The button that ends an application's access."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        with system_rows("applications of a person"):
            rows = Grant.objects.of_person(request.user.pk or 0).select_related("member")
            end(self.get_or_404(rows, pk=pk), Via.SESSION)
        messages.success(request, _("The access has ended. The application is refused from now on."))
        return redirect("applications:list")


def _shown(grant: Grant) -> dict[str, Any]:
    tone, word = _STATES[grant.state]
    scopes = "; ".join(map(str, shown_scopes(grant)))
    return {"grant": grant, "tone": tone, "word": word, "scopes": scopes, "is_valid": tone == "good"}
