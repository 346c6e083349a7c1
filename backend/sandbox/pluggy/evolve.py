"""A day at the bank: new, changed, deleted and re-issued transactions, a new bill, and their events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from . import clock, collect, events, gen_accounts, gen_cards, gen_transactions, spending
from .errors import invalid, not_found
from .gen_transactions import Book
from .ledger import Row
from .model import Account, Item
from .rules import categorise
from .wire import Doc
from .world import World

PRODUCTS = {
    "accounts", "creditCards", "transactions", "paymentData", "investments", "investmentsTransactions", "identity",
    "loans",
}  # fmt: skip
FIELDS = {
    "new", "update", "delete", "reissue", "reissue_changed", "post_pending", "post_reissued", "pending", "scheduled",
    "backdated", "new_bill", "balance", "invest", "silent", "partial", "accountId",
}  # fmt: skip


@dataclass
class Changes:
    """The changes of one day in one account: ids, and (date, createdAt) of the new rows."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    new_rows: list[tuple[str, str]] = field(default_factory=list)


def check(plan: Doc, item: Item) -> None:
    """400 for an unknown field or product or a wrong number, 404 for an account of another item."""
    unknown = sorted(set(plan) - FIELDS)
    if unknown:
        raise invalid(f"unknown fields {unknown}; known are {sorted(FIELDS)}")
    for name in (
        "new",
        "update",
        "delete",
        "reissue",
        "reissue_changed",
        "pending",
        "scheduled",
        "backdated",
        "invest",
    ):
        if not isinstance(plan.get(name, 0), int) or plan.get(name, 0) < 0:
            raise invalid(f"{name} must be a whole number")
    if not isinstance(plan.get("balance", 0), int | float):
        raise invalid("balance must be a number")
    if not isinstance(plan.get("partial", []), list) or set(plan.get("partial", [])) - PRODUCTS:
        raise invalid(f"partial must be a list of {sorted(PRODUCTS)}")
    if plan.get("accountId") and plan["accountId"] not in item.data.accounts:
        raise not_found("ACCOUNT")


def day_at_the_bank(world: World, item: Item, plan: Doc) -> dict[str, Doc]:
    """Change the item by the plan. Send the transactions/* events, unless silent. Returns the changes by account."""
    found: dict[str, Doc] = {}
    for account in _targets(item, plan):
        changes = _change(world, item, account, plan)
        found[account.id] = {
            "created": changes.created,
            "updated": changes.updated,
            "deleted": changes.deleted,
        }
        if not plan.get("silent"):
            _announce(world, item, account, changes)
    _positions(item, plan.get("invest", 0))
    return found


def _targets(item: Item, plan: Doc) -> list[Account]:
    accounts = item.data.accounts
    if plan.get("accountId"):
        return [accounts[plan["accountId"]]]
    main = [a for a in accounts.values() if a.doc["subtype"] != "SAVINGS_ACCOUNT"]
    return main or list(accounts.values())


def _announce(world: World, item: Item, account: Account, changes: Changes) -> None:
    events.transactions_created(world, item, account, changes.new_rows)
    events.transactions_changed(world, item, account, "transactions/updated", changes.updated)
    events.transactions_changed(world, item, account, "transactions/deleted", changes.deleted)


def _change(world: World, item: Item, account: Account, plan: Doc) -> Changes:
    stamp = clock.iso(clock.now())
    day = Day(world, item, account, collect.book_of(world, item, account, stamp), stamp)
    steps: tuple[tuple[str, Callable[[Any], None]], ...] = (
        ("post_pending", day.post_pending),
        ("post_reissued", day.post_reissued),
        ("delete", day.delete),
        ("reissue", day.reissue),
        ("reissue_changed", day.reissue_changed),
        ("update", day.update),
        ("new", day.new),
        ("pending", day.pending),
        ("scheduled", day.scheduled),
        ("backdated", day.backdated),
        ("new_bill", day.new_bill),
        ("balance", day.set_balance),
    )
    for name, step in steps:
        if plan.get(name):
            step(plan[name])
    return day.changes


class Day:
    """One account's day. It picks the newest rows first, and changes no row twice."""

    def __init__(self, world: World, item: Item, account: Account, book: Book, stamp: str) -> None:
        self.world = world
        self.item = item
        self.account = account
        self.book = book
        self.stamp = stamp
        self.changes = Changes()

    def _path(self, kind: str, number: int) -> tuple[object, ...]:
        self.world.counter += 1
        return kind, self.item.runs, self.world.counter, number

    def _pick(self, count: int, status: str = "POSTED") -> list[Row]:
        touched = {*self.changes.created, *self.changes.updated}
        found: list[Row] = []
        for row in self.account.ledger.newest_first():
            if len(found) == count:
                break
            if row.id not in touched and f'"status":"{status}"'.encode() in row.body:
                found.append(row)
        return found

    def _insert(self, doc: Doc) -> None:
        self.account.ledger.put(categorise(doc, self.account, self.world.rules.values()))
        self.changes.created.append(doc["id"])
        self.changes.new_rows.append((doc["date"], doc["createdAt"]))
        if doc["status"] == "POSTED":
            self._move(doc["amount"])

    def _move(self, amount: float) -> None:
        doc = self.account.doc
        doc["balance"] = round(doc["balance"] + amount, 2)
        doc["updatedAt"] = self.stamp
        if doc["bankData"]:
            doc["bankData"]["closingBalance"] = doc["balance"]
        if doc["creditData"]:
            credit = doc["creditData"]
            credit["availableCreditLimit"] = round(credit["creditLimit"] - doc["balance"], 2)

    def _rewrite(self, row: Row, **changes: object) -> None:
        self.account.ledger.put({**row.doc(), **changes, "updatedAt": self.stamp})
        self.changes.updated.append(row.id)

    def _make(self, kind: str, number: int, days_ago: int, status: str = "POSTED") -> Doc:
        path = self._path(kind, number)
        kinds = spending.CARD if self.book.card else spending.BANK
        template = kinds[self.book.dice("day", *path).randrange(len(kinds))]
        return gen_transactions.make(self.book, template, self.world.today - timedelta(days_ago), path, status)

    def new(self, count: int) -> None:
        """Rows of today and yesterday."""
        for number in range(count):
            self._insert(self._make("new", number, number % 2))

    def pending(self, count: int) -> None:
        """Rows of today that are not booked yet."""
        for number in range(count):
            self._insert(self._make("pending", number, 0, "PENDING"))

    def scheduled(self, count: int) -> None:
        """Future payments: PENDING with a future date."""
        for number in range(count):
            self._insert(self._make("scheduled", number, -5 - number, "PENDING"))

    def backdated(self, count: int) -> None:
        """Rows that arrive now with a date 20 or more days ago."""
        for number in range(count):
            self._insert(self._make("backdated", number, 20 + 3 * number))

    def update(self, count: int) -> None:
        """The bank writes a better description; ids stay."""
        for row in self._pick(count):
            self._rewrite(row, description=f"{row.doc()['description']} - CONFIRMADA")

    def delete(self, count: int) -> None:
        """The bank deletes rows."""
        for row in self._pick(count):
            self.account.ledger.remove(row.id)
            self.changes.deleted.append(row.id)

    def reissue(self, count: int) -> None:
        """The same rows under new ids: the old ones are deleted, new ones are created, and nothing links them."""
        for number, row in enumerate(self._pick(count)):
            self._replace(row, number)

    def reissue_changed(self, count: int) -> None:
        """Rows under new ids where Pluggy did not recognise them: the day, the words or the amount changed, in turn."""
        for number, row in enumerate(self._pick(count)):
            doc = row.doc()
            earlier = f"{date.fromisoformat(doc['date'][:10]) - timedelta(1)}{doc['date'][10:]}"
            words, amount = f"{doc['description']} SAO PAULO BR", round(doc["amount"] * 1.5, 2)
            self._replace(row, number, **({"date": earlier}, {"description": words}, {"amount": amount})[number % 3])

    def _replace(self, row: Row, number: int, **changes: object) -> None:
        doc = {**row.doc(), **changes, "id": self.book.id_of(*self._path("reissued", number))}
        doc |= {"createdAt": self.stamp, "updatedAt": self.stamp}
        self.account.ledger.remove(row.id)
        self.changes.deleted.append(row.id)
        self.account.ledger.put(doc)
        self.changes.created.append(doc["id"])
        self.changes.new_rows.append((doc["date"], doc["createdAt"]))

    def post_pending(self, _: object) -> None:
        """All pending rows that are due become POSTED and keep their ids."""
        for row in self._due():
            self._rewrite(row, status="POSTED")
            self._move(row.doc()["amount"])

    def post_reissued(self, _: object) -> None:
        """All pending rows that are due become POSTED under new ids."""
        for number, row in enumerate(self._due()):
            self._replace(row, number, status="POSTED")
            self._move(row.doc()["amount"])

    def _due(self) -> list[Row]:
        limit = f"{self.world.today.isoformat()}T99"
        return [row for row in self._pick(10**9, "PENDING") if row.date <= limit]

    def new_bill(self, _: object) -> None:
        """A card's next bill closes: its posted rows get the bill's id, and add up to its total."""
        if self.book.card:
            last = clock.moment_of(self.account.bills[0]["dueDate"]) if self.account.bills else clock.now()
            due = (last.date().replace(day=10) + timedelta(31)).replace(day=10)
            made = gen_accounts.bill(self.account.doc, due, due.strftime("%Y-%m"), self.stamp, paid=False)
            lines = [doc for doc in self.account.ledger.docs() if gen_cards.bill_of(doc, [made])]
            gen_cards.add_up(made, lines)
            self.account.bills.insert(0, made)
            for doc in lines:
                meta = {**doc["creditCardMetadata"], "billId": made["id"]}
                self._rewrite(self.account.ledger.rows[doc["id"]], creditCardMetadata=meta)

    def set_balance(self, value: float) -> None:
        """The account's balance becomes this number."""
        self._move(float(value) - self.account.doc["balance"])


def _positions(item: Item, count: int) -> None:
    stamp = clock.iso(clock.now())
    for position in list(item.data.investments.values())[:count]:
        gain = round(position["amount"] * 0.004, 2)
        for name in ("amount", "balance", "amountProfit"):
            position[name] = round(position[name] + gain, 2)
        position["updatedAt"] = stamp
