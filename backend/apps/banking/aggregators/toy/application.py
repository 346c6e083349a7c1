"""Toybank implements the contract: its links are items, its wallets accounts, its movements transactions."""

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from apps.banking.aggregators.contract import (
    Application,
    Change,
    Directory,
    Door,
    Gone,
    ItemState,
    Malformed,
    Notification,
    Page,
    ParentGone,
    Product,
    Row,
    Source,
    Subject,
    nothing,
)
from apps.banking.aggregators.toy.vendor import Link, Toybank
from apps.banking.aggregators.verdict import Action, Health, Verdict
from lib.errors import ErrorType

PAGE = 2
HOLDS = frozenset({Product.ACCOUNTS, Product.TRANSACTIONS})
FINE = Verdict(Health.OK)
BROKEN = Verdict(Health.NEEDS_USER, Action.RECONNECT, "LINK_BROKEN", ErrorType.AUTHENTICATION_ERROR, "broken link")


class ToySource(Source):
    """One link, read with its own token. A mark is the cursor over the whole link."""

    def __init__(self, bank: Toybank, link: str, token: str, before_call: Callable[[], None]) -> None:
        self._bank, self._link, self._token, self._before_call = bank, link, token, before_call

    def item(self) -> ItemState:
        link = self._look()
        row: Row = {"vendor_id": self._link, "status": "broken" if link.broken else "fine"}
        verdict, certain = (BROKEN, frozenset[Product]()) if link.broken else (FINE, HOLDS)
        return ItemState(self._link, link.person, None, row, verdict, HOLDS, HOLDS, certain)

    def accounts(self, products: Collection[Product]) -> Iterator[Page]:
        if Product.ACCOUNTS in products:
            yield Page([_wallet(name, balance) for name, balance in self._look().wallets.items()])

    def account(self, account_id: str) -> Page | None:
        balance = self._look().wallets.get(account_id)
        return None if balance is None else Page([_wallet(account_id, balance)])

    def listed(self, product: Product, parent: str = "") -> Iterator[Page]:
        """Toybank lists nothing but movements: the state after the whole log."""
        if product is Product.TRANSACTIONS:
            log = self._look(ParentGone).log
            yield from _pages(log, len(log))

    def changed(self, parent: str, mark: str, since: datetime | None = None) -> Iterator[Page]:
        cursor = int(mark)
        while cursor < len(log := self._look(ParentGone).log):
            changes, cursor = log[cursor : cursor + PAGE], min(cursor + PAGE, len(log))
            yield from _pages(changes, cursor)

    def by_ids(self, account_id: str, ids: Sequence[str]) -> Iterator[Page]:
        amounts = {name: amount for wallet, name, amount in self._look(ParentGone).log if wallet == account_id}
        rows = [_movement(name, amounts[name]) for name in ids if amounts.get(name) is not None]
        yield Page(rows, parent=account_id)

    def is_gone(self, product: Product, vendor_id: str, parent: str = "") -> bool:
        return vendor_id not in self._look().wallets

    def _look(self, gone: type[Gone | ParentGone] = Gone) -> Link:
        self._before_call()
        try:
            return self._bank.look(self._link, self._token)
        except LookupError:
            raise gone("no such link", code="NO_LINK") from None


def _pages(changes: list[tuple[str, str, Decimal | None]], cursor: int) -> Iterator[Page]:
    """The latest of each movement, with a page for each wallet."""
    for wallet, some in groupby(sorted(changes, key=itemgetter(0)), itemgetter(0)):
        latest = {name: amount for _, name, amount in some}
        rows = [_movement(name, amount) for name, amount in latest.items() if amount is not None]
        removed = [name for name, amount in latest.items() if amount is None]
        yield Page(rows, parent=wallet, removed=removed, mark=str(cursor))


def _wallet(name: str, balance: object) -> Row:
    return {"vendor_id": name, "name": name, "type": "BANK", "balance": balance, "currency_code": "BRL"}


def _movement(name: str, amount: object) -> Row:
    return {"vendor_id": name, "description": name, "amount": amount, "currency_code": "BRL", "date": date(2026, 1, 2)}


class ToyDoor(Door):
    """A webhook has the key in a header. It has no event id, so the digest of its body serves as one."""

    def __init__(self, key: str) -> None:
        self._key = key

    def is_configured(self) -> bool:
        return bool(self._key)

    def proves(self, environ: Mapping[str, object], body: bytes | None, token: str | None) -> bool:
        return hmac.compare_digest(str(environ.get("HTTP_X_TOY_KEY", "")).encode(), self._key.encode())

    def read(self, body: bytes) -> Notification:
        try:
            content = json.loads(body)
            topic, link = content["topic"], content["link"]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise Malformed("the body is not a notification") from None
        if not isinstance(topic, str) or not isinstance(link, str) or not 0 < len(link) <= 100 or len(topic) > 100:
            raise Malformed("topic or link is not of the expected form")
        kind = {"MOVED": "transactions.changed", "LINK": "item.changed"}.get(topic, f"toy.{topic[:60]}")
        return Notification(kind, hashlib.sha256(body).hexdigest(), Subject.ITEM, link)

    def change(self, kind: str, payload: Mapping[str, object]) -> Change:
        return Change()


@dataclass(frozen=True)
class ToyApplication(Application):
    """One set of credentials: the service that accepts them, and our name for them."""

    bank: Toybank
    name: str = ""

    def open(self, item_id: str, *, credential: str = "", before_call: Callable[[], None] = nothing) -> Source:
        return ToySource(self.bank, item_id, credential, before_call)

    @property
    def door(self) -> Door:
        return ToyDoor(self.bank.key)

    def connect_token(self, member: UUID, *, item_id: str = "", webhook_url: str = "", redirect_url: str = "") -> str:
        if item_id and item_id not in self.bank.links:
            raise Gone("no such link", code="NO_LINK")
        return f"toy token of {member}"

    def delete_item(self, item_id: str) -> None:
        if self.bank.links.pop(item_id, None) is None:
            raise Gone("no such link", code="NO_LINK")

    def directory(self, *, before_call: Callable[[], None] = nothing) -> Directory:
        return Directory()
