"""A small world for workflows: a provider, a runner that does each idempotency key once, a clock that can be set."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, SecretStr

from plugfn.cache.memory import MemoryShared
from plugfn.connection import Connection, ConnectionStatus
from plugfn.crypto import KeyRing, new_key
from plugfn.definition import Call, Form, Model, Origin, Provider, Result, Trigger
from plugfn.errors import AmbiguousConnection, NoConnection
from plugfn.inbound import Event
from plugfn.problems import validated
from plugfn.registry import ProviderRegistry
from plugfn.rules.conftest import START, Send, Ticket, ticket
from plugfn.storage.memory import MemoryStore
from plugfn.workflows.engine import WorkflowEngine


class Desk(Model):
    token: SecretStr


class Sent(Result):
    id: str
    number: int
    text: str
    sent_at: datetime


class Look(Model):
    id: str


def desk(name: str = "desk") -> Provider:
    """A provider with two actions and two events."""

    async def send(call: Call[Desk], params: Send) -> Sent:
        raise AssertionError("the toy provider runs nothing itself")

    async def look(call: Call[Desk], params: Look) -> Sent:
        raise AssertionError("the toy provider runs nothing itself")

    made = Provider(
        name,
        "Desk",
        Form(Desk),
        "https://desk.example/docs",
        lambda settings, credentials: Origin("https://desk.example", trusted=True),
        triggers=(Trigger("ticket.opened", Ticket, "A ticket is opened."), Trigger("sent", Sent, "Something is sent.")),
    )
    made.action("messages.send", summary="Send.")(send)
    made.action("messages.look", summary="Look.", safe=True)(look)
    return made


class Runner:
    """Does every idempotency key once. `failures`: errors to raise next; `sent`: the calls that had an effect."""

    def __init__(self, registry: ProviderRegistry) -> None:
        self._registry = registry
        self.sent: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.failures: list[BaseException | None] = []
        self.before: Any = None
        self.after: Any = None
        self._results: dict[str, BaseModel] = {}

    def validate(self, action: str, params: Mapping[str, Any]) -> BaseModel:
        known = self._registry.action(action)
        return validated(known.params, params, f"the parameters of {action}")

    async def run(self, action: str, *, params: Mapping[str, Any], idempotency_key: str, **call: Any) -> BaseModel:
        self.calls.append({"action": action, "params": dict(params), "key": idempotency_key, **call})
        read = self.validate(action, params)
        if idempotency_key in self._results:
            return self._results[idempotency_key]
        if self.before is not None:
            await self.before(action, read)
        if (failure := self.failures.pop(0) if self.failures else None) is not None:
            raise failure
        self.sent.append({"action": action, "params": read.model_dump(), "key": idempotency_key, **call})
        number = len(self.sent)
        result = Sent(id=f"message-{number:04}", number=number, text=getattr(read, "text", ""), sent_at=START)
        self._results[idempotency_key] = result
        if self.after is not None:
            await self.after(action, read)
        return result


class Accounts:
    """Users' connections, looked up as the library does."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def get(self, connection_id: str, user_id: str) -> Connection:
        connection = await self._store.connection(connection_id)
        if connection is None or connection.user_id != user_id:
            raise NoConnection("the user has no such connection")
        return connection

    async def resolve(self, provider: Provider, user_id: str, connection_id: str | None) -> Connection:
        if connection_id is not None:
            return await self.get(connection_id, user_id)
        connections = await self._store.connections(user_id=user_id, provider=provider.name)
        if not connections:
            raise NoConnection(f"the user has no connection at {provider.label}")
        if len(connections) > 1:
            raise AmbiguousConnection("the user has several: give connection_id")
        return connections[0]

    async def of_account(self, provider: str, account: str) -> list[Connection]:
        return await self._store.connections(provider=provider, accounts=[account])


class World:
    """An engine with its store, runner and clock. The users ana and bob have one connection each."""

    def __init__(self) -> None:
        self.now = START
        self.store = MemoryStore()
        self.ring = KeyRing.from_keys(new_key())
        self.registry = ProviderRegistry()
        self.registry.register(desk(), desk("other"))
        self.runner = Runner(self.registry)
        self.accounts = Accounts(self.store)
        self.engine = self.fresh_engine()

    def fresh_engine(self) -> WorkflowEngine:
        """The engine of another process."""
        return WorkflowEngine(
            self.store, self.ring, self.registry, self.runner, self.accounts, MemoryShared(), now=lambda: self.now
        )

    def later(self, **much: float) -> None:
        """Move the clock."""
        self.now += timedelta(**much)

    async def connect(self, user_id: str, account: str, provider: str = "desk") -> Connection:
        """Give a user a connection to an account."""
        made = Connection(uuid4().hex, user_id, provider, ConnectionStatus.ACTIVE, START, START, account=account)
        await self.store.add_connection(made, b"sealed")
        return made


@pytest.fixture
async def world() -> World:
    made = World()
    await made.connect("ana", "acme")
    await made.connect("bob", "bobs")
    return made


def opened(event_id: str | None = "e1", account: str = "acme", **changes: Any) -> Event:
    """An event: a ticket was opened at an account."""
    return Event("desk", "ticket.opened", ticket(**changes), id=event_id, account=account)


def spec(**changes: Any) -> dict[str, Any]:
    """A workflow with one step."""
    step = {"id": "tell", "action": "desk.messages.send", "params": {"text": "{{ title }}"}}
    trigger = {"provider": "desk", "event": "ticket.opened"}
    return {"name": "Tell", "trigger": trigger, "steps": [step]} | changes


def step(name: str, text: str = "{{ title }}", **more: Any) -> dict[str, Any]:
    """A step that sends a message."""
    return {"id": name, "action": "desk.messages.send", "params": {"text": text}} | more
