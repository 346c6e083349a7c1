"""Pluggy's Item as an ItemState: the products that its last run updated, and those whose lists are certain."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from apps.banking.aggregators.contract import COLLECTED, ItemState, ListedItem, Product, Row
from apps.banking.aggregators.pluggy import rows
from apps.banking.aggregators.pluggy.classify import classify_item
from apps.banking.aggregators.pluggy.client.client import PluggyClient
from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.aggregators.pluggy.rows.base import mapped
from apps.banking.aggregators.pluggy.rows.values import parse
from apps.banking.aggregators.verdict import Health, Verdict

# Our products, by the keys of `statusDetail`. Pluggy's own SDK spells one of them in a second way.
PRODUCTS: dict[str, frozenset[Product]] = {
    "accounts": frozenset({Product.ACCOUNTS}),
    "creditCards": frozenset({Product.CARDS, Product.BILLS}),
    "transactions": frozenset({Product.TRANSACTIONS}),
    "investments": frozenset({Product.INVESTMENTS}),
    "investmentsTransactions": frozenset({Product.INVESTMENT_TRANSACTIONS}),
    "investmentTransactions": frozenset({Product.INVESTMENT_TRANSACTIONS}),
    "loans": frozenset({Product.LOANS}),
    "identity": frozenset({Product.IDENTITY}),
}


def item_state(item: Doc) -> ItemState:
    """The state of an Item. Raises RefusedRow if it has no id."""
    verdict, detail = classify_item(item), _detail(item)
    brought = COLLECTED if detail is None else _products(name for name, state in detail.items() if _is_updated(state))
    return ItemState(
        id=item["id"],
        member=_text(item.get("clientUserId")),
        institution=_institution(item.get("connector")),
        row=rows.item(item),
        verdict=verdict,
        brought=brought,
        # In `statusDetail`, products that the item does not collect are null.
        asked=COLLECTED if detail is None else _products(name for name, state in detail.items() if state),
        certain=_certain(brought, verdict, has_detail=detail is not None),
        as_of=as_of(item),
        products_as_of=_products_as_of(detail or {}),
    )


def as_of(item: Doc) -> datetime | None:
    """When the bank last delivered data: the latest of the item's time and its products' times."""
    detail = item.get("statusDetail")
    states = list(detail.values()) if isinstance(detail, Mapping) else []
    return max((moment for state in [item, *states] if (moment := _last_update(state))), default=None)


def listed_items(client: PluggyClient) -> Iterator[list[ListedItem]]:
    """Pages of our items, newest first. Raises NotEnabled."""
    for page in client.items():
        yield [
            ListedItem(doc["id"], _text(doc.get("clientUserId")), parse(_text(doc.get("createdAt"))))
            for doc in page
            if isinstance(doc.get("id"), str)
        ]


def _detail(item: Doc) -> Mapping[str, object] | None:
    """The item's `statusDetail`; None if it mentions no product."""
    detail = item.get("statusDetail")
    return detail if isinstance(detail, Mapping) and any(isinstance(s, Mapping) for s in detail.values()) else None


def _products(names: Iterator[str]) -> frozenset[Product]:
    return frozenset().union(*(PRODUCTS.get(name, frozenset()) for name in names))


def _is_updated(state: object) -> bool:
    return isinstance(state, Mapping) and state.get("isUpdated") is True


def _certain(brought: frozenset[Product], verdict: Verdict, *, has_detail: bool) -> frozenset[Product]:
    """A row that is missing from a list counts as gone only if Pluggy says that the product's run ended well."""
    if verdict.health is Health.OK:
        return brought
    # After a partial success without details, any product may have failed.
    return brought if has_detail and verdict.has_data and verdict.code == "PARTIAL_SUCCESS" else frozenset()


def _products_as_of(detail: Mapping[str, object]) -> dict[Product, datetime]:
    moments = ((name, _last_update(state)) for name, state in detail.items())
    return {product: moment for name, moment in moments if moment for product in PRODUCTS.get(name, ())}


def _last_update(state: object) -> datetime | None:
    return parse(_text(state.get("lastUpdatedAt"))) if isinstance(state, Mapping) else None


def _institution(connector: object) -> Row | None:
    page = mapped(rows.connector, [connector] if isinstance(connector, dict) else [])
    return next(iter(page.rows), None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
