"""Whether a client's people can connect banks at all, and which settings are missing if not."""

from django.conf import settings

from apps.banking.aggregators.pluggy.application import REQUIRED
from apps.banking.connect.applications import preferred
from apps.clients.models import Client


def missing_settings(client: Client) -> list[str]:
    """The settings without which nobody of this client can connect a bank; [] if it has credentials of its own."""
    # The address has a default, and a client's own credentials need nothing else.
    needed = ["PLUGGY_API_URL"] if preferred(client) else list(REQUIRED.values())
    return [name for name in needed if not getattr(settings, name, "")]
