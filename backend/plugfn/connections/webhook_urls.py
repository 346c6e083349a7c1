"""Webhook URLs of single connections, for vendors that sign nothing: who knows the URL is believed."""

import secrets
from dataclasses import replace
from hmac import compare_digest

from plugfn.connections.checks import digest
from plugfn.connections.reading import Reading
from plugfn.definition import Provider
from plugfn.errors import InvalidCall, NeedsReconnect, WebhookRejected
from plugfn.inbound import Keys


class WebhookUrls(Reading):
    """Made here, and recognised here."""

    async def new_webhook_url(self, connection_id: str, user_id: str) -> str:
        """The URL to give the vendor for deliveries to this connection; an earlier one ends. It is shown this once:

        only a digest of the secret in it is kept. Raises NoConnection, InvalidCall."""
        connection = await self.get(connection_id, user_id)
        provider = self._registry.get(connection.provider)
        if provider.webhooks is None or not provider.webhooks.per_connection:
            raise InvalidCall(f"{provider.label} has no webhooks for each connection", code="no_webhook_url")
        secret = secrets.token_urlsafe(32)
        await self._changed(connection, provider, lambda kept: replace(kept, webhook=digest(secret)))
        return f"{self._base_url}/webhooks/{provider.name}/{connection.id}/{secret}"

    async def webhook_keys(self, provider: Provider, connection_id: str, secret: str) -> Keys:
        """Raises WebhookRejected (404) unless the secret is the connection's."""
        try:
            kept = await self._vault.read(connection_id, provider.credentials)
        except NeedsReconnect:
            kept = None
        known = kept.webhook if kept is not None and kept.connection.provider == provider.name else ""
        if not compare_digest(known.encode(), digest(secret).encode()) or kept is None:
            raise WebhookRejected("there is nothing here", status=404, code="WEBHOOK_NOT_FOUND")
        signed = tuple(one.get_secret_value() for one in self._registry.settings(provider.name).webhook_secrets)
        return Keys(signed, kept.connection, kept.credentials)
