"""manage.py rotate_keys: encrypt everything with the first of ENCRYPTION_KEYS, so that you can drop the older keys."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models

from lib import rotation
from lib.row_security import for_system


class Command(BaseCommand):
    help = (
        "Encrypt every sealed column again with the first of ENCRYPTION_KEYS. Before you run it, put the new key in "
        "front of the old ones in the environment of every process, and restart all of them. It is safe while Ponte "
        "runs. If it is interrupted, run it again: it continues where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only decrypt every value, and count the rows to encrypt again; change nothing",
        )

    @for_system("management commands")
    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._check()
            return
        left = [self._rotate(model) for model in rotation.sealed_models()]
        left += [self._report(place.label, place.rotate(self._progress(place.label))) for place in rotation.ELSEWHERE]
        if any(left):
            raise CommandError(f"{sum(left)} rows still need an older key. Keep the older keys; see the lines above.")
        self.stdout.write(self.style.SUCCESS("All rows use the first key; the older keys can be dropped."))

    def _check(self) -> None:
        unreadable = 0
        checked = [(model._meta.label, rotation.check(model)) for model in rotation.sealed_models()]
        checked += [(place.label, place.check()) for place in rotation.ELSEWHERE]
        for label, result in checked:
            self.stdout.write(f"{label}: {result.readable} rows decrypted, {result.outdated} to encrypt again")
            self._report_unreadable(label, result.unreadable)
            unreadable += len(result.unreadable)
        if unreadable:
            raise CommandError(f"{unreadable} rows cannot be decrypted; see the lines above.")

    def _rotate(self, model: type[models.Model]) -> int:
        """Encrypt the rows of a model again. Returns how many rows still need an older key."""
        label = model._meta.label
        return self._report(label, rotation.rotate(model, self._progress(label)))

    def _progress(self, label: str) -> Callable[[int], None]:
        return lambda so_far: self.stdout.write(f"{label}: {so_far} …")

    def _report(self, label: str, result: rotation.Rotation) -> int:
        self.stdout.write(f"{label}: {result.resealed} rows encrypted again")
        self._report_unreadable(label, result.unreadable)
        if result.locked > 0:
            self.stderr.write(f"{label}: {result.locked} rows were locked the whole time. Run the command again.")
        return len(result.unreadable) + max(0, result.locked)

    def _report_unreadable(self, label: str, rows: Sequence[object]) -> None:
        if rows:
            ids = ", ".join(map(str, rows[:10]))
            self.stderr.write(
                f"{label}: none of ENCRYPTION_KEYS decrypts {len(rows)} rows (id {ids}). "
                "Add the key that encrypted them, and run the command again."
            )
