"""Plan one sync: which products to read, in full or since the mark, and for which a missing row counts as deleted."""

from dataclasses import dataclass

from apps.banking.aggregators.contract import ItemState, Product


@dataclass(frozen=True)
class Plan:
    """`reads` holds the products to read. In the products of `prunes`, a row that is missing from the list is deleted.

    `full` lists every transaction; otherwise the sync reads those since the mark. `complete` means that the sync is
    full and leaves out no product that the item collects.
    """

    reads: frozenset[Product]
    prunes: frozenset[Product]
    full: bool
    complete: bool = False


def plan_sync(state: ItemState, *, full: bool) -> Plan:
    """Read the products that the item's last run updated."""
    return Plan(state.brought, state.certain, full, complete=full and state.asked <= state.brought)


def plan_listing(state: ItemState) -> Plan:
    """Read every product that the item collects, however its last run ended: Ponte may have missed an earlier run."""
    return Plan(state.asked | state.brought, state.certain, full=True, complete=True)
