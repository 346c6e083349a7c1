"""The scopes that applications can ask for, in the words of the consent page."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.agents.oauth.errors import OAuthError
from apps.api.scopes import Scope

# The first one is what an application gets that asks for nothing, and what the consent page proposes.
OFFERED: dict[Scope, Promise] = {
    Scope.READ: _("See your banks, accounts, cards, transactions, investments and loans"),
    Scope.SYNC: _("Ask your banks for new data"),
    Scope.WRITE: _("Send messages through your WhatsApp and e-mail"),
    Scope.IDENTITY: _("See whole account numbers, names and tax numbers, which are masked otherwise"),
}
USUAL = Scope.READ


def asked_scopes(text: str) -> list[Scope]:
    """The scopes that the text asks for and that exist, in our order. Raises OAuthError if there is none."""
    names = text.split()
    found = [scope for scope in OFFERED if scope in names]
    if names and not found:
        raise OAuthError("invalid_scope", f"none of these scopes exists; there are: {all_scopes()}")
    return found or [USUAL]


def all_scopes() -> str:
    """All of them, as OAuth writes lists."""
    return " ".join(OFFERED)
