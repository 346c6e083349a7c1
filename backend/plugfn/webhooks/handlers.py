"""What events are handed to: how handlers are named, and called so that none of them harms the others."""

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
    """By names that stay the same when the program starts anew, in whatever order it registers them.

    Only those of one name (lambdas of one function) are told apart by their order."""
    found: dict[str, Handler] = {}
    for handler in handlers:
        name, number = _name(handler), 1
        while f"{name}#{number}" in found:
            number += 1
        found[f"{name}#{number}"] = handler
    return found


async def succeeded(handler: Handler, event: Event, name: str) -> bool:
    """Call it; whether it went well. Only who cancels this, or the user's Ctrl-C, gets through."""
    try:
        if inspect.iscoroutinefunction(handler):
            await handler(event)
        else:
            # A plain function may block: it gets a thread of its own.
            told = await asyncio.to_thread(handler, event)
            if inspect.isawaitable(told):
                await told
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one handler's failure must not hide the others
        return _failed(error, event, name)
    except asyncio.CancelledError as error:
        if _is_being_cancelled():
            raise
        return _failed(error, event, name)  # something that the handler waited for was cancelled
    return True


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _failed(error: BaseException, event: Event, name: str) -> bool:
    code = error.code if isinstance(error, PlugFnError) else type(error).__name__
    where = {"provider": event.provider, "event": event.name, "handler": name, "code": code}
    # What it says may quote the event.
    log.error("a webhook handler failed: %s", safe_traceback(error), extra=where)
    return False


def _name(handler: Handler) -> str:
    known = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{known.__module__}.{known.__qualname__}"
