"""One attempt of a call: gets credentials, applies limits, runs the provider's function, classifies the outcome."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from plugfn.calls.limits import CallLimits, Limits, limits_of
from plugfn.connection import Connection
from plugfn.connections import ConnectionOperations
from plugfn.definition import Action, Call, Identity, Model, Origin, Provider, Result
from plugfn.errors import (
    MissingScope,
    NeedsReconnect,
    OutcomeUnknown,
    PlugFnError,
    Unavailable,
    Unexpected,
    UnknownName,
)
from plugfn.net.guard import Guard
from plugfn.net.lookups import lookups_of
from plugfn.net.pool import Pool
from plugfn.net.quota import Quota
from plugfn.net.vendor import VendorHttp
from plugfn.registry import ProviderRegistry
from plugfn.resilience.retry import RetryPolicy
from plugfn.safe_tracebacks import safe_traceback

log = logging.getLogger("plugfn")

NO_HTTP = "https://no-http.invalid"
"""The base URL for a provider that does not speak HTTP: requests to it fail."""


class Nothing(Model):
    """Parameters of an action that takes none."""


class Tested(Result):
    """The connection works."""

    label: str


def test_of(provider: Provider) -> Action[Nothing, Tested]:
    """An action that tests a connection with the provider's `test`. Raises UnknownName."""
    test = provider.test
    if test is None:
        raise UnknownName(f"{provider.label} cannot be tested", code="no_test", provider=provider.name)

    async def run(call: Call[Any], _nothing: Nothing) -> Tested:
        return Tested(label=await test(call))

    return Action(provider.name, "test", Nothing, Tested, run, "Asks whether the connection works.", True, timeout=20)


def identify_of(provider: Provider) -> Action[Nothing, Identity]:
    """An action that asks whose account a connection is, with the provider's `identify`. Raises UnknownName."""
    identify = provider.identify
    if identify is None:
        raise UnknownName(f"{provider.label} cannot name the account", code="no_identify", provider=provider.name)

    async def run(call: Call[Any], _nothing: Nothing) -> Identity:
        return await identify(call)

    return Action(provider.name, "identify", Nothing, Identity, run, "Asks whose account it is.", True, timeout=20)


@dataclass(frozen=True)
class Job:
    """One call: what to run, for whom, until when."""

    action: Action[Any, Any]
    provider: Provider
    params: BaseModel
    user_id: str
    connection: Connection
    policy: RetryPolicy
    deadline: float
    """On the monotonic clock; no attempt or wait goes beyond it."""
    source: str
    id: str

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()


class Attempts:
    """Makes single attempts. The executor repeats them and logs them."""

    def __init__(
        self, registry: ProviderRegistry, connections: ConnectionOperations, limits: Limits, pool: Pool, guard: Guard
    ) -> None:
        self._registry, self._connections, self._limits = registry, connections, limits
        self._pool, self._guard = pool, guard

    async def make(self, job: Job) -> BaseModel:
        """One attempt. Credentials that the vendor refuses are renewed once, if possible. Raises PlugFnError."""
        credentials = await self._credentials(job)
        try:
            return await self.make_with(job, credentials)
        except MissingScope:
            raise
        except NeedsReconnect as error:
            renewed = await self._connections.renewed(job.provider, job.connection, credentials)
            if renewed is None:
                await self._connections.needs_reauth(job.connection, error.code, credentials)
                raise
        try:
            return await self.make_with(job, renewed)
        except MissingScope:
            raise
        except NeedsReconnect as error:
            await self._connections.needs_reauth(job.connection, error.code, renewed)
            raise

    async def _credentials(self, job: Job) -> Model:
        """A timeout here means that nothing was sent. A running token refresh continues, for the next call."""
        timer = asyncio.timeout(job.left())
        try:
            async with timer:
                return await self._connections.credentials(job.provider, job.connection)
        except TimeoutError:
            raise _late(maybe_done=False) from None

    async def make_with(self, job: Job, credentials: Model) -> BaseModel:
        """One call, within its circuit breaker and budgets."""
        settings = self._registry.settings(job.provider.name)
        origin = job.provider.origin(settings, credentials)
        limits = limits_of(job.provider, job.action, job.connection, origin, job.params)
        quotas: list[Quota] = []
        http = self._http(job.provider, credentials, origin, quotas.append)
        call = Call(job.provider, job.connection, credentials, settings, http, self._guard, job.id)
        try:
            async with self._limits.apply(limits, min(job.policy.cap, job.left())):
                return await _timed(job, call, speaks_http=_is_http(origin))
        except OutcomeUnknown:
            raise
        except PlugFnError as error:
            # The error is about the last request. A repetition would repeat the whole action, also what succeeded.
            if not job.action.safe and (http.changed or (isinstance(error, Unavailable) and error.maybe_done)):
                raise _unknown(error) from error
            raise
        finally:
            await self._pause_if_used_up(limits, quotas)

    def _http(
        self, provider: Provider, credentials: Model, origin: Origin, observe: Callable[[Quota], None]
    ) -> VendorHttp:
        return VendorHttp(
            self._pool,
            origin.url if _is_http(origin) else NO_HTTP,
            trusted=origin.trusted,
            headers=provider.headers(credentials),
            errors=provider.errors,
            observe=observe,
        )

    async def _pause_if_used_up(self, limits: CallLimits, quotas: list[Quota]) -> None:
        """When the vendor says that no calls are left, send none until its limit resets."""
        if quotas and quotas[-1].remaining == 0:
            await self._limits.pause(limits, quotas[-1].reset_after)


async def _timed(job: Job, call: Call[Any], *, speaks_http: bool) -> BaseModel:
    """Run the action's function within its timeout. Everything that it raises becomes a PlugFnError."""
    if job.left() <= 0:
        raise _late(maybe_done=False)
    timer = asyncio.timeout(min(job.action.timeout, job.left()))
    try:
        with lookups_of(job.user_id):
            async with timer:
                result: BaseModel = await job.action.run(call, job.params)
    except PlugFnError:
        raise
    except Exception as error:  # noqa: BLE001 - logged without its message, and raised as a PlugFnError
        if isinstance(error, TimeoutError) and timer.expired():
            raise _late(maybe_done=_in_doubt(call, speaks_http)) from None
        # `from None`: the original message may quote secrets, and a logged error shows its cause.
        log.error("a provider's code failed: %s", safe_traceback(error), extra={"call_id": job.id})
        raise _bug(job, call, speaks_http, f"the provider's code failed with {type(error).__name__}") from None
    if type(result) is not job.action.result:
        raise _bug(job, call, speaks_http, "the action did not return its result type")
    return result


def _bug(job: Job, call: Call[Any], speaks_http: bool, message: str) -> PlugFnError:
    bug = Unexpected(message, code="provider_bug")
    return bug if job.action.safe or not _in_doubt(call, speaks_http) else _unknown(bug)


def _is_http(origin: Origin) -> bool:
    return origin.url.startswith(("http://", "https://"))


def _late(*, maybe_done: bool) -> Unavailable:
    return Unavailable("There was no answer in time.", maybe_done=maybe_done, code="timeout")


def _in_doubt(call: Call[Any], speaks_http: bool) -> bool:
    """Whether a call that is cut off now may have been done. The provider says so, else its requests show it.

    If there were no HTTP requests and the provider does not say, the answer is yes."""
    if call.doubt.possible is not None:
        return call.doubt.possible
    return call.http.in_doubt or call.http.changed or not speaks_http


def _unknown(error: PlugFnError) -> OutcomeUnknown:
    reason = error.message.rstrip(".")
    return OutcomeUnknown(f"{reason}: it is unknown whether it was done, or a part of it.", code=error.code)
