"""The application that a command's options name."""

from django.core.management.base import CommandError

from apps.banking.aggregators.contract import Application
from apps.banking.aggregators.registry import aggregator


def application_of(aggregator_name: str, name: str) -> Application:
    """The aggregator's application called `name`. Raises CommandError."""
    try:
        return aggregator(aggregator_name).application(name)
    except KeyError:
        raise CommandError(f"{aggregator_name} has no application called {name!r}.") from None
