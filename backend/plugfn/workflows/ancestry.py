"""Which events are our own doing: an event that a run caused carries that run's ancestry, so that loops end.

Vendors do not say who caused an event, so two things tell:

- inside the process: what a step's action emits while it runs is known by a context variable;
- from outside: when a step that changes something has succeeded, the identifiers at the top of its result (`id`, `ts`,
  `html_url`, …) are kept for an hour. An event of that user and provider that names one of them, in a field of the same
  name, descends from it. So does, in that hour, what a person does to the same thing: receipts of a message come one
  after the other, and a loop through them is worse than a run too few. Only the workflow itself is kept out by it.
  Users are strangers here too: workflows of two users at one account that start each other are stopped by their limits.

An echo can overtake the step's own answer; while a step of the user is out at that provider, an event that names
identifiers waits for it, for at most a second. What slips through all the same is stopped by the limit per hour.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from plugfn.storage.protocol import Store

DEEPEST = 3
"""Runs caused by runs, counted from the first event: the fourth is suppressed."""
KIND, OUT = "workflow-echo", "workflow-out"
HOUR = 3600.0
LONGEST_OUT = 60.0
LONGEST_WAIT = 1.0
STEP_OF_WAIT = 0.05
SHORTEST = 6
"""Characters: shorter identifiers are too common to prove anything."""
IDENTITY = frozenset({"id", "node_id", "ts", "message_id", "html_url", "url", "permalink", "sid"})


@dataclass(frozen=True)
class Lineage:
    """Where an event comes from."""

    depth: int = 0
    root_run: str = ""
    """Empty for an event from outside: its run is a root."""
    workflows: tuple[str, ...] = ()

    def child(self, workflow_id: str, run_id: str) -> "Lineage":
        """Of the events that a run causes."""
        return Lineage(self.depth + 1, self.root_run or run_id, (*self.workflows, workflow_id))

    def objection(self, workflow_id: str) -> str:
        """Why this workflow must not run for such an event; empty when it may."""
        if workflow_id in self.workflows:
            return "loop"
        return "depth" if self.depth > DEEPEST else ""


OUTSIDE = Lineage()
_current: ContextVar[Lineage | None] = ContextVar("plugfn_workflow_lineage", default=None)


@contextmanager
def causing(lineage: Lineage) -> Iterator[None]:
    """Whatever is emitted inside is this run's doing."""
    token = _current.set(lineage)
    try:
        yield
    finally:
        _current.reset(token)


def identities(values: Mapping[str, Any], top: bool) -> list[tuple[str, str]]:
    """(name, text) of what identifies something. `top`: only what is not inside anything else."""
    found = [(path.rpartition(".")[2], value, "." in path) for path, value in values.items()]
    return [
        (name, str(value))
        for name, value, nested in found
        if name in IDENTITY and not (top and nested) and isinstance(value, (str, int)) and len(str(value)) >= SHORTEST
    ]


class Echoes:
    """Remembers what runs did, for as long as an echo may take."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @asynccontextmanager
    async def out(self, user_id: str, provider: str) -> AsyncIterator[None]:
        """While a step is out at a provider. Of two at once the first to end ends it for both: a wait less, no more."""
        place = _digest(user_id, provider)
        await self._store.put(OUT, place, b"1", LONGEST_OUT)
        try:
            yield
        finally:
            await self._store.take(OUT, place)

    async def leave(self, user_id: str, provider: str, result: Mapping[str, Any], lineage: Lineage) -> None:
        """A step changed something: know its echo."""
        value = json.dumps([lineage.depth, lineage.root_run, lineage.workflows]).encode()
        for name, text in identities(result, top=True):
            await self._store.put(KIND, _digest(user_id, provider, name, text), value, HOUR)

    async def lineage(self, user_id: str, provider: str, values: Mapping[str, Any]) -> Lineage:
        """Where an event comes from."""
        if (inside := _current.get()) is not None:
            return inside
        marks = [_digest(user_id, provider, name, text) for name, text in identities(values, top=False)]
        waited = 0.0
        while marks:
            found = await self._find(marks)
            if found is not None:
                return found
            if waited >= LONGEST_WAIT or await self._store.peek(OUT, _digest(user_id, provider)) is None:
                break
            await asyncio.sleep(STEP_OF_WAIT)
            waited += STEP_OF_WAIT
        return OUTSIDE

    async def _find(self, marks: list[str]) -> Lineage | None:
        """The deepest of those that left a mark."""
        found: Lineage | None = None
        for mark in marks:
            if (kept := await self._store.peek(KIND, mark)) is not None:
                depth, root_run, workflows = json.loads(kept)
                found = found if found and found.depth >= depth else Lineage(depth, root_run, tuple(workflows))
        return found


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
