"""Limits and loops: what keeps a workflow from running away."""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import time_machine

from plugfn.cache.memory import MemoryShared
from plugfn.errors import Unavailable
from plugfn.inbound import Event
from plugfn.resilience.budget import Budget
from plugfn.workflows.ancestry import Echoes
from plugfn.workflows.conftest import START, World, opened, spec, step, ticket
from plugfn.workflows.model import Run, RunStatus


async def events(world: World, count: int, **changes: Any) -> list[Run]:
    """This many different events, a second apart."""
    runs = []
    for number in range(count):
        world.later(seconds=1)
        runs += await world.engine.handle(opened(f"{world.now}-{number}", **changes))
    return runs


async def test_more_runs_than_allowed_in_an_hour_are_suppressed(world: World) -> None:
    await world.engine.create("ana", spec(limits={"per_hour": 2}))
    runs = await events(world, 4)
    assert [run.status for run in runs] == ["succeeded", "succeeded", "suppressed", "suppressed"]
    assert {run.reason for run in runs[2:]} == {"per_hour"}
    assert len(world.runner.calls) == 2


async def test_a_repeatedly_suppressed_workflow_is_paused(world: World) -> None:
    made = await world.engine.create("ana", spec(limits={"per_hour": 1, "max_suppressed": 3}))
    runs = await events(world, 8)
    assert [run.status for run in runs] == ["succeeded"] + ["suppressed"] * 3
    now = await world.engine.get(made.id, "ana")
    assert (now.status, now.paused_because) == ("paused", "suppressed")


async def test_the_cool_down_of_a_subject_does_not_pause_the_workflow(world: World) -> None:
    limits = {"subject": "author.name", "cooldown": 3600, "max_suppressed": 2}
    made = await world.engine.create("ana", spec(limits=limits))
    runs = await events(world, 4, author={"name": "Maria"})
    runs += await events(world, 1, author={"name": "João"})
    runs += await events(world, 2, author=None)
    assert [run.status for run in runs] == ["succeeded"] + ["suppressed"] * 3 + ["succeeded"] * 3
    assert runs[1].reason == "cooldown"
    assert (await world.engine.get(made.id, "ana")).status == "active"


async def test_a_run_that_was_over_the_limit_starts_no_cool_down(world: World) -> None:
    limits = {"per_hour": 1, "subject": "author.name", "cooldown": 3600}
    await world.engine.create("ana", spec(limits=limits))
    await events(world, 1, author={"name": "João"})
    runs = await events(world, 2, author={"name": "Maria"})
    assert [run.reason for run in runs] == ["per_hour", "per_hour"]


async def test_a_run_stays_pending_when_its_limits_cannot_be_reached(world: World) -> None:
    await world.engine.create("ana", spec())

    class Down:
        async def take(self, budget: Budget) -> float:
            raise Unavailable("no shared state", code="shared_state")

    suppression = world.engine._suppression
    suppression._budgets, up = Down(), suppression._budgets
    with pytest.raises(Unavailable):
        await world.engine.handle(opened())
    assert world.runner.calls == []
    (run,) = await world.engine.runs("ana")
    assert run.status == RunStatus.PENDING
    suppression._budgets = up
    done = await world.engine.work(run.id)
    assert done is not None
    assert done.status == RunStatus.SUCCEEDED


def sent_event(result: dict[str, Any], name: str = "sent", event_id: str | None = None) -> Event:
    payload = {"number": 1, "text": "echo", "sent_at": START.isoformat()} | result
    return Event("desk", name, payload, id=event_id, account="acme")


ON_SENT = {"provider": "desk", "event": "sent"}


async def test_an_event_that_a_workflow_caused_does_not_start_it_again(world: World) -> None:
    await world.engine.create("ana", spec(trigger=ON_SENT, steps=[step("s", "x")]))
    (first,) = await world.engine.handle(sent_event({"id": "from-outside"}, event_id="e1"))
    (echo,) = await world.engine.handle(sent_event({"id": "message-0001"}, event_id="e2"))
    assert (first.status, first.depth) == ("succeeded", 0)
    assert (echo.status, echo.reason, echo.depth, echo.root_run) == ("suppressed", "loop", 1, first.id)
    assert len(world.runner.calls) == 1
    # The same delivery again is the same echo; another user's action is not.
    assert await world.engine.handle(sent_event({"id": "message-0001"}, event_id="e2")) == []
    (other,) = await world.engine.handle(sent_event({"id": "message-9999"}, event_id="e3"))
    assert other.status == "succeeded"


async def test_only_the_causing_workflow_is_kept_from_later_events(world: World) -> None:
    first = await world.engine.create("ana", spec(trigger=ON_SENT, steps=[step("s", "x")]))
    (root,) = await world.engine.handle(sent_event({"id": "from-outside"}, event_id="e1"))
    other = await world.engine.create("ana", spec(trigger=ON_SENT, steps=[step("s", "y")]))
    for event_id in ("sent", "delivered", "read"):
        runs = await world.engine.handle(sent_event({"id": "message-0001"}, event_id=event_id))
        assert {run.workflow_id: (str(run.status), run.depth, run.root_run) for run in runs} == {
            first.id: ("suppressed", 1, root.id),
            other.id: ("succeeded", 1, root.id),
        }


async def test_another_users_action_is_not_an_echo(world: World) -> None:
    await world.connect("bob", "acme")
    await world.engine.create("bob", spec(trigger=ON_SENT, steps=[step("s", "x")]))
    await world.engine.handle(sent_event({"id": "from-outside"}, event_id="e1"))
    await world.engine.create("ana", spec(trigger=ON_SENT, steps=[step("s", "x", connection_id=None)]))
    runs = await world.engine.handle(sent_event({"id": "message-0001"}, event_id="e2"))
    assert {(run.user_id, run.status) for run in runs} == {("bob", "suppressed"), ("ana", "succeeded")}


async def test_an_action_that_only_reads_has_no_echo(world: World) -> None:
    look = {"id": "s", "action": "desk.messages.look", "params": {"id": "{{ id }}"}}
    await world.engine.create("ana", spec(trigger=ON_SENT, steps=[look]))
    for event_id in ("e1", "e2"):
        (run,) = await world.engine.handle(sent_event({"id": "message-0001"}, event_id=event_id))
        assert (run.status, run.depth) == ("succeeded", 0)


async def test_workflows_may_start_each_other_three_deep(world: World) -> None:
    for _ in range(5):
        await world.engine.create("ana", spec(trigger=ON_SENT, steps=[step("s", "x")], limits={"per_hour": 1000}))
    waiting = [sent_event({"id": "from-outside"}, event_id="e0")]
    seen: list[Run] = []
    while waiting:
        before = len(world.runner.sent)
        seen += await world.engine.handle(waiting.pop())
        made = range(before + 1, len(world.runner.sent) + 1)
        waiting += [sent_event({"id": f"message-{number:04}"}, event_id=f"m{number}") for number in made]
        assert len(seen) < 5000
    done = [run for run in seen if run.status == "succeeded"]
    assert {run.depth for run in done} == {0, 1, 2, 3}
    assert {run.reason for run in seen if run.depth == 4} == {"loop", "depth"}
    assert {run.root_run for run in seen if run.depth} <= {run.id for run in seen if run.depth == 0}


async def test_events_emitted_while_an_action_runs_descend_from_its_run(world: World) -> None:
    await world.engine.create("ana", spec())
    inner: list[Run] = []

    async def emit(action: str, params: Any) -> None:
        world.runner.before = None
        inner.extend(await world.engine.handle(opened("inside")))

    world.runner.before = emit
    (outer,) = await world.engine.handle(opened("outside"))
    assert (outer.status, outer.depth) == ("succeeded", 0)
    assert [(run.reason, run.depth, run.root_run) for run in inner] == [("loop", 1, outer.id)]


async def test_an_event_that_arrives_before_the_answer_waits_for_it(world: World) -> None:
    await world.engine.create("ana", spec(trigger=ON_SENT, steps=[step("s", "x")]))
    echoes: list[asyncio.Task[list[Run]]] = []

    async def overtake(action: str, params: Any) -> None:
        world.runner.after = None
        # As in another request: without this run's context.
        context = contextvars.Context()
        event = sent_event({"id": "message-0001"}, event_id="echo")
        echoes.append(asyncio.get_running_loop().create_task(world.engine.handle(event), context=context))
        await asyncio.sleep(0.1)

    world.runner.after = overtake
    await world.engine.handle(sent_event({"id": "from-outside"}, event_id="e1"))
    (echo,) = await echoes[0]
    assert (echo.status, echo.reason) == ("suppressed", "loop")


async def test_an_event_does_not_wait_long_for_a_running_step(world: World) -> None:
    echoes = Echoes(world.store)

    @asynccontextmanager
    async def out() -> AsyncIterator[None]:
        async with echoes.out("ana", "desk"):
            yield

    async with out():
        began = time.monotonic()
        await world.engine.create("ana", spec())
        (run,) = await world.engine.handle(Event("desk", "ticket.opened", ticket(), id="e", account="acme"))
        assert run.status == "succeeded"
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("dies", ["before", "after"])
async def test_limits_hold_when_the_process_dies_while_checking_them(
    world: World, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.engine.create("ana", spec(limits={"per_hour": 1}))
    first, second = [(await world.engine.accept(opened(one)))[0] for one in ("e1", "e2")]
    take = MemoryShared.take

    async def death(shared: MemoryShared, budget: Budget) -> float:
        if dies == "after":
            await take(shared, budget)
        raise asyncio.CancelledError

    await world.engine.work(first.id)
    with monkeypatch.context() as patched, suppress(asyncio.CancelledError):
        patched.setattr(MemoryShared, "take", death)
        await world.engine.work(second.id)
    world.later(minutes=30)
    (run,) = await world.engine.recover()
    assert (run.id, run.status, run.reason) == (second.id, "suppressed", "per_hour")
    assert len(world.runner.calls) == 1
    assert run.workflow_id == made.id


@pytest.mark.parametrize(("per_hour", "status"), [(1, "succeeded"), (0, "suppressed")])
async def test_a_run_is_not_stopped_by_its_own_cool_down(
    world: World, per_hour: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"subject": "author.name", "cooldown": 7200, "per_hour": 1}
    await world.engine.create("ana", spec(limits=limits))
    if not per_hour:
        await world.engine.handle(opened("e0", author={"name": "João"}))
    (run,) = await world.engine.accept(opened("e1", author={"name": "Maria"}))

    async def away(shared: MemoryShared, budget: Budget) -> float:
        raise Unavailable("the shared state cannot be asked")

    with monkeypatch.context() as patched, suppress(Unavailable):
        patched.setattr(MemoryShared, "take", away)
        await world.engine.work(run.id)
    done = await world.engine.work(run.id)
    assert done is not None
    assert done.status == status
    left = await world.engine.dry_run("ana", run.workflow_id, payload=ticket(author={"name": "Maria"}))
    assert ("cooldown" in left.blocked_by) is bool(per_hour)


@pytest.mark.parametrize("moment", ["2026-03-01T11:00:00", "2026-03-01T11:00:00Z", "2026-03-01T08:00:00-03:00"])
async def test_a_trigger_fires_repeatedly_for_times_without_a_zone(world: World, moment: str) -> None:
    limits = {"subject": "author.name", "cooldown": 60}
    recent = {"field": "opened_at", "op": "newer_than", "value": "P1D"}
    await world.engine.create("ana", spec(conditions=recent, limits=limits))
    with time_machine.travel(START, tick=False) as clock:
        for number in range(5):
            (run,) = await world.engine.handle(opened(f"e{number}", opened_at=moment))
            assert run.status == RunStatus.SUCCEEDED
            clock.shift(61)
            world.later(seconds=61)
        again = await world.engine.replay(run.id, "ana")
    assert (again.status, again.trace[0].result) == (RunStatus.SUCCEEDED, "true")
    assert len(world.runner.sent) == 6
