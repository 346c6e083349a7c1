"""After random days at two banks that use the same ids, with calls that fail anywhere, our rows equal theirs."""

import random
from decimal import Decimal

import pytest

from apps.banking.aggregators.toy.definition import APPLICATIONS
from apps.banking.aggregators.toy.factories import connect, link, webhook
from apps.banking.aggregators.toy.vendor import Link, Toybank
from apps.banking.models import Connection, Transaction
from apps.banking.sync.dry_run import dry_run
from apps.events.models import Event
from lib.errors import Temporary

pytestmark = pytest.mark.django_db

STEPS = 50
VENDORS = {"": "toy", "shop": "toy@shop"}


class Failures:
    """Lets some calls to the vendor succeed, and fails those after them."""

    def __init__(self, monkeypatch):
        self.calls_left, look = None, Toybank.look

        def look_or_fail(bank, *arguments):
            if self.calls_left is not None:
                self.calls_left -= 1
                if self.calls_left < 0:
                    raise Temporary("the vendor is down", code="DOWN")
            return look(bank, *arguments)

        monkeypatch.setattr(Toybank, "look", look_or_fail)


def live(rng: random.Random, at_bank: Link, step: int) -> None:
    """Something happens: a wallet closes or opens, a movement is made, changed or undone."""
    wallet, movement, chance = rng.choice(["w1", "w2", "w3"]), f"x{rng.randrange(8)}", rng.random()
    if chance < 0.15:
        at_bank.wallets.pop(wallet, None)
    elif chance < 0.3:
        at_bank.wallets[wallet] = Decimal(step)
    else:
        at_bank.log.append((wallet, movement, Decimal(step) if chance < 0.7 else None))


def at_the_bank(link: Link) -> set:
    latest = {(wallet, name): amount for wallet, name, amount in link.log if wallet in link.wallets}
    return {(*key, amount) for key, amount in latest.items() if amount is not None}


def at_ponte(application: str) -> set:
    rows = Transaction.objects.filter(account__connection__application=application, deleted_at=None)
    return set(rows.values_list("account__vendor_id", "vendor_id", "amount"))


@pytest.mark.parametrize("seed", range(4))
def test_our_rows_end_as_the_vendors_whatever_happens_and_fails(seed, work, make_all_due, monkeypatch):
    rng, failures = random.Random(seed), Failures(monkeypatch)
    for application in APPLICATIONS:
        link("l1", application)
        connect("l1", VENDORS[application.name])
    for step in range(STEPS):
        application = rng.choice(APPLICATIONS)
        live(rng, application.bank.links["l1"], step)
        if rng.random() < 0.7:
            failures.calls_left = rng.choice([None, None, 0, 1, 2, 3, 4])
            webhook(rng.choice(["LINK", "MOVED"]), at=step, vendor=VENDORS[application.name])
            work()
            failures.calls_left = None
        if rng.random() < 0.3:
            make_all_due()
            work()
    for application in APPLICATIONS:
        webhook("LINK", at=STEPS, vendor=VENDORS[application.name])
    make_all_due()
    work()
    assert not Event.objects.exclude(state="done").exists()
    for application in APPLICATIONS:
        assert at_ponte(application.name) == at_the_bank(application.bank.links["l1"])
    for connection in Connection.objects.all():
        written = [by[name] for by in dry_run(connection).values() for name in ("created", "changed", "removed")]
        assert not any(written)
