"""Runs when steps fail, processes die, and users change their mind."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.calls.idempotency import DAY, LONGEST_RUN
from plugfn.errors import (
    IdempotencyConflict,
    InvalidCall,
    NotFound,
    OutcomeUnknown,
    PlugFnError,
    RateLimited,
    Unavailable,
    UnknownName,
)
from plugfn.workflows.conftest import World, opened, spec, step, ticket
from plugfn.workflows.ledger import PAGE
from plugfn.workflows.model import Run, RunStatus, StepStatus
from plugfn.workflows.work import LEASE, LONGEST_KEY

THREE = [step("one", "1"), step("two", "2"), step("three", "3")]


def statuses(run: Run) -> list[str]:
    return [str(one.status) for one in run.steps]


def texts(world: World) -> list[str]:
    return [sent["params"]["text"] for sent in world.runner.sent]


class Died(BaseException):
    """Stands for the death of the process."""


async def ran(world: World, *failures: BaseException | None, **changes: Any) -> Run:
    await world.engine.create("ana", spec(**({"steps": THREE} | changes)))
    world.runner.failures = list(failures)
    (run,) = await world.engine.handle(opened())
    return run


@pytest.mark.parametrize(
    ("failures", "on_error", "status", "steps"),
    [
        ([None, NotFound("x")], "stop", "partial", "succeeded failed skipped"),
        ([NotFound("x")], "stop", "failed", "failed skipped skipped"),
        ([NotFound("x")], "continue", "partial", "failed succeeded succeeded"),
        ([NotFound("x")] * 3, "continue", "failed", "failed failed failed"),
        ([OutcomeUnknown("x")], "stop", "partial", "unknown skipped skipped"),
        ([OutcomeUnknown("x")], "continue", "partial", "unknown succeeded succeeded"),
        ([ZeroDivisionError("a personal value")], "stop", "partial", "unknown skipped skipped"),
        ([None, None, RateLimited("x")], "stop", "partial", "succeeded succeeded failed"),
    ],
)
async def test_on_error_decides_whether_a_failing_step_stops_the_run(
    world: World, failures: list[Any], on_error: str, status: str, steps: str
) -> None:
    run = await ran(world, *failures, steps=[one | {"on_error": on_error} for one in THREE])
    assert (run.status, " ".join(statuses(run))) == (status, steps)


async def test_a_failed_step_says_what_to_do_next_and_nothing_personal(world: World) -> None:
    run = await ran(world, RateLimited("the vendor's limit is used up", code="too_fast"))
    error = run.steps[0].error
    assert error is not None
    assert error.model_dump() == {
        "error": "RateLimited",
        "code": "too_fast",
        "next": "retry",
        "message": "the vendor's limit is used up",
        "call_id": "",
    }
    run = await world.engine.retry(run.id, "ana")
    world.runner.failures = [ZeroDivisionError("a personal value")]
    (second,) = await world.engine.handle(opened("e2"))
    assert "a personal value" not in second.model_dump_json()


async def test_a_placeholder_without_value_fails_its_step_before_anything_is_sent(world: World) -> None:
    await world.engine.create("ana", spec(steps=[step("one", "{{ author.email }}")]))
    (run,) = await world.engine.handle(opened())
    assert run.steps[0].error is not None
    assert run.steps[0].error.code == "invalid_params"
    assert world.runner.calls == []


async def test_a_retry_continues_from_the_failed_step(world: World) -> None:
    run = await ran(world, None, Unavailable("down"))
    assert texts(world) == ["1"]
    again = await world.engine.retry(run.id, "ana")
    assert (again.id, again.status, statuses(again)) == (run.id, RunStatus.SUCCEEDED, ["succeeded"] * 3)
    assert texts(world) == ["1", "2", "3"]
    assert [one.attempt for one in again.steps] == [1, 2, 1]
    assert len({call["key"] for call in world.runner.calls}) == 4
    with pytest.raises(InvalidCall) as raised:
        await world.engine.retry(run.id, "ana")
    assert raised.value.code == "not_retriable"


async def test_a_retry_repeats_failed_steps_that_were_skipped_over(world: World) -> None:
    run = await ran(world, NotFound("x"), steps=[one | {"on_error": "continue"} for one in THREE])
    again = await world.engine.retry(run.id, "ana")
    assert (again.status, texts(world)) == (RunStatus.SUCCEEDED, ["2", "3", "1"])


async def test_a_retry_keeps_its_steps_and_a_replay_takes_the_new_ones(world: World) -> None:
    run = await ran(world, None, NotFound("x"))
    await world.engine.update(run.workflow_id, "ana", spec(steps=[step("new", "new")]))
    await world.engine.retry(run.id, "ana")
    await world.engine.replay(run.id, "ana")
    assert texts(world) == ["1", "2", "3", "new"]


async def test_a_step_of_unknown_outcome_is_repeated_only_after_confirmation(world: World) -> None:
    run = await ran(world, OutcomeUnknown("no answer"))
    with pytest.raises(InvalidCall) as raised:
        await world.engine.retry(run.id, "ana")
    assert raised.value.code == "confirm_unknown"
    assert len(world.runner.calls) == 1
    assert (await world.engine.run(run.id, "ana")).status == RunStatus.PARTIAL
    again = await world.engine.retry(run.id, "ana", confirm_unknown=True)
    assert again.status == RunStatus.SUCCEEDED


async def test_two_simultaneous_retries_run_once(world: World) -> None:
    run = await ran(world, NotFound("x"))
    results = await asyncio.gather(*(world.engine.retry(run.id, "ana") for _ in range(5)), return_exceptions=True)
    assert texts(world) == ["1", "2", "3"]
    assert all(isinstance(found, (Run, InvalidCall)) for found in results)


async def test_a_replay_is_a_new_run_linked_to_the_old_one(world: World) -> None:
    run = await ran(world)
    world.later(minutes=1)
    copy = await world.engine.replay(run.id, "ana")
    assert (copy.source, copy.replay_of, copy.root_run) == ("replay", run.id, run.id)
    assert copy.event == run.event
    assert texts(world) == ["1", "2", "3"] * 2
    assert [one.id for one in await world.engine.runs("ana", root_run=run.id)] == [copy.id, run.id]


async def test_a_replay_of_another_event_than_the_workflow_now_waits_for_is_refused(world: World) -> None:
    run = await ran(world)
    await world.engine.update(
        run.workflow_id, "ana", spec(trigger={"provider": "desk", "event": "sent"}, steps=[step("s", "x")])
    )
    with pytest.raises(InvalidCall) as raised:
        await world.engine.replay(run.id, "ana")
    assert raised.value.code == "other_trigger"


async def test_pausing_stops_a_run_before_its_next_step_and_a_retry_continues(world: World) -> None:
    made = await world.engine.create("ana", spec(steps=THREE))

    async def pause(action: str, params: Any) -> None:
        if params.text == "1":
            await world.engine.pause(made.id, "ana")

    world.runner.before = pause
    (run,) = await world.engine.handle(opened())
    assert (run.status, run.reason) == (RunStatus.PAUSED, "paused")
    assert statuses(run) == ["succeeded", "pending", "pending"]
    with pytest.raises(InvalidCall) as raised:
        await world.engine.retry(run.id, "ana")
    assert raised.value.code == "paused"
    await world.engine.resume(made.id, "ana")
    again = await world.engine.retry(run.id, "ana")
    assert (again.status, texts(world)) == (RunStatus.SUCCEEDED, ["1", "2", "3"])


async def test_runs_queued_before_a_pause_are_never_started(world: World) -> None:
    made = await world.engine.create("ana", spec())
    (run,) = await world.engine.accept(opened())
    await world.engine.pause(made.id, "ana")
    await world.engine.resume(made.id, "ana")
    done = await world.engine.work(run.id)
    assert done is not None
    assert (done.status, done.reason, statuses(done)) == (RunStatus.SUPPRESSED, "paused", ["skipped"])
    assert world.runner.calls == []


async def test_deleting_a_workflow_ends_its_runs(world: World) -> None:
    made = await world.engine.create("ana", spec(steps=THREE))

    async def delete(action: str, params: Any) -> None:
        await world.engine.delete(made.id, "ana")

    world.runner.before = delete
    await world.engine.handle(opened())
    assert texts(world) == ["1"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_run_of_a_dead_process_is_resumed_where_it_stopped(world: World, when: str) -> None:
    await world.engine.create("ana", spec(steps=THREE))

    async def die(action: str, params: Any) -> None:
        if params.text == "2":
            setattr(world.runner, when, None)
            raise Died

    setattr(world.runner, when, die)
    with pytest.raises(Died):
        await world.engine.handle(opened())
    (left,) = await world.engine.runs("ana")
    assert (left.status, statuses(left)) == (RunStatus.RUNNING, ["succeeded", "running", "pending"])
    other = world.fresh_engine()
    assert await other.recover() == []
    world.later(minutes=21)
    (run,) = await other.recover()
    assert (run.id, run.status) == (left.id, RunStatus.SUCCEEDED)
    assert texts(world) == ["1", "2", "3"]
    assert len({call["key"] for call in world.runner.calls}) == 3
    assert await other.recover() == []


async def test_a_step_whose_idempotency_key_has_expired_is_not_sent_again(world: World) -> None:
    await world.engine.create("ana", spec())

    async def die(action: str, params: Any) -> None:
        raise Died

    world.runner.before = die
    with pytest.raises(Died):
        await world.engine.handle(opened())
    world.runner.before = None
    world.later(days=2)
    (run,) = await world.engine.recover()
    assert (run.status, statuses(run)) == (RunStatus.PARTIAL, ["unknown"])
    assert world.runner.sent == []


async def test_a_step_that_is_still_running_is_left_to_its_worker(world: World) -> None:
    run = await ran(world, IdempotencyConflict("still running", code="in_progress"))
    assert (run.status, statuses(run)[0]) == (RunStatus.RUNNING, "running")
    world.later(minutes=21)
    (run,) = await world.engine.recover()
    assert run.status == RunStatus.SUCCEEDED


async def test_a_queued_run_that_never_started_is_recovered(world: World) -> None:
    await world.engine.create("ana", spec())
    await world.engine.accept(opened())
    world.later(hours=1)
    (run,) = await world.engine.recover()
    assert run.status == RunStatus.SUCCEEDED


async def test_two_workers_do_a_run_once(world: World) -> None:
    await world.engine.create("ana", spec(steps=THREE))
    (run,) = await world.engine.accept(opened())
    engines = [world.fresh_engine() for _ in range(4)]

    async def breathe(action: str, params: Any) -> None:
        await asyncio.sleep(0)

    world.runner.before = breathe
    await asyncio.gather(*(engine.work(run.id) for engine in engines))
    assert texts(world) == ["1", "2", "3"]
    assert len(world.runner.calls) == 3


async def test_a_worker_that_lost_its_lease_does_nothing_more(world: World) -> None:
    await world.engine.create("ana", spec(steps=THREE))
    other = world.fresh_engine()

    async def freeze(action: str, params: Any) -> None:
        world.runner.before = None
        world.later(hours=1)
        await other.recover()

    world.runner.before = freeze
    (run,) = await world.engine.handle(opened())
    # Both sent step one with one idempotency key: the toy runner only knows finished calls.
    assert run.status == RunStatus.SUCCEEDED
    assert texts(world)[1:] in (["2", "3"], ["2", "3", "1"])
    assert texts(world).count("2") == 1
    assert texts(world).count("3") == 1


async def test_a_dead_run_of_a_paused_workflow_is_not_resumed(world: World) -> None:
    made = await world.engine.create("ana", spec(steps=THREE))

    async def die(action: str, params: Any) -> None:
        world.runner.after = None
        raise Died

    world.runner.after = die
    with pytest.raises(Died):
        await world.engine.handle(opened())
    await world.engine.pause(made.id, "ana")
    world.later(hours=1)
    (run,) = await world.engine.recover()
    assert (run.status, statuses(run)) == (RunStatus.PAUSED, ["unknown", "pending", "pending"])
    await world.engine.resume(made.id, "ana")
    with pytest.raises(InvalidCall) as raised:
        await world.engine.retry(run.id, "ana")
    assert raised.value.code == "confirm_unknown"
    assert texts(world) == ["1"]


async def test_a_run_that_cannot_be_recovered_does_not_stop_others(world: World) -> None:
    await world.engine.create("ana", spec())
    for event_id in ("e1", "e2", "e3"):
        await world.engine.accept(opened(event_id))
        world.later(seconds=1)
    world.later(hours=1)
    find, broken = world.store.run, (await world.store.runs())[1].id

    async def breaks(run_id: str) -> Any:
        if run_id == broken:
            raise ConnectionResetError
        return await find(run_id)

    world.store.run = breaks  # type: ignore[method-assign]
    assert [run.status for run in await world.engine.recover()] == [RunStatus.SUCCEEDED] * 2


async def test_the_oldest_runs_are_recovered_first_and_unreadable_ones_skipped(world: World) -> None:
    await world.engine.create("ana", spec(steps=[step("one")], limits={"per_hour": 1000}))
    for number in range(2 * PAGE + 7):
        await world.engine.accept(opened(f"e{number}", title=str(number)))
        world.later(seconds=1)
    rows = (await world.store.runs(limit=1000))[::-1]
    for row in rows[: PAGE + 1]:
        assert await world.store.reseal(row, b"sealed with a key that is lost")
    world.later(hours=1)
    assert await world.engine.recover(0) == []
    assert len(await world.engine.recover(3)) == 3
    assert texts(world) == [str(PAGE + number) for number in (1, 2, 3)]
    assert len(await world.engine.recover(1000)) == PAGE + 3
    assert await world.engine.recover() == []


async def test_a_repeatedly_resumed_step_is_not_sent_after_its_key_expires(world: World) -> None:
    await world.engine.create("ana", spec())
    sent_at = []

    async def die(action: str, params: Any) -> None:
        sent_at.append(world.now)
        raise Died

    world.runner.before = die
    with pytest.raises(Died):
        await world.engine.handle(opened())
    for _ in range(30):
        world.later(hours=1)
        with suppress(Died):
            await world.engine.recover()
    assert max(sent_at) - min(sent_at) <= LONGEST_KEY
    (run,) = await world.engine.runs("ana")
    assert (run.status, statuses(run)) == (RunStatus.PARTIAL, ["unknown"])


async def test_runs_are_listed_to_the_first_despite_unreadable_ones(world: World) -> None:
    made = await world.engine.create("ana", spec())
    other = await world.engine.create("bob", spec())
    for number in range(25):
        await world.engine.start(made.id, "ana", ticket())
        await world.engine.start(other.id, "bob", ticket())
        world.later(seconds=number % 2)
    rows = await world.store.runs(user_id="ana", limit=100)
    for row in rows[3:12]:
        assert await world.store.reseal(row, b"sealed with a key that is lost")
    expected = [row.id for row in rows if row not in rows[3:12]]
    pages = [await world.engine.runs("ana", limit=4)]
    while len(pages[-1]) == 4:
        pages.append(await world.engine.runs("ana", workflow_id=made.id, before=pages[-1][-1].id, limit=4))
    assert [run.id for page in pages for run in page] == expected
    assert [len(page) for page in pages] == [4, 4, 4, 4, 0]
    assert await world.engine.runs("ana", limit=-1) == []
    for lost in ((await world.engine.runs("bob"))[0].id, "nothing"):
        with pytest.raises(UnknownName):
            await world.engine.runs("ana", before=lost)


async def test_an_action_that_is_gone_fails_its_step(world: World) -> None:
    await world.engine.create("ana", spec())
    (run,) = await world.engine.accept(opened())
    world.registry.get("desk").actions.pop("messages.send")
    done = await world.engine.work(run.id)
    assert done is not None
    assert done.status == RunStatus.FAILED
    assert done.steps[0].error is not None
    assert done.steps[0].error.error == "UnknownName"


class Crash(Died):
    """The process dies at a write of the store."""


class Troubles:
    """What happens at each call of an action, by `plan`, and the numbers of the writes at which the process dies."""

    def __init__(self, world: World, plan: list[str], store_dies: list[int]) -> None:
        self.plan, self.store_dies, self.writes = list(plan), set(store_dies), 0
        self.store_row = world.store.update_run
        world.store.update_run = self.write  # type: ignore[method-assign]
        world.runner.before, world.runner.after = self.before, self.after

    async def write(self, row: Any) -> bool:
        self.writes += 1
        if self.writes in self.store_dies:
            raise Crash
        return await self.store_row(row)

    async def before(self, action: str, params: Any) -> None:
        what = self.plan[0] if self.plan else "ok"
        if what == "die after":
            return
        if self.plan:
            self.plan.pop(0)
        if what == "die before":
            raise Died
        if what != "ok":
            raise NotFound("x") if what == "fail" else OutcomeUnknown("x")

    async def after(self, action: str, params: Any) -> None:
        if self.plan and self.plan[0] == "die after":
            self.plan.pop(0)
            raise Died

    def end(self) -> None:
        """From now on all goes well."""
        self.plan.clear()
        self.store_dies.clear()


@given(
    st.lists(st.sampled_from(["ok", "fail", "unknown", "die before", "die after"]), min_size=0, max_size=8),
    st.lists(st.sampled_from(["stop", "continue"]), min_size=3, max_size=3),
    st.lists(st.integers(0, 12), max_size=3),
)
@settings(max_examples=80, deadline=None)
async def test_no_step_is_done_twice_after_any_failure_or_crash(
    plan: list[str], on_error: list[str], store_dies: list[int]
) -> None:
    world = World()
    await world.connect("ana", "acme")
    await world.engine.create(
        "ana", spec(steps=[one | {"on_error": policy} for one, policy in zip(THREE, on_error, strict=True)])
    )
    troubles = Troubles(world, plan, store_dies)
    with suppress(Died):
        await world.engine.handle(opened())
    for _ in range(len(plan) + len(store_dies) + 1):
        world.later(minutes=30)
        with suppress(Died):
            await world.fresh_engine().recover()
    runs = await world.engine.runs("ana")
    assert len(runs) == 1
    assert runs[0].status not in (RunStatus.PENDING, RunStatus.RUNNING)
    assert len(texts(world)) == len(set(texts(world)))
    done = [one.status is StepStatus.SUCCEEDED for one in runs[0].steps]
    assert [str(at + 1) for at, one in enumerate(done) if one] == texts(world)
    if runs[0].status in (RunStatus.FAILED, RunStatus.PARTIAL):
        troubles.end()
        again = await world.engine.retry(runs[0].id, "ana", confirm_unknown=True)
        assert again.status == RunStatus.SUCCEEDED
        assert sorted(texts(world)) == ["1", "2", "3"]


def test_a_lease_is_longer_than_the_longest_call() -> None:
    assert timedelta(seconds=LONGEST_RUN) < LEASE
    assert timedelta(seconds=DAY) > LONGEST_KEY


async def test_the_engines_errors_are_plugfn_errors(world: World) -> None:
    run = await ran(world)
    with pytest.raises(PlugFnError) as raised:
        await world.engine.retry(run.id, "ana")
    assert raised.value.next == "fix_call"


async def test_a_failed_step_has_the_id_of_its_call(world: World) -> None:
    error = OutcomeUnknown("x")
    error.call_id = "call-1"
    run = await ran(world, error)
    assert run.steps[0].error is not None
    assert run.steps[0].error.call_id == "call-1"
