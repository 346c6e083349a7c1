"""All tools that agents may call. An app that has some adds one line here."""

from apps.agents.catalog import Catalog
from apps.banking.tools import TOOLS as BANKING

CATALOG = Catalog(
    lambda _caller: BANKING,
)
