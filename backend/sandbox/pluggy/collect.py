"""The first collection: generates an item's data, product by product, without blocking the server."""

import asyncio
from datetime import timedelta
from itertools import islice

from . import clock, gen_accounts, gen_cards, gen_identity, gen_transactions, gen_wealth
from .gen_bulk import bulk
from .gen_transactions import Book
from .ledger import row_of
from .model import Account, Item
from .people import Person, person
from .wire import Doc
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
        filled.append(account)
    if not item.scenario.rows:
        _link(world, item, filled, stamp)
    return filled


def _link(world: World, item: Item, filled: list[Account], stamp: str) -> None:
    """Add the rows of which two accounts show one side each, to accounts that were just filled."""
    for account in filled:
        if account.doc["type"] == "CREDIT":
            _into_bills(world, item, account, stamp)
        if account.doc["subtype"] == "SAVINGS_ACCOUNT":
            _move_money(world, item, stamp)


async def _bulk(world: World, item: Item, account: Account, book: Book) -> None:
    if account.doc["subtype"] != "CHECKING_ACCOUNT":
        return
    rows = bulk(book, item.scenario.rows, world.today)
    while chunk := list(islice(rows, CHUNK)):
        account.ledger.add(chunk)
        await asyncio.sleep(0)


def _into_bills(world: World, item: Item, card: Account, stamp: str) -> None:
    """Give the card its instalments, each row its bill, each bill its total, and each payment its two rows."""
    book = book_of(world, item, card, stamp)
    card.ledger.add(map(row_of, gen_cards.instalments(book, world.today)))
    for row in list(card.ledger.rows.values()):
        put_in_bill(card, row.doc())
    bank = next((a for a in item.data.accounts.values() if a.doc["subtype"] == "CHECKING_ACCOUNT"), None)
    of_bank = book_of(world, item, bank, stamp) if bank else None
    for bill in reversed(card.bills):
        gen_cards.add_up(bill, [doc for doc in card.ledger.docs() if bill["id"] == doc["creditCardMetadata"]["billId"]])
        for owner, doc in gen_cards.payments(book, of_bank, bill):
            if bank and owner is of_bank:
                bank.ledger.put(doc)
            else:
                put_in_bill(card, doc)


def put_in_bill(card: Account, doc: Doc) -> None:
    """Store a row of a card, with the id of the closed bill into which it falls."""
    bill = gen_cards.bill_of(doc, card.bills)
    doc["creditCardMetadata"]["billId"] = bill["id"] if bill else None
    card.ledger.put(doc)


def _move_money(world: World, item: Item, stamp: str) -> None:
    """Transfers from the first current account to savings."""
    by_kind = {account.doc["subtype"]: account for account in reversed(item.data.accounts.values())}
    source, target = by_kind.get("CHECKING_ACCOUNT"), by_kind.get("SAVINGS_ACCOUNT")
    if source and target:
        books = (book_of(world, item, source, stamp), book_of(world, item, target, stamp))
        for book, doc in gen_cards.own_transfers(*books, world.today):
            (source if book is books[0] else target).ledger.put(doc)


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
