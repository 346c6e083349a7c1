"""manage.py sync_connection: compare one connection with the aggregator now, in this process."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.banking.aggregators.contract import Subject
from apps.banking.aggregators.mailboxes import MailboxName
from apps.banking.management.applications import add_application_arguments, application_of
from apps.banking.models import Connection, SyncRun
from apps.banking.sync import reconcile
from apps.events.models import Event
from apps.events.settle import PARKED
from apps.events.work import process
from lib.row_security import for_system

# The order of printing: jsonb does not keep the order of keys.
NAMES = ("created", "changed", "unchanged", "removed")


class Command(BaseCommand):
    help = "Sync one connection now: read what changed since the last sync or, with --full, everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("connection", help="the connection's number, or the aggregator's item id")
        parser.add_argument("--full", action="store_true", help="list everything, even if nothing has changed")
        parser.add_argument("--new", action="store_true", help="the item has no connection yet: create it")
        add_application_arguments(parser)

    @for_system("management commands")
    def handle(self, *args: Any, **options: Any) -> None:
        if options["new"]:
            self._connect(options)
            return
        connection = find(options["connection"])
        last = SyncRun.objects.filter(connection=connection).order_by("pk").last()
        reconcile.request(connection, full=options["full"])
        # The sync runs under the lease of the item's mailbox, so it never runs at the same time as a worker's.
        outcome = process(connection.mailbox, reconcile.KIND, reconcile.reconcile)
        if outcome is None:
            raise CommandError(
                "The sync did not run here: earlier events wait, a worker holds the mailbox, or the sync failed. "
                "A worker will run it."
            )
        self.stdout.write(f"{connection}: {outcome}")
        runs = SyncRun.objects.filter(connection=connection, pk__gt=last.pk if last else 0)
        if not runs:
            self.stdout.write("  there was nothing new to read (--full lists everything)")
        for run in runs:
            for product, counts in sorted(run.counts.items()):
                self.stdout.write(f"  {product}: " + ", ".join(f"{counts[name]} {name}" for name in NAMES))

    def _connect(self, options: dict[str, Any]) -> None:
        application_of(options)
        name = options["connection"]
        mailbox = str(MailboxName(options["aggregator"], options["application"], Subject.ITEM, name))
        reconcile.request_new(mailbox)
        outcome = process(mailbox, reconcile.KIND, reconcile.reconcile)
        if outcome == "unknown item":
            raise CommandError(f"{options['aggregator']} has no item {name}.")
        if Event.objects.filter(mailbox=mailbox, state=Event.State.PENDING, outcome=PARKED).exists():
            raise CommandError(
                f"The item {name} names none of our members. Set its clientUserId to the id of a membership. Ponte "
                "then connects it within two hours."
            )
        if outcome is None:
            raise CommandError("The sync did not run here: a worker holds the mailbox, or the sync failed and waits.")
        self.stdout.write(f"item {name}: {outcome}")


def find(name: str) -> Connection:
    """Find a connection by its number, or else by its item id. Raises CommandError unless there is exactly one."""
    numbered = Connection.objects.filter(pk=int(name)) if name.isdecimal() else Connection.objects.none()
    connections = list(numbered) or list(Connection.objects.filter(vendor_id=name).order_by("pk"))
    if not connections:
        if not Connection.objects.exists():
            raise CommandError("There is no connection yet. Connect a bank, or run sync_connection with --new.")
        raise CommandError(
            f"There is no connection {name}. Use its number or the aggregator's item id. To connect a new item, run "
            "sync_connection with --new."
        )
    if len(connections) > 1:
        numbers = ", ".join(str(connection.pk) for connection in connections)
        raise CommandError(f"The connections {numbers} all have the item id {name}. Use the number of one.")
    return connections[0]
