"""The aggregators we speak to: name → where its definition is. Adding one adds a line here."""

from django.utils.module_loading import import_string

from apps.banking.aggregators.verdict import Aggregator

AGGREGATORS = {
    "pluggy": "apps.banking.aggregators.pluggy.definition.PLUGGY",
}


def aggregator(name: str) -> Aggregator:
    """The definition called `name`. Raises KeyError."""
    definition: Aggregator = import_string(AGGREGATORS[name])
    return definition
