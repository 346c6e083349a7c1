"""Delivers webhook events to the application's webhooks and to the item's own URL, with retries and faults."""

import asyncio
import base64
import hashlib
import hmac
import random
import time
from dataclasses import dataclass, field

import aiohttp

from sandbox.kit.background import Background
from sandbox.kit.faults import Fault

from . import clock
from .wire import JSON_TYPE, Doc, dump
from .world import World

HOUR = 3600.0
SCHEDULE = (0.0, 0.0, 0.0, HOUR, 0.0, 0.0, 2 * HOUR, 0.0, 0.0)
LOGIN_SCHEDULE = (0.0, 0.0, 0.0)
NEVER_RETRIED = {401}
KEPT_EVENTS = 200_000


@dataclass
class Delivery:
    """One event on its way to one URL. `state`: pending, delivered, lost (attempts used up), refused (401), dropped."""

    url: str
    webhook_id: str | None
    state: str = "pending"
    copies: int = 1
    faults: list[str] = field(default_factory=list)
    attempts: list[Doc] = field(default_factory=list)

    def to_json(self) -> Doc:
        """The delivery as the oracle shows it."""
        channel = "application" if self.webhook_id else "item"
        return {"channel": channel, **vars(self)}


@dataclass
class Event:
    """One event. The payload is serialised once, so that every copy has the same bytes."""

    event_id: str
    kind: str
    payload: Doc
    at: str
    body: bytes = b""
    deliveries: list[Delivery] = field(default_factory=list)

    def to_json(self) -> Doc:
        """The event as the oracle shows it."""
        return {
            "eventId": self.event_id,
            "event": self.kind,
            "at": self.at,
            "payload": self.payload,
            "deliveries": [d.to_json() for d in self.deliveries],
        }


class Dispatcher:
    """Sends in the background. Every delivery is a task of its own, so the order may change."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: list[Event] = []
        self.held: list[tuple[Event, Delivery, Fault | None]] = []
        self.lost_in_a_row: dict[str, int] = {}
        self._sending = Background()
        self._session: aiohttp.ClientSession | None = None
        self._dice = random.Random(f"dispatch {world.options.seed}")

    async def start(self) -> None:
        """Open the client session."""
        timeout = aiohttp.ClientTimeout(total=self.world.options.webhook_timeout)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=64))

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the dispatcher was not started")
        return self._session

    async def reset(self) -> None:
        """Cancel all deliveries and forget all events."""
        await self._sending.cancel()
        self.events.clear()
        self.held.clear()
        self.lost_in_a_row.clear()

    async def stop(self) -> None:
        """End everything and close."""
        await self.reset()
        if self._session:
            await self._session.close()

    def send(self, kind: str, payload: Doc, item_url: str | None) -> Event:
        """Record an event and deliver it to every URL that listens, under the same eventId."""
        event = Event(self.world.fresh_id(), kind, payload, clock.iso(clock.now()))
        event.payload = {"event": kind, "eventId": event.event_id, **payload}
        event.body = dump(event.payload)
        event.deliveries = self._addresses(kind, item_url)
        self.events.append(event)
        del self.events[:-KEPT_EVENTS]
        for delivery in event.deliveries:
            self._begin(event, delivery)
        return event

    def resend(self, event: Event) -> int:
        """Deliver an event again to the URLs it went to. Returns how many."""
        targets = dict.fromkeys((old.url, old.webhook_id) for old in event.deliveries)
        for url, webhook_id in targets:
            again = Delivery(url, webhook_id)
            event.deliveries.append(again)
            self._sending.start(self._deliver(event, again, None))
        return len(targets)

    def _addresses(self, kind: str, item_url: str | None) -> list[Delivery]:
        hooks = [w for w in self.world.webhooks.values() if w["event"] in (kind, "all") and not w["disabledAt"]]
        found = [Delivery(hook["url"], hook["id"]) for hook in hooks]
        return [*found, Delivery(item_url, None)] if item_url else found

    def _begin(self, event: Event, delivery: Delivery) -> None:
        faults = self.world.faults.strike_all("webhook", event.kind)
        delivery.faults = [fault.kind for fault in faults]
        by_kind = {fault.kind: fault for fault in faults}
        if "drop" in by_kind:
            delivery.state = "dropped"
            return
        if "duplicate" in by_kind:
            delivery.copies = 2
        if "burst" in by_kind:
            self._hold(event, delivery, by_kind["burst"])
            return
        self._sending.start(self._deliver(event, delivery, by_kind.get("reorder") or by_kind.get("delay")))

    def _hold(self, event: Event, delivery: Delivery, burst: Fault) -> None:
        self.held.append((event, delivery, None))
        if len(self.held) == 1:
            self._sending.start(self._release(burst.seconds or 1.0))

    async def _release(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        held, self.held = self.held, []
        for event, delivery, fault in held:
            self._sending.start(self._deliver(event, delivery, fault))

    async def _deliver(self, event: Event, delivery: Delivery, wait: Fault | None) -> None:
        if wait:
            seconds = wait.seconds or 1.0
            await asyncio.sleep(seconds * self._dice.random() if wait.kind == "reorder" else seconds)
        schedule = LOGIN_SCHEDULE if event.kind == "item/login_succeeded" else SCHEDULE
        for delay in schedule:
            await asyncio.sleep(delay * self.world.options.retry_scale)
            if self._gone(delivery):
                break
            if await self._attempt(event, delivery):
                return
        delivery.state = "lost"
        self._count_loss(delivery)

    def _gone(self, delivery: Delivery) -> bool:
        hook = self.world.webhooks.get(delivery.webhook_id or "")
        return delivery.webhook_id is not None and (hook is None or bool(hook["disabledAt"]))

    async def _attempt(self, event: Event, delivery: Delivery) -> bool:
        status = 0
        for _ in range(delivery.copies):
            status = await self._post(event, delivery) or status
        if 200 <= status < 300:
            delivery.state = "delivered"
            self.lost_in_a_row.pop(delivery.webhook_id or "", None)
        elif status in NEVER_RETRIED:
            delivery.state = "refused"
            self._count_loss(delivery)
        return delivery.state != "pending"

    async def _post(self, event: Event, delivery: Delivery) -> int:
        session = self._open_session()
        started, status, trouble = time.perf_counter(), 0, ""
        try:
            headers = self._headers(event, delivery)
            async with session.post(delivery.url, data=event.body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            trouble = type(error).__name__
        took = round((time.perf_counter() - started) * 1000, 2)
        delivery.attempts.append({"at": clock.iso(clock.now()), "status": status, "ms": took, "error": trouble})
        return status

    def _headers(self, event: Event, delivery: Delivery) -> dict[str, str]:
        headers = {"Content-Type": JSON_TYPE, "User-Agent": "Pluggy-Sandbox-Webhooks"}
        hook = self.world.webhooks.get(delivery.webhook_id or "")
        if hook is None:
            return headers
        wrong = "wrong_secret" in delivery.faults
        headers |= {name: f"wrong-{value[::-1]}" if wrong else value for name, value in hook["headers"].items()}
        return headers | self._signature(event.body, wrong)

    def _signature(self, body: bytes, wrong: bool) -> dict[str, str]:
        options = self.world.options
        if not options.hmac_secret:
            return {}
        mac = hmac.digest(options.hmac_secret.encode() + (b"!" if wrong else b""), body, hashlib.sha256)
        text = mac.hex() if options.hmac_encoding == "hex" else base64.b64encode(mac).decode()
        return {options.hmac_header: options.hmac_prefix + text}

    def _count_loss(self, delivery: Delivery) -> None:
        hook = self.world.webhooks.get(delivery.webhook_id or "")
        if hook is None:
            return
        lost = self.lost_in_a_row.get(hook["id"], 0) + 1
        self.lost_in_a_row[hook["id"]] = lost
        if lost >= self.world.options.disable_after and not hook["disabledAt"]:
            hook["disabledAt"] = hook["updatedAt"] = clock.iso(clock.now())
