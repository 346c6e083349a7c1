"""The state of one emulator: options, items, webhooks, rules, switches, faults, limits, counts."""

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.kit.faults import Faults
from sandbox.kit.switches import turn

from . import clock
from .clock import Clock
from .connectors import catalogue
from .errors import not_found
from .limits import Limits
from .model import Account, Item
from .options import Options
from .oracle import Requests
from .seeded import uid
from .wire import Doc

if TYPE_CHECKING:
    from .dispatch import Dispatcher


@dataclass
class Switches:
    """Behaviour that tests change at run time (`POST /_sandbox/switches`)."""

    v1_transactions_gone: bool = False
    list_items: bool = True
    unauthorized_status: int = 403
    free_plan: bool = False
    updates_disabled: bool = False
    sandbox_updates_forbidden: bool = False
    client_disabled: bool = False
    min_update_hours: float = 0.0
    auto_sync_rows: int = 2
    duplicates_status: int = 400


@dataclass
class World:
    """The state of one emulator process."""

    options: Options
    faults: Faults
    base_url: str = ""
    clock: Clock = field(default_factory=lambda: Clock(1.0))
    switches: Switches = field(default_factory=Switches)
    connectors: dict[int, Doc] = field(default_factory=catalogue)
    items: dict[str, Item] = field(default_factory=dict)
    rules: dict[str, Doc] = field(default_factory=dict)
    webhooks: dict[str, Doc] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    counter: int = 0
    minted_after: float = 0.0
    limits: Limits = field(default_factory=Limits)
    requests: Requests = field(default_factory=Requests)

    def __post_init__(self) -> None:
        self.clock = Clock(self.options.speed)
        turn(vars(self.switches), self.options.switches)
        self.limits = Limits(self.options.rate_limits, self.options.rate_window)
        self.dispatcher: Dispatcher

    def clear(self, keep_webhooks: bool = False) -> None:
        """Forget all items, rules, faults, switches, counts and revocations. Keys stay valid."""
        self.items.clear()
        self.rules.clear()
        if not keep_webhooks:
            self.webhooks.clear()
        self.revoked.clear()
        self.counter = 0
        self.switches = Switches()
        turn(vars(self.switches), self.options.switches)
        self.connectors = catalogue()
        self.faults.clear()
        self.limits.clear()
        self.requests.clear()

    @property
    def today(self) -> date:
        """The last day of the generated history."""
        return date.fromisoformat(self.options.today) if self.options.today else clock.now().date()

    def next_id(self, kind: str) -> str:
        """The next id of this kind; the same seed gives the same sequence."""
        self.counter += 1
        return uid(self.options.seed, kind, self.counter)

    def fresh_id(self) -> str:
        """An id that is never used again, also not in another run (for tokens and events)."""
        return str(uuid.uuid4())

    def item(self, item_id: str) -> Item:
        """The item, or 404."""
        if item_id not in self.items:
            raise not_found("ITEM")
        return self.items[item_id]

    def account(self, account_id: str) -> tuple[Item, Account]:
        """The account and its item, or 404."""
        for item in self.items.values():
            if account_id in item.data.accounts:
                return item, item.data.accounts[account_id]
        raise not_found("ACCOUNT")

    def accounts(self) -> list[tuple[Item, Account]]:
        """All accounts with their items."""
        return [(item, account) for item in self.items.values() for account in item.data.accounts.values()]


WORLD = web.AppKey("world", World)


def world_of(request: web.Request) -> World:
    """The world of this request's application."""
    return request.app[WORLD]
