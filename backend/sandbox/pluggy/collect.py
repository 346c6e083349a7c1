"""The first collection: generates an item's data, product by product, without blocking the server."""

import asyncio
from datetime import timedelta
from itertools import islice

from . import clock, gen_accounts, gen_identity, gen_transactions, gen_wealth
from .gen_bulk import bulk
from .gen_transactions import Book
from .ledger import row_of
from .model import Account, Item
from .people import Person, person
from .world import World

CHUNK = 5000
CONSENT_DAYS = 365


def owner_of(world: World, item: Item, number: int = 0) -> Person:
    """The person behind the login: the same for the same seed and user."""
    path = (world.options.seed, item.scenario.user) + ((number,) if number else ())
    return person(*path)


def book_of(world: World, item: Item, account: Account, stamp: str) -> Book:
    """The book that generates this account's transactions."""
    finance = bool(item.connector["isOpenFinance"])
    return Book(world.options.seed, account.doc, owner_of(world, item), item.scenario.user, stamp, finance)


def accounts(world: World, item: Item) -> None:
    """Checking accounts and savings."""
    stamp, data = clock.iso(clock.now()), item.data
    for number in range(max(item.scenario.checking, item.scenario.companies)):
        owner = owner_of(world, item, number if item.scenario.companies > 1 else 0)
        key = f"checking {number}" if number else "checking"
        _add(item, Account(gen_accounts.checking(item.id, owner, stamp, key)))
    if not item.scenario.rows:
        _add(item, Account(gen_accounts.savings(item.id, owner_of(world, item), stamp)))
    for account in data.accounts.values():
        account.statements = gen_accounts.statements(account.doc, world.today, world.base_url)


def cards(world: World, item: Item) -> None:
    """The card, with its bills."""
    stamp = clock.iso(clock.now())
    card = Account(gen_accounts.card(item.id, owner_of(world, item), stamp, world.today))
    card.bills = gen_accounts.bills(card.doc, world.today, stamp)
    _add(item, card)


def _add(item: Item, account: Account) -> None:
    item.data.accounts.setdefault(account.id, account)


async def transactions(world: World, item: Item) -> list[Account]:
    """Generate the history of every account that has none yet. Returns those accounts.

    A big user's rows all go to the first checking account."""
    stamp, filled = clock.iso(clock.now()), []
    for account in item.data.accounts.values():
        if len(account.ledger):
            continue
        book = book_of(world, item, account, stamp)
        if item.scenario.rows:
            await _bulk(world, item, account, book)
        else:
            account.ledger.add(map(row_of, gen_transactions.history(book, world.today)))
            _into_bills(account)
        filled.append(account)
    return filled


async def _bulk(world: World, item: Item, account: Account, book: Book) -> None:
    if account.doc["subtype"] != "CHECKING_ACCOUNT":
        return
    rows = bulk(book, item.scenario.rows, world.today)
    while chunk := list(islice(rows, CHUNK)):
        account.ledger.add(chunk)
        await asyncio.sleep(0)


def _into_bills(account: Account) -> None:
    for row in list(account.ledger.rows.values()):
        doc = row.doc()
        for bill in account.bills:
            closing = bill["billClosingDate"]
            month_before = clock.iso(clock.moment_of(closing) - timedelta(31))
            if doc["status"] == "POSTED" and month_before < doc["date"] <= closing:
                doc["creditCardMetadata"]["billId"] = bill["id"]
                account.ledger.put(doc)
                break


def investments(world: World, item: Item) -> None:
    """Positions and their movements."""
    owner, seed, stamp = owner_of(world, item), world.options.seed, clock.iso(clock.now())
    for position in gen_wealth.investments(item.id, owner, seed, world.today, stamp):
        item.data.investments[position["id"]] = position
        item.data.movements[position["id"]] = gen_wealth.movements(position, seed, world.today)


def loans(world: World, item: Item) -> None:
    """One loan."""
    stamp = clock.iso(clock.now())
    found = gen_wealth.loan(item.id, owner_of(world, item), world.options.seed, world.today, stamp)
    item.data.loans[found["id"]] = found


def identity(world: World, item: Item) -> None:
    """The owner's identity."""
    stamp = clock.iso(clock.now())
    item.data.identity = gen_identity.identity(item.id, owner_of(world, item), world.options.seed, stamp)


def consent(item: Item) -> None:
    """A consent for a year; for Open Finance the item shows when it ends and what it covers."""
    since = clock.now()
    until = since + timedelta(CONSENT_DAYS)
    number = len(item.data.consents)
    found = gen_identity.consent(item.id, item.products, number, since, until)
    item.data.consents[found["id"]] = found
    if item.connector["isOpenFinance"]:
        item.consent_expires_at = clock.iso(until)
        item.data.resources = gen_identity.resources(item.id)
        item.resources_collected_at = clock.iso(since)
