"""A bank for tests: the Pluggy emulator as a real process, and fixtures that deliver its webhooks to our mailbox."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from celery import current_app
from django.db.models import DateTimeField, Func

BACKEND = Path(__file__).resolve().parents[2]
CLIENT_ID = "5d1f9a52-3c77-4e0b-9a43-6b8e2f0c1d90"
CLIENT_SECRET = "pluggy_sk_sandbox_only"
SETTLED = ("UPDATED", "OUTDATED", "LOGIN_ERROR", "WAITING_USER_INPUT", "WAITING_USER_ACTION")


class Bank:
    """The emulator: make things happen there, and read its state. `speed`: how many times faster its runs are."""

    def __init__(self, speed: int = 500) -> None:
        command = ["sandbox.pluggy", "--port", "0", "--speed", f"{speed}", "--no-rate-limits", "--allow-local-webhooks"]
        # At that speed a second factor would be too late after a moment, which a busy machine exceeds.
        command += ["--mfa-ttl", f"{120 * speed}"]
        environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=BACKEND, env=environment, stdout=subprocess.PIPE, text=True
        )
        self.url = self.process.stdout.readline().strip().rpartition(" ")[2]
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, self.url + path, json=body, timeout=20)
        assert answer.status_code < 400, answer.text
        return json.loads(answer.text, parse_float=Decimal) if answer.content else None

    def reset(self) -> None:
        self.call("POST", "/_sandbox/reset", {})
        key = self.call("POST", "/auth", {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET})["apiKey"]
        self.session.headers["X-API-KEY"] = key

    def connect(self, member: Any = None, user: str = "user-ok", connector: int = 2, **more: Any) -> str:
        """Create an item, and return its id when its first run has ended (or waits for the user)."""
        person = {"clientUserId": str(member.pk)} if member else {}
        parameters = {"user": user, "password": "password-ok"}
        body = {"connectorId": connector, "parameters": parameters, **person, **more}
        return self.settled(self.call("POST", "/items", body)["id"])["id"]

    def settled(self, item: str) -> dict:
        deadline = time.monotonic() + 20
        while (state := self.item(item))["status"] not in SETTLED:
            assert time.monotonic() < deadline, state
            time.sleep(0.01)
        return state

    def item(self, item: str) -> dict:
        return self.call("GET", f"/items/{item}")

    def evolve(self, item: str, **plan: Any) -> dict:
        """Simulate a day at the bank, whose webhooks are in `events` unless silent. Returns the changes by account."""
        return self.call("POST", f"/_sandbox/items/{item}/evolve", plan)["accounts"]

    def fail(self, item: str, code: str) -> None:
        self.call("POST", f"/_sandbox/items/{item}/fail", {"code": code})

    def delete(self, item: str) -> None:
        self.call("DELETE", f"/items/{item}")

    def fault(self, kind: str, pattern: str, **more: Any) -> None:
        """Add a fault (429, 500, hang, truncate, reset …) to the endpoints of `pattern`, such as GET /accounts."""
        self.call("POST", "/_sandbox/faults", {"target": "api", "kind": kind, "pattern": pattern, **more})

    def mend(self) -> None:
        self.call("DELETE", "/_sandbox/faults")

    def state(self, item: str) -> dict:
        return self.call("GET", f"/_sandbox/state?itemId={item}")["items"][0]

    def calls(self) -> dict[str, int]:
        """How many requests each endpoint has received."""
        endpoints = self.call("GET", "/_sandbox/requests")["endpoints"]
        return {name: line["count"] for name, line in endpoints.items()}

    def events(self, item: str = "", kind: str = "") -> list[dict]:
        """Payloads of the webhooks so far."""
        events = self.call("GET", f"/_sandbox/webhooks?itemId={item}&event={kind}")["events"]
        return [event["payload"] for event in events]

    def stop(self) -> None:
        self.session.close()
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def _bank() -> Iterator[Bank]:
    bank = Bank()
    yield bank
    bank.stop()


@pytest.fixture
def bank(_bank: Bank, settings: Any) -> Bank:
    """The emulator, reset to its start, with our settings pointing at it."""
    settings.PLUGGY_API_URL = _bank.url
    settings.PLUGGY_CLIENT_ID, settings.PLUGGY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    _bank.reset()
    return _bank


def store(*payloads: dict, token_member: UUID | None = None) -> None:
    """Stores webhook payloads as the door does, but in the test's own transaction."""
    from apps.banking.aggregators.mailboxes import mailbox_of
    from apps.banking.aggregators.pluggy.webhooks.notification import read_notification
    from apps.events.accept import accept_here
    from apps.events.models import Event
    from apps.events.store import make_row

    for payload in payloads:
        body = json.dumps(payload).encode()
        notification = read_notification(body)
        mailbox = mailbox_of("pluggy", "", notification)
        row = make_row("pluggy", notification.event_id, notification.kind, mailbox, body, token_member=token_member)
        accept_here(row)
        # In a test's single transaction, the default now() always returns the same time.
        received = Func(function="clock_timestamp", output_field=DateTimeField())
        Event.objects.filter(event_id=notification.event_id, state="pending", attempts=0).update(received_at=received)


@pytest.fixture
def deliver() -> Callable[..., None]:
    """Stores webhook payloads."""
    return store


def _differs(model: Any, scope: dict, mapper: Any, docs: list) -> dict[str, int]:
    """How many rows a new full fetch would change; empty if none."""
    from django.db import transaction

    from apps.banking.rows.merge import merge

    truth = [mapper(doc) for doc in docs]
    stored = set(model.objects.filter(**scope, deleted_at=None).values_list("vendor_id", flat=True))
    with transaction.atomic():
        counts = merge(model, scope, truth)
        transaction.set_rollback(True)
    surplus = stored - {row["vendor_id"] for row in truth}
    differing = {"lacking": counts.created, "other": counts.changed, "too many": len(surplus)}
    return {name: number for name, number in differing.items() if number}


@pytest.fixture
def differences(bank: Bank) -> Callable[[str], dict]:
    """How our rows of an item differ from those of a new full fetch; {} if they do not."""
    from apps.banking import models as m
    from apps.banking.aggregators.pluggy import rows
    from apps.banking.cards.kinds import complete

    def completed(is_card: bool) -> Any:
        def mapper(doc: dict) -> dict:
            row = rows.transaction(doc)
            complete(row, is_card=is_card)
            return row

        return mapper

    def of(parent: Any, name: str) -> dict:
        return {"client_id": parent.client_id, name: parent.pk}

    def compare(item: str) -> dict:
        truth, connection = bank.state(item), m.Connection.objects.get(vendor_id=item)
        own = of(connection, "connection_id")
        counts = {
            "accounts": _differs(m.Account, own, rows.account, truth["accounts"]),
            "investments": _differs(m.Investment, own, rows.investment, truth["investments"]),
            "loans": _differs(m.Loan, own, rows.loan, truth["loans"]),
            "consents": _differs(m.Consent, own, rows.consent, truth["consents"]),
            "identity": _differs(m.Identity, own, rows.identity, [truth["identity"]] if truth["identity"] else []),
        }
        for account in m.Account.objects.filter(connection=connection, deleted_at=None):
            docs = truth["transactions"].get(account.vendor_id, [])
            scope, mapper = of(account, "account_id"), completed(account.type == "CREDIT")
            counts[f"transactions {account.pk}"] = _differs(m.Transaction, scope, mapper, docs)
            bills = truth["bills"].get(account.vendor_id, [])
            counts[f"bills {account.pk}"] = _differs(m.CreditCardBill, scope, rows.bill, bills)
        for investment in m.Investment.objects.filter(connection=connection, deleted_at=None):
            docs = truth["investmentTransactions"].get(investment.vendor_id, [])
            scope, mapper = of(investment, "investment_id"), rows.investment_transaction
            counts[f"movements {investment.pk}"] = _differs(m.InvestmentTransaction, scope, mapper, docs)
        return {name: differing for name, differing in counts.items() if differing}

    return compare


def due() -> Any:
    """The events that a worker would take now."""
    from django.utils import timezone

    from apps.events.models import Event

    return Event.objects.filter(state="pending", available_at__lte=timezone.now()).order_by("id")


def run_next(event: Any) -> None:
    """Run the task for an event's mailbox in this process, as the bell makes a worker do."""
    from apps.banking import tasks  # noqa: F401 - registers them
    from apps.events.kinds import task_of

    current_app.tasks[task_of(event.kind)[0]](event.mailbox)


@pytest.fixture
def work() -> Callable[[], int]:
    """Runs tasks until no event is due, and returns how many ran. Events that failed wait for their next attempt."""

    def run() -> int:
        runs = 0
        while (event := due().first()) is not None:
            run_next(event)
            runs += 1
            assert runs < 200, "the mailbox does not empty"
        return runs

    return run


@pytest.fixture
def fresh_budget() -> Callable[[], object]:
    """Resets the rate budgets, because several examples in a row make more calls than Pluggy allows."""
    import redis

    return redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb


@pytest.fixture
def make_all_due() -> Callable[[], int]:
    """Makes every waiting event due: those that wait for their next attempt, and the parked ones."""
    from django.utils import timezone

    from apps.events.models import Event

    return lambda: Event.objects.filter(state="pending").update(available_at=timezone.now())


@pytest.fixture
def connected(bank: Bank, deliver: Callable[..., None], work: Callable[[], int]) -> str:
    """An item whose first sync is done. The domain events of that sync are deleted."""
    from apps.clients.factories import MembershipFactory
    from apps.events.models import Event

    item = bank.connect(MembershipFactory())
    deliver(*bank.events(item))
    work()
    Event.objects.filter(source="ponte").delete()
    return item


@pytest.fixture
def sync_after(bank: Bank, deliver: Callable[..., None], work: Callable[[], int]) -> Callable[..., Any]:
    """Runs `act`, delivers the webhooks that it caused, processes them, and returns the connection."""
    from apps.banking.models import Connection

    def play(item: str, act: Callable[[], object]) -> Connection:
        before = {event["eventId"] for event in bank.events(item)}
        act()
        deliver(*[event for event in bank.events(item) if event["eventId"] not in before])
        work()
        return Connection.objects.get(vendor_id=item)

    return play


@pytest.fixture
def announced_kinds() -> Callable[[], list[str]]:
    """The kinds of the domain events so far, oldest first."""
    from apps.events.models import Event

    return lambda: list(Event.objects.filter(source="ponte").order_by("id").values_list("kind", flat=True))
