"""Toybank's definition, with two applications: the unnamed one of the settings, and one called "shop"."""

from pathlib import Path

from apps.banking.aggregators.contract import Aggregator
from apps.banking.aggregators.toy.application import BROKEN, ToyApplication
from apps.banking.aggregators.toy.vendor import Toybank
from apps.banking.aggregators.verdict import CodeRow

APPLICATIONS = (ToyApplication(Toybank("first-key")), ToyApplication(Toybank("second-key"), "shop"))

TOY = Aggregator(
    name="toy",
    label="Toybank",
    applications=lambda: APPLICATIONS,
    codes=[CodeRow(BROKEN.code, "item", None, BROKEN.error_type, BROKEN.action, BROKEN.reason, BROKEN.health)],
    fixtures=str(Path(__file__).parent / "fixtures"),
    documentation="docs/aggregators.md",
    follows_items=True,
    needs_credential=True,
)
