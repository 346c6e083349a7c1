"""One attempt of a call: its credentials, the limits of the vendor, the provider's function, what its end means."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from plugfn.calls.limits import CallLimits, Limits, limits_of
from plugfn.connection import Connection
from plugfn.connections import ConnectionManager
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
from plugfn.net.pool import Pool
from plugfn.net.quota import Quota
from plugfn.net.vendor import VendorHttp
from plugfn.registry import ProviderRegistry
from plugfn.resilience.retry import RetryPolicy
from plugfn.safe_tracebacks import safe_traceback

log = logging.getLogger("plugfn")

NO_HTTP = "https://no-http.invalid"
"""Where the HTTP of a provider that speaks another protocol leads: nowhere."""


class Nothing(Model):
    """The parameters of what takes none."""


class Tested(Result):
    """A connection that works."""

    label: str


def test_of(provider: Provider) -> Action[Nothing, Tested]:
    """The provider's test as an action. Raises UnknownName."""
    test = provider.test
    if test is None:
        raise UnknownName(f"{provider.label} cannot be tested", code="no_test", provider=provider.name)

    async def run(call: Call[Any], _nothing: Nothing) -> Tested:
        return Tested(label=await test(call))

    return Action(provider.name, "test", Nothing, Tested, run, "Asks whether the connection works.", True, timeout=20)


def identify_of(provider: Provider) -> Action[Nothing, Identity]:
    """The provider's question whose a connection is, as an action. Raises UnknownName."""
    identify = provider.identify
    if identify is None:
        raise UnknownName(f"{provider.label} does not say whose it is", code="no_identify", provider=provider.name)

    async def run(call: Call[Any], _nothing: Nothing) -> Identity:
        return await identify(call)

    return Action(provider.name, "identify", Nothing, Identity, run, "Asks whose it is.", True, timeout=20)


@dataclass(frozen=True)
class Job:
    """One call on its way."""

    action: Action[Any, Any]
    provider: Provider
    params: BaseModel
    user_id: str
    connection: Connection
    policy: RetryPolicy
    deadline: float
    """On the monotonic clock; no attempt or wait goes beyond."""
    source: str
    id: str

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()


class Attempts:
    """Makes single attempts. Repeating them, and noting them, is the executor's."""

    def __init__(
        self, registry: ProviderRegistry, connections: ConnectionManager, limits: Limits, pool: Pool, guard: Guard
    ) -> None:
        self._registry, self._connections, self._limits = registry, connections, limits
        self._pool, self._guard = pool, guard

    async def make(self, job: Job) -> BaseModel:
        """One attempt; credentials that the vendor refuses are renewed once, if they can be. Raises PlugFnError."""
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
        """Nothing has been sent when the time is over here; a refresh under way goes on for the next call."""
        timer = asyncio.timeout(job.left())
        try:
            async with timer:
                return await self._connections.credentials(job.provider, job.connection)
        except TimeoutError:
            raise _late(maybe_done=False) from None

    async def make_with(self, job: Job, credentials: Model) -> BaseModel:
        """One call within its breaker and budgets."""
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
            # Whatever it says of its last request: all of it would be done once more, by us or by who mends the call.
            if not job.action.safe and (http.changed or (isinstance(error, Unavailable) and error.maybe_done)):
                raise _unknown(error) from error
            raise
        finally:
            await self._heed(limits, quotas)

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

    async def _heed(self, limits: CallLimits, quotas: list[Quota]) -> None:
        """A vendor that says that no calls are left is not asked again until its limit begins anew."""
        if quotas and quotas[-1].remaining == 0:
            await self._limits.pause(limits, quotas[-1].reset_after)


async def _timed(job: Job, call: Call[Any], *, speaks_http: bool) -> BaseModel:
    """The action's own function, for as long as it may take; whatever it raises is of our tree."""
    if job.left() <= 0:
        raise _late(maybe_done=False)
    timer = asyncio.timeout(min(job.action.timeout, job.left()))
    try:
        async with timer:
            result: BaseModel = await job.action.run(call, job.params)
    except PlugFnError:
        raise
    except Exception as error:  # noqa: BLE001 - it is logged without its words, and raised as one of our tree
        if isinstance(error, TimeoutError) and timer.expired():
            raise _late(maybe_done=_in_doubt(call, speaks_http)) from None
        # `from None`: what it says may quote anything, and who logs an error logs what it came from.
        log.error("a provider's code failed: %s", safe_traceback(error), extra={"call_id": job.id})
        raise _bug(job, call, speaks_http, f"the provider's code failed with {type(error).__name__}") from None
    if type(result) is not job.action.result:
        raise _bug(job, call, speaks_http, "the action gave something else than its result")
    return result


def _bug(job: Job, call: Call[Any], speaks_http: bool, message: str) -> PlugFnError:
    bug = Unexpected(message, code="provider_bug")
    return bug if job.action.safe or not _in_doubt(call, speaks_http) else _unknown(bug)


def _is_http(origin: Origin) -> bool:
    return origin.url.startswith(("http://", "https://"))


def _late(*, maybe_done: bool) -> Unavailable:
    return Unavailable("There was no answer in time.", maybe_done=maybe_done, code="timeout")


def _in_doubt(call: Call[Any], speaks_http: bool) -> bool:
    """Whether a call that is cut off now may have been done: as its provider says, else as its requests show.

    What goes neither over our HTTP nor says anything may always have been."""
    if call.doubt.possible is not None:
        return call.doubt.possible
    return call.http.in_doubt or call.http.changed or not speaks_http


def _unknown(error: PlugFnError) -> OutcomeUnknown:
    reason = error.message.rstrip(".")
    return OutcomeUnknown(f"{reason}: whether it was done, or a part of it, is not known.", code=error.code)
