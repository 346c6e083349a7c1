"""Two processes at the same runs, on one PostgreSQL: no step is done twice, no run is lost.

Each side is a PlugFn of its own (store, pool, idempotency keys) in a thread and event loop of its own; they share the
database, and a vendor that counts what was done.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from plugfn.crypto import new_key
from plugfn.definition import Call, Form, Model, Origin, Provider, Result, Trigger
from plugfn.errors import InvalidCall, NotFound, UnknownName
from plugfn.inbound import Event
from plugfn.plug import PlugFn
from plugfn.workflows.engine import WorkflowEngine
from plugfn.workflows.model import Run, RunStatus, StepStatus

ENDED = {RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED, RunStatus.SUPPRESSED, RunStatus.PAUSED}
WORDS = ["one", "two", "three"]
ROUNDS = range(4)


class Ping(Result):
    text: str = ""


class Say(Model):
    words: str


class Said(Result):
    number: int


class Vendor:
    """`said`: the calls that were done. `failing`: words to refuse. `slow`: seconds that a call takes."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.failing: set[str] = set()
        self.slow = 0.01

    def provider(self) -> Provider:
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
            await asyncio.sleep(self.slow)
            if params.words.partition(" ")[2] in self.failing:
                raise NotFound("refused")
            self.said.append(params.words)
            return Said(number=len(self.said))

        return made


def workflow(**changes: Any) -> dict[str, Any]:
    steps = [{"id": word, "action": "acme.words.say", "params": {"words": f"{{{{ text }}}} {word}"}} for word in WORDS]
    return {
        "name": "Say",
        "trigger": {"provider": "acme", "event": "ping"},
        "steps": steps,
        "limits": {"per_hour": 1000},
    } | changes


class Sides:
    """Two processes."""

    def __init__(self, url: str) -> None:
        self.vendor, self.key, self.user = Vendor(), new_key(), uuid4().hex
        self.plugs = [PlugFn(database=url, encryption_key=self.key) for _ in range(2)]
        for plug in self.plugs:
            plug.providers.register(self.vendor.provider())

    @property
    def engine(self) -> WorkflowEngine:
        """The engine of one of them."""
        return self.plugs[0].workflows

    def impatient(self) -> list[WorkflowEngine]:
        """Engines for which every lease has expired."""
        return [
            WorkflowEngine(
                plug.store, plug.ring, plug.providers, plug.executor, plug.connections, plug.shared, lease=timedelta()
            )
            for plug in self.plugs
        ]

    def forget_keys(self) -> None:
        """From now on only the versions of runs exclude other workers."""
        for plug in self.plugs:
            plug.executor.run = partial(_keyless, plug.executor.run)  # type: ignore[method-assign]

    async def made(self) -> str:
        """A new workflow of the user."""
        return (await self.engine.create(self.user, workflow())).id

    async def event(self, number: int = 1) -> Event:
        (connection,) = await self.plugs[0].connections.list(self.user)
        return Event("acme", "ping", {"text": f"e{number}"}, id=str(number), connection_id=connection.id)

    def expected(self, *numbers: int) -> list[str]:
        return sorted(f"e{number} {word}" for number in numbers for word in WORDS)


async def _keyless(run: Any, action: str, **call: Any) -> Any:
    return await run(action, **(call | {"idempotency_key": None}))


@pytest.fixture
async def sides(postgres_url: str) -> AsyncIterator[Sides]:
    made = Sides(postgres_url)
    await made.plugs[0].open()
    await made.plugs[0].connections.create(made.user, "acme", {})
    yield made
    for plug in made.plugs:
        await plug.close()


async def at_once(*jobs: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Run each in its own thread and loop, started together. Returns results or errors."""
    ready = threading.Barrier(len(jobs))

    def run(job: Callable[[], Awaitable[Any]]) -> Any:
        async def begun() -> Any:
            ready.wait(20)
            return await job()

        return asyncio.run(begun())

    return await asyncio.gather(*(asyncio.to_thread(run, job) for job in jobs), return_exceptions=True)


def only(found: list[Any], *allowed: type[BaseException]) -> None:
    """Asserts that no other error was raised."""
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, allowed):
            raise one


@pytest.mark.parametrize("keys", [True, False])
async def test_an_event_accepted_and_worked_by_both_processes_is_done_once(sides: Sides, keys: bool) -> None:
    await sides.made()
    keys or sides.forget_keys()
    for number in ROUNDS:
        event = await sides.event(number)
        found = await at_once(*(partial(plug.workflows.accept, event) for plug in sides.plugs * 2))
        only(found)
        (run,) = [run for runs in found for run in runs]
        only(await at_once(*(partial(plug.workflows.work, run.id) for plug in sides.plugs * 2)))
    runs = await sides.engine.runs(sides.user)
    assert [run.status for run in runs] == [RunStatus.SUCCEEDED] * len(ROUNDS)
    assert sorted(sides.vendor.said) == sides.expected(*ROUNDS)


async def test_an_event_handled_by_both_processes_is_done_once(sides: Sides) -> None:
    await sides.made()
    for number in ROUNDS:
        event = await sides.event(number)
        only(await at_once(*(partial(plug.workflows.handle, event) for plug in sides.plugs * 2)))
    assert sorted(sides.vendor.said) == sides.expected(*ROUNDS)


async def test_simultaneous_retries_and_recovery_repeat_nothing(sides: Sides) -> None:
    await sides.made()
    for number in ROUNDS:
        sides.vendor.failing = {"two"}
        (run,) = await sides.engine.handle(await sides.event(number))
        assert run.status == RunStatus.PARTIAL
        sides.vendor.failing = set()
        retries = [partial(plug.workflows.retry, run.id, sides.user) for plug in sides.plugs]
        found = await at_once(*retries, *(engine.recover for engine in sides.impatient()))
        only(found, InvalidCall)
        await settled(sides)
    assert sorted(sides.vendor.said) == sides.expected(*ROUNDS)


async def test_one_of_many_simultaneous_retries_runs_even_without_the_keys(sides: Sides) -> None:
    await sides.made()
    for number in ROUNDS:
        sides.vendor.failing = {"two"}
        (run,) = await sides.engine.handle(await sides.event(number))
        sides.vendor.failing = set()
        sides.forget_keys()
        found = await at_once(*(partial(plug.workflows.retry, run.id, sides.user) for plug in sides.plugs * 2))
        only(found, InvalidCall)
        assert any(isinstance(one, Run) for one in found)
    assert sorted(sides.vendor.said) == sides.expected(*ROUNDS)


async def test_each_replay_is_a_run_of_its_own_and_none_is_lost(sides: Sides) -> None:
    await sides.made()
    (run,) = await sides.engine.handle(await sides.event())
    found = await at_once(*(partial(plug.workflows.replay, run.id, sides.user) for plug in sides.plugs * 2))
    only(found)
    assert len({copy.id for copy in found}) == 4
    runs = await sides.engine.runs(sides.user, root_run=run.id)
    assert [one.status for one in runs] == [RunStatus.SUCCEEDED] * 5
    assert sorted(sides.vendor.said) == sorted(sides.expected(1) * 5)


async def settled(sides: Sides) -> list[Run]:
    """Recover until every run of the user has ended."""
    for _ in range(20):
        runs = await sides.engine.runs(sides.user)
        if all(run.status in ENDED for run in runs):
            return runs
        await sides.impatient()[0].recover()
    raise AssertionError([run.status for run in runs])


async def test_workers_with_an_expired_lease_repeat_nothing(sides: Sides) -> None:
    """Every lease has expired: only idempotency keys and versions exclude the six workers."""
    await sides.made()
    for number in ROUNDS:
        (run,) = await sides.engine.accept(await sides.event(number))
        only(await at_once(*(partial(recovering, engine) for engine in sides.impatient() * 3)))
        (found, *_) = await settled(sides)
        assert (found.id, found.status) == (run.id, RunStatus.SUCCEEDED)
    assert sorted(sides.vendor.said) == sides.expected(*ROUNDS)


async def recovering(engine: WorkflowEngine) -> None:
    for _ in range(6):
        await engine.recover()


async def test_a_run_paused_by_another_process_stops_and_resumes_once(sides: Sides) -> None:
    workflow_id = await sides.made()
    first, second = sides.plugs
    for number in ROUNDS:
        event, waited = await sides.event(number), 0.008 * number

        async def pause(waited: float = waited) -> Any:
            await asyncio.sleep(waited)
            return await second.workflows.pause(workflow_id, sides.user)

        before = {run.id for run in await sides.engine.runs(sides.user)}
        only(await at_once(partial(first.workflows.handle, event), pause))
        runs = [run for run in await sides.engine.runs(sides.user) if run.id not in before]
        done = [one for one in sides.vendor.said if one.startswith(f"e{number} ")]
        await sides.engine.resume(workflow_id, sides.user)
        if not runs:  # the pause came first: a paused workflow starts no run
            assert done == []
            continue
        (run,) = runs
        assert len(done) == [one.status for one in run.steps].count(StepStatus.SUCCEEDED)
        if run.status == RunStatus.PAUSED:
            retries = [partial(plug.workflows.retry, run.id, sides.user) for plug in sides.plugs * 2]
            only(await at_once(*retries), InvalidCall)
            done = [one for one in sides.vendor.said if one.startswith(f"e{number} ")]
            assert sorted(done) == sides.expected(number)
        else:
            assert run.status in (RunStatus.SUPPRESSED, RunStatus.SUCCEEDED)
    assert len(sides.vendor.said) == len(set(sides.vendor.said))


async def test_the_kill_switch_works_while_the_workflow_is_being_changed(sides: Sides) -> None:
    workflow_id = await sides.made()
    first, second = sides.plugs

    async def change() -> None:
        for number in range(15):
            with suppress(InvalidCall):
                await second.workflows.update(workflow_id, sides.user, workflow(name=f"Say {number}"))

    pauses = [partial(first.workflows.pause, workflow_id, sides.user) for _ in range(2)]
    only(await at_once(change, *pauses))
    assert (await sides.engine.get(workflow_id, sides.user)).status == "paused"
    assert await sides.engine.handle(await sides.event()) == []


async def test_a_run_deleted_by_another_process_does_nothing_more(sides: Sides) -> None:
    first, second = sides.plugs
    for number in ROUNDS:
        workflow_id = await sides.made()
        event, waited = await sides.event(number), 0.008 * number

        async def delete(workflow_id: str = workflow_id, waited: float = waited) -> int:
            await asyncio.sleep(waited)
            await second.workflows.delete(workflow_id, sides.user)
            return len(sides.vendor.said)

        found = await at_once(partial(first.workflows.handle, event), delete)
        only(found)
        assert len(sides.vendor.said) - found[1] <= 1  # a call that was already running
        with pytest.raises(UnknownName):
            await sides.engine.delete(workflow_id, sides.user)
        assert await sides.engine.runs(sides.user) == []
        assert await sides.engine.handle(event) == []
    assert len(sides.vendor.said) == len(set(sides.vendor.said))
