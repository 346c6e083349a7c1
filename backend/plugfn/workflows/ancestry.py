"""Recognises events that our own runs caused: such an event carries the run's ancestry, so that loops end.

Vendors do not say who caused an event, so there are two ways to find out:

- inside the process: a context variable marks the events that a step's action emits while it runs;
- from outside: when a step that changes something succeeds, the identifiers at the top of its result (`id`, `ts`,
  `html_url`, …) are stored for an hour. An event of the same user and provider with one of these identifiers, in a
  field of the same name, descends from that run. Within the hour this includes what a person does to the same object:
  receipts of a message come one after the other, and a missed run is better than a loop. Only the workflow itself is
  kept from running. Lineage does not cross users: when workflows of two users at one account start each other, their
  limits stop them.

An event can arrive before the answer of the step that caused it. While a step of the user runs at that provider, an
event with identifiers therefore waits, for at most a second. The limit per hour stops what still slips through.
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
"""How many runs may cause each other in a row: a run that is deeper than this is suppressed."""
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
        """The lineage of events that a run causes."""
        return Lineage(self.depth + 1, self.root_run or run_id, (*self.workflows, workflow_id))

    def objection(self, workflow_id: str) -> str:
        """Why this workflow must not run for the event; empty when it may."""
        if workflow_id in self.workflows:
            return "loop"
        return "depth" if self.depth > DEEPEST else ""


OUTSIDE = Lineage()
_current: ContextVar[Lineage | None] = ContextVar("plugfn_workflow_lineage", default=None)


@contextmanager
def causing(lineage: Lineage) -> Iterator[None]:
    """Events that are emitted inside are caused by this run."""
    token = _current.set(lineage)
    try:
        yield
    finally:
        _current.reset(token)


def identities(values: Mapping[str, Any], top: bool) -> list[tuple[str, str]]:
    """(name, text) of the identifiers in `values`. `top`: only those at the top level."""
    entries = [(path.rpartition(".")[2], value, "." in path) for path, value in values.items()]
    return [
        (name, str(value))
        for name, value, nested in entries
        if name in IDENTITY and not (top and nested) and isinstance(value, (str, int)) and len(str(value)) >= SHORTEST
    ]


class Echoes:
    """Remembers the results of runs, for as long as an event may follow them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @asynccontextmanager
    async def out(self, user_id: str, provider: str) -> AsyncIterator[None]:
        """Mark that a step is running at a provider. The first of two steps to end removes the mark for both."""
        place = _digest(user_id, provider)
        await self._store.put(OUT, place, b"1", LONGEST_OUT)
        try:
            yield
        finally:
            await self._store.take(OUT, place)

    async def leave(self, user_id: str, provider: str, result: Mapping[str, Any], lineage: Lineage) -> None:
        """Remember what a step changed, to recognise the events that it causes."""
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
            ancestor = await self._find(marks)
            if ancestor is not None:
                return ancestor
            if waited >= LONGEST_WAIT or await self._store.peek(OUT, _digest(user_id, provider)) is None:
                break
            await asyncio.sleep(STEP_OF_WAIT)
            waited += STEP_OF_WAIT
        return OUTSIDE

    async def _find(self, marks: list[str]) -> Lineage | None:
        """The deepest lineage among those that left one of these marks."""
        deepest: Lineage | None = None
        for mark in marks:
            if (stored := await self._store.peek(KIND, mark)) is not None:
                depth, root_run, workflows = json.loads(stored)
                deepest = deepest if deepest and deepest.depth >= depth else Lineage(depth, root_run, tuple(workflows))
        return deepest


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
