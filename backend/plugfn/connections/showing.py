"""What a program may show of a connection: its typed credentials without the secrets, and where its calls go."""

from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from plugfn.connection import Connection
from plugfn.connections.reading import Reading
from plugfn.definition import OAuthTokens, Origin

SHOWN = 4
"""How many of a secret's last characters are shown, so that a person recognises it."""
SHORTEST = 12
"""Of a shorter secret nothing is shown."""


class Showing(Reading):
    """Reads credentials for people."""

    async def shown(self, connection_id: str, user_id: str) -> dict[str, Any]:
        """The credentials that were typed in, by their names. A secret is {"set": …, "last4": …}.

        Empty for a connection that was made at the vendor's site. Raises NoConnection, NeedsReconnect (unreadable)."""
        connection = await self.get(connection_id, user_id)
        stored = await self._read(self._registry.get(connection.provider), connection)
        if isinstance(stored.credentials, OAuthTokens):
            return {}
        return {name: _plain(value) for name, value in stored.credentials}

    async def origin(self, connection: Connection) -> Origin:
        """Where its calls go. Raises NoConnection, NeedsReconnect (unreadable)."""
        provider = self._registry.get(connection.provider)
        stored = await self._read(provider, connection)
        return provider.origin(self._registry.settings(provider.name), stored.credentials)


def _plain(value: Any) -> Any:
    if isinstance(value, (SecretStr, SecretBytes)):
        return _mark(value.get_secret_value())
    if isinstance(value, BaseModel):
        return {name: _plain(part) for name, part in value}
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def _mark(secret: str | bytes) -> dict[str, Any]:
    text = secret.decode("latin-1") if isinstance(secret, bytes) else secret
    return {"set": bool(text), "last4": text[-SHOWN:] if len(text) >= SHORTEST else ""}
