"""A bank stored in a file is the same after a restart."""

import subprocess
import sys
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2]


def _without_item(state):
    return [{**one, "item": None} for one in state["items"]], state["webhooks"]


def test_items_data_and_webhooks_survive_a_restart(start, tmp_path):
    path = tmp_path / "bank.json"
    first = start("--state", str(path), "--allow-local-webhooks")
    first.post("/webhooks", {"event": "all", "url": "http://127.0.0.1:9/x", "headers": {"A": "b"}})
    item = first.connect(clientUserId="ana")
    first.post(f"/_sandbox/items/{item['id']}/evolve", {"new": 3, "reissue": 2})
    first.connect("user-ok-perf-6x")
    before = first.get("/_sandbox/state")
    assert first.stop() == 0
    assert path.stat().st_mode & 0o777 == 0o600
    second = start("--state", str(path), "--allow-local-webhooks")
    after = second.get("/_sandbox/state")
    assert _without_item(after) == _without_item(before)
    assert [one["item"]["clientUserId"] for one in after["items"]] == ["ana", None]
    second.patch("/items/" + item["id"])
    assert second.settled(item["id"])["status"] == "UPDATED"
    assert second.connect()["id"] not in {one["item"]["id"] for one in before["items"]}


def test_an_execution_that_a_stop_interrupted_starts_again(start, tmp_path):
    path = str(tmp_path / "bank.json")
    first = start("--state", path, "--speed", "0.1")
    item = first.connect(wait=False)
    first.stop()
    assert start("--state", path).settled(item["id"])["executionStatus"] == "SUCCESS"


def test_another_kind_of_file_is_refused_in_one_line_and_not_changed(tmp_path):
    path = tmp_path / "bank.json"
    for text in ('{"items": []}', "not json"):
        path.write_text(text)
        command = [sys.executable, "-m", "sandbox.pluggy", "--state", str(path)]
        done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert path.read_text() == text
