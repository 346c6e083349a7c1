"""Users' workflows, and the runs that events start."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugfn.definition import Result, Trigger
from plugfn.errors import InvalidCall, InvalidParams, PlugFnError, UnknownName
from plugfn.inbound import Event
from plugfn.storage.records import WorkflowRow
from plugfn.workflows.conftest import World, desk, opened, spec, step, ticket
from plugfn.workflows.engine import MOST_WORKFLOWS
from plugfn.workflows.model import RunStatus, StepStatus, WorkflowStatus


def texts(world: World) -> list[str]:
    return [sent["params"]["text"] for sent in world.runner.sent]


async def test_an_event_runs_the_steps_of_a_workflow(world: World) -> None:
    made = await world.engine.create("ana", spec())
    (run,) = await world.engine.handle(opened(title="Printer"))
    assert (run.status, run.workflow_id, run.workflow_version) == (RunStatus.SUCCEEDED, made.id, 1)
    assert texts(world) == ["Printer"]
    assert world.runner.sent[0]["user_id"] == "ana"
    assert world.runner.sent[0]["source"] == "workflow"
    assert await world.engine.run(run.id, "ana") == run


async def test_a_step_uses_the_results_of_earlier_ones(world: World) -> None:
    second = "{{ steps.one.number }} {{ steps.one.sent_at | date }} {{ title }}"
    await world.engine.create("ana", spec(steps=[step("one"), step("two", second)]))
    await world.engine.handle(opened(title="t"))
    assert texts(world) == ["t", "1 2026-03-01 12:00 t"]


async def test_an_event_that_does_not_match_is_counted_and_not_stored(world: World) -> None:
    condition = {"field": "amount", "op": "gt", "value": 100}
    await world.engine.create("ana", spec(conditions=condition))
    assert await world.engine.handle(opened("e1", amount=5)) == []
    assert await world.engine.handle(opened("e2")) == []
    (run,) = await world.engine.handle(opened("e3", amount=500))
    assert [asked.result for asked in run.trace] == ["true"]
    assert len(await world.engine.runs("ana")) == 1
    assert world.engine.counts == {"not_matched": 2, "pending": 1}


async def test_a_repeated_event_runs_once_and_an_event_without_id_always(world: World) -> None:
    await world.engine.create("ana", spec())
    for event_id in ("e1", "e1", None, None, "e2"):
        await world.engine.handle(opened(event_id, title="same"))
    assert len(world.runner.sent) == 4
    assert world.engine.counts["duplicate"] == 1


async def test_each_user_of_an_account_has_their_own_workflows(world: World) -> None:
    await world.connect("bob", "acme")
    await world.engine.create("ana", spec(name="Ana's"))
    await world.engine.create("bob", spec(name="Bob's"))
    runs = await world.engine.handle(opened())
    assert sorted(run.user_id for run in runs) == ["ana", "bob"]
    assert sorted(sent["user_id"] for sent in world.runner.sent) == ["ana", "bob"]


@pytest.mark.parametrize("change", [{"account": ""}, {"account": "nobody"}])
async def test_an_event_without_a_user_starts_nothing(world: World, change: dict[str, Any]) -> None:
    await world.connect("ana", "")
    await world.engine.create("ana", spec())
    assert await world.engine.handle(opened(**change)) == []


async def test_an_event_of_another_providers_connection_starts_nothing(world: World) -> None:
    elsewhere = await world.connect("ana", "x", provider="other")
    await world.engine.create("ana", spec())
    event = Event("desk", "ticket.opened", ticket(), id="e", connection_id=elsewhere.id)
    assert await world.engine.handle(event) == []


async def test_an_unknown_event_starts_nothing(world: World) -> None:
    assert await world.engine.handle(Event("desk", "ticket.burnt", {}, id="e", account="acme")) == []
    assert await world.engine.handle(Event("unheard", "of", {}, id="e", account="acme")) == []


async def test_a_trigger_may_be_bound_to_one_connection_and_steps_answer_where_the_event_came_from(
    world: World,
) -> None:
    second = await world.connect("ana", "second")
    trigger = {"provider": "desk", "event": "ticket.opened", "connection_id": second.id}
    elsewhere = step("two", action="other.messages.send")
    await world.engine.create("ana", spec(trigger=trigger, steps=[step("one"), elsewhere]))
    assert await world.engine.handle(opened("e1", account="acme")) == []
    await world.engine.handle(opened("e2", account="second"))
    assert [sent["connection_id"] for sent in world.runner.sent] == [second.id, None]


async def test_a_payload_that_breaks_its_contract_fails_the_run_and_says_so(world: World) -> None:
    await world.engine.create("ana", spec())
    (run,) = await world.engine.handle(Event("desk", "ticket.opened", {"title": 5}, id="e", account="acme"))
    assert (run.status, run.reason) == (RunStatus.FAILED, "unexpected_payload")
    assert world.runner.calls == []
    for again in (world.engine.retry(run.id, "ana"), world.engine.replay(run.id, "ana")):
        with pytest.raises(InvalidCall):
            await again


WRONG = [
    ({}, "name", "Field required"),
    ({"name": ""}, "name", "at least 1"),
    ({"name": "x" * 101}, "name", "at most 100"),
    ({"steps": []}, "steps", "at least 1"),
    ({"steps": [step(f"s{index}") for index in range(21)]}, "steps", "at most 20"),
    ({"steps": [step("Bad id")]}, "steps.0.id", "match pattern"),
    ({"steps": [step("one"), step("one")]}, "steps.1.id", "earlier step"),
    ({"steps": [step("one", "{{ steps.two.number }}"), step("two")]}, "steps.0.params.text", "no such field"),
    ({"steps": [step("one", "{{ steps.one.number }}")]}, "steps.0.params.text", "no such field"),
    ({"steps": [step("one", on_error="retry")]}, "steps.0.on_error", "Input should be"),
    ({"steps": [step("one", action="desk.messages.sned")]}, "steps.0.action", "did you mean 'messages.send'"),
    ({"steps": [step("one", action="dsek.messages.send")]}, "steps.0.action", "did you mean 'desk'"),
    ({"steps": [step("one") | {"params": {}}]}, "steps.0.params.text", "Field required"),
    ({"steps": [step("one") | {"params": "x"}]}, "steps.0.params", "valid dictionary"),
    ({"steps": [step("one") | {"params": {"text": "x", "evil": 1}}]}, "steps.0.params.evil", "not permitted"),
    ({"steps": [step("one", connection_id="nope")]}, "steps.0.connection_id", "no such connection"),
    ({"conditions": {"field": "titel", "op": "exists"}}, "conditions.field", "did you mean 'title'"),
    ({"conditions": {"all": []}}, "conditions", "1 to 50"),
    ({"limits": {"per_hour": 0}}, "limits.per_hour", "greater than or equal to 1"),
    ({"limits": {"subject": "title"}}, "limits", "belong together"),
    ({"limits": {"subject": "titel", "cooldown": 5}}, "limits.subject", "did you mean 'title'"),
    ({"timezone": "../../etc/passwd"}, "timezone", "is not a time zone"),
    ({"timezone": "Mars/Base"}, "timezone", "is not a time zone"),
    ({"locale": "xx"}, "locale", "Input should be"),
    ({"owner": "bob"}, "owner", "not permitted"),
]


@pytest.mark.parametrize(("change", "at", "reason"), WRONG)
async def test_a_workflow_that_could_not_run_is_not_stored(
    world: World, change: dict[str, Any], at: str, reason: str
) -> None:
    written = spec(**change)
    if not change:
        del written["name"]
    with pytest.raises(InvalidParams) as raised:
        await world.engine.create("ana", written)
    assert raised.value.problems[0].field == at
    assert reason in raised.value.problems[0].reason
    assert await world.engine.list("ana") == []


@pytest.mark.parametrize("raw", ["text", 5, None, [], ["x"]])
async def test_a_workflow_must_be_an_object(world: World, raw: Any) -> None:
    with pytest.raises(InvalidParams):
        await world.engine.create("ana", raw)


async def test_an_unknown_trigger_gets_a_suggestion(world: World) -> None:
    trigger = {"provider": "desk", "event": "ticket.opend"}
    with pytest.raises(UnknownName, match=r"did you mean 'ticket.opened'"):
        await world.engine.create("ana", spec(trigger=trigger))


async def test_all_problems_of_a_workflow_are_reported_together(world: World) -> None:
    with pytest.raises(InvalidParams) as raised:
        await world.engine.create(
            "ana",
            spec(
                conditions={"field": "titel", "op": "exists"},
                steps=[step("one", "{{ nothing }}"), step("one", action="desk.nothing")],
            ),
        )
    assert [problem.field for problem in raised.value.problems] == [
        "conditions.field",
        "steps.1.id",
        "steps.0.params.text",
        "steps.1.action",
    ]


async def test_another_users_connection_cannot_be_used(world: World) -> None:
    bobs = (await world.store.connections(user_id="bob"))[0]
    with pytest.raises(InvalidParams, match="no such connection"):
        await world.engine.create("ana", spec(steps=[step("one", connection_id=bobs.id)]))


async def test_another_users_workflow_and_run_are_reported_as_not_found(world: World) -> None:
    made = await world.engine.create("ana", spec())
    (run,) = await world.engine.handle(opened())
    engine = world.engine
    attempts = [
        engine.get(made.id, "bob"),
        engine.update(made.id, "bob", spec()),
        engine.pause(made.id, "bob"),
        engine.resume(made.id, "bob"),
        engine.delete(made.id, "bob"),
        engine.start(made.id, "bob", ticket()),
        engine.dry_run("bob", made.id),
        engine.dry_run("bob", spec(), run_id=run.id),
        engine.run(run.id, "bob"),
        engine.retry(run.id, "bob"),
        engine.replay(run.id, "bob"),
        engine.get("nothing", "ana"),
        engine.run("nothing", "ana"),
    ]
    for attempt in attempts:
        with pytest.raises(UnknownName):
            await attempt
    assert await engine.list("bob") == []
    assert await engine.runs("bob") == []
    assert (await engine.get(made.id, "ana")) == made
    assert len(world.runner.sent) == 1


async def test_an_update_needs_the_current_version(world: World) -> None:
    made = await world.engine.create("ana", spec())
    changed = await world.engine.update(made.id, "ana", spec(name="Other", steps=[step("s", "new")]), version=1)
    assert (changed.version, changed.spec.name) == (2, "Other")
    with pytest.raises(InvalidCall) as raised:
        await world.engine.update(made.id, "ana", spec(), version=1)
    assert raised.value.code == "conflict"
    with pytest.raises(InvalidParams):
        await world.engine.update(made.id, "ana", spec(steps=[]))
    (run,) = await world.engine.handle(opened())
    assert run.workflow_version == 2
    assert texts(world) == ["new"]


async def test_a_changed_trigger_is_found_under_its_new_event(world: World) -> None:
    made = await world.engine.create("ana", spec())
    trigger = {"provider": "desk", "event": "sent"}
    await world.engine.update(made.id, "ana", spec(trigger=trigger, steps=[step("s", "{{ text }}")]))
    assert await world.engine.handle(opened()) == []
    payload = {"id": "x", "number": 1, "text": "hello", "sent_at": "2026-01-01T00:00:00Z"}
    await world.engine.handle(Event("desk", "sent", payload, id="e", account="acme"))
    assert texts(world) == ["hello"]


async def test_workflows_are_listed_in_pages(world: World) -> None:
    made = sorted([(await world.engine.create("ana", spec(name=f"w{index}"))).id for index in range(5)])
    first = await world.engine.list("ana", limit=2)
    rest = await world.engine.list("ana", after=first[-1].id)
    assert [one.id for one in [*first, *rest]] == made


async def test_a_paused_workflow_is_not_started_until_it_is_resumed(world: World) -> None:
    made = await world.engine.create("ana", spec())
    paused = await world.engine.pause(made.id, "ana")
    assert (paused.status, paused.paused_because) == (WorkflowStatus.PAUSED, "user")
    assert await world.engine.pause(made.id, "ana") == paused
    assert await world.engine.handle(opened("e1")) == []
    with pytest.raises(InvalidCall):
        await world.engine.start(made.id, "ana", ticket())
    resumed = await world.engine.resume(made.id, "ana")
    assert (resumed.status, resumed.paused_because) == (WorkflowStatus.ACTIVE, "")
    assert len(await world.engine.handle(opened("e2"))) == 1


async def test_deleting_a_workflow_deletes_its_history(world: World) -> None:
    made = await world.engine.create("ana", spec())
    await world.engine.handle(opened("e1"))
    await world.engine.delete(made.id, "ana")
    assert await world.engine.runs("ana") == []
    assert await world.engine.handle(opened("e2")) == []
    with pytest.raises(UnknownName):
        await world.engine.get(made.id, "ana")


async def test_a_workflow_is_started_by_hand_whatever_its_conditions_say(world: World) -> None:
    made = await world.engine.create("ana", spec(conditions={"field": "open", "op": "eq", "value": False}))
    run = await world.engine.start(made.id, "ana", ticket(title="by hand"))
    assert (run.status, run.source) == (RunStatus.SUCCEEDED, "manual")
    assert [asked.result for asked in run.trace] == ["false"]
    with pytest.raises(InvalidParams):
        await world.engine.start(made.id, "ana", {"title": 5})
    assert texts(world) == ["by hand"]


async def test_stored_workflows_and_runs_are_encrypted(world: World) -> None:
    made = await world.engine.create("ana", spec(steps=[step("s", "Hush {{ title }}")]))
    (run,) = await world.engine.handle(opened(title="top secret"))
    workflow_row, run_row = await world.store.workflow(made.id), await world.store.run(run.id)
    assert workflow_row is not None
    assert run_row is not None
    for row in (workflow_row, run_row):
        assert b"Hush" not in row.body
        assert b"secret" not in row.body
    assert "secret" not in repr(run) + repr(run_row)


async def test_a_row_moved_to_another_user_does_not_open_or_hide_others(world: World) -> None:
    made = await world.engine.create("bob", spec())
    row = await world.store.workflow(made.id)
    assert row is not None
    await world.store.add_workflow(replace(row, id="0" * 32, user_id="ana"))
    await world.engine.create("ana", spec())
    with pytest.raises(PlugFnError) as raised:
        await world.engine.get("0" * 32, "ana")
    assert raised.value.code == "unreadable"
    assert len(await world.engine.handle(opened())) == 1


async def test_accepting_sends_nothing_and_working_twice_sends_once(world: World) -> None:
    await world.engine.create("ana", spec())
    (run,) = await world.engine.accept(opened())
    assert run.status == RunStatus.PENDING
    assert world.runner.calls == []
    done = await world.engine.work(run.id)
    assert done is not None
    assert done.status == RunStatus.SUCCEEDED
    assert await world.engine.work(run.id) == done
    assert await world.engine.work("nothing") is None
    assert len(world.runner.sent) == 1


async def test_the_history_is_newest_first_and_by_workflow(world: World) -> None:
    first = await world.engine.create("ana", spec())
    second = await world.engine.create("ana", spec())
    for number in range(3):
        world.later(minutes=1)
        await world.engine.handle(opened(f"e{number}"))
    runs = await world.engine.runs("ana", workflow_id=first.id)
    assert [run.event.id for run in runs] == ["e2", "e1", "e0"]
    assert len(await world.engine.runs("ana")) == 6
    assert len(await world.engine.runs("ana", workflow_id=second.id, limit=2)) == 2


async def test_the_fields_of_an_event_can_be_listed(world: World) -> None:
    assert world.engine.fields("desk", "ticket.opened")["author.name"].label == "name"
    with pytest.raises(UnknownName):
        world.engine.fields("desk", "nothing")


async def test_the_times_of_steps_are_recorded(world: World) -> None:
    await world.engine.create("ana", spec())

    async def slow(action: str, params: Any) -> None:
        world.now += timedelta(seconds=2)

    world.runner.before = slow
    (run,) = await world.engine.handle(opened())
    (done,) = run.steps
    assert done.status is StepStatus.SUCCEEDED
    assert done.started_at is not None
    assert done.finished_at is not None
    assert done.finished_at - done.started_at == timedelta(seconds=2)


def deep(levels: int) -> Any:
    found: Any = "x"
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize("levels", [100, 300, 900, 20_000])
async def test_an_endlessly_nested_payload_breaks_nothing(world: World, levels: int) -> None:
    await world.engine.create("ana", spec())
    payload = ticket(extra={"a": deep(levels)})
    (run,) = await world.engine.handle(Event("desk", "ticket.opened", payload, id="e", account="acme"))
    assert run.reason in ("", "unexpected_payload")
    assert (run.status == RunStatus.SUCCEEDED) is (run.reason == "")


async def test_only_the_used_values_of_a_very_large_event_are_stored(world: World) -> None:
    made = await world.engine.create("ana", spec())
    for event_id, extra in (("small", "x"), ("big", "x" * 500_000)):
        await world.engine.handle(opened(event_id, title="Printer", extra={"blob": extra}))
    big, small = await world.engine.runs("ana", workflow_id=made.id)
    sizes = [len(row.body) for row in await world.store.runs()]
    assert max(sizes) < 20_000
    for run in (big, small):
        again = await world.engine.replay(run.id, "ana")
        assert again.status == RunStatus.SUCCEEDED
    assert texts(world) == ["Printer"] * 4


async def test_an_event_of_two_connections_of_a_user_runs_once(world: World) -> None:
    second = await world.connect("ana", "acme")
    await world.engine.create("ana", spec())
    await world.engine.handle(opened())
    assert await world.engine.handle(replace(opened(), connection_id=second.id)) == []
    assert len(world.runner.sent) == 1


async def test_equal_ids_from_connections_without_an_account_are_two_events(world: World) -> None:
    second = await world.connect("ana", "")
    first = (await world.store.connections(user_id="ana", accounts=["acme"]))[0]
    await world.engine.create("ana", spec())
    for connection in (first, second, first):
        await world.engine.handle(replace(opened(account=""), connection_id=connection.id))
    assert [sent["connection_id"] for sent in world.runner.sent] == [first.id, second.id]


def test_a_payload_field_called_steps_cannot_be_used() -> None:
    class Odd(Result):
        steps: str
        stairs: str

    found = World()
    provider = desk("odd")
    found.registry.register(replace(provider, triggers=(Trigger("odd", Odd, "Odd."),)))
    assert list(found.engine.fields("odd", "odd")) == ["stairs"]


async def test_a_workflow_that_was_read_can_be_written_again(world: World) -> None:
    tree = {"not": {"any": [{"field": "open", "op": "eq", "value": False}, {"not": {"field": "due", "op": "exists"}}]}}
    made = await world.engine.create("ana", spec(conditions=tree))
    written = made.model_dump(mode="json")["spec"]
    assert written["conditions"]["not"]["any"][1]["not"]["field"] == "due"
    assert (await world.engine.update(made.id, "ana", written)).spec == made.spec
    assert (await world.engine.update(made.id, "ana", made.spec)).spec == made.spec
    assert (await world.engine.get(made.id, "ana")).spec == made.spec


async def test_the_number_of_a_users_workflows_is_limited(world: World) -> None:
    for _ in range(MOST_WORKFLOWS):
        await world.engine.create("ana", spec())
    with pytest.raises(InvalidCall) as raised:
        await world.engine.create("ana", spec())
    assert raised.value.code == "too_many"
    assert await world.engine.create("bob", spec())


HALF = "half \ud83d of a character"


@pytest.mark.parametrize(
    "change", [{"title": HALF}, {"labels": [HALF]}, {"extra": {HALF: [{"a": HALF}]}}, {"author": {"name": HALF}}]
)
async def test_an_unpaired_surrogate_in_a_payload_loses_no_event(world: World, change: dict[str, Any]) -> None:
    await world.connect("bob", "acme")
    for user in ("ana", "bob"):
        await world.engine.create(user, spec(steps=[step("tell", "{{ title }} {{ author.name }}")]))
    runs = await world.engine.handle(opened(f"e{HALF}", **change))
    assert [run.status for run in runs] == ["succeeded", "succeeded"]
    assert await world.engine.runs("ana")
    for sent in world.runner.sent:
        sent["params"]["text"].encode()


async def test_an_unreadable_workflow_can_be_deleted(world: World) -> None:
    made = await world.engine.create("ana", spec())
    row = await world.store.workflow(made.id)
    assert row is not None
    await world.store.update_workflow(replace(row, version=row.version + 1, body=b"of a key that was lost"))
    with pytest.raises(UnknownName):
        await world.engine.delete(made.id, "bob")
    await world.engine.delete(made.id, "ana")
    assert await world.store.workflow(made.id) is None


async def test_unreadable_rows_do_not_hide_others_in_lists(world: World) -> None:
    lost, kept = [await world.engine.create("ana", spec()) for _ in range(2)]
    runs = await world.engine.handle(opened())
    workflow, run = await world.store.workflow(lost.id), await world.store.run(runs[0].id)
    assert workflow is not None
    assert run is not None
    await world.store.update_workflow(replace(workflow, version=workflow.version + 1, body=b"lost"))
    await world.store.update_run(replace(run, version=run.version + 1, body=b"lost"))
    assert [one.id for one in await world.engine.list("ana")] == [kept.id]
    assert [one.id for one in await world.engine.runs("ana")] == [runs[1].id]


async def test_the_kill_switch_works_during_another_change(world: World) -> None:
    made = await world.engine.create("ana", spec())
    write, changes = world.store.update_workflow, [1, 2]

    async def overtaken(row: WorkflowRow) -> bool:
        if changes:
            world.store.update_workflow = write  # type: ignore[method-assign]
            await world.engine.update(made.id, "ana", spec(name=f"Tell {changes.pop()}"))
            world.store.update_workflow = overtaken  # type: ignore[method-assign]
        return await write(row)

    world.store.update_workflow = overtaken  # type: ignore[method-assign]
    paused = await world.engine.pause(made.id, "ana")
    assert (paused.status, paused.version, paused.spec.name) == (WorkflowStatus.PAUSED, 4, "Tell 1")
    with pytest.raises(UnknownName):
        await world.engine.pause(made.id, "bob")
