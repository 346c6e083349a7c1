"""Webhook URLs for single connections, for vendors that do not sign: a secret in the URL proves the sender."""

import secrets
from dataclasses import replace
from hmac import compare_digest

from plugfn.connections.checks import digest
from plugfn.connections.reading import Reading
from plugfn.definition import Provider
from plugfn.errors import InvalidCall, NeedsReconnect, WebhookRejected
from plugfn.inbound import Keys
from plugfn.vault.sealed_connections import StoredConnection


class WebhookUrls(Reading):
    """Makes these URLs, and checks them."""

    async def new_webhook_url(self, connection_id: str, user_id: str) -> str:
        """A new URL for the vendor's deliveries to this connection, which replaces the previous one.

        It is shown only now: only a digest of its secret is stored. Raises NoConnection, InvalidCall."""
        connection = await self.get(connection_id, user_id)
        provider = self._registry.get(connection.provider)
        if provider.webhooks is None or not provider.webhooks.per_connection:
            raise InvalidCall(f"{provider.label} has no webhook URL per connection", code="no_webhook_url")
        secret = secrets.token_urlsafe(32)
        await self._changed(connection, provider, lambda stored: replace(stored, webhook=digest(secret)))
        return f"{self._base_url}/webhooks/{provider.name}/{connection.id}/{secret}"

    async def webhook_keys(self, provider: Provider, connection_id: str, secret: str) -> Keys:
        """The keys of a connection's deliveries. Raises WebhookRejected (404) unless the secret is the connection's."""
        try:
            stored = await self._vault.read(connection_id, provider.credentials)
        except NeedsReconnect:
            stored = None
        shared = tuple(secret.get_secret_value() for secret in self._registry.settings(provider.name).webhook_secrets)
        return keys_of(stored, provider, secret, shared)


def keys_of(stored: StoredConnection | None, provider: Provider, secret: str, shared: tuple[str, ...] = ()) -> Keys:
    """The keys of a connection's deliveries; `shared` are the operator's. For programs that read the connection
    themselves (see plugfn.vault.sealed_connections.unsealed).

    Raises WebhookRejected (404) unless the secret is the connection's."""
    known = stored.webhook if stored is not None and stored.connection.provider == provider.name else ""
    if not compare_digest(known.encode(), digest(secret).encode()) or stored is None:
        raise WebhookRejected("this webhook URL does not exist", status=404, code="WEBHOOK_NOT_FOUND")
    return Keys(shared, stored.connection, stored.credentials)
