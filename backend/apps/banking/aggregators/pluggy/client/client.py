"""Pluggy's API as Python: one method a call, lists as iterators of pages, failures as the errors of errors.py."""

from collections.abc import Callable

from redis import Redis

from apps.banking.aggregators.pluggy.client.api import PATIENCE_SECONDS, SHARE, Api, Called, nothing
from apps.banking.aggregators.pluggy.client.directory_calls import DirectoryCalls
from apps.banking.aggregators.pluggy.client.item_calls import ItemCalls
from apps.banking.aggregators.pluggy.client.product_calls import ProductCalls
from lib.http import JsonClient, SessionFactory


class PluggyClient(ItemCalls, ProductCalls, DirectoryCalls):
    """One application of Pluggy's. Threads may share it; a piece of work takes its own `with_hooks`.

    `transport` makes the requests.Session of each thread. `redis` holds what workers share: the key, the rate budgets
    and the breakers. `before_call` runs before each call, to renew a lease; `after_call` is told of each, for metrics.
    `share` is the part of Pluggy's limits to use. `patience` is how many seconds the next page of a list waits for its
    budget, and every call but the first of work that has a `before_call`; other calls raise Throttled at once.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        redis: Redis,
        transport: SessionFactory | None = None,
        before_call: Callable[[], None] = nothing,
        after_call: Callable[[Called], None] = nothing,
        share: float = SHARE,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._api = Api(
            JsonClient(base_url, session=transport),
            redis,
            client_id,
            client_secret,
            before_call=before_call,
            after_call=after_call,
            share=share,
            patience=patience,
        )

    def with_hooks(
        self, *, before_call: Callable[[], None] = nothing, after_call: Callable[[Called], None] | None = None
    ) -> "PluggyClient":
        """The same client, sharing its connections, key, budgets and breakers, with hooks of its own."""
        twin = object.__new__(type(self))
        twin._api = self._api.with_hooks(before_call, after_call or self._api.after_call)
        return twin
