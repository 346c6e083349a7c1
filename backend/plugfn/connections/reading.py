"""What the other parts of the connections share: reading a user's connections and changing them."""

from collections.abc import Awaitable, Callable, Sequence

from plugfn.cache.protocol import Shared
from plugfn.connection import Connection
from plugfn.connections.checks import check_user
from plugfn.crypto import KeyRing
from plugfn.definition import Identity, Model, Provider
from plugfn.errors import InvalidCall, NoConnection
from plugfn.exclusive_lock import ExclusiveLock
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.oauth.flow import Flow
from plugfn.oauth.pending import States
from plugfn.oauth.refresh import Refresher
from plugfn.registry import ProviderRegistry
from plugfn.storage.protocol import Store
from plugfn.vault.sealed_connections import StoredConnection, Vault

Tester = Callable[[Connection, Model | None], Awaitable[str]]
Identifier = Callable[[Connection, Model], Awaitable[Identity]]


class Reading:
    """`tester` asks the vendor whether a connection works, `identifier` whose account it is. The executor sets both."""

    def __init__(
        self,
        registry: ProviderRegistry,
        store: Store,
        ring: KeyRing,
        shared: Shared,
        pool: Pool,
        guard: Guard,
        base_url: str,
    ) -> None:
        self._registry, self._store, self._pool, self._guard = registry, store, pool, guard
        self._base_url = base_url
        self._vault = Vault(store, ring)
        self._flow = Flow(States(store, ring), pool, base_url)
        self._lock = ExclusiveLock(shared, store)
        self._refresher = Refresher(self._vault, shared, self._lock, pool)
        self.tester: Tester | None = None
        self.identifier: Identifier | None = None

    async def list(self, user_id: str, provider: str | None = None) -> list[Connection]:
        """The user's connections, by id. Raises InvalidParams when the user id is not valid."""
        return await self._vault.of_user(check_user(user_id), provider)

    async def get(self, connection_id: str, user_id: str) -> Connection:
        """The connection. Raises NoConnection, also when it is another user's."""
        connection = await self._vault.find(connection_id)
        if connection is None or connection.user_id != user_id:
            raise NoConnection("the user has no such connection")
        return connection

    async def of_account(self, provider: str, account: str) -> Sequence[Connection]:
        """All users' connections to a vendor's account: those that an event of the account concerns."""
        return await self._vault.of_account(provider, account)

    async def _read(self, provider: Provider, connection: Connection) -> StoredConnection:
        stored = await self._vault.read(connection.id, provider.credentials)
        if stored is None:
            raise NoConnection("this connection was removed", provider=provider.name)
        return stored

    async def _changed(
        self, connection: Connection, provider: Provider, how: Callable[[StoredConnection], StoredConnection]
    ) -> Connection:
        stored = await self._vault.change(connection.id, provider.credentials, how)
        if stored is None:
            raise NoConnection("this connection was removed", provider=provider.name)
        return stored.connection

    async def _tested(self, connection: Connection, credentials: Model | None) -> str:
        if self.tester is None:
            raise InvalidCall("this program cannot test connections", code="no_tester")
        return await self.tester(connection, credentials)

    async def close(self) -> None:
        """Wait for token refreshes that are still running."""
        await self._refresher.finish()
