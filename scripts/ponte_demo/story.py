"""`python -m ponte_demo.story PORTS`: plays a user, a bank and people on WhatsApp for the running processes.

PORTS are those of the emulators, as JSON.

A process of its own, with Django. It reports on stdout, one JSON object a line: {"say": text},
{"bars": {name: [now, whole]}}, {"login": {…}}, and at the end {"figures": {…}} or {"failed": reason}.
"""

import io
import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse

from apps.banking.aggregators.pluggy import application
from apps.banking.models import Connection
from apps.banking.sync import rollup as sync_rollup
from apps.clients.models import Client, Membership
from apps.events import rollup as events_rollup
from core.celery import app as celery
from lib.row_security import for_system
from ponte_demo import figures, login
from ponte_demo.bank import Bank, answers
from ponte_demo.messages import Messages
from ponte_demo.telling import Failed, report, wait

# Pluggy Test Bank, with every product. A bank refuses to connect a user twice, so it is not the first that people try.
CONNECTOR = 500
CREDENTIALS = {"user": "user-ok", "password": "password-ok"}


class Story:
    """One run. `new_events` counts the events from now on, so that a second demo in one database shows its own.

    `ports`: of the emulators besides the bank's.
    """

    def __init__(self, bank: Bank, ports: Mapping[str, int]) -> None:
        self.bank, self.ports = bank, ports
        self.client = application.from_settings()[0].calls()
        self.new_events = figures.NewEvents.now()
        self.item_id = ""

    def run(self) -> dict[str, Any]:
        """Returns the figures without `seconds.ready`. Raises Failed."""
        if kept := Connection.objects.count():
            known = "of earlier demos are still in the database, but the sandbox does not know them any more"
            report(say=f"{kept} banks {known} (--fresh deletes them)")
        membership = self.sign_up()
        wait(lambda: answers(settings.PUBLIC_URL), "the web server did not answer")
        wait(worker_answers, "no Celery worker answered")
        self.register_webhook()
        visible = self.connect(membership)
        self.simulate_a_day()
        began = time.monotonic()
        messages = Messages(membership, self.ports, self.new_events).tell()
        count_hours()
        seconds = {"visible": round(visible, 2), "messages": round(time.monotonic() - began, 2)}
        return {**self.result(), "messages": messages, "seconds": seconds}

    def sign_up(self) -> Membership:
        """Create a user of the admin, with a client of their own. The password is new in each demo."""
        with transaction.atomic():
            user, known = login.create()
            client, _ = Client.objects.get_or_create(name="Demo")
            role = {"role": Membership.Role.OWNER}
            membership, _ = Membership.objects.get_or_create(client=client, user=user, defaults=role)
        report(login=known)
        return membership

    def register_webhook(self) -> None:
        """Register the webhooks as an operator does, but without TLS: the sandbox is on this machine."""
        call_command("register_webhooks", "--allow-http", stdout=io.StringIO())
        report(say=f"the sandbox sends its webhooks to {settings.PUBLIC_URL}{reverse('webhook', args=['pluggy'])}")

    def connect(self, membership: Membership) -> float:
        """Connect a bank. Returns the seconds until all of its data was in the database."""
        began = time.monotonic()
        item = self.client.create_item(CONNECTOR, CREDENTIALS, client_user_id=str(membership.id))
        self.item_id = item["id"]
        report(say=f"a bank is being connected: item {self.item_id}")
        wait(self.is_complete, "the bank's data did not arrive", self.describe)
        return time.monotonic() - began

    def simulate_a_day(self) -> None:
        """Simulate a day at the bank. Its webhooks are delivered twice, in any order."""
        report(say="a day at the bank: transactions are added, changed, deleted; every webhook is sent twice")
        self.bank.send_twice(50)
        self.bank.evolve(self.item_id)
        wait(self.is_settled, "the day's webhooks were not processed", self.describe)

    def is_complete(self) -> bool:
        """Whether our database has everything that the bank has."""
        whole = self.bank.counts(self.item_id)
        ours = figures.synced(self.item_id)
        stored = self.new_events.webhooks()
        bars = {name: [number, whole[name]] for name, number in ours.items()}
        report(bars={"webhooks": [stored["done"], stored["accepted"]], **bars})
        if stored["dead"]:
            raise Failed(f"a webhook could not be processed (it is dead): {self.describe()}")
        return whole["status"] == "UPDATED" and all(now == all_ for now, all_ in bars.values())

    def is_settled(self) -> bool:
        """Whether all data is here, no delivery is under way, and no event is pending."""
        under_way = any(delivery["state"] == "pending" for delivery in self.bank.deliveries())
        return self.is_complete() and not under_way and self.new_events.pending() == 0

    def describe(self) -> str:
        """What is not done yet, for an error message."""
        open_bars = {"ours": figures.synced(self.item_id), "the bank's": self.bank.counts(self.item_id)}
        return "; ".join([*self.new_events.unfinished(), str(open_bars)])

    def result(self) -> dict[str, Any]:
        """The figures of the bank. Raises Failed if the counts do not add up."""
        deliveries = self.bank.deliveries()
        counted = figures.webhooks(deliveries, self.new_events.webhooks())
        if lost := [d["state"] for d in deliveries if d["state"] != "delivered"]:
            raise Failed(f"some webhooks were not delivered: {lost}")
        if counted["dead"] or counted["pending"] or counted["accepted"] != counted["done"]:
            raise Failed(f"the counts of events do not add up: {counted}")
        return {
            "webhooks": counted,
            "accept_ms": figures.accept_ms(deliveries),
            "synced": figures.synced(self.item_id),
        }


def count_hours() -> None:
    """Show the day on the dashboard now. Without this, beat counts it within two minutes."""
    events_rollup.count_hours()
    sync_rollup.count_hours()


def worker_answers() -> bool:
    return bool(celery.control.ping(timeout=0.5))


@for_system("scripts")
def main() -> int:
    try:
        report(figures=Story(Bank(os.environ["PLUGGY_API_URL"]), json.loads(sys.argv[1])).run())
    except Exception as error:  # noqa: BLE001 (the runner must learn of any error)
        report(failed=f"{error}" if isinstance(error, Failed) else f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
