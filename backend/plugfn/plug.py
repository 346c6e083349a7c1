"""PlugFn: the object that wires everything together.

    plug = PlugFn(database="sqlite:///plug.db", encryption_key=…, base_url="https://app.example.com", integrations={…})
    plug.providers.register(github_provider)
    issue = await plug.github.issues.create(user_id="ana", params={"owner": "…", "repo": "…", "title": "…"})

To call it without await, see plugfn.sync.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self, Unpack, overload
from urllib.parse import urlsplit

from pydantic import BaseModel

from plugfn.cache.choose import shared_of
from plugfn.cache.protocol import Shared
from plugfn.calls.attributes import Attributes
from plugfn.calls.batch import BatchCall, BatchResult, OnProgress, run_batch
from plugfn.calls.executor import Executor
from plugfn.calls.idempotency import Once
from plugfn.calls.limit_states import LimitStates, read_limits
from plugfn.calls.limits import Limits, limits_of_all
from plugfn.calls.metrics import Metrics
from plugfn.calls.options import CallOptions, check_names
from plugfn.connections import ConnectionOperations
from plugfn.crypto import KeyRing
from plugfn.definition import Action, P, R
from plugfn.errors import ConfigurationError, UnknownAttribute, suggestion
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.registry import ProviderRegistry
from plugfn.storage.choose import store_of
from plugfn.storage.protocol import Store
from plugfn.vault.rotation import Checked, Rotated, check_keys, rotate_keys
from plugfn.vault.rotation import OnProgress as OnRotation
from plugfn.webhooks.hub import WebhookHub
from plugfn.workflows.engine import WorkflowEngine
from plugfn.workflows.listening import Listener

if TYPE_CHECKING:
    from plugfn.generated_types import ProviderAttributes
else:
    ProviderAttributes = object  # type checkers only: a program imports just the providers that it registers

AuthProvider = Callable[[Any], Awaitable[str | None] | str | None]
"""A function from a web request to the id of the user who makes it, or None. The framework adapters call it."""


class PlugFn(ProviderAttributes):
    """The entry point of the library. It can be shared between threads, event loops and forked processes.

    database            a URL (memory://, sqlite:///file, postgresql://…) or a Store
    encryption_key      a base64 key of 32 bytes, or several: the first encrypts, all of them decrypt
    base_url            where the web adapter is mounted; callback and webhook URLs begin with it
    integrations        settings by provider name (client_id, client_secret, webhook_secrets …)
    auth                finds the user of a web request; only the framework adapters need it
    redis               a URL, when several processes share limits, breakers and locks; or a Shared
    allowed_networks    private networks ("10.0.0.0/8") that users' servers may be in; none by default
    """

    def __init__(
        self,
        *,
        encryption_key: str | Sequence[str],
        database: str | Store = "memory://",
        base_url: str = "http://localhost:8000",
        integrations: Mapping[str, Mapping[str, Any]] | None = None,
        auth: AuthProvider | None = None,
        redis: str | Shared | None = None,
        allowed_networks: Sequence[str] = (),
    ) -> None:
        self.base_url, self._auth = _address(base_url), auth
        self.ring = KeyRing.from_keys(encryption_key)
        self.store: Store = store_of(database)
        self.shared: Shared = shared_of(redis)
        self.guard = Guard(allowed_networks)
        self.pool = Pool(self.guard)
        self.metrics = Metrics()
        self.providers = ProviderRegistry(integrations)
        self.connections = ConnectionOperations(
            self.providers, self.store, self.ring, self.shared, self.pool, self.guard, self.base_url
        )
        limits, once = Limits(self.shared), Once(self.store, self.ring)
        self.executor = Executor(
            self.providers, self.connections, self.store, limits, once, self.pool, self.guard, self.metrics
        )
        self.connections.tester, self.connections.identifier = self.executor.test, self.executor.identify
        self.webhooks = WebhookHub(self.providers, self.store, self.connections)
        self.workflows = WorkflowEngine(
            self.store, self.ring, self.providers, self.executor, self.connections, self.shared
        )
        self._listener = Listener(self.workflows)
        self.webhooks.always(self._listener.hear)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "providers" not in self.__dict__:
            raise AttributeError(name)
        if name not in self.providers:
            known = [provider.name for provider in self.providers]
            raise UnknownAttribute(f"no provider is called {name!r}: {suggestion(name, known)}")
        return Attributes(self.providers.get(name), self.run)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(provider.name for provider in self.providers)]

    @overload
    async def run(self, action: Action[P, R], **call: Unpack[CallOptions]) -> R: ...

    @overload
    async def run(self, action: str, **call: Unpack[CallOptions]) -> BaseModel: ...

    async def run(self, action: Action[Any, Any] | str, **call: Unpack[CallOptions]) -> BaseModel:
        """Run an action for a user. The action is an Action or its path. CallOptions has the other arguments."""
        check_names(call)
        return await self.executor.run(action, **call)

    async def batch(
        self, calls: Sequence[BatchCall], *, concurrency: int = 10, on_progress: OnProgress | None = None
    ) -> list[BatchResult]:
        """Run many calls, at most `concurrency` at a time. See run_batch."""
        return await run_batch(self.executor, calls, concurrency=concurrency, on_progress=on_progress)

    async def rotate_keys(self, on_progress: OnRotation | None = None) -> Rotated:
        """Encrypt all stored data with the first key, so that old keys can be removed. See plugfn.vault.rotation."""
        return await rotate_keys(self.store, self.ring, on_progress)

    async def check_keys(self) -> Checked:
        """Decrypt all stored data, and change nothing: which rows open, and which a rotation would reencrypt."""
        return await check_keys(self.store, self.ring)

    async def limits(self, connection_id: str, user_id: str) -> LimitStates:
        """How the breaker and the budgets of a connection stand. Takes no call. Raises NoConnection, NeedsReconnect."""
        connection = await self.connections.get(connection_id, user_id)
        origin = await self.connections.origin(connection)
        provider = self.providers.get(connection.provider)
        return await read_limits(self.shared, limits_of_all(provider, connection, origin))

    async def user_of(self, request: Any) -> str | None:
        """The id of the user who makes a web request, from `auth`. Raises ConfigurationError when `auth` is not set."""
        if self._auth is None:
            raise ConfigurationError("set PlugFn(auth=…): a function from a web request to a user's id")
        answer = self._auth(request)
        user = await answer if inspect.isawaitable(answer) else answer
        if user is not None and not isinstance(user, str):
            raise ConfigurationError("the function in PlugFn(auth=…) must return a user's id as text, or None")
        return user

    async def open(self) -> Self:
        """Check the settings and prepare the database. Raises ConfigurationError."""
        self.providers.check()
        await self.store.open()
        return self

    async def close(self) -> None:
        """Wait for the workflows that run on this event loop, then close vendor connections, database and Redis."""
        async with AsyncExitStack() as last_first:
            # When one close fails, the others still run.
            for close in (self.store.close, self.shared.close, self.pool.close, self.connections.close):
                last_first.push_async_callback(close)
            await self._listener.settle()

    async def __aenter__(self) -> Self:
        try:
            return await self.open()
        except BaseException:
            await self.close()
            raise

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _address(base_url: str) -> str:
    """The URL without its last slash. Raises ConfigurationError: vendors could not send users back to it."""
    try:
        parts = urlsplit(base_url)
    except ValueError:
        raise ConfigurationError("base_url is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(
            "base_url is not the URL of the web routes, such as https://app.example.com/integrations"
        )
    return base_url.rstrip("/")
