"""The synchronous API: the same PlugFn, whose coroutines run on an event loop in their own thread.

    plug = SyncPlugFn(PlugFn(…))
    issue = plug.github.issues.create(user_id="ana", params={…})

It wraps the asynchronous API and adds no logic. It may be called from a thread that runs its own event loop (which it
blocks), and after a fork: the new process starts a new thread. Sync handlers and progress callbacks may call it too.
"""

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context, copy_context
from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar
from weakref import finalize

from plugfn.calls.attributes import Attributes, BoundAction
from plugfn.plug import PlugFn

if TYPE_CHECKING:
    from plugfn.generated_types import SyncProviderAttributes
else:
    SyncProviderAttributes = object  # as in plugfn.plug

T = TypeVar("T")

# Only objects of PlugFn that have coroutine methods are wrapped.
_PLUGFN = "plugfn."


class _LoopThread:
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=_run, args=(self.loop,), name="plugfn", daemon=True)
        self.thread.start()

    @property
    def usable(self) -> bool:
        """Whether it runs in this process: a fork inherits the loop but not its thread."""
        return self.process == os.getpid() and not self.loop.is_closed()

    def stop(self) -> None:
        """Stop the loop. Callers that still wait get a CancelledError."""
        if self.usable:
            with suppress(RuntimeError):  # the loop has just closed
                self.loop.call_soon_threadsafe(self.loop.stop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(_cancel_all())
        loop.close()


async def _cancel_all() -> None:
    """Cancel all tasks, so that no caller waits for a loop that has stopped."""
    loop = asyncio.get_running_loop()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await loop.shutdown_asyncgens()


class _LazyLoop:
    """Starts an event loop on first use in this process, and stops it when it is garbage collected."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _LoopThread | None = None
        self._end: finalize[Any, Any] | None = None

    def wait_for(self, awaitable: Awaitable[T]) -> T:
        """Run the awaitable on the loop, and return its result or raise its error."""
        running = self._started()
        if threading.current_thread() is running.thread:
            if inspect.iscoroutine(awaitable):
                awaitable.close()
            raise RuntimeError("SyncPlugFn was called from its own event loop: use its attribute `plug` there")
        call = _WaitedCall()
        try:
            return asyncio.run_coroutine_threadsafe(call.run(copy_context(), awaitable), running.loop).result()
        except Exception:
            raise
        except BaseException:
            # A KeyboardInterrupt here must also cancel the call there, even before it has a task to cancel.
            with suppress(RuntimeError):  # the loop has closed, which ended the call
                running.loop.call_soon_threadsafe(call.leave)
            raise

    def stop(self) -> None:
        """End the thread. The next use starts a new one."""
        with self._lock:
            running, self._running = self._running, None
            if running is not None and self._end is not None:
                self._end()
        if running is not None and running.usable:
            running.thread.join(timeout=10)

    def _started(self) -> _LoopThread:
        with self._lock:
            if self._running is None or not self._running.usable:
                if self._end is not None:
                    self._end.detach()
                self._running = _LoopThread()
                self._end = finalize(self, self._running.stop)
                self._end.atexit = False  # the thread ends with its process
            return self._running


class _WaitedCall:
    """A call that a thread waits for while another thread's event loop runs it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._left = False

    async def run(self, context: Context, awaitable: Awaitable[T]) -> T:
        """Run it in the caller's context: handlers and `auth` see its context variables (a request, log ids)."""

        async def awaited() -> T:
            return await awaitable

        task = asyncio.get_running_loop().create_task(awaited(), context=context)
        self._task = task
        if self._left:
            task.cancel()
        return await task

    def leave(self) -> None:
        """Cancel it: its caller has stopped waiting."""
        self._left = True
        if self._task is not None:
            self._task.cancel()


class Synchronous:
    """Wraps an object of the library: its coroutine methods become blocking ones."""

    def __init__(self, target: Any, loop: _LazyLoop) -> None:
        self._target, self._loop = target, loop

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._wrap(getattr(self._target, name))

    def __dir__(self) -> list[str]:
        return dir(self._target)

    def __repr__(self) -> str:
        return f"<synchronous {self._target!r}>"

    def _wrap(self, value: Any) -> Any:
        if isinstance(value, BoundAction):
            return self._blocking(value.__call__)
        if inspect.iscoroutinefunction(value):
            return self._blocking(value)
        return Synchronous(value, self._loop) if isinstance(value, Attributes) or _has_coroutines(value) else value

    def _blocking(self, function: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        @wraps(function)
        def call(*positional: Any, **named: Any) -> Any:
            return self._loop.wait_for(function(*positional, **named))

        return call


def _has_coroutines(value: Any) -> bool:
    kind = type(value)
    if not kind.__module__.startswith(_PLUGFN) or inspect.isroutine(value):
        return False
    return any(inspect.iscoroutinefunction(getattr(kind, name, None)) for name in dir(kind))


class SyncPlugFn(Synchronous, SyncProviderAttributes):
    """A PlugFn without `await`: it has the same attributes and methods, all blocking. `close()` ends its thread."""

    def __init__(self, plug: PlugFn) -> None:
        super().__init__(plug, _LazyLoop())

    @property
    def plug(self) -> PlugFn:
        """The asynchronous PlugFn that it wraps."""
        plug: PlugFn = self._target
        return plug

    def wait_for(self, awaitable: Awaitable[T]) -> T:
        """Run an awaitable of the asynchronous API on this object's event loop, and return its result."""
        return self._loop.wait_for(awaitable)

    def close(self) -> None:
        """Close the PlugFn and end the thread."""
        try:
            self._loop.wait_for(self._target.close())
        finally:
            self._loop.stop()

    def __enter__(self) -> Self:
        try:
            self._loop.wait_for(self._target.open())
        except BaseException:
            self._loop.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
