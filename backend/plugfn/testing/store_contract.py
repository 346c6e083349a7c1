"""The tests that every store must pass. Subclass StoreContract in a test module with a fixture `store`.

class TestMyStore(StoreContract):
    @pytest.fixture
    async def store(self):
        ...
        yield opened_and_empty_store
"""

# ruff: noqa: S101, PT011, PT018
import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from plugfn.connection import Connection, ConnectionStatus
from plugfn.storage.protocol import Store
from plugfn.storage.records import UNFINISHED_RUNS, ActionLog, RunRow, WorkflowRow

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
ODD = 'Zoë 🐘 "quoted"; DROP TABLE x; -- %s {} \\ \u202e'
AT_ONCE = 50


def a_connection(**changes: Any) -> Connection:
    """A connection of ana's at GitHub, with changes."""
    connection = Connection(uuid4().hex, "ana", "github", ConnectionStatus.ACTIVE, NOW, NOW)
    return replace(connection, **changes)


def a_workflow(**changes: Any) -> WorkflowRow:
    """A workflow of ana's, with changes."""
    workflow = WorkflowRow(uuid4().hex, "ana", "triage", "active", "github", "issues.opened", NOW, NOW, b"sealed")
    return replace(workflow, **changes)


def a_run(workflow: WorkflowRow, **changes: Any) -> RunRow:
    """A run of a workflow, with changes."""
    run_id = uuid4().hex
    run = RunRow(run_id, workflow.id, workflow.user_id, "running", run_id, 0, run_id, NOW, NOW, b"sealed")
    return replace(run, **changes)


def a_log(**changes: Any) -> ActionLog:
    """An attempt of ana's, with changes."""
    log = ActionLog(uuid4().hex, 1, "ana", "c1", "github", "repos.get", NOW, 12.5, "ok")
    return replace(log, **changes)


async def together(make: Callable[[], Awaitable[object]], times: int = AT_ONCE) -> list[object]:
    """The results of `times` calls that start together."""
    return list(await asyncio.gather(*(make() for _ in range(times))))


class ConnectionsContract:
    """Connections and their encrypted credentials."""

    async def test_a_connection_comes_back_as_it_was_stored(self, store: Store) -> None:
        stored = a_connection(
            user_id=ODD,
            label=ODD,
            account="acct",
            scopes=("repo", "read:org", ODD),
            expires_at=NOW,
            error_code="x",
            last_used_at=NOW,
            status=ConnectionStatus.NEEDS_REAUTH,
        )
        await store.add_connection(stored, bytes(range(256)))
        assert await store.connection(stored.id) == stored
        assert await store.with_credentials(stored.id) == (stored, bytes(range(256)))
        assert await store.connections(user_id=ODD) == [stored]

    async def test_a_missing_connection_is_none_or_false(self, store: Store) -> None:
        assert await store.connection("nobody") is None
        assert await store.with_credentials("nobody") is None
        assert await store.update_connection(a_connection()) is False
        assert await store.delete_connection("nobody") is False
        await store.touch_connection("nobody", NOW)
        assert await store.connections() == []

    async def test_adding_a_connection_twice_is_an_error_and_changes_nothing(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"first")
        with pytest.raises(ValueError):
            await store.add_connection(replace(stored, user_id="bob"), b"second")
        assert await store.with_credentials(stored.id) == (stored, b"first")

    async def test_times_keep_their_instant_and_are_aware(self, store: Store) -> None:
        far = NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
        stored = a_connection(created_at=far, expires_at=far)
        await store.add_connection(stored, b"")
        connection = await store.connection(stored.id)
        assert connection is not None and connection.expires_at is not None
        assert connection.created_at == NOW and connection.created_at.tzinfo is not None
        assert connection.expires_at == NOW and connection.expires_at.tzinfo is not None

    async def test_connections_are_filtered_by_every_argument(self, store: Store) -> None:
        mine = a_connection(account="a1")
        others = [
            a_connection(user_id="bob", account="a1"),
            a_connection(provider="slack", account="a1"),
            a_connection(account="a2"),
            a_connection(account="a1", status=ConnectionStatus.NEEDS_REAUTH),
        ]
        for stored in (mine, *others):
            await store.add_connection(stored, b"")
        rows = await store.connections(
            user_id="ana", provider="github", accounts=["a1"], status=ConnectionStatus.ACTIVE
        )
        assert rows == [mine]
        assert len(await store.connections(accounts=("a1",))) == 4
        assert len(await store.connections(accounts=("a1", "a2", "a3"))) == 5
        assert await store.connections(accounts=("",)) == []
        assert await store.connections(accounts=()) == []

    async def test_connections_are_paged_by_id(self, store: Store) -> None:
        made = sorted((a_connection() for _ in range(7)), key=lambda stored: stored.id)
        for stored in reversed(made):
            await store.add_connection(stored, b"")
        first = await store.connections(limit=3)
        rest = await store.connections(after=first[-1].id, limit=100)
        assert first + rest == made
        assert await store.connections(limit=0) == []
        assert await store.connections(limit=-1) == []

    async def test_an_update_writes_the_connection_and_credentials_only_when_passed(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"old")
        changed = replace(stored, label="new", scopes=("a",), status=ConnectionStatus.NEEDS_REAUTH, error_code="e")
        assert await store.update_connection(changed) is True
        assert await store.with_credentials(stored.id) == (changed, b"old")
        assert await store.update_connection(stored, b"new") is True
        assert await store.with_credentials(stored.id) == (stored, b"new")

    async def test_an_update_keeps_last_used_at(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"x")
        await store.touch_connection(stored.id, NOW)
        assert await store.update_connection(replace(stored, label="new")) is True
        assert await store.connection(stored.id) == replace(stored, label="new", last_used_at=NOW)

    async def test_touching_a_connection_changes_only_last_used_at(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"x")
        await store.touch_connection(stored.id, NOW + timedelta(hours=1))
        assert await store.connection(stored.id) == replace(stored, last_used_at=NOW + timedelta(hours=1))

    async def test_deleting_a_connection_deletes_its_credentials(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"x")
        assert (await together(lambda: store.delete_connection(stored.id))).count(True) == 1
        assert await store.with_credentials(stored.id) is None

    async def test_one_of_many_simultaneous_updates_with_read_at_wins(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"old")
        changed = replace(stored, label="new", updated_at=NOW + timedelta(microseconds=1))
        outcomes = await together(lambda: store.update_connection(changed, b"new", read_at=NOW))
        assert outcomes.count(True) == 1
        assert await store.with_credentials(stored.id) == (changed, b"new")


class ShortLivedContract:
    """Values with a lifetime."""

    async def test_a_value_is_taken_by_one_of_many_simultaneous_callers(self, store: Store) -> None:
        await store.put("state", "s1", b"value", 60)
        taken = await together(lambda: store.take("state", "s1"))
        assert taken.count(b"value") == 1
        assert taken.count(None) == AT_ONCE - 1

    async def test_one_of_many_simultaneous_put_new_stores_and_the_others_see_its_value(self, store: Store) -> None:
        values = [uuid4().bytes for _ in range(AT_ONCE)]
        seen = await asyncio.gather(*(store.put_new("key", "k", value, 60) for value in values))
        stored = await store.peek("key", "k")
        assert stored in values
        assert seen.count(None) == 1
        assert set(seen) == {None, stored}

    async def test_simultaneous_put_new_and_take_lose_nothing(self, store: Store) -> None:
        puts = [store.put_new("both", "k", b"v", 60) for _ in range(20)]
        takes = [store.take("both", "k") for _ in range(20)]
        done = await asyncio.gather(*puts, *takes)
        stored, taken = done[:20].count(None), done[20:].count(b"v")
        left = 1 if await store.peek("both", "k") else 0
        assert stored == taken + left

    async def test_a_value_expires(self, store: Store) -> None:
        await store.put("state", "gone", b"v", -1)
        assert await store.peek("state", "gone") is None
        assert await store.take("state", "gone") is None
        await store.put("state", "short", b"v", 0.05)
        time.sleep(0.06)
        assert await store.put_new("state", "short", b"new", 60) is None
        assert await store.peek("state", "short") == b"new"

    async def test_kinds_and_keys_are_separate(self, store: Store) -> None:
        await store.put("a", "k", b"1", 60)
        await store.put("b", "k", b"2", 60)
        assert await store.take("a", "other") is None
        assert await store.take("a", "k") == b"1"
        assert await store.peek("b", "k") == b"2"

    async def test_put_replaces_a_value(self, store: Store) -> None:
        await store.put("a", "k", b"1", 60)
        await store.put("a", "k", b"2", 60)
        assert await store.take("a", "k") == b"2"
        assert await store.take("a", "k") is None

    @pytest.mark.parametrize("key", ["", ODD, "x" * 5000, "nul\x00", "\ud800 alone", "é", "e\u0301"])
    async def test_any_text_can_be_a_key(self, store: Store, key: str) -> None:
        assert await store.put_new("odd", key, b"v", 60) is None
        assert await store.take("odd", key + "!") is None
        assert await store.take("odd", key) == b"v"

    async def test_only_expired_values_are_purged(self, store: Store) -> None:
        for number in range(5):
            await store.put("old", str(number), b"v", -1)
        await store.put("new", "k", b"v", 60)
        assert await store.purge() == 5
        assert await store.purge() == 0
        assert await store.peek("new", "k") == b"v"


class ActionLogsContract:
    """The action log."""

    async def test_a_log_comes_back_as_it_was_stored(self, store: Store) -> None:
        stored = a_log(user_id=ODD, error="TryLater", code=ODD, source="batch", outcome="retry", milliseconds=0.125)
        await store.add_logs([stored])
        assert await store.logs(user_id=ODD) == [stored]

    async def test_logs_are_newest_first_and_limited(self, store: Store) -> None:
        made = [a_log(started_at=NOW + timedelta(seconds=number)) for number in range(10)]
        await store.add_logs(made[5:])
        await store.add_logs(made[:5])
        assert await store.logs(limit=4) == made[:5:-1]
        assert await store.logs(limit=0) == []
        assert await store.logs(since=NOW + timedelta(seconds=8)) == [made[9], made[8]]

    async def test_logs_are_filtered_by_every_argument(self, store: Store) -> None:
        mine = a_log(call_id="call")
        others = [
            a_log(call_id="call", user_id="bob"),
            a_log(call_id="call", provider="slack"),
            a_log(call_id="call", connection_id="c2"),
            a_log(),
        ]
        await store.add_logs([mine, *others])
        assert await store.logs(user_id="ana", provider="github", connection_id="c1", call_id="call") == [mine]

    async def test_many_logs_are_added_in_one_call(self, store: Store) -> None:
        await store.add_logs([])
        await store.add_logs([a_log() for _ in range(1001)])
        assert len(await store.logs(limit=5000)) == 1001

    async def test_old_logs_are_purged(self, store: Store) -> None:
        kept = a_log(started_at=NOW)
        await store.add_logs([kept, a_log(started_at=NOW - timedelta(microseconds=1))])
        assert await store.purge_logs(NOW) == 1
        assert await store.logs() == [kept]


class WorkflowsContract:
    """Workflows and runs."""

    async def test_a_workflow_comes_back_as_it_was_stored(self, store: Store) -> None:
        stored = a_workflow(name=ODD, user_id=ODD, body=bytes(range(256)))
        await store.add_workflow(stored)
        assert await store.workflow(stored.id) == stored
        assert await store.workflow("nothing") is None
        with pytest.raises(ValueError):
            await store.add_workflow(replace(stored, name="other"))

    async def test_workflows_are_filtered_by_every_argument(self, store: Store) -> None:
        mine = a_workflow()
        others = [
            a_workflow(user_id="bob"),
            a_workflow(provider="slack"),
            a_workflow(event="push"),
            a_workflow(status="paused"),
        ]
        for stored in (mine, *others):
            await store.add_workflow(stored)
        rows = await store.workflows(user_id="ana", provider="github", event="issues.opened", status="active")
        assert rows == [mine]
        first = await store.workflows(limit=2)
        rest = await store.workflows(after=first[-1].id)
        assert [row.id for row in first + rest] == sorted(row.id for row in (mine, *others))

    async def test_one_of_many_simultaneous_workflow_updates_wins(self, store: Store) -> None:
        stored = a_workflow()
        await store.add_workflow(stored)
        changed = replace(stored, version=2, status="paused")
        assert (await together(lambda: store.update_workflow(changed))).count(True) == 1
        assert await store.update_workflow(replace(stored, version=4)) is False
        assert await store.update_workflow(a_workflow(version=2)) is False
        assert await store.workflow(stored.id) == changed

    async def test_one_occurrence_runs_once_for_each_workflow(self, store: Store) -> None:
        one, two = a_workflow(), a_workflow()
        await store.add_workflow(one)
        await store.add_workflow(two)
        outcomes = await together(lambda: store.add_run(a_run(one, occurrence=ODD)))
        assert outcomes.count(True) == 1
        assert await store.add_run(a_run(two, occurrence=ODD)) is True

    async def test_deleting_a_workflow_deletes_its_runs(self, store: Store) -> None:
        workflow, other = a_workflow(), a_workflow()
        await store.add_workflow(workflow)
        await store.add_workflow(other)
        run, kept = a_run(workflow, occurrence="o"), a_run(other)
        assert await store.add_run(run) and await store.add_run(kept)
        assert await store.delete_workflow(workflow.id) is True
        assert await store.delete_workflow(workflow.id) is False
        assert await store.run(run.id) is None
        assert await store.runs() == [kept]
        assert await store.add_run(a_run(workflow)) is False

    async def test_runs_are_filtered_and_newest_first(self, store: Store) -> None:
        workflow = a_workflow()
        await store.add_workflow(workflow)
        made = [a_run(workflow, created_at=NOW + timedelta(seconds=number), root_run="r") for number in range(5)]
        odd = a_run(workflow, user_id="bob", status="failed", body=bytes(range(256)), depth=3)
        for run in (*made, odd):
            assert await store.add_run(run) is True
        assert await store.run(odd.id) == odd
        assert await store.runs(root_run="r", workflow_id=workflow.id, user_id="ana", status="running") == made[::-1]
        assert await store.runs(limit=2) == made[:2:-1]
        assert await store.runs(user_id="bob") == [odd]
        first = await store.runs_by_id(limit=2)
        rest = await store.runs_by_id(after=first[-1].id)
        assert [run.id for run in first + rest] == sorted(run.id for run in (*made, odd))

    async def test_one_of_many_simultaneous_run_updates_wins(self, store: Store) -> None:
        workflow = a_workflow()
        await store.add_workflow(workflow)
        run = a_run(workflow)
        await store.add_run(run)
        changed = replace(run, version=2, status="succeeded", body=b"done")
        assert (await together(lambda: store.update_run(changed))).count(True) == 1
        assert await store.run(run.id) == changed
        assert await store.update_run(a_run(workflow, version=2)) is False

    async def test_a_body_is_resealed_once_without_a_new_version(self, store: Store) -> None:
        workflow = a_workflow()
        await store.add_workflow(workflow)
        run = a_run(workflow)
        await store.add_run(run)
        assert (await together(lambda: store.reseal(workflow, b"new"))).count(True) == 1
        assert (await together(lambda: store.reseal(run, b"new"))).count(True) == 1
        assert await store.workflow(workflow.id) == replace(workflow, body=b"new")
        assert await store.run(run.id) == replace(run, body=b"new")
        assert await store.reseal(a_run(workflow), b"new") is False

    async def test_stale_runs_are_oldest_first(self, store: Store) -> None:
        workflow = a_workflow()
        await store.add_workflow(workflow)
        made = [a_run(workflow, updated_at=NOW + timedelta(seconds=number)) for number in (3, 1, 2)]
        for run in (*made, a_run(workflow, status="pending"), a_run(workflow, status="failed")):
            await store.add_run(run)
        later = NOW + timedelta(seconds=9)
        assert await store.stale_runs("running", later) == [made[1], made[2], made[0]]
        assert await store.stale_runs("running", later, limit=1) == [made[1]]
        assert await store.stale_runs("running", NOW + timedelta(seconds=2)) == [made[1]]
        assert await store.stale_runs("running", NOW, limit=-1) == []
        assert [run.status for run in await store.stale_runs("pending", later)] == ["pending"]
        assert await store.stale_runs("running", later, after=made[1]) == [made[2], made[0]]
        assert await store.stale_runs("running", NOW + timedelta(seconds=3), after=made[1], limit=5) == [made[2]]

    async def test_paging_runs_handles_equal_times_and_concurrent_changes(self, store: Store) -> None:
        workflow, other = a_workflow(), a_workflow()
        await store.add_workflow(workflow)
        await store.add_workflow(other)
        moments = [NOW + timedelta(microseconds=number // 3) for number in range(9)]
        made = [a_run(workflow, created_at=moment, updated_at=moment) for moment in moments]
        for run in (*made, a_run(other, status="failed")):
            await store.add_run(run)
        newest = sorted(made, key=lambda run: (run.created_at, run.id), reverse=True)
        page = await store.runs(workflow_id=workflow.id, limit=4)
        await store.add_run(a_run(workflow, created_at=NOW + timedelta(days=1), status="failed"))
        assert page + await store.runs(workflow_id=workflow.id, before=page[-1]) == newest
        assert await store.runs(workflow_id=workflow.id, before=newest[-1]) == []
        assert await store.runs(workflow_id=workflow.id, before=page[-1], limit=0) == []
        stale = await store.stale_runs("running", NOW + timedelta(days=1), limit=4)
        rest = await store.stale_runs("running", NOW + timedelta(days=1), after=stale[-1])
        assert stale + rest == sorted(made, key=lambda run: (run.updated_at, run.id))

    async def test_only_finished_runs_are_purged(self, store: Store) -> None:
        workflow = a_workflow()
        await store.add_workflow(workflow)
        for status in (*sorted(UNFINISHED_RUNS), "succeeded", "failed"):
            await store.add_run(a_run(workflow, status=status, occurrence=status))
        assert await store.purge_runs(NOW) == 0
        assert await store.purge_runs(NOW + timedelta(seconds=1)) == 2
        assert {run.status for run in await store.runs()} == UNFINISHED_RUNS
        assert await store.add_run(a_run(workflow, occurrence="failed")) is True


class StoreContract(ConnectionsContract, ShortLivedContract, ActionLogsContract, WorkflowsContract):
    """All contracts together."""

    async def test_opening_again_keeps_the_data(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"x")
        await store.open()
        assert await store.connection(stored.id) == stored

    async def test_a_closed_store_opens_again(self, store: Store) -> None:
        stored = a_connection()
        await store.add_connection(stored, b"x")
        await store.close()
        await store.close()
        await store.open()
        assert await store.connection(stored.id) == stored

    async def test_several_event_loops_and_threads_can_use_it_together(self, store: Store) -> None:
        await store.put("state", "s", b"v", 60)

        async def count_taken() -> int:
            return (await together(lambda: store.take("state", "s"), 5)).count(b"v")

        counts = await asyncio.gather(*(asyncio.to_thread(asyncio.run, count_taken()) for _ in range(5)), count_taken())
        assert sum(counts) == 1
