"""Two applications of one aggregator: each gets its own webhooks and reads its own items."""

import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from apps.banking.aggregators.contract import Directory, ListedItem
from apps.banking.aggregators.mailboxes import read_mailbox_name
from apps.banking.aggregators.toy.application import ToyApplication
from apps.banking.aggregators.toy.factories import FIRST, SHOP, connect, link, webhook
from apps.banking.aggregators.toy.vendor import Toybank
from apps.banking.models import Account, Connection, Connector, Transaction
from apps.banking.sync import directory, discover, reconcile
from apps.clients.factories import MembershipFactory
from apps.events.models import Event
from lib.errors import Temporary

pytestmark = pytest.mark.django_db

DOOR = "/api/banking/webhooks/toy/"


@pytest.mark.django_db(transaction=True)
def test_a_webhook_is_stored_once_for_the_application_whose_key_it_has():
    body = json.dumps({"topic": "MOVED", "link": "l1", "at": 9})

    def post(key: str, content: str = body):
        answer = Browser().post(DOOR, content, content_type="application/json", HTTP_X_TOY_KEY=key)
        return answer.status_code, answer.json()

    assert post("first-key") == (200, {"status": "accepted"})
    assert post("first-key") == (200, {"status": "duplicate"})
    assert post("second-key") == (200, {"status": "accepted"})
    assert post("third-key")[0] == 401
    assert post("first-key", "[]")[0] == 400
    stored = Event.objects.order_by("id").values_list("source", "kind", "mailbox")
    assert list(stored) == [
        ("toy", "transactions.changed", "toy:item:l1"),
        ("toy@shop", "transactions.changed", "toy@shop:item:l1"),
    ]


@pytest.mark.django_db(transaction=True)
def test_the_door_stores_webhooks_of_an_application_with_the_longest_name(applications):
    name = "a" * Connection._meta.get_field("application").max_length
    applications(ToyApplication(Toybank("third-key"), name))
    body = json.dumps({"topic": "MOVED", "link": "l" * 100})
    answer = Browser().post(DOOR, body, content_type="application/json", HTTP_X_TOY_KEY="third-key")
    assert answer.json() == {"status": "accepted"}
    assert read_mailbox_name(Event.objects.get().mailbox) == ("toy", name, "item", "l" * 100)


def test_the_door_of_an_aggregator_without_applications_is_not_configured(applications, settings):
    settings.DEBUG = True
    applications()
    answer = Browser().post(DOOR, b"{}", content_type="application/json")
    assert (answer.status_code, answer.json()) == (503, {"error": "not_configured"})


def test_an_application_reads_only_its_own_links(connected, work):
    # The other application sends a webhook about a link of this name, which it does not have yet.
    webhook(name="l1", vendor="toy@shop", at=5)
    work()
    assert Event.objects.get(mailbox="toy@shop:item:l1").outcome == "parked"
    link("l1", SHOP).wallets = {"s1": Decimal(1)}
    SHOP.bank.links["l1"].log[:] = [("s1", "m1", Decimal(-9))]
    shop = connect("l1", "toy@shop")
    webhook(name="l1", vendor="toy@shop", at=6)
    work()
    shop.refresh_from_db()
    assert (shop.state, shop.application, shop.mailbox) == ("active", "shop", "toy@shop:item:l1")
    assert shop.client != connected.client
    assert set(Account.objects.filter(connection=shop).values_list("vendor_id", flat=True)) == {"s1"}
    assert set(Account.objects.filter(connection=connected).values_list("vendor_id", flat=True)) == {"w1", "w2"}
    assert Transaction.objects.get(account__connection=shop).amount == -9
    assert shop.seal_context("x") != connected.seal_context("x")


def test_an_application_that_fails_does_not_stop_the_others(bank, applications, work):
    member = MembershipFactory()

    class Failing(ToyApplication):
        def items(self):
            raise Temporary("the vendor is down", code="DOWN")

        directory = items

    class Listing(ToyApplication):
        def items(self):
            yield [ListedItem("l9", str(member.pk), None)]

        def directory(self, **hooks):
            return Banks()

    class Banks(Directory):
        def institutions(self):
            yield [{"vendor_id": "b1", "name": "Bank of toys"}]

    applications(Failing(FIRST.bank), Listing(SHOP.bank, "shop"))
    for search in (discover.discover, directory.refresh):
        with pytest.raises(Temporary):
            search()
    assert Event.objects.get(kind=reconcile.KIND).mailbox == "toy@shop:item:l9"
    assert Connector.objects.get(aggregator="toy").name == "Bank of toys"


def test_a_command_asks_for_the_number_if_two_applications_have_the_same_item_id(connected, capsys):
    link("l1", SHOP)
    shop = connect("l1", "toy@shop")
    with pytest.raises(CommandError, match=f"{connected.pk}, {shop.pk}"):
        call_command("sync_connection", "l1")
    call_command("sync_connection", str(shop.pk))
    assert "synced" in capsys.readouterr().out


def test_commands_say_which_application_or_offer_is_missing():
    for command in ("register_webhooks", "test_webhook"):
        with pytest.raises(CommandError, match="no application called 'nope'"):
            call_command(command, aggregator="toy", application="nope")
        with pytest.raises(CommandError, match=r"use its dashboard|cannot imitate"):
            call_command(command, aggregator="toy", application="shop")


def test_discovery_and_refresh_skip_what_the_vendor_does_not_offer(connected, bank):
    assert discover.discover() == 0
    directory.refresh()
