"""The aggregators we speak to: name → where its definition is. Adding one adds a line here."""

from functools import lru_cache

from django.utils.module_loading import import_string

from apps.banking.aggregators.contract import Aggregator

AGGREGATORS = {
    "pluggy": "apps.banking.aggregators.pluggy.definition.PLUGGY",
}


def aggregator(name: str) -> Aggregator:
    """The definition called `name`. Raises KeyError."""
    return _imported(AGGREGATORS[name])


@lru_cache
def _imported(path: str) -> Aggregator:
    definition: Aggregator = import_string(path)
    return definition
