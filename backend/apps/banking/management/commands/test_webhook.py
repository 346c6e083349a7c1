"""manage.py test_webhook: post an event to a running server as an aggregator would, and print the server's answer."""

import uuid
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, DjangoHelpFormatter
from django.urls import reverse

from apps.banking.aggregators.contract import Deliveries, NotOffered, Sample
from apps.banking.management.applications import add_application_arguments, application_of
from apps.banking.management.sending import Sender, Summary, Webhook, WebhookAnswer, is_loopback, summarise

DEFAULT_URL = "http://localhost:8000"
# On another machine, the command checks whether the server accepts webhooks. It does not test the server's load.
ELSEWHERE_LIMIT = 100
COUNT_LIMIT = 100_000
CONCURRENCY_LIMIT = 64

EXAMPLES = """
examples:
  manage.py test_webhook                                     one item/updated for a random item
  manage.py test_webhook --event item/created --item-id ID   as if that item had just been connected
  manage.py test_webhook --event-id one --count 20           the same event twenty times: 1 accepted, 19 duplicates
  manage.py test_webhook --event payment_intent/created --count 2000 --concurrency 16
                                                             how fast this server accepts events

This command and the server must have the same secrets (PLUGGY_WEBHOOK_SECRET, PLUGGY_HMAC_SECRET). The events are real:
the server also accepts an event for an unknown item, makes a call to Pluggy, and finishes it as `unknown item`. An
event of an unhandled kind, such as payment_intent/created, costs no call and finishes at once as `unhandled`.
The command exits with 1 if the server refused any event.
"""


class _Formatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Django's help formatter, which leaves the lines of the examples as they are."""


def _between(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ArgumentTypeError(f"must be a number from {low} to {high}")
        return int(text)

    return number


class Command(BaseCommand):
    help = "Sign an event as the aggregator does, post it to a running server, print status and time of each answer."
    # The checks concern the server, not this command.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """The parser, with examples below the options."""
        kwargs.setdefault("formatter_class", _Formatter)
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_application_arguments(parser)
        parser.add_argument("--event", default="item/updated", help="the kind of event (default: item/updated)")
        parser.add_argument("--item-id", default="", help="the item that it is about (default: a random item)")
        parser.add_argument("--event-id", default="", help="one id for all events (default: a new id for each)")
        parser.add_argument("--account-id", default="", help="for transactions/…: the account")
        parser.add_argument("--transaction-id", action="append", default=[], help="for transactions/…; may be repeated")
        parser.add_argument("--connector-id", default="", help="for connector/status_updated: the institution")
        parser.add_argument("--client-user-id", default="", help="the item's member (a UUID)")
        parser.add_argument("--url", default="", help=f"the server (default: PUBLIC_URL, or else {DEFAULT_URL})")
        parser.add_argument("--count", type=_between(1, COUNT_LIMIT), default=1, help="events to post (default: 1)")
        parser.add_argument(
            "--concurrency", type=_between(1, CONCURRENCY_LIMIT), default=1, help="events at a time (default: 1)"
        )
        parser.add_argument("--hmac", action="store_true", help="sign with the HMAC alone, without the secret header")
        parser.add_argument("--show", type=_between(0, COUNT_LIMIT), default=20, help="answers to print (default: 20)")

    def handle(self, *args: Any, **options: Any) -> None:
        url = _address(options["url"], options["aggregator"])
        try:
            deliveries = application_of(options).deliveries()
        except NotOffered as error:
            raise CommandError(str(error)) from None
        self._check(url, options, deliveries)
        sender = Sender(url, partial(deliveries.headers, secret=not options["hmac"]))
        self.stdout.write(f"{options['event']} → {url}")
        answers = []
        for answer in sender.send_all(_webhooks(deliveries, options), options["concurrency"]):
            answers.append(answer)
            self._print(answer, len(answers), options["show"])
        self._conclude(answers, url)

    def _check(self, url: str, options: dict[str, Any], deliveries: Deliveries) -> None:
        if options["count"] > ELSEWHERE_LIMIT and not is_loopback(url):
            raise CommandError(f"Post at most {ELSEWHERE_LIMIT} events to a server that is not on this machine.")
        try:
            headers = deliveries.headers(b"{}", secret=not options["hmac"])
        except ImproperlyConfigured as error:
            raise CommandError(f"--hmac: {error}") from None
        if headers.keys() <= {"Content-Type"}:
            self.stderr.write("No webhook secret is set here, so the command sends the event without proof.")
        elif urlsplit(url).scheme == "http" and not is_loopback(url):
            self.stderr.write("This URL is not https: anyone on the network path can read the secret.")

    def _print(self, answer: WebhookAnswer, number: int, limit: int) -> None:
        if number <= limit:
            milliseconds = answer.seconds * 1000
            self.stdout.write(
                f"{number:>6}  {answer.status or '---'}  {answer.outcome:<24} {milliseconds:8.1f} ms  {answer.event_id}"
            )
        elif number == limit + 1 and limit:
            self.stdout.write("     …")

    def _conclude(self, answers: list[WebhookAnswer], url: str) -> None:
        if answers[0].status == 0:
            raise CommandError(f"No server answers at {url} ({answers[0].outcome}). Start it, or correct --url.")
        self._table(summarise(answers))
        refused = [answer for answer in answers if not answer.stored]
        if refused:
            raise CommandError(f"{len(refused)} of {len(answers)} were not accepted: {_reasons(refused)}")

    def _table(self, summary: Summary) -> None:
        cells = {
            "accepted": summary.accepted,
            "duplicates": summary.duplicates,
            "errors": summary.errors,
            "p50 ms": summary.p50_ms,
            "p99 ms": summary.p99_ms,
            "max ms": summary.max_ms,
        }
        self.stdout.write("\n" + "  ".join(f"{name:>10}" for name in cells))
        self.stdout.write("  ".join(f"{value:>10}" for value in cells.values()))


def _address(option: str, name: str) -> str:
    """The webhook's address on the server. A URL that has a path stays as it is."""
    url = option or settings.PUBLIC_URL or DEFAULT_URL
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise CommandError("--url must be a plain http:// or https:// address.")
    return url if parts.path.strip("/") else url.rstrip("/") + reverse("webhook", args=[name])


def _webhooks(deliveries: Deliveries, options: dict[str, Any]) -> Iterator[Webhook]:
    for _ in range(options["count"]):
        sample = Sample(
            options["event"],
            options["event_id"] or str(uuid.uuid4()),
            options["item_id"] or str(uuid.uuid4()),
            account_id=options["account_id"],
            transaction_ids=options["transaction_id"],
            institution_id=options["connector_id"],
            member=options["client_user_id"],
        )
        yield sample.event_id, deliveries.body(sample)


def _reasons(refused: list[WebhookAnswer]) -> str:
    kinds = sorted({f"{answer.status or 'no answer'} {answer.outcome}" for answer in refused})
    return ", ".join(kinds[:5])
