"""All tools that agents may call. An app that has some adds one line here."""

from apps.agents.catalog import Catalog
from apps.banking.tools import TOOLS as BANKING
from apps.integrations.tools import TOOLS as INTEGRATIONS

CATALOG = Catalog(
    lambda _caller: BANKING,
    lambda _caller: INTEGRATIONS,
)
