"""From deliveries to workflows: the runs are stored first, then done.

What a delivery starts is stored before its sender is answered, and done after that: vendors wait for seconds, and steps
may take minutes. A run whose process dies in between is found by `WorkflowEngine.recover`.
"""

import asyncio
import logging

from plugfn.errors import PlugFnError
from plugfn.inbound import Event
from plugfn.safe_tracebacks import safe_traceback
from plugfn.workflows.engine import WorkflowEngine

log = logging.getLogger("plugfn.workflows")


class Listener:
    """`hear` is a webhook handler."""

    def __init__(self, engine: WorkflowEngine) -> None:
        self._engine = engine
        self._under_way: set[asyncio.Task[None]] = set()

    async def hear(self, event: Event) -> None:
        """Store the runs that it starts, and begin them."""
        for run in await self._engine.accept(event):
            task = asyncio.get_running_loop().create_task(self._do(run.id))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Wait for what this event loop has begun."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*[task for task in list(self._under_way) if task.get_loop() is loop])

    async def _do(self, run_id: str) -> None:
        try:
            await self._engine.work(run_id)
        except PlugFnError as error:
            log.warning("a run waits to be recovered", extra={"run_id": run_id, "code": error.code})
        except Exception as error:  # noqa: BLE001 - it is logged, and the run is not lost
            # Without what it says: that may quote the event.
            log.error("a run waits to be recovered: %s", safe_traceback(error), extra={"run_id": run_id})
