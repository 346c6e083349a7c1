"""The emulator's state: instances, the people on WhatsApp, messages."""

import secrets
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sandbox import keys

TOKEN, ADMIN_TOKEN, OWNER = keys.UAZAPI_TOKEN, keys.UAZAPI_ADMIN_TOKEN, keys.UAZAPI_NUMBER
NOW_MS = 1_790_000_000_000


@dataclass
class Person:
    """A person on WhatsApp. `number`: their account's, digits only. `aliases`: other numbers that reach it."""

    number: str
    name: str = ""
    lid: str = ""
    aliases: list[str] = field(default_factory=list)
    lead: dict[str, str] = field(default_factory=dict)
    """The notes of the account's owner about this person: lead_personalid, lead_email …"""


@dataclass
class Webhook:
    """A URL and the events it gets."""

    id: str
    url: str
    events: list[str]
    enabled: bool = True
    exclude: list[str] = field(default_factory=list)
    add_event: bool = False
    add_type: bool = False


@dataclass
class Instance:
    """One WhatsApp account at the gateway."""

    token: str
    name: str
    owner: str = ""
    connected: bool = True
    logged_in: bool = True
    webhooks: list[Webhook] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    last_disconnect: str = ""

    @property
    def state(self) -> str:
        """The state of the connection, in the gateway's words."""
        if self.connected and self.logged_in:
            return "connected"
        return "connecting" if self.connected else "disconnected"


class World:
    """`reset` restores the example: an instance and two people, one of them with an old number.

    Switches: `real_time` (else a clock of the emulator's own), `delivers` (what is sent is Delivered by itself)."""

    def __init__(self, **switches: bool) -> None:
        self._first = {"real_time": False, "delivers": False} | switches
        self.reset()

    def reset(self) -> None:
        """Back to the state at the start."""
        self._counter = count(1)
        self.switches: dict[str, Any] = dict(self._first)
        self.instances = {TOKEN: Instance(TOKEN, "loja", OWNER)}
        self.people: dict[str, Person] = {}
        self.sends_allowed: int | None = None
        self.media_limit = 16 * 1024 * 1024
        self.add(Person("5511988887777", "Ana", "100000000000001@lid", lead={"lead_personalid": "123.456.789-09"}))
        self.add(Person("553188886666", "Bia", "100000000000002@lid", aliases=["5531988886666"]))

    def add(self, person: Person) -> None:
        """Add a person to WhatsApp."""
        self.people[person.number] = person

    def find(self, number: str) -> Person | None:
        """The person with exactly this number, alias or lid."""
        known = self.people.get(number)
        return known or next((one for one in self.people.values() if number in (one.lid, *one.aliases)), None)

    def in_chat(self, chat: str) -> Person | None:
        """The person of a chat: `chat` is a jid, by number or by lid."""
        return self.find(chat) or self.find(chat.partition("@")[0])

    def next_number(self) -> int:
        """The next number. Every new object gets one."""
        return next(self._counter)

    def message_id(self, number: int) -> str:
        """WhatsApp's id of a message. With the real clock no other run has it: a database outlives an emulator."""
        return f"3EB0{secrets.token_hex(8).upper()}" if self.switches["real_time"] else f"3EB0{number:016X}"

    def now_ms(self, number: int) -> int:
        """A clock that moves one second with every new object, so that all runs are alike; or the real one."""
        return int(time.time() * 1000) if self.switches["real_time"] else NOW_MS + number * 1000
