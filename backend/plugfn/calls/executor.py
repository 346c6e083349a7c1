"""Runs an action: validates, finds the connection, asks limits and breaker, calls, tries again, and notes each attempt.

    run → once for an idempotency key → attempts → attempt → the provider's function

An attempt that failed before the vendor can have acted is repeated by the action's retry policy. One whose outcome is
unclear (bytes went out, no answer came) is repeated only if the action is declared safe; else it is OutcomeUnknown.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Unpack, overload
from uuid import uuid4

from pydantic import BaseModel

from plugfn.calls.attempt import Attempts, Job, Nothing, Tested, identify_of, test_of
from plugfn.calls.idempotency import Once, claim_of
from plugfn.calls.limits import OWN_BUDGET, Limits
from plugfn.calls.metrics import Metrics
from plugfn.calls.options import CallOptions
from plugfn.connection import Connection
from plugfn.connections import ConnectionManager
from plugfn.connections.checks import check_user
from plugfn.definition import Action, Identity, Model, P, R
from plugfn.errors import CircuitOpen, InvalidParams, OutcomeUnknown, PlugFnError, Problem, TryLater
from plugfn.net.guard import Guard
from plugfn.net.pool import Pool
from plugfn.problems import validated
from plugfn.registry import ProviderRegistry
from plugfn.resilience.retry import policy
from plugfn.storage.protocol import Store
from plugfn.storage.records import ActionLog

log = logging.getLogger("plugfn")

OWN_TROUBLE = frozenset({"store", "shared_state"})
"""Our own database or Redis is away: that is not the vendor's doing, and not mended by calling the vendor again."""


class Executor:
    """The one way to run actions."""

    def __init__(
        self,
        registry: ProviderRegistry,
        connections: ConnectionManager,
        store: Store,
        limits: Limits,
        once: Once,
        pool: Pool,
        guard: Guard,
        metrics: Metrics,
    ) -> None:
        self._registry, self._connections, self._store = registry, connections, store
        self._once, self._metrics = once, metrics
        self._attempts = Attempts(registry, connections, limits, pool, guard)

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
                return await self._repeated(job)
            claim = claim_of(job.user_id, found, read, key, job.connection.id, job.id)
            return await self._once.run(found, claim, lambda: self._repeated(job))
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
        asked = await self._asked(test_of(self._registry.get(connection.provider)), connection, credentials)
        return Tested.model_validate(asked).label

    async def identify(self, connection: Connection, credentials: Model) -> Identity:
        """Ask the vendor whose these credentials are. Tries once and waits for nothing. Raises as actions do."""
        asked = await self._asked(identify_of(self._registry.get(connection.provider)), connection, credentials)
        return Identity.model_validate(asked)

    async def _asked(
        self, action: Action[Nothing, Any], connection: Connection, credentials: Model | None
    ) -> BaseModel:
        provider, deadline = self._registry.get(action.provider), time.monotonic() + action.timeout
        job = Job(
            action, provider, Nothing(), connection.user_id, connection, policy("none"), deadline, "test", uuid4().hex
        )
        try:
            return await self._attempt(job, 1, credentials)
        except PlugFnError as error:
            _name(error, action)
            raise

    async def _job(self, action: Action[Any, Any], params: BaseModel, call: CallOptions, source: str) -> Job:
        provider, user_id = self._registry.get(action.provider), check_user(call["user_id"])
        connection = await self._connections.resolve(provider, user_id, call.get("connection_id"))
        retry, given = policy(action.retry), call.get("timeout")
        longest = retry.attempts * (action.timeout + retry.cap) if given is None else _seconds(given)
        return Job(
            action, provider, params, user_id, connection, retry, time.monotonic() + longest, source, uuid4().hex
        )

    async def _repeated(self, job: Job) -> BaseModel:
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
        if isinstance(error, CircuitOpen) or error.code in OWN_TROUBLE:
            return None
        wait = job.policy.wait(attempt, error.retry_after)
        return wait if wait is not None and wait < job.left() else None

    async def _attempt(self, job: Job, attempt: int, credentials: Model | None = None) -> BaseModel:
        started, clock = datetime.now(UTC), time.perf_counter()
        outcome, failure = "unknown", None
        try:
            made = self._attempts.make(job) if credentials is None else self._attempts.make_with(job, credentials)
            result = await made
            outcome = "ok"
            return result
        except PlugFnError as error:
            outcome, failure = _outcome(error), error
            error.call_id = job.id
            raise
        finally:
            milliseconds = (time.perf_counter() - clock) * 1000
            await self._note(job, attempt, started, milliseconds, outcome, failure)

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
        except Exception as trouble:  # noqa: BLE001 - whatever a store raises: what was done stays done
            where = {"call_id": job.id, "outcome": outcome}
            log.error("an attempt was not noted: %s", type(trouble).__name__, extra=where)


def _seconds(timeout: float) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
        raise InvalidParams("the timeout is not valid", problems=[Problem("timeout", "more than 0 seconds")])
    return timeout


def _outcome(error: PlugFnError) -> str:
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    return "retry" if isinstance(error, TryLater) else "failed"


def _name(error: PlugFnError, action: Action[Any, Any]) -> None:
    error.provider, error.action = error.provider or action.provider, error.action or action.name
