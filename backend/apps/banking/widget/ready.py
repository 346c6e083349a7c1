"""Which settings are missing before a client's people can connect a bank."""

from apps.banking.connect.applications import preferred, usable
from apps.clients.models import Client


def missing_settings(client: Client) -> list[str]:
    """The missing settings without which this client cannot connect a bank; [] with credentials of its own."""
    return usable(client, preferred(client)).missing()
