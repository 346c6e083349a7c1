"""The commands sync_connection and reconcile, and a dry run, which writes nothing."""

import pytest
from django.core.management import CommandError, call_command

from apps.banking.factories import (
    AccountFactory,
    ConnectionFactory,
    CreditCardBillFactory,
    InvestmentFactory,
    InvestmentTransactionFactory,
    TransactionFactory,
)
from apps.banking.models import Connection, SyncRun, Transaction
from apps.banking.sync.dry_run import dry_run
from apps.clients.factories import MembershipFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(bank):
    return ConnectionFactory(vendor_id=bank.connect(MembershipFactory()), state="connecting")


def run(capsys, *arguments) -> str:
    call_command(*arguments)
    return capsys.readouterr().out


def test_the_command_syncs_a_connection_at_once_and_prints_the_counts(connection, capsys, differences):
    said = run(capsys, "sync_connection", str(connection.pk))
    assert "transactions: 71 created" in said
    assert differences(connection.vendor_id) == {}
    assert "noted\n  there was nothing new to read" in run(capsys, "sync_connection", connection.vendor_id)
    said = run(capsys, "sync_connection", connection.vendor_id, "--full")
    assert "transactions: 0 created, 0 changed, 71 unchanged, 0 removed" in said
    with pytest.raises(CommandError, match="no connection"):
        run(capsys, "sync_connection", "nobody")


def test_without_a_connection_the_commands_say_so(capsys):
    for options in ((), ("--dry-run",)):
        assert run(capsys, "reconcile", *options) == "There is no connection to compare. Connect a bank first.\n"
    with pytest.raises(CommandError, match="There is no connection yet"):
        run(capsys, "sync_connection", "1")


def test_a_failed_sync_is_reported_and_left_to_a_worker(connection, capsys, bank):
    bank.fault("500", "GET /accounts", count=1)
    with pytest.raises(CommandError, match="A worker will run it"):
        run(capsys, "sync_connection", str(connection.pk))
    assert Event.objects.get(kind="connection.reconcile").state == "pending"


def test_a_dry_run_says_what_would_change_and_writes_nothing(connection, capsys, bank):
    said = run(capsys, "reconcile", "--dry-run")
    assert "accounts: 3 would be created" in said
    assert not Transaction.objects.exists()
    run(capsys, "sync_connection", str(connection.pk))
    events, runs = Event.objects.count(), SyncRun.objects.count()
    assert "no differences" in run(capsys, "reconcile", "--dry-run")
    bank.evolve(connection.vendor_id, silent=True, new=2, delete=3, update=1)
    said = run(capsys, "reconcile", "--dry-run", "--connection", str(connection.pk))
    for part in ("transactions: 4 would be created", "2 would be changed", "6 would be removed"):
        assert part in said
    assert (Event.objects.count(), SyncRun.objects.count()) == (events, runs)
    bank.delete(connection.vendor_id)
    assert "is gone" in run(capsys, "reconcile", "--dry-run")
    assert Connection.objects.get().state == "active"


def test_a_dry_run_counts_what_is_under_a_closed_account_or_investment_as_the_sync_does(connection, capsys):
    run(capsys, "sync_connection", str(connection.pk))
    TransactionFactory(account=AccountFactory(connection=connection))
    CreditCardBillFactory(account=AccountFactory(connection=connection, type="CREDIT"))
    InvestmentTransactionFactory(investment=InvestmentFactory(connection=connection))
    counts = dry_run(connection)
    run(capsys, "sync_connection", str(connection.pk), "--full")
    assert counts == SyncRun.objects.latest("pk").counts
    removed = {product: by["removed"] for product, by in counts.items() if by["removed"]}
    assert removed == {"accounts": 2, "transactions": 1, "bills": 1, "investments": 1, "investment_transactions": 1}


def test_without_dry_run_the_command_requests_the_comparison(connection, capsys, work, differences):
    assert "requested" in run(capsys, "reconcile")
    work()
    assert differences(connection.vendor_id) == {}
