"""The client: one method for each call, lists as iterators of pages, failures as the errors of errors.py."""

from collections.abc import Callable

from redis import Redis

from apps.banking.aggregators.pluggy.client.api import PATIENCE_SECONDS, SHARE, Api, Called, nothing
from apps.banking.aggregators.pluggy.client.directory_calls import DirectoryCalls
from apps.banking.aggregators.pluggy.client.item_calls import ItemCalls
from apps.banking.aggregators.pluggy.client.product_calls import ProductCalls
from lib.http import JsonClient, SessionFactory


class PluggyClient(ItemCalls, ProductCalls, DirectoryCalls):
    """Calls to one application at Pluggy. Threads may share it; one task uses a copy from `with_hooks`.

    `transport` makes the requests.Session of each thread. `redis` holds what workers share: the key, the rate budgets
    and the breakers. `before_call` runs before each call, to renew a lease; `after_call` runs after it, for metrics.
    `share` is the part of Pluggy's limits to use. `patience` is how many seconds a call waits for its budget, if it
    reads a further page of a list or is not the first call of work with a `before_call`; other calls raise Throttled.
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
            JsonClient(base_url, session=transport, setting="PLUGGY_API_URL"),
            redis,
            client_id,
            client_secret,
            before_call=before_call,
            after_call=after_call,
            share=share,
            patience=patience,
        )

    def authenticate(self) -> None:
        """Exchange the client id and secret for a new API key. Raises CredentialsRefused."""
        self._api.authenticate()

    def with_hooks(
        self, *, before_call: Callable[[], None] = nothing, after_call: Callable[[Called], None] | None = None
    ) -> "PluggyClient":
        """A copy that shares the connections, key, budgets and breakers, and has its own hooks."""
        twin = object.__new__(type(self))
        twin._api = self._api.with_hooks(before_call, after_call or self._api.after_call)
        return twin
