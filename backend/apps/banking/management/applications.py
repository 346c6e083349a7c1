"""The options of a command that name an application."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from apps.banking.aggregators.contract import Application, UnknownApplication
from apps.banking.aggregators.registry import AGGREGATORS, aggregator


def add_application_arguments(parser: ArgumentParser) -> None:
    """Add `--aggregator` and `--application`."""
    parser.add_argument("--aggregator", choices=AGGREGATORS, default="pluggy", help="the aggregator (default: pluggy)")
    parser.add_argument("--application", default="", help="its application (default: the one of the settings)")


def application_of(options: dict[str, Any]) -> Application:
    """The application that the options name. Raises CommandError."""
    name, application = options["aggregator"], options["application"]
    try:
        return aggregator(name).application(application)
    except UnknownApplication:
        raise CommandError(f"{name} has no application called {application!r}.") from None
