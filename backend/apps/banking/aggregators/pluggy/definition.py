"""Pluggy's entry in the registry of aggregators."""

from pathlib import Path

from apps.banking.aggregators.pluggy.classify import classify_item
from apps.banking.aggregators.pluggy.codes import CODES
from apps.banking.aggregators.pluggy.configuration import from_settings
from apps.banking.aggregators.verdict import Aggregator

PLUGGY = Aggregator(
    name="pluggy",
    label="Pluggy",
    client=from_settings,
    classify=classify_item,
    codes=CODES,
    fixtures=str(Path(__file__).parent / "fixtures"),
    documentation="docs/pluggy.md",
)
