"""Starts workflows from webhook deliveries: it stores their runs, then executes them.

The sender gets its answer between the two: vendors wait a few seconds, and steps may take minutes. When a process dies
in between, `WorkflowEngine.recover` finds its runs.
"""

import asyncio
import logging

from plugfn.errors import PlugFnError
from plugfn.inbound import Event
from plugfn.safe_tracebacks import safe_traceback
from plugfn.workflows.engine import WorkflowEngine

log = logging.getLogger("plugfn.workflows")


class Listener:
    """Starts the workflows of webhook events: `hear` is the handler to register."""

    def __init__(self, engine: WorkflowEngine) -> None:
        self._engine = engine
        self._running: set[asyncio.Task[None]] = set()

    async def hear(self, event: Event) -> None:
        """Store the runs that an event starts, and begin them in the background."""
        for run in await self._engine.accept(event):
            task = asyncio.get_running_loop().create_task(self._do(run.id))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def settle(self) -> None:
        """Wait for the runs that this event loop has begun."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*[task for task in list(self._running) if task.get_loop() is loop])

    async def _do(self, run_id: str) -> None:
        try:
            await self._engine.work(run_id)
        except PlugFnError as error:
            log.warning(
                "a run was not finished; recover() will resume it", extra={"run_id": run_id, "code": error.code}
            )
        except Exception as error:  # noqa: BLE001 - logged; recover will resume the run
            # Without the message, which may quote the event.
            log.error(
                "a run was not finished; recover() will resume it: %s", safe_traceback(error), extra={"run_id": run_id}
            )
