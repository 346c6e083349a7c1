"""The store fails at each of its writes in turn: the run still ends, and repeats no step unless the user asks it to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import time_machine

from plugfn.definition import Call, Form, Model, Origin, Provider, Result, Trigger
from plugfn.errors import InvalidCall, PlugFnError, Unavailable
from plugfn.inbound import Event
from plugfn.storage.memory import MemoryStore
from plugfn.testing.bench import Bench
from plugfn.workflows import ancestry
from plugfn.workflows.model import Run, RunStatus, StepStatus

WRITES = frozenset({"add_run", "update_run", "put", "put_new", "take", "add_logs", "touch_connection"})
START = "2026-03-01T12:00:00+00:00"
WRITES_IN_ALL = 21
"""How many writes there are if none fails."""
ENDED = {RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED}


class Failing(MemoryStore):
    """Fails at the writes with the numbers in `fails`. With `done` they are stored, and only the answer is lost."""

    def __init__(self, done: bool) -> None:
        super().__init__()
        self.done, self.fails, self.writes, self.broke = done, set[int](), 0, list[str]()

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return self._counted(name, found) if name in WRITES else found

    def _counted(self, name: str, write: Any) -> Any:
        async def counted(*args: Any, **options: Any) -> Any:
            self.writes += 1
            fails = self.writes in self.fails
            result = await write(*args, **options) if self.done or not fails else None
            if fails:
                self.broke.append(name)
                raise Unavailable("the database cannot be reached", code="store")
            return result

        return counted


class Ping(Result):
    id: str
    who: str = "everybody"


class Say(Model):
    words: str


class Said(Result):
    id: str


def vendor(sent: list[str]) -> Provider:
    made = Provider(
        name="acme",
        label="Acme",
        auth=Form(Model),
        docs_url="https://acme.example",
        origin=lambda settings, credentials: Origin("https://acme.example", trusted=True),
        triggers=(Trigger("ping", Ping, "A ping."),),
    )

    @made.action("words.say", summary="Says.")
    async def say(call: Call[Model], params: Say) -> Said:
        sent.append(params.words)
        return Said(id=f"message-{len(sent):04}")

    return made


WORKFLOW = {
    "name": "Say",
    "trigger": {"provider": "acme", "event": "ping"},
    "steps": [
        {"id": "one", "action": "acme.words.say", "params": {"words": "one"}},
        {"id": "two", "action": "acme.words.say", "params": {"words": "two after {{ steps.one.id }}"}},
    ],
    "limits": {"subject": "who", "cooldown": 60},
}


class Story:
    """One event, and what the engine and its callers do to complete its run."""

    def __init__(self, bench: Bench, store: Failing, sent: list[str], clock: Any) -> None:
        self.bench, self.store, self.sent, self._clock = bench, store, sent, clock
        self.engine = bench.plug.workflows

    async def run_of_event(self, fails: set[int]) -> Run:
        """The event's run if the store fails at the writes with these numbers, counted from now on."""
        await self.engine.create("ana", WORKFLOW)
        self.store.writes, self.store.fails = 0, fails
        event = Event("acme", "ping", {"id": "ping-0001"}, id="1", connection_id=self.bench.connection.id)
        for _ in range(1 + len(fails)):
            try:
                await self.engine.handle(event)
                break
            except PlugFnError:
                continue  # the sender gets an error, and sends it again
        return await self._ended()

    async def _ended(self) -> Run:
        for _ in range(2 + len(self.store.fails)):
            self._clock.shift(1800)
            with suppress(PlugFnError):
                await self.engine.recover()
        (run,) = await self.engine.runs("ana")
        assert run.status in ENDED, run
        return run


@asynccontextmanager
async def story(done: bool) -> AsyncIterator[Story]:
    store, sent = Failing(done), list[str]()
    with time_machine.travel(START) as clock:
        async with Bench(vendor(sent), credentials={}, database=store) as bench:
            yield Story(bench, store, sent, clock)


@pytest.fixture(params=[False, True], ids=["not written", "answer lost"])
def done(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(ancestry, "LONGEST_WAIT", 0.0)  # none of these events waits for a step's answer
    return bool(request.param)


def check_records(run: Run, sent: list[str]) -> None:
    """Each done step is recorded as succeeded or unknown, each step recorded as succeeded was done, and none twice."""
    assert len(sent) == len(set(sent))
    for step in run.steps:
        was_done = any(words.startswith(step.id) for words in sent)
        assert was_done or step.status is not StepStatus.SUCCEEDED
        assert not was_done or step.status in (StepStatus.SUCCEEDED, StepStatus.UNKNOWN)


async def test_without_failures_every_kind_of_write_happens(done: bool) -> None:
    async with story(done) as case:
        run = await case.run_of_event(set())
        assert (run.status, case.sent) == (RunStatus.SUCCEEDED, ["one", "two after message-0001"])
        assert case.store.writes == WRITES_IN_ALL


async def test_whichever_write_fails_the_run_ends_and_repeats_nothing(done: bool) -> None:
    broke, statuses = set(), set()
    for number in range(1, WRITES_IN_ALL + 1):
        async with story(done) as case:
            run = await case.run_of_event({number})
            check_records(run, case.sent)
            broke |= set(case.store.broke)
            statuses.add(run.status)
            if run.status is not RunStatus.SUCCEEDED:
                await check_retry(case, run)
    assert broke >= WRITES - {"touch_connection"}
    assert RunStatus.SUCCEEDED in statuses


async def check_retry(case: Story, run: Run) -> None:
    """A retry needs a confirmation for a step of unknown outcome, and repeats no other step that was done."""
    if any(step.status is StepStatus.UNKNOWN for step in run.steps):
        with pytest.raises(InvalidCall, match="it is unknown whether"):
            await case.engine.retry(run.id, "ana")
        again = await case.engine.retry(run.id, "ana", confirm_unknown=True)
    else:
        again = await case.engine.retry(run.id, "ana")
        check_records(again, case.sent)
        assert len(case.sent) == 2
    assert again.status is RunStatus.SUCCEEDED


async def test_two_failing_writes_repeat_nothing_either(done: bool) -> None:
    for number in range(1, WRITES_IN_ALL + 1):
        async with story(done) as case:
            check_records(await case.run_of_event({number, number + 3}), case.sent)
