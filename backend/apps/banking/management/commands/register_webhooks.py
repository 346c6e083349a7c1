"""manage.py register_webhooks: create or repair the subscription that makes an aggregator send its webhooks here."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from apps.banking.aggregators.contract import Step
from apps.banking.management.applications import add_application_arguments, application_of
from lib.errors import PonteError


class Command(BaseCommand):
    help = "Create or repair the subscription to an aggregator's webhooks at PUBLIC_URL. You can run it repeatedly."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_application_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="print what the command would do, and do nothing")
        parser.add_argument("--delete", action="store_true", help="delete the subscription instead")
        parser.add_argument("--allow-http", action="store_true", help="accept http:// in PUBLIC_URL (sandbox only)")

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

    def _steps(self, options: dict[str, Any]) -> list[Step]:
        if not settings.PUBLIC_URL:
            raise ImproperlyConfigured("PUBLIC_URL is not set. Set it to the public https address of this server.")
        url = settings.PUBLIC_URL + reverse("webhook", args=[options["aggregator"]])
        subscription = application_of(options).subscription()
        subscription.check(url, allow_http=options["allow_http"])
        return subscription.steps_to_delete(url) if options["delete"] else subscription.steps_to_register(url)
