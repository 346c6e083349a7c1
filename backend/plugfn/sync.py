"""The plain synchronous face: the same PlugFn, its coroutines run on an event loop in a thread of its own.

    plug = SyncPlugFn(PlugFn(…))
    issue = plug.github.issues.create(user_id="ana", params={…})

Nothing is implemented twice. It may be called from a thread that runs an event loop of its own (which then waits), and
after a fork: the new process gets a new thread. Sync handlers, progress callbacks and so on may call it in turn.
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

# Only what is the library's own is made plain, and only when it has coroutines.
_PLUGFN = "plugfn."


class _Running:
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=_run, args=(self.loop,), name="plugfn", daemon=True)
        self.thread.start()

    @property
    def usable(self) -> bool:
        """Whether it runs, and in this process: a fork has the loop and not its thread."""
        return self.process == os.getpid() and not self.loop.is_closed()

    def stop(self) -> None:
        """Those who still wait for something get a CancelledError."""
        if self.usable:
            with suppress(RuntimeError):  # it has just ended
                self.loop.call_soon_threadsafe(self.loop.stop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(_ended())
        loop.close()


async def _ended() -> None:
    """Nobody waits for ever for what runs no more."""
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await loop.shutdown_asyncgens()


class _Loop:
    """An event loop that is started when it is first needed in this process, and ends with the last who can use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Running | None = None
        self._end: finalize[Any, Any] | None = None

    def wait_for(self, awaitable: Awaitable[T]) -> T:
        """Its result, or what it raises."""
        running = self._started()
        if threading.current_thread() is running.thread:
            if inspect.iscoroutine(awaitable):
                awaitable.close()
            raise RuntimeError(
                "the synchronous face was called from its own event loop: use the asynchronous one there"
            )
        call = _Call()
        try:
            return asyncio.run_coroutine_threadsafe(call.run(copy_context(), awaitable), running.loop).result()
        except Exception:
            raise
        except BaseException:
            # A KeyboardInterrupt here must end the call there, also when it comes before there is a future to cancel.
            with suppress(RuntimeError):  # the loop has ended, and the call with it
                running.loop.call_soon_threadsafe(call.leave)
            raise

    def stop(self) -> None:
        """End the thread; the next use starts another."""
        with self._lock:
            running, self._running = self._running, None
            if running is not None and self._end is not None:
                self._end()
        if running is not None and running.usable:
            running.thread.join(timeout=10)

    def _started(self) -> _Running:
        with self._lock:
            if self._running is None or not self._running.usable:
                if self._end is not None:
                    self._end.detach()
                self._running = _Running()
                self._end = finalize(self, self._running.stop)
                self._end.atexit = False  # the thread ends with its process
            return self._running


class _Call:
    """What one thread waits for on the event loop of another."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._left = False

    async def run(self, context: Context, awaitable: Awaitable[T]) -> T:
        """In the caller's context: what it keeps there (a request, ids for logs) is seen by handlers and by `auth`."""

        async def awaited() -> T:
            return await awaitable

        self._task = asyncio.get_running_loop().create_task(awaited(), context=context)
        if self._left:
            self._task.cancel()
        return await self._task  # type: ignore[no-any-return]

    def leave(self) -> None:
        """Nobody waits for it any more."""
        self._left = True
        if self._task is not None:
            self._task.cancel()


class Plain:
    """Something of the library with its coroutine methods made plain ones."""

    def __init__(self, target: Any, loop: _Loop) -> None:
        self._target, self._loop = target, loop

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._plain(getattr(self._target, name))

    def __dir__(self) -> list[str]:
        return dir(self._target)

    def __repr__(self) -> str:
        return f"<synchronous {self._target!r}>"

    def _plain(self, value: Any) -> Any:
        if isinstance(value, BoundAction):
            return self._called(value.__call__)
        if inspect.iscoroutinefunction(value):
            return self._called(value)
        return Plain(value, self._loop) if isinstance(value, Attributes) or _has_coroutines(value) else value

    def _called(self, function: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        @wraps(function)
        def call(*positional: Any, **named: Any) -> Any:
            return self._loop.wait_for(function(*positional, **named))

        return call


def _has_coroutines(value: Any) -> bool:
    kind = type(value)
    if not kind.__module__.startswith(_PLUGFN) or inspect.isroutine(value):
        return False
    return any(inspect.iscoroutinefunction(getattr(kind, name, None)) for name in dir(kind))


class SyncPlugFn(Plain, SyncProviderAttributes):
    """A PlugFn without `await`: every attribute and method of it, plain. `close()` ends it."""

    def __init__(self, plug: PlugFn) -> None:
        super().__init__(plug, _Loop())

    @property
    def plug(self) -> PlugFn:
        """The asynchronous face."""
        found: PlugFn = self._target
        return found

    def wait_for(self, awaitable: Awaitable[T]) -> T:
        """The result of something of the asynchronous face, awaited on this one's event loop."""
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
