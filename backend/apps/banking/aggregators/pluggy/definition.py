"""Pluggy's definition, which the registry of aggregators names."""

from pathlib import Path

from apps.banking.aggregators.contract import Aggregator
from apps.banking.aggregators.pluggy.application import door_of_token, from_settings, of_client
from apps.banking.aggregators.pluggy.codes import CODES
from apps.banking.aggregators.pluggy.configuration import check_configuration
from apps.banking.aggregators.pluggy.told import told
from apps.banking.aggregators.pluggy.webhooks.checks import check_signature, check_webhook_secret

PLUGGY = Aggregator(
    name="pluggy",
    label="Pluggy",
    applications=from_settings,
    codes=CODES,
    fixtures=str(Path(__file__).parent / "fixtures"),
    documentation="docs/pluggy.md",
    told=told,
    of_client=of_client,
    door_of_token=door_of_token,
    checks=(check_configuration, check_webhook_secret, check_signature),
)
