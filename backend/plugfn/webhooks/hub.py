"""Receives deliveries: verifies them, drops duplicates, and calls every handler of each event.

The hub claims an event by the vendor's id before its handlers run. All handlers run, even when one of them fails. After
a failure the sender gets 500, and its redelivery runs only the handlers that have not succeeded. An event without
handlers gets 200, so that the sender does not repeat it.
"""

import asyncio
import hashlib
import json
import logging
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from plugfn.background_writes import complete
from plugfn.definition import Provider
from plugfn.errors import PlugFnError, UnknownName, WebhookRejected
from plugfn.inbound import Event, Inbound, Keys, Parsed, Webhooks
from plugfn.registry import ANY_EVENT, ProviderRegistry
from plugfn.storage.protocol import ShortLived
from plugfn.webhooks.handlers import Handler, named, succeeded
from plugfn.webhooks.reading import check_body, operator_keys, read_delivery

log = logging.getLogger("plugfn.webhooks")

KIND = "delivery"
# Longer than any vendor keeps redelivering.
REMEMBERED = 8 * 86_400.0
# Handlers that have run for longer than this are taken to have died with their process.
LONGEST_RUN = 120.0

Done = dict[str, bool]
"""The names of the handlers that have succeeded."""


class Outcome(StrEnum):
    """The outcome of a delivery."""

    HANDLED = "handled"
    UNHANDLED = "unhandled"
    DUPLICATE = "duplicate"
    HANDSHAKE = "handshake"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    REJECTED = "rejected"


# The delivery's outcome is the worst of its events' outcomes.
_RANK = (Outcome.FAILED, Outcome.IN_PROGRESS, Outcome.HANDLED, Outcome.UNHANDLED, Outcome.DUPLICATE)


@dataclass(frozen=True)
class Receipt:
    """The answer for the sender, and the outcome of the delivery."""

    status: int
    outcome: Outcome
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    error: WebhookRejected | None = None
    failures: tuple[str, ...] = field(default=())
    """The names of the handlers that failed."""


class ConnectionKeys(Protocol):
    """Looks up the keys of connections that have their own webhook URL."""

    async def webhook_keys(self, provider: Provider, connection_id: str, secret: str) -> Keys:
        """Raises WebhookRejected (404) unless the secret is the connection's."""
        ...


class WebhookHub:
    """`on` registers handlers, `receive` takes deliveries."""

    def __init__(self, registry: ProviderRegistry, store: ShortLived, keys: ConnectionKeys) -> None:
        self._registry, self._store, self._keys = registry, store, keys
        self._handlers: dict[tuple[str, str], list[Handler]] = {}
        self._always: list[Handler] = []

    def on(self, provider: str, event: str, handler: Handler) -> None:
        """Call `handler` with each such Event ("*": all of the provider's events). Raises UnknownName."""
        if not callable(handler):
            raise TypeError("a handler is a function that takes an Event")
        if event == ANY_EVENT:
            self._registry.get(provider)
        else:
            self._registry.trigger(provider, event)
        self._handlers.setdefault((provider, event), []).append(handler)

    def always(self, handler: Handler) -> None:
        """Call `handler` with every event of every provider, after the handlers registered with `on`."""
        self._always.append(handler)

    async def receive(
        self, provider: str, inbound: Inbound, connection_id: str | None = None, secret: str | None = None
    ) -> Receipt:
        """Handle a delivery. Never raises: a rejected delivery's receipt has the status to answer and the error."""
        try:
            return await self._answer(await self._read(provider, inbound, connection_id, secret))
        except WebhookRejected as error:
            _log("a webhook delivery was rejected", provider, error.code)
            return Receipt(error.status, Outcome.REJECTED, error=error)
        except PlugFnError as error:
            _log("a webhook delivery failed, and its sender must send it again", provider, error.code)
            return Receipt(503, Outcome.FAILED)

    async def _answer(self, parsed: Parsed) -> Receipt:
        if parsed.reply is not None and not parsed.events:
            reply = parsed.reply
            return Receipt(reply.status, Outcome.HANDSHAKE, reply.body, reply.content_type)
        return await self._handle_all(parsed)

    async def _read(self, name: str, inbound: Inbound, connection_id: str | None, secret: str | None) -> Parsed:
        provider, webhooks = self._find(name, connection_id)
        check_body(webhooks, inbound)
        keys = await self._keys_for(provider, webhooks, connection_id, secret)
        return read_delivery(webhooks, inbound, keys)

    def _find(self, name: str, connection_id: str | None) -> tuple[Provider, Webhooks]:
        try:
            provider = self._registry.get(name)
        except UnknownName:
            raise _unknown_url() from None
        if provider.webhooks is None or provider.webhooks.per_connection != (connection_id is not None):
            raise _unknown_url()
        return provider, provider.webhooks

    async def _keys_for(
        self, provider: Provider, webhooks: Webhooks, connection_id: str | None, secret: str | None
    ) -> Keys:
        secrets = tuple(secret.get_secret_value() for secret in self._registry.settings(provider.name).webhook_secrets)
        if webhooks.per_connection:
            return await self._keys.webhook_keys(provider, connection_id or "", secret or "")
        return operator_keys(secrets)

    async def _handle_all(self, parsed: Parsed) -> Receipt:
        outcomes, failures = [], []
        for event in parsed.events:
            await asyncio.sleep(0)  # other work has its turn, also where neither store nor handlers ever wait
            outcome, failed_names = await self._handle(event)
            outcomes.append(outcome)
            failures += failed_names
        worst = min(outcomes, key=_RANK.index, default=Outcome.UNHANDLED)
        status = {Outcome.FAILED: 500, Outcome.IN_PROGRESS: 503}.get(worst, 200)
        return Receipt(status, worst, failures=tuple(failures))

    async def _handle(self, event: Event) -> tuple[Outcome, list[str]]:
        handlers = self._handlers_of(event)
        if event.id is None:
            return await self._run(event, handlers, {})
        place = _place(event)
        claimed = await self._claim(place)
        if isinstance(claimed, Outcome):
            return claimed, []
        try:
            outcome, failed = await self._run(event, handlers, claimed)
        except BaseException:  # cancelled while running: a redelivery need not wait for LONGEST_RUN
            await self._record(place, "failed", claimed)
            raise
        await self._record(place, "failed" if failed else "done", claimed)
        return outcome, failed

    async def _record(self, place: str, state: str, done: Done) -> None:
        """Store the outcome. When that fails, the sender still gets its answer and need not redeliver."""
        write = self._store.put(KIND, place, _state(state, done), REMEMBERED)
        await complete(write, "the outcome of a delivery was not stored")

    async def _claim(self, place: str) -> Done | Outcome:
        """The handlers that succeeded in an earlier delivery; or why the event must not be handled now."""
        stored = await self._store.put_new(KIND, place, _state("running", {}), REMEMBERED)
        if stored is None:
            return {}
        state = json.loads(stored)
        if state["state"] == "done":
            return Outcome.DUPLICATE
        if state["state"] == "running" and time.time() - state["at"] < LONGEST_RUN:
            return Outcome.IN_PROGRESS
        # Of two simultaneous redeliveries, one removes the old claim.
        if await self._store.take(KIND, place) is None:
            return Outcome.IN_PROGRESS
        done: Done = state["done"]
        stored = await self._store.put_new(KIND, place, _state("running", done), REMEMBERED)
        return done if stored is None else Outcome.IN_PROGRESS

    def _handlers_of(self, event: Event) -> dict[str, Handler]:
        return named(
            [
                *self._handlers.get((event.provider, event.name), ()),
                *self._handlers.get((event.provider, ANY_EVENT), ()),
                *self._always,
            ]
        )

    async def _run(self, event: Event, handlers: dict[str, Handler], done: Done) -> tuple[Outcome, list[str]]:
        failed = []
        for name, handler in handlers.items():
            if done.get(name):
                continue
            if await succeeded(handler, event, name):
                done[name] = True
            else:
                failed.append(name)
        if failed:
            return Outcome.FAILED, failed
        # Handlers of all events (workflows) do not make an event "handled".
        wanted = any(handler not in self._always for handler in handlers.values())
        return (Outcome.HANDLED if wanted else Outcome.UNHANDLED), []


def _place(event: Event) -> str:
    """A digest, since ids can have any length and may contain a phone number."""
    identity = json.dumps([event.provider, event.connection_id, event.name, event.id])
    return hashlib.sha256(identity.encode()).hexdigest()


def _state(state: str, done: Done) -> bytes:
    return json.dumps({"state": state, "at": time.time(), "done": done}).encode()


def _log(what: str, provider: str, code: str) -> None:
    """The sender may have chosen the provider's name, so the log quotes it."""
    log.warning("%s: provider %r, code %s", what, provider[:80], code, extra={"provider": provider[:80], "code": code})


def _unknown_url() -> WebhookRejected:
    return WebhookRejected("this webhook URL does not exist", status=404, code="WEBHOOK_NOT_FOUND")
