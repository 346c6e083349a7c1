"""Names and calls event handlers, so that a failing handler does not affect the others."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable

from plugfn.errors import PlugFnError
from plugfn.inbound import Event
from plugfn.safe_tracebacks import safe_traceback

log = logging.getLogger("plugfn.webhooks")

Handler = Callable[[Event], Awaitable[None] | None]


def named(handlers: Iterable[Handler]) -> dict[str, Handler]:
    """Handlers by name. A restart, or another order of registration, does not change the names.

    Only handlers of the same name (lambdas of one function) are numbered in their order."""
    handlers_by_name: dict[str, Handler] = {}
    for handler in handlers:
        name, number = _name(handler), 1
        while f"{name}#{number}" in handlers_by_name:
            number += 1
        handlers_by_name[f"{name}#{number}"] = handler
    return handlers_by_name


async def succeeded(handler: Handler, event: Event, name: str) -> bool:
    """Call the handler. Returns whether it succeeded. Only cancelling the caller, or Ctrl-C, raises."""
    try:
        if inspect.iscoroutinefunction(handler):
            await handler(event)
        else:
            # A plain function may block: it gets its own thread.
            pending = await asyncio.to_thread(handler, event)
            if inspect.isawaitable(pending):
                await pending
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one handler's failure must not hide the others
        return _failed(error, event, name)
    except asyncio.CancelledError as error:
        if _is_being_cancelled():
            raise
        return _failed(error, event, name)  # the handler itself waited for something that was cancelled
    return True


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _failed(error: BaseException, event: Event, name: str) -> bool:
    code = error.code if isinstance(error, PlugFnError) else type(error).__name__
    where = {"provider": event.provider, "event": event.name, "handler": name, "code": code}
    # The exception's message may quote the event.
    log.error("a webhook handler failed: %s", safe_traceback(error), extra=where)
    return False


def _name(handler: Handler) -> str:
    function = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{function.__module__}.{function.__qualname__}"
