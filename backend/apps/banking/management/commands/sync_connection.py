"""manage.py sync_connection: compare one connection with the aggregator now, in this process."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.banking.models import Connection, SyncRun
from apps.banking.sync import reconcile
from apps.events.work import process

# The database keeps no order of its own.
NAMES = ("created", "changed", "unchanged", "removed")


class Command(BaseCommand):
    help = "Sync one connection now: what moved since the last time or, with --full, everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("connection", help="the connection's number, or the aggregator's item id")
        parser.add_argument("--full", action="store_true", help="list everything, moved or not")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = find(options["connection"])
        last = SyncRun.objects.filter(connection=connection).order_by("pk").last()
        reconcile.ask(connection, full=options["full"])
        # In the item's own mailbox, as any other sync: never at the same time as a worker's.
        outcome = process(connection.mailbox, reconcile.KIND, reconcile.reconcile)
        if outcome is None:
            raise CommandError("It did not run here: others are before it, or it failed. A worker will try it (again).")
        self.stdout.write(f"{connection}: {outcome}")
        for run in SyncRun.objects.filter(connection=connection, pk__gt=last.pk if last else 0):
            for product, counts in sorted(run.counts.items()):
                self.stdout.write(f"  {product}: " + ", ".join(f"{counts[name]} {name}" for name in NAMES))


def find(name: str) -> Connection:
    """By number or item id. Raises CommandError."""
    by = {"pk": int(name)} if name.isdecimal() else {"vendor_id": name}
    connection = Connection.objects.filter(**by).first()
    if connection is None:
        raise CommandError(f"There is no connection {name}.")
    return connection
