"""Connections: making them, finding the one a call means, and handing out their credentials."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from plugfn.connection import Connection, ConnectionStatus
from plugfn.crypto import KeyRing
from plugfn.definition import Model, Provider
from plugfn.errors import AmbiguousConnection, InvalidCall, NeedsReconnect, NoConnection
from plugfn.problems import validated
from plugfn.registry import ProviderRegistry
from plugfn.sealed_model import seal_model, unseal_model
from plugfn.storage.protocol import Store


class ConnectionManager:
    """Every method that takes a user's id sees that user's connections and no others."""

    def __init__(self, registry: ProviderRegistry, store: Store, ring: KeyRing) -> None:
        self._registry, self._store, self._ring = registry, store, ring

    async def create(self, user_id: str, provider: str, credentials: Mapping[str, Any], label: str = "") -> Connection:
        """Connect with credentials that were typed in. Raises UnknownName, InvalidParams."""
        kind = self._registry.get(provider)
        read = validated(kind.credentials, credentials, "the credentials", provider=provider)
        now = datetime.now(UTC)
        made = Connection(uuid4().hex, user_id, provider, ConnectionStatus.ACTIVE, now, now, label=label)
        await self._store.add_connection(made, self._seal(made, read))
        return made

    async def list(self, user_id: str, provider: str | None = None) -> list[Connection]:
        """The user's, by id."""
        return await self._store.connections(user_id=user_id, provider=provider)

    async def get(self, connection_id: str, user_id: str) -> Connection:
        """Raises NoConnection, also for another user's."""
        found = await self._store.connection(connection_id)
        if found is None or found.user_id != user_id:
            raise NoConnection("the user has no such connection")
        return found

    async def disconnect(self, connection_id: str, user_id: str) -> None:
        """Forget a connection and its credentials. Raises NoConnection."""
        await self.get(connection_id, user_id)
        await self._store.delete_connection(connection_id)

    async def resolve(self, provider: Provider, user_id: str, connection_id: str | None) -> Connection:
        """The connection a call means: the named one, or the only one that the user has at this provider."""
        found = await self._only(provider, user_id) if connection_id is None else await self.get(connection_id, user_id)
        if found.provider != provider.name:
            raise InvalidCall(f"this connection is of {found.provider}", code="other_provider", provider=provider.name)
        if found.status is ConnectionStatus.NEEDS_REAUTH:
            raise NeedsReconnect("this connection waits for its user to connect again", code=found.error_code)
        return found

    async def _only(self, provider: Provider, user_id: str) -> Connection:
        found = await self._store.connections(user_id=user_id, provider=provider.name, limit=2)
        if not found:
            raise NoConnection(f"the user has no connection at {provider.label}", provider=provider.name)
        if len(found) > 1:
            raise AmbiguousConnection(
                f"the user has several connections at {provider.label}: give connection_id", provider=provider.name
            )
        return found[0]

    async def credentials(self, provider: Provider, connection: Connection) -> Model:
        """What a call authenticates with, renewed first when it is about to expire."""
        sealed = await self._store.sealed(connection.id)
        if sealed is None:
            raise NoConnection("this connection was removed", provider=provider.name)
        return unseal_model(self._ring, provider.credentials, sealed, _context(connection))

    async def renewed(self, provider: Provider, connection: Connection, refused: Model) -> Model | None:
        """Other credentials after the vendor refused these; None when there are none to be had."""
        return None

    async def needs_reauth(self, connection: Connection, code: str) -> None:
        """Note that only the user can mend it."""
        marked = replace(
            connection, status=ConnectionStatus.NEEDS_REAUTH, error_code=code, updated_at=datetime.now(UTC)
        )
        await self._store.update_connection(marked)

    def _seal(self, connection: Connection, credentials: Model) -> bytes:
        return seal_model(self._ring, credentials, _context(connection))


def _context(connection: Connection) -> str:
    return f"connection|{connection.id}|{connection.user_id}|{connection.provider}"
