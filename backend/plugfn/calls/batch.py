"""Many calls with bounded concurrency: each has its own result or error, and none hides another's."""

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
    """One call of a batch; the fields are those of `PlugFn.run`."""

    action: Action[Any, Any] | str
    user_id: str
    params: Mapping[str, Any] | BaseModel | None = None
    connection_id: str | None = None
    idempotency_key: str | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class BatchResult:
    """What became of call number `index`: a result or an error."""

    index: int
    result: BaseModel | None = None
    error: PlugFnError | None = None

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.error is None


@dataclass(frozen=True)
class Progress:
    """How far a batch is. `last` is the result that was just added."""

    done: int
    failed: int
    total: int
    last: BatchResult


OnProgress = Callable[[Progress], Awaitable[None] | None]


class _Tally:
    """Collects results as they come, in the order of the calls."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self.results: list[BatchResult | None] = [None] * total
        self._done = self._failed = 0
        self._on_progress = on_progress

    async def add(self, result: BatchResult) -> None:
        self.results[result.index] = result
        self._done += 1
        self._failed += not result.ok
        if self._on_progress is not None:
            await _told(self._on_progress, Progress(self._done, self._failed, len(self.results), result))


async def _told(on_progress: OnProgress, progress: Progress) -> None:
    """A display that breaks must not end calls in the middle."""
    try:
        told = on_progress(progress)
        if inspect.isawaitable(told):
            await told
    except Exception:
        log.exception("the progress of a batch could not be told")


async def run_batch(
    executor: Executor, calls: Sequence[BatchCall], *, concurrency: int = 10, on_progress: OnProgress | None = None
) -> list[BatchResult]:
    """The results in the order of the calls.

    Raises InvalidCall (too many calls, a concurrency outside 1 to 100), ConfigurationError."""
    if len(calls) > MOST_ITEMS:
        raise InvalidCall(f"a batch has at most {MOST_ITEMS} calls", code="batch_too_big")
    if not 1 <= concurrency <= MOST_CONCURRENT:
        raise InvalidCall(f"concurrency is 1 to {MOST_CONCURRENT}", code="bad_concurrency")
    tally, waiting = _Tally(len(calls), on_progress), deque(enumerate(calls))

    async def work() -> None:
        while waiting:
            try:
                await tally.add(await _one(executor, *waiting.popleft()))
            except BaseException:
                waiting.clear()
                raise

    workers = [work() for _ in range(min(concurrency, len(calls)))]
    # What is no error of a call (a wrong configuration) ends the batch; calls under way are finished.
    for ended in await asyncio.gather(*workers, return_exceptions=True):
        if ended is not None:
            raise ended
    return [result for result in tally.results if result is not None]


async def _one(executor: Executor, index: int, call: BatchCall) -> BatchResult:
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
