"""An integration in plain words: its state, what is wrong, and whose turn it is."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from apps.integrations.models import Integration
from apps.integrations.pages.database_words import label_words
from apps.integrations.pages.words import error_words

Status = Integration.Status
_STATES: dict[str, tuple[str, Promise]] = {
    Status.CONNECTED: ("good", pgettext_lazy("a service", "Connected")),
    Status.DISCONNECTED: ("warn", pgettext_lazy("a service", "Disconnected")),
    Status.ERROR: ("bad", pgettext_lazy("a service", "Error")),
    Status.NEEDS_REAUTH: ("warn", pgettext_lazy("a service", "Needs a new sign-in")),
}
_PAUSED = ("idle", pgettext_lazy("a service", "Paused"))


@dataclass(frozen=True)
class Card:
    """`label` is what the account is called there. `trouble` is empty while all is well; `code` is the trouble's, for
    support."""

    integration: Integration
    label: str
    tone: str
    state: str
    trouble: str = ""
    code: str = ""

    @property
    def needs_person(self) -> bool:
        """Whether a person must enter credentials or sign in again."""
        return self.integration.status == Status.NEEDS_REAUTH

    @property
    def is_paused(self) -> bool:
        return self.integration.paused_at is not None


def card_of(integration: Integration, label: str) -> Card:
    """The integration in words."""
    tone, state = _PAUSED if integration.paused_at else _STATES[integration.status]
    code = integration.last_error or integration.error_code
    trouble = error_words(code, integration.provider) if code else ""
    if not code and integration.status == Status.NEEDS_REAUTH:
        trouble = _("The service does not accept the credentials any more. Enter new ones.")
    if not code and integration.status == Status.DISCONNECTED:
        trouble = _("The service says that this account is not linked. Link it there, then test again.")
    return Card(integration, label_words(label), tone, str(state), trouble, code)
