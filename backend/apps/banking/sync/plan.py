"""What one sync reads, what of it may be taken away, and from where on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.banking.aggregators.pluggy.classify import SPELLINGS, details, updated_products
from apps.banking.aggregators.pluggy.rows.values import parse
from apps.banking.aggregators.verdict import Health, Verdict

ACCOUNTS, CARDS, TRANSACTIONS = "accounts", "creditCards", "transactions"
INVESTMENTS, MOVEMENTS = "investments", "investmentsTransactions"
IDENTITY, LOANS = "identity", "loans"
# An Account's type, by the product that brings it.
KINDS = {ACCOUNTS: "BANK", CARDS: "CREDIT"}
ALL = frozenset({ACCOUNTS, CARDS, TRANSACTIONS, INVESTMENTS, MOVEMENTS, IDENTITY, LOANS})
SPELLED = {name: SPELLINGS.get(name, (name,)) for name in ALL}


@dataclass(frozen=True)
class Plan:
    """By the names of `statusDetail`: products to read, and those whose missing rows are gone and not just unread.

    `full` lists every transaction; otherwise those that came to be since the last time are enough. `complete`: full,
    and nothing that the item was asked to collect is left out.
    """

    reads: frozenset[str]
    prunes: frozenset[str]
    full: bool
    complete: bool = False


def plan_sync(item: Mapping[str, Any], verdict: Verdict, *, full: bool) -> Plan:
    """What the item's last run brought: the products it says are updated; all, where it says nothing of products."""
    updated = updated_products(item)
    reads = ALL if updated is None else updated & ALL
    return Plan(reads, _certain(updated, verdict), full, complete=full and _asked(item) <= reads)


def plan_listing(item: Mapping[str, Any], verdict: Verdict) -> Plan:
    """All that the item was asked to collect, however its last run ended: an earlier one may have been missed."""
    updated = updated_products(item)
    reads = _asked(item) | ((updated or frozenset()) & ALL)
    return Plan(reads, _certain(updated, verdict), full=True, complete=True)


def _asked(item: Mapping[str, Any]) -> frozenset[str]:
    """The products that the item collects: the others are null in its `statusDetail`."""
    detail = details(item)
    if detail is None:
        return ALL
    return frozenset(other for other, names in SPELLED.items() if any(detail.get(name) for name in names))


def _certain(updated: frozenset[str] | None, verdict: Verdict) -> frozenset[str]:
    """What is not listed may only be taken for gone after a run that is known to have ended well."""
    if verdict.health is Health.OK:
        return ALL if updated is None else updated & ALL
    # A partial success that does not say of what leaves everything in doubt.
    certain = updated is not None and verdict.has_data and verdict.code == "PARTIAL_SUCCESS"
    return updated & ALL if certain else frozenset()


def as_of(item: Mapping[str, Any]) -> datetime | None:
    """When the bank last gave anything: of the item and of each product, the latest."""
    detail = item.get("statusDetail")
    states = list(detail.values()) if isinstance(detail, Mapping) else []
    stamps = [state.get("lastUpdatedAt") for state in [item, *states] if isinstance(state, Mapping)]
    moments = [moment for stamp in stamps if isinstance(stamp, str) and (moment := parse(stamp))]
    return max(moments, default=None)
