"""An integration in plain words: its state, what is wrong, and whose turn it is."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.integrations.models import Integration
from apps.integrations.pages.words import error_words

Status = Integration.Status
_TONES = {
    Status.CONNECTED: "good",
    Status.DISCONNECTED: "warn",
    Status.ERROR: "bad",
    Status.NEEDS_REAUTH: "warn",
}


@dataclass(frozen=True)
class Card:
    """`trouble` is empty while all is well; `code` is the trouble's, for support."""

    integration: Integration
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


def card_of(integration: Integration) -> Card:
    """The integration in words."""
    tone = "idle" if integration.paused_at else _TONES[Status(integration.status)]
    code = integration.last_error or integration.error_code
    trouble = error_words(code, integration.provider) if code else ""
    if not code and integration.status == Status.NEEDS_REAUTH:
        trouble = _("The service does not accept the credentials any more. Enter new ones.")
    if not code and integration.status == Status.DISCONNECTED:
        trouble = _("The service says that this account is not linked. Link it there, then test again.")
    return Card(integration, tone, str(integration.status_name), trouble, code)
