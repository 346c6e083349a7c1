"""The engine with the whole library: the executor, its store and GitHub's emulator."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugfn.inbound import Event
from plugfn.providers.github import provider
from plugfn.testing.bench import Bench
from plugfn.testing.emulator import Emulator
from plugfn.workflows.engine import WorkflowEngine

OPENED = {"provider": "github", "event": "issues.opened"}
WORKFLOW: dict[str, Any] = {
    "name": "Copy bugs",
    "trigger": OPENED,
    "conditions": {"field": "issue.labels.name", "op": "contains", "value": "bug"},
    "steps": [
        {
            "id": "copy",
            "action": "github.issues.create",
            "params": {"owner": "ana", "repo": "loja", "title": "Copy: {{ issue.title }}"},
        },
        {
            "id": "link",
            "action": "github.issues.create",
            "params": {"owner": "ana", "repo": "loja", "title": "See {{ steps.copy.html_url }}"},
        },
    ],
}


@pytest.fixture
def github(emulator: Callable[[str], Emulator]) -> Emulator:
    return emulator("github")


def bench_of(github: Emulator, **plug: Any) -> Bench:
    token = github.control("POST", "/tokens", {"login": "ana"})["access_token"]
    settings = {"client_id": "Iv1.sandbox0000000001", "client_secret": "github_sandbox_only", "api_url": github.url}
    return Bench(provider, settings=settings, credentials={"access_token": token}, **plug)


@pytest.fixture
async def bench(github: Emulator) -> AsyncIterator[Bench]:
    async with bench_of(github) as made:
        yield made


def engine_of(bench: Bench) -> WorkflowEngine:
    plug = bench.plug
    return WorkflowEngine(plug.store, plug.ring, plug.providers, plug.executor, plug.connections, plug.shared)


ANA = {"id": 101, "login": "ana"}
LOJA = {
    "id": 7001,
    "name": "loja",
    "full_name": "ana/loja",
    "private": False,
    "html_url": "https://github.test/ana/loja",
    "owner": ANA,
}


def opened(bench: Bench, event_id: str = "d1", **changes: Any) -> Event:
    issue = {
        "id": 900_001,
        "number": 41,
        "title": "O forno {{ não }} liga",
        "state": "open",
        "html_url": "https://github.test/ana/loja/issues/41",
        "labels": [{"name": "bug"}, {"name": "forno"}],
    }
    payload = {"action": "opened", "issue": issue | changes, "repository": LOJA, "sender": ANA}
    return Event("github", "issues.opened", payload, id=event_id, connection_id=bench.connection.id)


def titles(github: Emulator) -> list[str]:
    return [json.loads(request["body"])["title"] for request in github.requests("/repos/ana/loja/issues")]


async def test_an_event_reaches_the_vendor_step_by_step(bench: Bench, github: Emulator) -> None:
    engine = engine_of(bench)
    await engine.create("ana", WORKFLOW)
    assert await engine.handle(opened(bench, "d0", labels=[{"name": "wish"}])) == []
    (run,) = await engine.handle(opened(bench))
    assert [str(step.status) for step in run.steps] == ["succeeded", "succeeded"]
    first, second = titles(github)
    assert first == "Copy: O forno {{ não }} liga"
    assert second.startswith("See http")
    assert {log.source for log in await bench.logs()} == {"workflow"}


async def test_the_vendors_echo_of_a_created_issue_is_stopped(bench: Bench, github: Emulator) -> None:
    engine = engine_of(bench)
    await engine.create("ana", WORKFLOW | {"steps": WORKFLOW["steps"][:1]})
    made: list[Any] = []
    run_action = bench.plug.executor.run

    async def remember(*args: Any, **options: Any) -> Any:
        made.append(await run_action(*args, **options))
        return made[-1]

    bench.plug.executor.run = remember  # type: ignore[method-assign]
    await engine.handle(opened(bench))
    echo = opened(bench, "d2", **made[0].model_dump(mode="json", include={"id", "html_url", "number", "title"}))
    (stopped,) = await engine.handle(echo)
    assert (stopped.status, stopped.reason) == ("suppressed", "loop")
    assert len(titles(github)) == 1


async def test_a_dry_run_sends_no_request_at_all(bench: Bench, github: Emulator) -> None:
    engine = engine_of(bench)
    event = opened(bench)
    before = len(github.requests())
    made = await engine.create("ana", WORKFLOW)
    for options in ({"payload": event.payload}, {}):
        found = await engine.dry_run("ana", made.id, **options)
        assert [str(step.status) for step in found.steps] == ["simulated", "simulated"]
    assert len(github.requests()) == before
    assert await bench.logs() == []


async def test_an_answer_that_never_comes_is_unknown_and_not_repeated(bench: Bench, github: Emulator) -> None:
    engine = engine_of(bench)
    await engine.create("ana", WORKFLOW)
    github.fault("POST /repos/*", kind="reset", after=True)
    (run,) = await engine.handle(opened(bench))
    assert (run.status, str(run.steps[0].status), str(run.steps[1].status)) == ("partial", "unknown", "skipped")
    assert len(titles(github)) == 1


async def test_a_refused_account_fails_the_step_and_says_reconnect(bench: Bench, github: Emulator) -> None:
    engine = engine_of(bench)
    made = await engine.create("ana", WORKFLOW)
    github.fault("POST *", kind="answer", status=401, body={"message": "Bad credentials"})
    (run,) = await engine.handle(opened(bench))
    assert run.steps[0].error is not None
    assert run.steps[0].error.next == "reconnect"
    dry = await engine.dry_run("ana", made.id)
    assert dry.steps[0].connection_problem is not None
    assert dry.steps[0].connection_problem.next == "reconnect"


async def test_a_run_whose_process_died_after_the_answer_calls_the_vendor_once(bench: Bench, github: Emulator) -> None:
    plug, late = bench.plug, timedelta()
    engine = WorkflowEngine(
        plug.store,
        plug.ring,
        plug.providers,
        plug.executor,
        plug.connections,
        plug.shared,
        now=lambda: datetime.now(UTC) + late,
    )
    await engine.create("ana", WORKFLOW)
    write, died = plug.store.update_run, 0

    async def die_once(row: Any) -> bool:
        nonlocal died
        died += 1
        if died == 3:  # after the claim and the start of step one, at the write of its success
            raise ConnectionResetError
        return await write(row)

    plug.store.update_run = die_once  # type: ignore[method-assign]
    with pytest.raises(ConnectionResetError):
        await engine.handle(opened(bench))
    assert len(titles(github)) == 1
    late = timedelta(hours=1)
    (run,) = await engine.recover()
    assert run.status == "succeeded"
    assert len(titles(github)) == 2
    assert titles(github)[1].startswith("See http")


async def test_runs_are_the_same_in_a_database(github: Emulator, tmp_path: Path) -> None:
    async with bench_of(github, database=f"sqlite:///{tmp_path}/plug.db") as bench:
        engine = engine_of(bench)
        made = await engine.create("ana", WORKFLOW)
        (run,) = await engine.handle(opened(bench))
        assert run.status == "succeeded"
        assert await engine.handle(opened(bench)) == []
        assert await engine.run(run.id, "ana") == run
        assert (await engine.pause(made.id, "ana")).version == 2
        assert await engine.handle(opened(bench, "d2", id=1)) == []
        await engine.delete(made.id, "ana")
        assert await engine.runs("ana") == []
