"""Runs an action: validates, finds the connection, asks limits and breaker, calls, tries again, and notes each attempt.

    run → once for an idempotency key → attempts → attempt → the provider's function

An attempt that failed before the vendor can have acted is repeated by the action's retry policy. One whose outcome is
unclear (bytes went out, no answer came) is repeated only if the action is declared safe; else it is OutcomeUnknown.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Unpack, overload
from uuid import uuid4

from pydantic import BaseModel

from plugfn.connection import Connection
from plugfn.connections import ConnectionManager
from plugfn.definition import Action, Call, Model, Origin, P, Provider, R, Result
from plugfn.errors import (
    CircuitOpen,
    MissingScope,
    NeedsReconnect,
    OutcomeUnknown,
    PlugFnError,
    TryLater,
    Unavailable,
    Unexpected,
    UnknownName,
)
from plugfn.gate import OWN_BUDGET, Gate, Passage, passage
from plugfn.idempotency import Once, claim_of
from plugfn.metrics import Metrics
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.net.quota import Quota
from plugfn.net.vendor import VendorHttp
from plugfn.options import CallOptions
from plugfn.problems import validated
from plugfn.registry import ProviderRegistry
from plugfn.resilience.retry import RetryPolicy, policy
from plugfn.storage.protocol import Store
from plugfn.storage.records import ActionLog

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


class Executor:
    """The one way to run actions."""

    def __init__(
        self,
        registry: ProviderRegistry,
        connections: ConnectionManager,
        store: Store,
        gate: Gate,
        once: Once,
        pool: Pool,
        guard: Guard,
        metrics: Metrics,
    ) -> None:
        self._registry, self._connections, self._store = registry, connections, store
        self._gate, self._once, self._pool, self._guard, self._metrics = gate, once, pool, guard, metrics

    @overload
    async def run(self, action: Action[P, R], *, source: str = "call", **call: Unpack[CallOptions]) -> R: ...

    @overload
    async def run(self, action: str, *, source: str = "call", **call: Unpack[CallOptions]) -> BaseModel: ...

    async def run(
        self, action: Action[Any, Any] | str, *, source: str = "call", **call: Unpack[CallOptions]
    ) -> BaseModel:
        """Run an action, or the one of a path as "github.issues.create", and return its result. Raises PlugFnError.

        `source` says in the action log who asked: call, batch, workflow, tool."""
        found = self._registry.action(action) if isinstance(action, str) else action
        try:
            read = self.validate(found, call.get("params"))
            job = await self._job(found, read, call, source)
            key = call.get("idempotency_key")
            if key is None:
                return await self._attempts(job)
            claim = claim_of(job.user_id, found, read, key, job.connection.id, job.id)
            return await self._once.run(found, claim, lambda: self._attempts(job))
        except PlugFnError as error:
            _name(error, found)
            raise

    def validate(self, action: Action[Any, Any] | str, params: Mapping[str, Any] | BaseModel | None) -> BaseModel:
        """The parameters as the action's model. Raises UnknownName, InvalidParams."""
        found = self._registry.action(action) if isinstance(action, str) else action
        given = {} if params is None else params
        read: BaseModel = validated(found.params, given, f"the parameters of {found.path}", provider=found.provider)
        return read

    async def test(self, connection: Connection, credentials: Model | None = None) -> str:
        """Ask the vendor whether a connection works, or would with these credentials; the account's label.

        Tries once and waits for nothing. Raises as actions do."""
        provider = self._registry.get(connection.provider)
        action = test_of(provider)
        deadline = time.monotonic() + action.timeout
        job = Job(
            action, provider, Nothing(), connection.user_id, connection, policy("none"), deadline, "test", uuid4().hex
        )
        try:
            tested = await self._attempt(job, 1, credentials)
        except PlugFnError as error:
            _name(error, action)
            raise
        return Tested.model_validate(tested).label

    async def _job(self, action: Action[Any, Any], params: BaseModel, call: CallOptions, source: str) -> Job:
        provider, user_id = self._registry.get(action.provider), call["user_id"]
        connection = await self._connections.resolve(provider, user_id, call.get("connection_id"))
        retry, given = policy(action.retry), call.get("timeout")
        longest = retry.attempts * (action.timeout + retry.cap) if given is None else given
        return Job(
            action, provider, params, user_id, connection, retry, time.monotonic() + longest, source, uuid4().hex
        )

    async def _attempts(self, job: Job) -> BaseModel:
        attempt, vendors_own = 1, None
        while True:
            try:
                return await self._attempt(job, attempt)
            except TryLater as error:
                wait = self._wait(job, error, attempt)
                if wait is None and error.code == OWN_BUDGET and vendors_own is not None:
                    # Our budget only waits as the vendor asked: what the vendor said tells more.
                    raise vendors_own from None
                if wait is None:
                    raise
                vendors_own = error
            attempt += 1
            await asyncio.sleep(wait)

    def _wait(self, job: Job, error: TryLater, attempt: int) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        wait = None if isinstance(error, CircuitOpen) else job.policy.wait(attempt, error.retry_after)
        return wait if wait is not None and wait < job.left() else None

    async def _attempt(self, job: Job, attempt: int, credentials: Model | None = None) -> BaseModel:
        started, clock = datetime.now(UTC), time.perf_counter()
        outcome, failure = "unknown", None
        try:
            result = await (self._guarded(job) if credentials is None else self._admitted(job, credentials))
            outcome = "ok"
            return result
        except PlugFnError as error:
            outcome, failure = _outcome(error), error
            error.call_id = job.id
            raise
        finally:
            milliseconds = (time.perf_counter() - clock) * 1000
            await self._note(job, attempt, started, milliseconds, outcome, failure)

    async def _guarded(self, job: Job) -> BaseModel:
        """One attempt; credentials that the vendor refuses are renewed once, if they can be."""
        credentials = await self._connections.credentials(job.provider, job.connection)
        try:
            return await self._admitted(job, credentials)
        except MissingScope:
            raise
        except NeedsReconnect as error:
            renewed = await self._connections.renewed(job.provider, job.connection, credentials)
            if renewed is None:
                await self._connections.needs_reauth(job.connection, error.code, credentials)
                raise
        try:
            return await self._admitted(job, renewed)
        except MissingScope:
            raise
        except NeedsReconnect as error:
            await self._connections.needs_reauth(job.connection, error.code, renewed)
            raise

    async def _admitted(self, job: Job, credentials: Model) -> BaseModel:
        """One call between the gate's breaker and budgets."""
        settings = self._registry.settings(job.provider.name)
        origin = job.provider.origin(settings, credentials)
        through = passage(job.provider, job.action, job.connection, origin, job.params)
        quotas: list[Quota] = []
        http = self._http(job.provider, credentials, origin, quotas.append)
        call = Call(job.provider, job.connection, credentials, settings, http, self._guard, job.id)
        try:
            async with self._gate.passing(through, min(job.policy.cap, job.left())):
                return await self._timed(job, call)
        except TryLater as error:
            if http.changed or (isinstance(error, Unavailable) and error.maybe_done):
                _refuse_to_guess(job.action, error)
            raise
        finally:
            await self._heed(through, quotas)

    def _http(
        self, provider: Provider, credentials: Model, origin: Origin, observe: Callable[[Quota], None]
    ) -> VendorHttp:
        return VendorHttp(
            self._pool,
            origin.url if origin.url.startswith("http") else NO_HTTP,
            trusted=origin.trusted,
            headers=provider.headers(credentials),
            errors=provider.errors,
            observe=observe,
        )

    async def _heed(self, through: Passage, quotas: list[Quota]) -> None:
        """A vendor that says that no calls are left is not asked again until its limit begins anew."""
        if quotas and quotas[-1].remaining == 0:
            await self._gate.pause(through, quotas[-1].reset_after)

    async def _timed(self, job: Job, call: Call[Any]) -> BaseModel:
        """The action's own function, for as long as it may take; whatever it raises is of our tree."""
        timer = asyncio.timeout(min(job.action.timeout, job.left()))
        try:
            async with timer:
                result: BaseModel = await job.action.run(call, job.params)
        except TimeoutError as error:
            if not timer.expired():
                raise _bug(error) from error
            raise Unavailable(
                "The vendor did not answer in time.", maybe_done=_in_doubt(call), code="timeout"
            ) from None
        except PlugFnError:
            raise
        except Exception as error:
            raise _bug(error) from error
        if type(result) is not job.action.result:
            raise Unexpected("the action gave something else than its result", code="provider_bug")
        return result

    async def _note(
        self, job: Job, attempt: int, started: datetime, milliseconds: float, outcome: str, error: PlugFnError | None
    ) -> None:
        """One row and one count. A store that fails now must not turn what was done into a failure."""
        self._metrics.count(job.action.path, outcome, milliseconds)
        entry = ActionLog(
            job.id,
            attempt,
            job.user_id,
            job.connection.id,
            job.provider.name,
            job.action.name,
            started,
            round(milliseconds, 3),
            outcome,
            type(error).__name__ if error else "",
            error.code if error else "",
            job.source,
        )
        try:
            await self._store.add_logs([entry])
        except PlugFnError:
            log.exception("an attempt was not noted", extra={"call_id": job.id, "outcome": outcome})


def _in_doubt(call: Call[Any]) -> bool:
    """Whether a call that is cut off now may have been done. What does not go over our HTTP may always have been."""
    origin = call.provider.origin(call.settings, call.credentials)
    return call.http.in_doubt or call.http.changed or not origin.url.startswith("http")


def _refuse_to_guess(action: Action[Any, Any], error: TryLater) -> None:
    if not action.safe:
        raise OutcomeUnknown(f"{error.message} Whether it was done is not known.", code=error.code) from error


def _outcome(error: PlugFnError) -> str:
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    return "retry" if isinstance(error, TryLater) else "failed"


def _bug(error: Exception) -> Unexpected:
    return Unexpected(f"the provider's code failed with {type(error).__name__}", code="provider_bug")


def _name(error: PlugFnError, action: Action[Any, Any]) -> None:
    error.provider, error.action = error.provider or action.provider, error.action or action.name
