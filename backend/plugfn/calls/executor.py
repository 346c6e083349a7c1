"""Runs an action: validates, finds the connection, applies limits, calls the provider, retries, and logs each attempt.

    run → once for an idempotency key → attempts → attempt → the provider's function

An attempt that failed before the vendor can have acted is retried by the action's retry policy. When the outcome is
unclear (the request went out, no answer came), only an action declared safe is retried; otherwise it is OutcomeUnknown.
"""

import asyncio
import logging
import re
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
from plugfn.connections import ConnectionOperations
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

_CALL_ID = re.compile(r"[A-Za-z0-9]{1,64}")  # it stands in e-mail headers and in vendors' fields

OWN_TROUBLE = frozenset({"store", "shared_state"})
"""Our own database or Redis is down: the vendor is not at fault, and a retry of the call does not help."""


class Executor:
    """Runs every action, for all of its callers: programs, batches, workflows, tools."""

    def __init__(
        self,
        registry: ProviderRegistry,
        connections: ConnectionOperations,
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
        """Run an action (an Action, or a path such as "github.issues.create"); return its result. Raises PlugFnError.

        `source` is written to the action log: call, batch, workflow or tool."""
        chosen = self._registry.action(action) if isinstance(action, str) else action
        try:
            valid = self.validate(chosen, call.get("params"))
            job = await self._job(chosen, valid, call, source)
            key = call.get("idempotency_key")
            if key is None:
                return await self._retried(job)
            claim = claim_of(job.user_id, chosen, valid, key, job.connection.id, job.id)
            return await self._once.run(chosen, claim, lambda: self._retried(job))
        except PlugFnError as error:
            _add_names(error, chosen)
            raise

    def validate(self, action: Action[Any, Any] | str, params: Mapping[str, Any] | BaseModel | None) -> BaseModel:
        """The parameters as the action's model. Raises UnknownName, InvalidParams."""
        chosen = self._registry.action(action) if isinstance(action, str) else action
        values = {} if params is None else params
        valid: BaseModel = validated(
            chosen.params, values, f"the parameters of {chosen.path}", provider=chosen.provider
        )
        return valid

    async def test(self, connection: Connection, credentials: Model | None = None) -> str:
        """Ask the vendor whether a connection works, or would with these credentials. Returns the account's label.

        Makes one attempt and does not retry. Raises as actions do."""
        answer = await self._ask(test_of(self._registry.get(connection.provider)), connection, credentials)
        return Tested.model_validate(answer).label

    async def identify(self, connection: Connection, credentials: Model) -> Identity:
        """Ask the vendor whose account these credentials are for. Makes one attempt. Raises as actions do."""
        answer = await self._ask(identify_of(self._registry.get(connection.provider)), connection, credentials)
        return Identity.model_validate(answer)

    async def _ask(self, action: Action[Nothing, Any], connection: Connection, credentials: Model | None) -> BaseModel:
        provider, deadline = self._registry.get(action.provider), time.monotonic() + action.timeout
        job = Job(
            action, provider, Nothing(), connection.user_id, connection, policy("none"), deadline, "test", uuid4().hex
        )
        try:
            return await self._attempt(job, 1, credentials)
        except PlugFnError as error:
            _add_names(error, action)
            raise

    async def _job(self, action: Action[Any, Any], params: BaseModel, call: CallOptions, source: str) -> Job:
        provider, user_id = self._registry.get(action.provider), check_user(call["user_id"])
        connection = await self._connections.resolve(provider, user_id, call.get("connection_id"))
        retry, seconds = policy(call.get("retry") or action.retry), call.get("timeout")
        longest = retry.attempts * (action.timeout + retry.cap) if seconds is None else _seconds(seconds)
        deadline, call_id = time.monotonic() + longest, _call_id(call.get("call_id"))
        return Job(action, provider, params, user_id, connection, retry, deadline, source, call_id)

    async def _retried(self, job: Job) -> BaseModel:
        attempt, vendor_error = 1, None
        while True:
            try:
                return await self._attempt(job, attempt)
            except TryLater as error:
                wait = self._wait(job, error, attempt)
                if wait is None and error.code == OWN_BUDGET and vendor_error is not None:
                    # Our budget waits only because the vendor asked for it: the vendor's own error says more.
                    raise vendor_error from None
                if wait is None:
                    raise
                vendor_error = error
            attempt += 1
            await asyncio.sleep(wait)

    def _wait(self, job: Job, error: TryLater, attempt: int) -> float | None:
        """Seconds until the next attempt; None when there is no further attempt."""
        if isinstance(error, CircuitOpen) or error.code in OWN_TROUBLE:
            return None
        wait = job.policy.wait(attempt, error.retry_after)
        return wait if wait is not None and wait < job.left() else None

    async def _attempt(self, job: Job, attempt: int, credentials: Model | None = None) -> BaseModel:
        started, clock = datetime.now(UTC), time.perf_counter()
        outcome, failure = "unknown", None
        try:
            attempted = self._attempts.make(job) if credentials is None else self._attempts.make_with(job, credentials)
            result = await attempted
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
        """Write a row to the action log and count the attempt. A failing store must not fail a call that was done."""
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
        except Exception as trouble:  # noqa: BLE001 - a failing store must not change the call's outcome
            where = {"call_id": job.id, "outcome": outcome}
            log.error("an attempt was not written to the action log: %s", type(trouble).__name__, extra=where)


def _seconds(timeout: float) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
        raise InvalidParams("the timeout is not valid", problems=[Problem("timeout", "more than 0 seconds")])
    return timeout


def _call_id(given: str | None) -> str:
    if given is None:
        return uuid4().hex
    if not _CALL_ID.fullmatch(given):
        raise InvalidParams("the call's id is not valid", problems=[Problem("call_id", "1 to 64 letters or digits")])
    return given


def _outcome(error: PlugFnError) -> str:
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    return "retry" if isinstance(error, TryLater) else "failed"


def _add_names(error: PlugFnError, action: Action[Any, Any]) -> None:
    error.provider, error.action = error.provider or action.provider, error.action or action.name
