"""A test bench for a provider: the whole library in memory, with one connection of the user "ana"."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel

from plugfn.connection import Connection
from plugfn.crypto import new_key
from plugfn.definition import Provider
from plugfn.inbound import Event, Inbound
from plugfn.plug import PlugFn
from plugfn.storage.records import ActionLog
from plugfn.webhooks.hub import Receipt

LOOPBACK = ("127.0.0.0/8", "::1/128")
USER = "ana"


class Bench:
    """`plug`: the library; `connection`: ana's connection; `events`: what its webhook handlers received.

    Private addresses are refused except `allowed_networks` (the loopback, where emulators listen)."""

    connection: Connection

    def __init__(
        self,
        provider: Provider,
        *,
        credentials: Mapping[str, Any],
        settings: Mapping[str, Any] | None = None,
        allowed_networks: tuple[str, ...] = LOOPBACK,
        user_id: str = USER,
        **plug: Any,
    ) -> None:
        self.provider, self.user_id, self._credentials = provider, user_id, dict(credentials)
        options = {"encryption_key": new_key(), "allowed_networks": allowed_networks} | plug
        self.plug = PlugFn(integrations={provider.name: dict(settings or {})}, **options)
        self.plug.providers.register(provider)
        self.events: list[Event] = []

    async def __aenter__(self) -> Self:
        await self.plug.open()
        self.connection = await self.plug.connections.create(self.user_id, self.provider.name, self._credentials)
        if self.provider.webhooks is not None:
            self.plug.webhooks.on(self.provider.name, "*", self._record)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.plug.close()

    def _record(self, event: Event) -> None:
        self.events.append(event)

    async def call(self, action: str, params: Mapping[str, Any] | None = None, **options: Any) -> BaseModel:
        """Run an action ("issues.create") of the provider on the connection, through the whole executor."""
        options = {"user_id": self.user_id, "connection_id": self.connection.id} | options
        return await self.plug.run(f"{self.provider.name}.{action}", params=params or {}, **options)

    async def test(self) -> str:
        """Run the provider's test of the connection. Returns the account's label."""
        return await self.plug.executor.test(self.connection)

    async def logs(self) -> list[ActionLog]:
        """The rows of the action log, the oldest first."""
        return list(reversed(await self.plug.store.logs(limit=1000)))

    async def receive(
        self,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        connection_id: str | None = None,
        secret: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Pass a webhook delivery to the library."""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        inbound = Inbound(body, lower, dict(query or {}))
        return await self.plug.webhooks.receive(self.provider.name, inbound, connection_id, secret)
