"""For tests: integrations with addresses of their own, and what their vendors post."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.test import Client as Browser

from apps.clients.models import Client
from apps.integrations.incoming.address import address_of
from apps.integrations.models import Integration
from apps.integrations.store.scope import acting_for
from lib.row_security import client_rows
from plugfn.sync import SyncPlugFn

PROVIDERS = Path(__file__).parents[3] / "plugfn" / "providers"
TOKEN = "fixture-instance-token"  # noqa: S105 - of the recorded deliveries
UAZAPI = {"base_url": "https://gateway.example", "token": TOKEN}


def example(provider: str, name: str) -> Any:
    """A delivery that a vendor posted once."""
    return json.loads((PROVIDERS / provider / "fixtures" / "events" / f"{name}.json").read_text())["delivery"]


class Connected:
    """An integration, and the address that its vendor has."""

    def __init__(self, plug: SyncPlugFn, client: Client, provider: str, credentials: Mapping[str, Any]) -> None:
        self.plug, self.client = plug, client
        with acting_for(client.pk):
            made = plug.connections.create(str(client.pk), provider, credentials, test=False)
        with client_rows(client.pk):
            self.row = Integration.objects.get(pk=made.id)
        self.rotate()

    def rotate(self) -> str:
        """A new secret. Returns the new address."""
        with acting_for(self.client.pk):
            url = self.plug.connections.new_webhook_url(self.row.pk.hex, str(self.client.pk))
        self.url = address_of(self.row, url.rpartition("/")[2])
        return self.url

    @property
    def path(self) -> str:
        """The address without the server."""
        return self.url.removeprefix(django_settings.PUBLIC_URL)


def post(path: str, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    """The answer to a webhook; `body` is bytes, or what becomes JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Browser().post(path, raw, content_type=content_type, headers=headers)
