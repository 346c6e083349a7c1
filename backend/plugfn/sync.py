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
from contextvars import Context, copy_context
from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar

from plugfn.face import BoundAction, Face
from plugfn.plug import PlugFn

if TYPE_CHECKING:
    from plugfn.faces import SyncFaces
else:
    SyncFaces = object  # as in plugfn.plug

T = TypeVar("T")

# Only what is the library's own is made plain, and only when it has coroutines.
_PLUGFN = "plugfn."


class _Loop:
    """An event loop in a daemon thread, started when it is first needed in this process."""

    def __init__(self) -> None:
        self._lock, self._process = threading.Lock(), 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def wait_for(self, coroutine: Awaitable[T]) -> T:
        """Its result, or what it raises."""
        loop = self._running()
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "the synchronous face was called from its own event loop: use the asynchronous one there"
            )
        # In the caller's context: what it keeps there (a request, ids for logs) is seen by handlers and by `auth`.
        future = asyncio.run_coroutine_threadsafe(_within(copy_context(), coroutine), loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # a KeyboardInterrupt here must end the call there
            raise

    def stop(self) -> None:
        """End the thread."""
        with self._lock:
            if self._loop is not None and self._thread is not None and self._process == os.getpid():
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join(timeout=10)
                self._loop.close()
            self._loop = None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._process != os.getpid():
                self._loop, self._process = asyncio.new_event_loop(), os.getpid()
                self._thread = threading.Thread(target=self._loop.run_forever, name="plugfn", daemon=True)
                self._thread.start()
            return self._loop


async def _within(context: Context, awaitable: Awaitable[T]) -> T:
    async def awaited() -> T:
        return await awaitable

    return await asyncio.get_running_loop().create_task(awaited(), context=context)


class Plain:
    """Something of the library with its coroutine methods made plain ones."""

    def __init__(self, target: Any, loop: _Loop) -> None:
        self._target, self._loop = target, loop

    def __getattr__(self, name: str) -> Any:
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
        return Plain(value, self._loop) if isinstance(value, Face) or _has_coroutines(value) else value

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


class SyncPlugFn(Plain, SyncFaces):
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
        self._loop.wait_for(self._target.close())
        self._loop.stop()

    def __enter__(self) -> Self:
        self._loop.wait_for(self._target.open())
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
