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
    """Call `act` with each aggregator's name and application. Raises the first error, but only after the last call."""
    errors = []
    for name in AGGREGATORS:
        for application in aggregator(name).applications():
            try:
                act(name, application)
            except (PonteError, ImproperlyConfigured) as error:
                logger.warning("%s: %s", vendor_of(name, application.name), type(error).__name__)
                errors.append(error)
    if errors:
        raise errors[0]


@lru_cache
def _imported(path: str) -> Aggregator:
    definition: Aggregator = import_string(path)
    return definition
