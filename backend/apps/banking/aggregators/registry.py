"""The aggregators of this installation: name → import path of the definition. A new aggregator adds a line here."""

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
