"""manage.py reconcile: request a comparison of connections with the aggregator, or print what it would change."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.banking.management.commands.sync_connection import find
from apps.banking.models import Connection
from apps.banking.sync import reconcile
from apps.banking.sync.dry_run import dry_run
from lib.errors import PonteError
from lib.row_security import for_system


class Command(BaseCommand):
    help = "Make the workers compare one or all connections with the aggregator. With --dry-run, compare here and now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", help="the connection's number, or the aggregator's item id")
        parser.add_argument("--dry-run", action="store_true", help="compare now, write nothing, print the differences")

    @for_system("management commands")
    def handle(self, *args: Any, **options: Any) -> None:
        name = options["connection"]
        connections = [find(name)] if name else Connection.objects.filter(deleted_at=None).order_by("pk").iterator()
        act = self._dry_run if options["dry_run"] else self._request
        outcomes = [(connection, act(connection)) for connection in connections]
        if not outcomes:
            self.stdout.write("There is no connection to compare. Connect a bank first.")
        failed = [connection for connection, done in outcomes if not done]
        if failed:
            raise CommandError(f"Not compared: {len(failed)}. Fix the cause and run this again.")

    def _request(self, connection: Connection) -> bool:
        reconcile.request(connection, full=True)
        self.stdout.write(f"connection {connection.pk}: comparison requested")
        return True

    def _dry_run(self, connection: Connection) -> bool:
        try:
            counts = dry_run(connection)
        except PonteError as error:
            self.stderr.write(f"connection {connection.pk} could not be compared: {error.code or error.error_type}")
            return False
        if counts is None:
            self.stdout.write(f"connection {connection.pk} is gone at the aggregator: all its rows would be tombstoned")
            return True
        self.stdout.write(f"connection {connection.pk}: {_differences(counts) or 'no differences'}")
        return True


def _differences(counts_by_product: dict[str, dict[str, int]]) -> str:
    parts = (
        f"{product}: {number} would be {name}"
        for product, counts in counts_by_product.items()
        for name, number in counts.items()
        if number and name != "unchanged"
    )
    return ", ".join(parts)
