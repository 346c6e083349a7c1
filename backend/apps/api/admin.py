"""Personal access tokens in the admin: whose they are and what they open, never their text. Staff revoke them."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from apps.api.models import AccessToken
from apps.clients.browse import BrowseAdmin, Verb, moment, verb
from apps.clients.browse.columns import badge_of

TONES = {
    "valid": ("success", _("valid")),
    "expired": ("warning", _("expired")),
    "revoked": ("danger", pgettext_lazy("token", "revoked")),
}


@admin.register(AccessToken)
class AccessTokenAdmin(BrowseAdmin):
    menu, icon = "people", "vpn_key"
    finds = _("The user's name")
    list_display = ("prefix", "name", "member", "scopes", "state_shown", "used", "expires")
    list_select_related = ("member",)
    search_fields = ("member__user__username__exact",)
    actions = ("revoke",)
    used = staticmethod(moment("last_used_at", _("last used")))
    expires = staticmethod(moment("expires_at", _("expires")))

    @admin.display(description=_("state"))
    def state_shown(self, token: AccessToken) -> SafeString:
        tone, text = TONES[token.state]
        return badge_of(str(text), tone)

    @verb(Verb(_("Revoke"), "revoke", "block", asks_reason=True, explain=_("Programs that use it get 401 at once.")))
    def revoke(self, request: HttpRequest, rows: Sequence[AccessToken], reason: str) -> str:
        """End the chosen tokens."""
        chosen = AccessToken.objects.filter(pk__in=[row.pk for row in rows], revoked_at=None)
        number = chosen.update(revoked_at=timezone.now())
        return ngettext("%(n)s token was revoked.", "%(n)s tokens were revoked.", number) % {"n": number}

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the person may change tokens."""
        return request.user.has_perm("api.change_accesstoken")
