"""What all the parts of the connections stand on: reading them, for their own user, and changing them."""

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
from plugfn.vault.sealed_connections import Kept, Vault

Tester = Callable[[Connection, Model | None], Awaitable[str]]
Identifier = Callable[[Connection, Model], Awaitable[Identity]]


class Reading:
    """`tester` asks the vendor whether a connection works, `identifier` whose it is; the executor gives both."""

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
        """The user's, by id. Raises InvalidParams for what is no user's id."""
        return await self._vault.of_user(check_user(user_id), provider)

    async def get(self, connection_id: str, user_id: str) -> Connection:
        """Raises NoConnection, also for another user's."""
        found = await self._vault.find(connection_id)
        if found is None or found.user_id != user_id:
            raise NoConnection("the user has no such connection")
        return found

    async def of_account(self, provider: str, account: str) -> Sequence[Connection]:
        """Everybody's connections of a vendor's account: whom an event concerns."""
        return await self._vault.of_account(provider, account)

    async def _read(self, provider: Provider, connection: Connection) -> Kept:
        kept = await self._vault.read(connection.id, provider.credentials)
        if kept is None:
            raise NoConnection("this connection was removed", provider=provider.name)
        return kept

    async def _changed(self, connection: Connection, provider: Provider, how: Callable[[Kept], Kept]) -> Connection:
        kept = await self._vault.change(connection.id, provider.credentials, how)
        if kept is None:
            raise NoConnection("this connection was removed", provider=provider.name)
        return kept.connection

    async def _tested(self, connection: Connection, credentials: Model | None) -> str:
        if self.tester is None:
            raise InvalidCall("nothing here can test connections", code="no_tester")
        return await self.tester(connection, credentials)

    async def close(self) -> None:
        """Wait for refreshes under way."""
        await self._refresher.finish()
