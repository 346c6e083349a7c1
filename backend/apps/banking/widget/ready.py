"""Whether a client's people can connect banks at all, and which settings are missing if not."""

from apps.banking.connect.applications import preferred, usable
from apps.clients.models import Client


def missing_settings(client: Client) -> list[str]:
    """The settings without which nobody of this client can connect a bank; [] if it has credentials of its own."""
    return usable(client, preferred(client)).missing()
