"""manage.py register_webhooks: make Pluggy send its webhooks here, or repair the subscription that does."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.banking.aggregators.pluggy.webhooks.subscription import (
    address,
    secret_headers,
    steps_to_delete,
    steps_to_register,
)
from apps.banking.aggregators.registry import aggregator
from lib.errors import PonteError


class Command(BaseCommand):
    help = "Create or repair the subscription to Pluggy's webhooks at PUBLIC_URL, with the secret header. Idempotent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument("--delete", action="store_true", help="end the subscription instead")
        parser.add_argument("--allow-http", action="store_true", help="a PUBLIC_URL without TLS, for the sandbox only")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            steps = self._steps(options)
            for step in steps:
                self.stdout.write(f"would {step.does}" if options["dry_run"] else step.does)
                if not options["dry_run"]:
                    step.act()
        except (ImproperlyConfigured, PonteError) as error:
            raise CommandError(str(error)) from error
        if not steps:
            self.stdout.write("nothing to do")

    def _steps(self, options: dict[str, Any]) -> list[Any]:
        url, headers = address(allow_http=options["allow_http"]), secret_headers()
        api = aggregator("pluggy").client()
        return steps_to_delete(api, url) if options["delete"] else steps_to_register(api, url, headers)
