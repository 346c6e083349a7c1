"""The rows that `scripts/bench pages` seeds: people, their accounts and transactions, and the events of a month.

A function that returns lines asks the database all that it needs before it returns: while COPY runs, the table and
those that it refers to are locked.
"""

import random
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import TypeAlias
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from apps.banking.aggregators.contract import Row
from apps.banking.models import (
    Account,
    BalanceSnapshot,
    Connection,
    Connector,
    CreditCardBill,
    Investment,
    Loan,
    Transaction,
)
from apps.banking.rows.columns import columns
from apps.banking.rows.merge import merge
from apps.clients.models import Client, Membership
from apps.events.models import Event, Tally

# (account's id, client's id, type, client's name), and the number of its transactions.
Share: TypeAlias = "tuple[tuple[int, UUID, str, str], int]"
LARGE, STAFF = "large", "staff"
# One of the words in the descriptions.
WORD = "padaria"
SHOPS = "Mercado Padaria Farmácia Posto Restaurante Livraria Cinema Uber Pix Boleto Aluguel Energia Água".split()
PLACES = "Central Paulista Ipiranga Moema Savassi Botafogo Aldeota Batel Pampulha Lapa Tijuca Boa-Vista".split()
CATEGORIES = ["Groceries", "Eating out", "Transport", "Housing", "Health", "Leisure", "Transfers", "Income"]
DAYS = 5 * 365
BANKS_OF_LARGE, ACCOUNTS_OF_A_BANK, RUNS, PENDING = 5, 4, 400, 500
BATCH = 5000
EVENT = (
    "source", "event_id", "kind", "mailbox", "client_id", "state", "outcome", "attempts", "available_at",
    "error_type", "error_code", "received_at", "finished_at",
)  # fmt: skip
SYNC_RUN = (
    "connection_id", "client_id", "cause", "state", "counts", "error_type", "error_code", "started_at", "finished_at",
)  # fmt: skip
# As large as a sealed webhook. Lists show no payload, so none of these is ever read.
PAYLOAD = secrets.token_bytes(420)


def people(clients: int) -> None:
    """The large client with its owner, somebody of the staff, and `clients` others with one bank each."""
    users = get_user_model().objects
    users.create_superuser(STAFF, f"{STAFF}@example.com")
    names = [LARGE, *(f"person-{number}" for number in range(clients))]
    users.bulk_create([get_user_model()(username=name, email=f"{name}@example.com") for name in names])
    ids = dict(users.filter(username__in=names).values_list("username", "id"))
    tenants = Client.objects.bulk_create([Client(name=f"Client of {name}") for name in names])
    members = Membership.objects.bulk_create(
        [
            Membership(client=tenant, user_id=ids[name], role="owner")
            for name, tenant in zip(names, tenants, strict=True)
        ]
    )
    banks = [make_connector(number) for number in range(100)]
    Connector.objects.bulk_create(banks)
    for member in members:
        large = member.user_id == ids[LARGE]
        for _ in range(BANKS_OF_LARGE if large else 1):
            connect(member, random.choice(banks), ACCOUNTS_OF_A_BANK if large else 2)


def make_connector(number: int) -> Connector:
    return Connector(
        vendor_id=f"{number + 1}",
        digest=secrets.token_bytes(16),
        name=f"Banco {number}",
        country="BR",
        type="PERSONAL_BANK",
        health_status="ONLINE",
    )


def connect(member: Membership, bank: Connector, accounts: int) -> None:
    now = timezone.now()
    connection = Connection.objects.create(
        client_id=member.client_id,
        member=member,
        vendor_id=secrets.token_hex(16),
        connector=bank,
        state=random.choices(["active", "needs_user", "outdated"], [90, 6, 4])[0],
        status="UPDATED",
        execution_status="SUCCESS",
        products=["ACCOUNTS", "TRANSACTIONS", "CREDIT_CARDS", "INVESTMENTS"],
        last_updated_at=now - timedelta(hours=5),
        last_synced_at=now - timedelta(hours=5),
        next_auto_sync_at=now + timedelta(hours=19),
    )
    with transaction.atomic():
        scope = {"client_id": connection.client_id, "connection_id": connection.pk}
        merge(Account, scope, [account(number) for number in range(accounts)])


def account(number: int) -> Row:
    card = number % 2 == 1
    known: Row = {
        "vendor_id": secrets.token_hex(16),
        "type": "CREDIT" if card else "BANK",
        "subtype": "CREDIT_CARD" if card else "CHECKING_ACCOUNT",
        "name": "Cartão Platinum" if card else "Conta Corrente",
        "number": f"{number:04d}",
        "balance": Decimal(random.randint(10_000, 5_000_000)) / 100,
        "currency_code": "BRL",
    }
    limits: Row = {"credit_limit": Decimal(20_000), "available_credit_limit": Decimal(12_000), "brand": "VISA"}
    return {**known, **limits} if card else known


class TransactionColumns:
    """The columns of a line of transactions: those of the product's own merge, and the row's account and client."""

    def __init__(self) -> None:
        self.shape = columns(Transaction, ("account_id", "client_id"))
        self.names = [*self.shape.names, "account_id", "client_id"]


def transactions(shape: TransactionColumns, count: int) -> Iterator[str]:
    """Lines of COPY, digested and sealed as a sync does. The large client has a tenth of them."""
    owned = list(Account.objects.order_by("id").values_list("id", "client_id", "type", "client__name"))
    large = [one for one in owned if one[3] == f"Client of {LARGE}"]
    others = [one for one in owned if one not in large]
    shares = [(one, count // 10 // len(large)) for one in large]
    shares += [(one, count * 9 // 10 // len(others)) for one in others]
    return transaction_lines(shape, shares)


def transaction_lines(shape: TransactionColumns, shares: list[Share]) -> Iterator[str]:
    for (pk, client, kind, _), number in shares:
        wanted = iter(transaction_rows(pk, kind, number))
        while batch := list(islice(wanted, BATCH)):
            digested = shape.shape.digest_all(batch).values()
            for text in shape.shape.lines(digested, {"account_id": pk, "client_id": client}):
                yield f"{text}\t{pk}\t{client}"


def transaction_rows(account_id: int, kind: str, count: int) -> Iterator[Row]:
    """Spread evenly over five years, oldest first."""
    today = date.today()
    for number in range(count):
        day = today - timedelta(days=DAYS - DAYS * number // count)
        shop = random.choice(SHOPS)
        known: Row = {
            "vendor_id": secrets.token_hex(16),
            "date": day,
            "occurred_at": datetime(day.year, day.month, day.day, 15, number % 60, tzinfo=UTC),
            "description": f"{shop} {random.choice(PLACES)} {number % 1000}",
            "amount": -Decimal(random.randint(100, 90_000)) / 100,
            "currency_code": "BRL",
            "type": "DEBIT",
            "status": "POSTED",
            "category": random.choice(CATEGORIES),
            "category_id": f"{random.randint(1, 20):02d}000000",
            "merchant_name": shop,
            "extra": {"paymentData": {"payer": {"name": "ANA LIMA"}, "receiver": {"name": shop.upper()}}},
        }
        yield {**known, "bill_id": f"bill-{account_id}-{day:%Y%m}"} if kind == "CREDIT" else known


def products_of_the_large_client() -> None:
    """Balances of two years, bills of two years, investments and loans."""
    client = the_large_client()
    for each in Account.objects.filter(client=client):
        balances(each)
        if each.type == "CREDIT":
            with transaction.atomic():
                merge(CreditCardBill, {"client_id": client.pk, "account_id": each.pk}, bills(each.pk))
    for connection in Connection.objects.filter(client=client):
        scope = {"client_id": client.pk, "connection_id": connection.pk}
        with transaction.atomic():
            merge(Investment, scope, [investment(number) for number in range(10)])
            merge(Loan, scope, [{"vendor_id": secrets.token_hex(16), "product_name": "Crédito", "kind": "LOAN"}])


def the_large_client() -> Client:
    return Client.objects.get(name=f"Client of {LARGE}")


def balances(of: Account) -> None:
    today = date.today()
    BalanceSnapshot.objects.bulk_create(
        [
            BalanceSnapshot(
                client_id=of.client_id,
                account=of,
                date=today - timedelta(days=days),
                balance=Decimal(1000 + days),
                currency_code="BRL",
            )
            for days in range(730)
        ]
    )


def bills(account_id: int) -> list[Row]:
    today = date.today()
    days = [today - timedelta(days=30 * number) for number in range(24)]
    return [
        {
            "vendor_id": f"bill-{account_id}-{day:%Y%m}",
            "due_date": day,
            "total_amount": Decimal(2500),
            "currency_code": "BRL",
        }
        for day in days
    ]


def investment(number: int) -> Row:
    return {
        "vendor_id": secrets.token_hex(16),
        "type": "FIXED_INCOME",
        "name": f"CDB {number}",
        "balance": Decimal(1000 * number),
        "currency_code": "BRL",
        "status": "ACTIVE",
    }


def sync_runs() -> Iterator[str]:
    """A month of runs of all connections. A connection has as many in the small database as in the large one."""
    found = list(Connection.objects.values_list("id", "client_id"))
    return sync_run_lines(RUNS * len(found), found)


def sync_run_lines(count: int, found: list[tuple[int, UUID]]) -> Iterator[str]:
    begin = timezone.now() - timedelta(days=30)
    counts = '{"transactions": {"created": 3, "changed": 1, "unchanged": 0, "removed": 0}}'
    for number in range(count):
        pk, client = found[number % len(found)]
        failed = number % 40 == 0
        started = begin + timedelta(days=30) * number / count
        ended = started + timedelta(seconds=4)
        state, why = ("failed", "connection_failure") if failed else ("done", "")
        yield (
            f"{pk}\t{client}\titem/updated\t{state}\t{counts}\t{why}\t{'SITE_NOT_AVAILABLE' if failed else ''}"
            f"\t{started.isoformat()}\t{ended.isoformat()}"
        )


def events(count: int) -> Iterator[str]:
    """A month of events in the order of their arrival: one in 2,000 is dead, and the last few hundred are pending."""
    return event_lines(count, list(Connection.objects.values_list("vendor_id", "client_id")))


def event_lines(count: int, found: list[tuple[str, UUID]]) -> Iterator[str]:
    kinds = ["item/updated", "transactions/created", "transactions/updated", "item/login_succeeded", "item/error"]
    begin, month = timezone.now() - timedelta(days=30), timedelta(days=30)
    # As many in the small database as in the large one: how much waits depends on the worker, not on the past.
    pending = min(PENDING, count // 10)
    when = ""
    for number in range(count):
        if number % 64 == 0:
            when = (begin + month * number / count).isoformat()
        item, client = found[number % len(found)]
        # An odd factor gives every number another id, in no order, as those of a sender are.
        scattered = number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        state, outcome, kind, code, end = "done", "synced", kinds[number % 4], "", when
        if number >= count - pending:
            state, outcome, end = "pending", "", "\\N"
        elif number % 2000 == 7:
            state, outcome, kind, code = "dead", "failed", "item/error", "SITE_NOT_AVAILABLE"
        yield (
            f"pluggy\t{scattered:032x}\t{kind}\tpluggy:item:{item}\t{client}\t{state}\t{outcome}\t1\t{when}"
            f"\t{'connection_failure' if code else ''}\t{code}\t{when}\t{end}"
        )


def tallies(count: int) -> None:
    done = Event.objects.filter(state="done").count()
    Tally.objects.create(slot=1, accepted=count, done=done, purged=0)
