"""manage.py carry_edits: list the edits that are left on deleted transactions, and carry them where a person says."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.banking.models import Transaction
from apps.banking.rows.carried_edits import NotCarried, carry_by_hand, open_edits, options
from lib.row_security import for_system

# Without --limit, this many are listed, newest first.
LIMIT = 50
# At most this many rows are listed as possible replacements of one.
CHOICES = 5


class Command(BaseCommand):
    help = (
        "List the deleted transactions whose edits no other transaction has taken over, with the transactions that may "
        "replace each. With two numbers, carry the edits of the first to the second."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("transaction", nargs="*", type=int, help="the deleted transaction, then the new one")
        parser.add_argument("--limit", type=int, default=LIMIT, help=f"list at most this many (default: {LIMIT})")

    @for_system("management commands")
    def handle(self, *args: Any, **given: Any) -> None:
        numbers = given["transaction"]
        if not numbers:
            self._list(max(1, given["limit"]))
            return
        if len(numbers) != 2:
            raise CommandError("Give two numbers: the deleted transaction, then the one that replaces it.")
        try:
            carry_by_hand(*numbers)
        except NotCarried as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{numbers[1]} now has the edits of {numbers[0]}")

    def _list(self, limit: int) -> None:
        rows = list(open_edits().order_by("-deleted_at", "-pk")[:limit])
        choices: dict[int, list[int]] = {}
        for account_id in sorted({row.account_id for row in rows}):
            choices |= options(account_id)
        for row in rows:
            self.stdout.write(f"{_line(row)}, deleted {row.deleted_at:%Y-%m-%d}")
            for choice in Transaction.objects.filter(pk__in=choices.get(row.pk, [])[:CHOICES]).order_by("pk"):
                self.stdout.write(f"    may be {_line(choice)}")
        self.stdout.write(f"{len(rows)} deleted transactions still have edits" if rows else "no edits are left behind")


def _line(row: Transaction) -> str:
    """The row without its words, which can name a person."""
    return f"{row.pk} of account {row.account_id}: {row.date} {row.amount.normalize():f} {row.currency_code}"
