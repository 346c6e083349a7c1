"""The aggregators of this installation: name → import path of the definition. A new aggregator adds a line here."""

import logging
from collections.abc import Callable
from functools import lru_cache

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from apps.banking.aggregators.contract import Aggregator, Application
from apps.banking.aggregators.mailboxes import vendor_of
from lib.errors import PonteError

logger = logging.getLogger(__name__)

AGGREGATORS = {
    "pluggy": "apps.banking.aggregators.pluggy.definition.PLUGGY",
}


def aggregator(name: str) -> Aggregator:
    """The definition called `name`. Raises KeyError."""
    return _imported(AGGREGATORS[name])


def for_each_application(act: Callable[[str, Application], None]) -> None:
    """Call `act` with each aggregator's name and application: those of the settings, then the clients' own.

    Raises the first error of an application of the settings, but only after the last call. An error of a client's own
    application is only logged, because it concerns that client alone. Where clients have their own, the settings may
    have none.
    """
    errors: list[Exception] = []
    for name in AGGREGATORS:
        definition = aggregator(name)
        failed = [error for application in definition.applications() if (error := _try(act, name, application))]
        has_own = False
        for application in definition.own_applications():
            has_own = True
            _try(act, name, application)
        errors += [error for error in failed if not (has_own and isinstance(error, ImproperlyConfigured))]
    if errors:
        raise errors[0]


def _try(act: Callable[[str, Application], None], name: str, application: Application) -> Exception | None:
    """The error of `act`, which is logged; None without one."""
    try:
        act(name, application)
    except (PonteError, ImproperlyConfigured) as error:
        logger.warning("%s: %s", vendor_of(name, application.name), type(error).__name__)
        return error
    return None


@lru_cache
def _imported(path: str) -> Aggregator:
    definition: Aggregator = import_string(path)
    return definition
