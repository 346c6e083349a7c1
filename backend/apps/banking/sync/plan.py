"""What one sync reads, what of it may be taken away, and from where on."""

from dataclasses import dataclass

from apps.banking.aggregators.contract import ItemState, Product


@dataclass(frozen=True)
class Plan:
    """Products to read, and those whose missing rows are gone and not just unread.

    `full` lists every transaction; otherwise those that came to be since the last time are enough. `complete`: full,
    and nothing that the item was asked to collect is left out.
    """

    reads: frozenset[Product]
    prunes: frozenset[Product]
    full: bool
    complete: bool = False


def plan_sync(state: ItemState, *, full: bool) -> Plan:
    """What the item's last run brought."""
    return Plan(state.brought, state.certain, full, complete=full and state.asked <= state.brought)


def plan_listing(state: ItemState) -> Plan:
    """All that the item was asked to collect, however its last run ended: an earlier one may have been missed."""
    return Plan(state.asked | state.brought, state.certain, full=True, complete=True)
