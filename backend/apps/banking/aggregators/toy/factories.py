"""Links of Toybank, their webhooks and their connections, for tests."""

import json
from decimal import Decimal

from apps.banking.aggregators.mailboxes import read_mailbox_name
from apps.banking.aggregators.toy.application import ToyApplication
from apps.banking.aggregators.toy.definition import APPLICATIONS
from apps.banking.aggregators.toy.vendor import Link
from apps.banking.models import Connection
from apps.banking.models.base import VendorRow
from apps.banking.sync.adopt import adopt
from apps.clients.factories import MembershipFactory
from apps.events.accept import accept_here
from apps.events.store import make_row

FIRST, SHOP = APPLICATIONS


def link(name: str = "l1", application: ToyApplication = FIRST) -> Link:
    """A link with two wallets and three movements."""
    made = Link("ana", "token-of-ana", {"w1": Decimal(5), "w2": Decimal(7)})
    made.log += [("w1", "m1", Decimal(-1)), ("w1", "m2", Decimal(-2)), ("w2", "m3", Decimal(3))]
    application.bank.links[name] = made
    return made


def webhook(topic: str = "LINK", name: str = "l1", at: int = 1, vendor: str = "toy") -> None:
    """Stores a webhook as the door does, but in the test's own transaction."""
    body = json.dumps({"topic": topic, "link": name, "at": at}).encode()
    seen = FIRST.door.read(body)
    accept_here(make_row(vendor, seen.event_id, seen.kind, f"{vendor}:item:{name}", body))


def connect(name: str = "l1", vendor: str = "toy") -> Connection:
    """The connection of a link, with its credential."""
    return adopt(read_mailbox_name(f"{vendor}:item:{name}"), MembershipFactory.create(), credential="token-of-ana")


def alive(model: type[VendorRow]) -> set[str]:
    """The ids of the rows that are no tombstones."""
    return set(model._default_manager.filter(deleted_at=None).values_list("vendor_id", flat=True))
