"""A dry run shows everything and sends nothing."""

from typing import Any

import pytest

from plugfn.errors import InvalidCall, InvalidParams, UnknownName
from plugfn.workflows.conftest import World, opened, spec, step, ticket
from plugfn.workflows.model import DryRun

HTML = {"text": "{{ title }}", "html": "<b>{{ title }}</b>"}


async def test_it_shows_conditions_and_parameters_and_runs_nothing(world: World) -> None:
    tree = {"any": [{"field": "open", "op": "eq", "value": True}, {"field": "amount", "op": "gt", "value": 5}]}
    steps = [step("one") | {"params": HTML}, step("two", "{{ steps.one.number }}: {{ author.name | first_name }}")]
    made = await world.engine.create("ana", spec(conditions=tree, steps=steps))
    found = await world.engine.dry_run("ana", made.id, payload=ticket(title="<It> broke"))
    assert found.holds
    assert [asked.result for asked in found.trace] == ["true", "unknown"]
    assert [one.params for one in found.steps] == [
        {"text": "<It> broke", "html": "<b>&lt;It&gt; broke</b>"},
        {"text": "1: Maria"},
    ]
    assert {str(one.status) for one in found.steps} == {"simulated"}
    assert found.blocked_by == []
    assert [one.connection_problem for one in found.steps] == [None, None]
    assert await nothing_happened(world)


async def nothing_happened(world: World) -> bool:
    return world.runner.calls == [] and await world.engine.runs("ana") == [] and world.engine.counts == {}


async def test_a_workflow_can_be_tried_before_it_is_stored_with_made_up_values(world: World) -> None:
    found = await world.engine.dry_run("ana", spec())
    assert found.steps[0].params == {"text": "text"}
    assert await world.engine.list("ana") == []
    assert await nothing_happened(world)


async def test_it_reports_what_a_run_would_fail_on(world: World) -> None:
    steps = [step("one", "{{ author.email }}"), step("two", "{{ title }}"), step("three", "ok")]
    found = await world.engine.dry_run("ana", spec(steps=steps), payload=ticket(title="x" * 501))
    assert [str(one.status) for one in found.steps] == ["failed", "failed", "simulated"]
    problems = [one.error.message if one.error else "" for one in found.steps]
    assert "author.email: is empty" in problems[0]
    assert "at most 500 characters" in problems[1]
    assert await nothing_happened(world)


async def test_it_reports_problems_of_connections(world: World) -> None:
    found = await world.engine.dry_run("ana", spec(steps=[step("s", action="other.messages.send")]))
    assert found.steps[0].connection_problem is not None
    assert found.steps[0].connection_problem.code == "no_connection"
    await world.connect("ana", "second")
    found = await world.engine.dry_run("ana", spec())
    assert found.steps[0].connection_problem is not None
    assert found.steps[0].connection_problem.code == "ambiguous_connection"


async def test_it_reports_limits_that_would_block_and_uses_none_up(world: World) -> None:
    limits = {"per_hour": 1, "subject": "author.name", "cooldown": 60}
    made = await world.engine.create("ana", spec(limits=limits))
    assert (await world.engine.dry_run("ana", made.id, payload=ticket())).blocked_by == []
    (run,) = await world.engine.handle(opened())
    assert run.status == "succeeded"
    assert (await world.engine.dry_run("ana", made.id, payload=ticket())).blocked_by == ["cooldown", "per_hour"]
    await world.engine.pause(made.id, "ana")
    found = await world.engine.dry_run("ana", made.id, run_id=run.id)
    assert found.blocked_by == ["paused", "cooldown", "per_hour"]
    assert len(world.runner.calls) == 1


async def test_it_can_take_the_event_of_an_earlier_run(world: World) -> None:
    made = await world.engine.create("ana", spec())
    (run,) = await world.engine.handle(opened(title="as it was"))
    found = await world.engine.dry_run("ana", made.id, run_id=run.id)
    assert found.steps[0].params == {"text": "as it was"}


async def test_steps_are_shown_even_if_the_conditions_do_not_hold(world: World) -> None:
    tree = {"field": "open", "op": "eq", "value": False}
    found = await world.engine.dry_run("ana", spec(conditions=tree), payload=ticket())
    assert not found.holds
    assert found.steps[0].params == {"text": "It broke"}


@pytest.mark.parametrize(
    ("workflow", "options", "error"),
    [
        (spec(name=""), {}, InvalidParams),
        (spec(steps=[step("s", "{{ nothing }}")]), {}, InvalidParams),
        (spec(trigger={"provider": "nobody", "event": "x"}), {}, UnknownName),
        (spec(), {"payload": {"title": 5}}, InvalidParams),
        (spec(), {"payload": {}, "run_id": "x"}, InvalidCall),
        (spec(), {"run_id": "nothing"}, UnknownName),
        ("nothing", {}, UnknownName),
    ],
)
async def test_an_impossible_dry_run_is_refused(
    world: World, workflow: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.engine.dry_run("ana", workflow, **options)


async def test_parameters_are_not_in_its_repr(world: World) -> None:
    found = await world.engine.dry_run("ana", spec(), payload=ticket(title="top secret"))
    assert isinstance(found, DryRun)
    assert "secret" not in repr(found)


async def test_an_actions_objection_to_a_made_up_value_is_ignored(world: World) -> None:
    steps = [step("one"), step("two", '{{ steps.one.text | truncate:"2" }}') | {"params": {"text": "x"}}]
    steps[1]["params"]["when"] = "{{ steps.one.text }}"
    found = await world.engine.dry_run("ana", spec(steps=steps), payload=ticket())
    assert [one.error for one in found.steps] == [None, None]
    steps[0]["params"]["when"] = "{{ title }}"
    found = await world.engine.dry_run("ana", spec(steps=steps), payload=ticket(title="soon"))
    assert [str(one.status) for one in found.steps] == ["failed", "simulated"]
    assert found.steps[0].error is not None
    assert "when" in found.steps[0].error.message
    assert (await world.engine.dry_run("ana", spec(steps=steps))).steps[0].error is None


async def test_it_reports_a_connection_that_was_removed(world: World) -> None:
    second = await world.connect("ana", "second")
    trigger = {"provider": "desk", "event": "ticket.opened", "connection_id": second.id}
    made = await world.engine.create("ana", spec(trigger=trigger, steps=[step("s", connection_id=second.id)]))
    assert (await world.engine.dry_run("ana", made.id)).blocked_by == []
    await world.store.delete_connection(second.id)
    found = await world.engine.dry_run("ana", made.id)
    assert found.blocked_by == ["connection"]
    assert found.steps[0].connection_problem is not None
    assert found.steps[0].connection_problem.code == "no_connection"


async def test_it_reports_a_stored_workflow_that_is_no_longer_valid(world: World) -> None:
    made = await world.engine.create("ana", spec())
    world.registry.get("desk").actions.pop("messages.send")
    with pytest.raises(InvalidParams, match="no action"):
        await world.engine.dry_run("ana", made.id)
