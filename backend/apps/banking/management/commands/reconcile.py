"""manage.py reconcile: have connections compared with the aggregator, or say what that would change."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.banking.management.commands.sync_connection import find
from apps.banking.models import Connection
from apps.banking.sync import reconcile
from apps.banking.sync.dry_run import dry_run
from lib.errors import PonteError


class Command(BaseCommand):
    help = "Ask for the comparison of all connections, or one, with the aggregator: workers do it. See --dry-run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", help="the connection's number, or the aggregator's item id")
        parser.add_argument("--dry-run", action="store_true", help="list all now, write nothing, say what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        one = options["connection"]
        chosen = [find(one)] if one else Connection.objects.filter(deleted_at=None).order_by("pk").iterator()
        act = self._dry_run if options["dry_run"] else self._ask
        failed = [connection for connection in chosen if not act(connection)]
        if failed:
            raise CommandError(f"{len(failed)} could not be compared.")

    def _ask(self, connection: Connection) -> bool:
        reconcile.ask(connection, full=True)
        self.stdout.write(f"{connection.pk} asked for")
        return True

    def _dry_run(self, connection: Connection) -> bool:
        try:
            found = dry_run(connection)
        except PonteError as error:
            self.stderr.write(f"{connection.pk} could not be compared: {error.code or error.error_type}")
            return False
        if found is None:
            self.stdout.write(f"{connection.pk} is gone at the aggregator: all its rows would become tombstones")
            return True
        self.stdout.write(f"{connection.pk} {_differing(found) or 'is as the aggregator has it'}")
        return True


def _differing(found: dict[str, dict[str, int]]) -> str:
    parts = (
        f"{product}: {number} would be {name}"
        for product, counts in found.items()
        for name, number in counts.items()
        if number and name != "unchanged"
    )
    return ", ".join(parts)
