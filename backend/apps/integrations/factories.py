"""Rows of integrations for tests. The `…_at` factories connect to emulators; the others only store rows."""

from collections.abc import Mapping
from typing import Any

from apps.clients.models import Client
from apps.integrations.catalogue import BY_PROVIDER
from apps.integrations.connect.verbs import connect
from apps.integrations.models import Integration, Send
from lib.row_security import client_rows


def integration_row(client: Client, provider: str = "email_smtp", **values: Any) -> Integration:
    """An integration without credentials, for tests that never call its vendor."""
    entry = BY_PROVIDER[provider]
    with client_rows(client.pk):
        return Integration.objects.create(
            client=client, provider=provider, type=entry.type, is_sole=not entry.several, sealed=b"", **values
        )


def connected(client: Client, provider: str, credentials: Mapping[str, Any]) -> Integration:
    """An integration at an emulator."""
    return connect(client.pk, BY_PROVIDER[provider], credentials).integration


def of_send(send: Send) -> Send:
    """The send as it is stored now."""
    with client_rows(send.client_id):
        return Send.objects.get(pk=send.pk)
