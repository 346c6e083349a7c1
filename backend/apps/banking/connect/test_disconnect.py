"""Disconnecting deletes at the aggregator first, then tombstones or erases our rows, and nothing brings them back."""

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from apps.banking import models
from apps.banking.conftest import run_next
from apps.banking.connect import disconnect as module
from apps.banking.connect.credentials import remove
from apps.banking.connect.disconnect import KIND, disconnect
from apps.banking.connect.finish import finish
from apps.banking.connect.refresh import Outcome, refresh
from apps.banking.models import Account, ClientApplication, Connection, SyncRun, Transaction
from apps.banking.models.base import VendorRow
from apps.banking.sync import reconcile
from apps.clients.models import Client
from apps.events.lease import LeaseLost, claim
from apps.events.models import Event

pytestmark = pytest.mark.django_db
DELETE = "DELETE /items/{id}"
# A row of these hangs on a connection, at any depth.
TABLES = [
    models.Account,
    models.BalanceSnapshot,
    models.Consent,
    models.CreditCardBill,
    models.Identity,
    models.Investment,
    models.InvestmentTransaction,
    models.Loan,
    models.Mark,
    models.SyncRun,
    models.Transaction,
]


@pytest.fixture
def connection(bank, member, work):
    made = finish(member, bank.connect(member))
    work()
    made.refresh_from_db()
    return made


def is_at_the_vendor(bank, item):
    return bank.session.get(f"{bank.url}/items/{item}", timeout=20).status_code == 200


def live():
    tables = [table for table in TABLES if issubclass(table, VendorRow)]
    return sum(table.objects.filter(deleted_at=None).count() for table in tables)


def test_keeping_the_data_makes_tombstones(bank, connection, work, announced_kinds):
    rows = Transaction.objects.count()
    disconnect(connection)
    # Nothing happens in the request itself.
    assert is_at_the_vendor(bank, connection.vendor_id)
    work()
    connection.refresh_from_db()
    assert not is_at_the_vendor(bank, connection.vendor_id)
    assert (connection.state, live()) == ("deleted", 0)
    assert Transaction.objects.count() == rows > 0
    assert announced_kinds().count("connection.deleted") == 1


def test_erasing_leaves_no_row(bank, connection, work, announced_kinds):
    assert all(table.objects.exists() for table in TABLES)
    disconnect(connection, erase=True)
    work()
    assert not is_at_the_vendor(bank, connection.vendor_id)
    assert not Connection.objects.exists()
    assert [table.__name__ for table in TABLES if table.objects.exists()] == []
    assert announced_kinds().count("connection.deleted") == 1


def test_every_table_of_a_connection_is_erased_in_parts(connection):
    """What hangs on a transaction goes with it."""
    parents = (models.Connection, models.Account, models.Investment)
    fields = [field for model in apps.get_app_config("banking").get_models() for field in model._meta.concrete_fields]
    hanging = {field.model for field in fields if field.is_relation and field.related_model in parents}
    assert {rows.model for rows in module._rows_of(connection)} == hanging == set(TABLES)


def test_only_the_rows_of_that_connection_are_erased(bank, member, connection, work):
    other = finish(member, bank.connect(member, "user-ok-two-checking-accounts"))
    work()
    before = Transaction.objects.filter(account__connection=other).count()
    disconnect(connection, erase=True)
    work()
    assert Connection.objects.get() == other
    assert Transaction.objects.count() == before > 0
    assert is_at_the_vendor(bank, other.vendor_id)


def test_asking_twice_is_one_request(bank, connection, work):
    disconnect(connection)
    disconnect(connection)
    assert Event.objects.filter(kind=KIND).count() == 1
    work()
    connection.refresh_from_db()
    disconnect(connection)
    assert Event.objects.filter(kind=KIND).count() == 1


def test_who_asks_to_keep_and_then_to_erase_has_the_rows_erased(bank, connection, work):
    disconnect(connection)
    disconnect(connection, erase=True)
    disconnect(connection)
    work()
    assert not Connection.objects.exists()


def test_rows_that_were_kept_can_be_erased_later(bank, connection, work):
    disconnect(connection)
    work()
    connection.refresh_from_db()
    disconnect(connection, erase=True)
    work()
    assert not Connection.objects.exists()


def test_an_item_that_is_gone_already_is_no_obstacle(bank, connection, work):
    bank.delete(connection.vendor_id)
    disconnect(connection)
    work()
    connection.refresh_from_db()
    assert (connection.state, Event.objects.get(kind=KIND).state) == ("deleted", "done")


def test_an_aggregator_that_is_down_is_asked_again(bank, connection, work, make_all_due):
    bank.fault("500", DELETE)
    disconnect(connection)
    work()
    bank.mend()
    connection.refresh_from_db()
    assert (connection.state, live() > 0) == ("active", True)
    assert connection.disconnect_asked_at
    make_all_due()
    work()
    connection.refresh_from_db()
    assert (connection.state, live()) == ("deleted", 0)


def test_refused_credentials_of_the_installation_are_waited_for(bank, connection, work, make_all_due, settings):
    right = settings.PLUGGY_CLIENT_SECRET
    settings.PLUGGY_CLIENT_SECRET = "pluggy_sk_wrong"
    disconnect(connection)
    work()
    assert live() > 0
    settings.PLUGGY_CLIENT_SECRET = right
    make_all_due()
    work()
    assert live() == 0


@pytest.mark.parametrize("erase", [False, True])
def test_a_worker_that_dies_after_the_aggregators_deletion_is_followed_by_another(
    bank, connection, work, make_all_due, monkeypatch, erase
):
    disconnect(connection, erase=erase)

    def die(*args):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(module, "retire_rows", die)
        patched.setattr(module, "_erase", die)
        work()
    assert not is_at_the_vendor(bank, connection.vendor_id)
    assert live() > 0
    make_all_due()
    work()
    assert live() == 0
    assert Connection.objects.exists() is not erase


def test_a_worker_that_dies_in_the_middle_of_erasing_is_followed_by_another(
    bank, connection, work, make_all_due, monkeypatch
):
    monkeypatch.setattr(module, "BATCH", 20)
    disconnect(connection, erase=True)
    rows, count = module._rows_of, 0

    def some(given):
        nonlocal count
        for count, table in enumerate(rows(given)):
            if count == 4:
                raise RuntimeError("killed")
            yield table

    with monkeypatch.context() as patched:
        patched.setattr(module, "_rows_of", some)
        work()
    assert count == 4
    assert not Transaction.objects.exists()
    assert Account.objects.exists()
    make_all_due()
    work()
    assert not Connection.objects.exists()


def test_nothing_that_arrives_later_brings_the_rows_back(bank, connection, deliver, work, make_all_due):
    events = bank.events(connection.vendor_id)
    reconcile.request(connection, full=True)
    disconnect(connection, erase=True)
    work()
    deliver(*[{**event, "eventId": f"late-{number}"} for number, event in enumerate(events)])
    deliver(*[event for event in bank.events(connection.vendor_id) if event["event"] == "item/deleted"])
    work()
    make_all_due()
    work()
    assert not Connection.objects.exists()
    assert not SyncRun.objects.exists()
    assert set(Event.objects.values_list("state", flat=True)) == {"done"}


def test_the_request_waits_for_the_worker_that_holds_the_mailbox(bank, connection, work, make_all_due):
    with transaction.atomic():
        lease = claim(connection.mailbox)
    disconnect(connection, erase=True)
    run_next(Event.objects.get(kind=KIND))
    assert is_at_the_vendor(bank, connection.vendor_id)
    assert live() > 0
    lease.free()
    work()
    assert not Connection.objects.exists()
    with pytest.raises(LeaseLost), lease.write():
        raise AssertionError("a worker without the lease writes nothing")


def test_a_sync_that_waits_behind_the_request_reads_nothing(bank, connection, work):
    disconnect(connection)
    reconcile.request(connection, full=True)
    work()
    connection.refresh_from_db()
    assert (connection.state, live()) == ("deleted", 0)
    assert refresh(connection).outcome is Outcome.GONE


@pytest.fixture
def at_own(bank, own, member, work):
    """A connection at the client's own application."""
    made = finish(member, bank.connect(member), own.name)
    work()
    made.refresh_from_db()
    return made


def refuse(own):
    """The client has made a new secret at the aggregator, and Ponte does not have it."""
    own.secret = "pluggy_sk_rotated_elsewhere"
    own.save()


def test_an_item_at_a_removed_application_is_ended_here(bank, own, at_own, work):
    own.delete()
    disconnect(at_own)
    work()
    at_own.refresh_from_db()
    assert at_own.state == "deleted"
    assert is_at_the_vendor(bank, at_own.vendor_id)


def test_refused_credentials_of_a_client_are_waited_for_until_it_removes_them(bank, own, at_own, work):
    refuse(own)
    disconnect(at_own, erase=True)
    work()
    assert live() > 0
    remove(own)
    work()
    assert not Connection.objects.exists()
    assert not ClientApplication.objects.exists()
    assert is_at_the_vendor(bank, at_own.vendor_id)


def test_a_client_that_is_being_erased_does_not_wait_for_refused_credentials(own, at_own, work):
    refuse(own)
    Client.objects.filter(pk=at_own.client_id).update(erasing_at=timezone.now())
    disconnect(at_own, erase=True)
    work()
    assert not Connection.objects.exists()
