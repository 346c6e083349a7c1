"""Runs many calls with bounded concurrency. Each has its own result or error; a failure does not stop the others."""

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from plugfn.calls.executor import Executor
from plugfn.definition import Action
from plugfn.errors import InvalidCall, PlugFnError

log = logging.getLogger("plugfn")

MOST_ITEMS = 10_000
MOST_CONCURRENT = 100


@dataclass(frozen=True)
class BatchCall:
    """One call of a batch. The fields are the arguments of `PlugFn.run`."""

    action: Action[Any, Any] | str
    user_id: str
    params: Mapping[str, Any] | BaseModel | None = None
    connection_id: str | None = None
    idempotency_key: str | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class BatchResult:
    """The result or the error of call number `index`."""

    index: int
    result: BaseModel | None = None
    error: PlugFnError | None = None

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.error is None


@dataclass(frozen=True)
class Progress:
    """How far a batch is. `last` is the newest result."""

    done: int
    failed: int
    total: int
    last: BatchResult


OnProgress = Callable[[Progress], Awaitable[None] | None]


class _Tally:
    """Collects results as they come, and returns them in the order of the calls."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self.results: list[BatchResult | None] = [None] * total
        self._done = self._failed = 0
        self._on_progress = on_progress

    async def add(self, result: BatchResult) -> None:
        self.results[result.index] = result
        self._done += 1
        self._failed += not result.ok
        if self._on_progress is not None:
            await _report(self._on_progress, Progress(self._done, self._failed, len(self.results), result))


async def _report(on_progress: OnProgress, progress: Progress) -> None:
    """A failing progress callback must not stop the batch."""
    try:
        pending = on_progress(progress)
        if inspect.isawaitable(pending):
            await pending
    except Exception:
        log.exception("the progress callback of a batch failed")


async def run_batch(
    executor: Executor, calls: Sequence[BatchCall], *, concurrency: int = 10, on_progress: OnProgress | None = None
) -> list[BatchResult]:
    """Run the calls. The results come in the order of the calls.

    Raises InvalidCall (too many calls, a concurrency outside 1 to 100), ConfigurationError."""
    if len(calls) > MOST_ITEMS:
        raise InvalidCall(f"a batch has at most {MOST_ITEMS} calls", code="batch_too_big")
    if not 1 <= concurrency <= MOST_CONCURRENT:
        raise InvalidCall(f"concurrency must be 1 to {MOST_CONCURRENT}", code="bad_concurrency")
    tally, queue = _Tally(len(calls), on_progress), deque(enumerate(calls))

    async def work() -> None:
        while queue:
            try:
                await tally.add(await _run_call(executor, *queue.popleft()))
            except BaseException:
                queue.clear()
                raise

    workers = [work() for _ in range(min(concurrency, len(calls)))]
    # An error outside the tree (a wrong configuration) ends the batch, once the running calls have finished.
    for error in await asyncio.gather(*workers, return_exceptions=True):
        if error is not None:
            raise error
    return [result for result in tally.results if result is not None]


async def _run_call(executor: Executor, index: int, call: BatchCall) -> BatchResult:
    try:
        result = await executor.run(
            call.action,
            user_id=call.user_id,
            params=call.params,
            connection_id=call.connection_id,
            idempotency_key=call.idempotency_key,
            timeout=call.timeout,
            source="batch",
        )
    except PlugFnError as error:
        return BatchResult(index, error=error)
    return BatchResult(index, result=result)
