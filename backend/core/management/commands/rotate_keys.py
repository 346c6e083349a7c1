"""`manage.py rotate_keys`: seal everything with the first of ENCRYPTION_KEYS, so that the older keys can be dropped."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lib import rotation


class Command(BaseCommand):
    help = (
        "Seals every sealed column anew with the first of ENCRYPTION_KEYS. Deploy the new key in front of the old ones "
        "to every process first. Safe while Ponte runs; run it again to continue where it was stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what an older key sealed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._count()
            return
        left = [self._rotate(model) for model in rotation.sealed_models()]
        if any(left):
            raise CommandError(f"{sum(left)} rows still need an older key: keep it, and see above.")
        self.stdout.write(self.style.SUCCESS("Everything is sealed with the first key; the older ones can be dropped."))

    def _count(self) -> None:
        for model in rotation.sealed_models():
            self.stdout.write(f"{model._meta.label}: {rotation.outdated(model)} to seal anew")

    def _rotate(self, model: Any) -> int:
        """Returns how many rows an older key is still needed for."""
        label = model._meta.label
        done = rotation.rotate(model, lambda so_far: self.stdout.write(f"{label}: {so_far} …"))
        self.stdout.write(f"{label}: {done.resealed} sealed anew")
        if done.unreadable:
            some = ", ".join(map(str, done.unreadable[:10]))
            self.stderr.write(f"{label}: {len(done.unreadable)} rows open with no key of the ring, such as id {some}")
        if done.held:
            self.stderr.write(f"{label}: {done.held} rows were held by others all the time")
        return len(done.unreadable) + max(0, done.held)
