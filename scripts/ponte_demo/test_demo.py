import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from embedded import processes, valkey
from ponte_demo.conftest import Demo, is_clean

Start = Callable[..., Demo]


def check(figures: dict) -> None:
    webhooks = figures["webhooks"]
    assert webhooks["dead"] == webhooks["pending"] == 0
    assert webhooks["accepted"] == webhooks["done"] > 0
    assert webhooks["sent"] >= webhooks["accepted"] + webhooks["duplicates"] > webhooks["accepted"]
    assert all(number > 0 for number in figures["synced"].values())
    assert figures["messages"] == {"sent": 6, "delivered": 4, "received": 3, "unknown": 0, "dead": 0}


def test_the_demo_ends_by_itself_with_figures_that_balance(start_demo: Start, folder: Path):
    demo = start_demo(folder, "--once", "--json")
    output, errors = demo.process.communicate(timeout=300)
    assert demo.process.returncode == 0, errors
    figures = json.loads(output.splitlines()[-1])
    assert {part: sorted(values) for part, values in figures.items()} == {
        "webhooks": sorted(["sent", "accepted", "duplicates", "done", "pending", "dead"]),
        "accept_ms": sorted(["p50", "p99", "max"]),
        "synced": sorted(["accounts", "transactions", "investments", "bills", "loans"]),
        "messages": sorted(["sent", "delivered", "received", "unknown", "dead"]),
        "seconds": sorted(["ready", "visible", "messages"]),
        "pages": sorted(["visited", "errors", "console_errors"]),
    }
    check(figures)
    bank = "connect, watch, browse, annotate, look at bill, break connection, repair, export"
    assert f"done in Chromium: {bank}, send message, answer, connect github\n" in errors
    assert figures["pages"]["visited"] > 5
    assert figures["pages"]["errors"] == figures["pages"]["console_errors"] == 0, errors
    assert is_clean(folder)


def test_a_broker_stopped_and_wiped_in_the_middle_loses_nothing_and_ctrl_c_ends_the_run(
    start_demo: Start, folder: Path
):
    demo = start_demo(folder, "--json")
    demo.read_until(demo.process.stderr, "being connected")
    (broker,) = processes.working_in(folder / "valkey")
    os.kill(broker, signal.SIGKILL)
    time.sleep(2)
    valkey.start(folder)
    demo.read_until(demo.process.stderr, "Everything is running")
    os.killpg(demo.process.pid, signal.SIGINT)
    output, errors = demo.process.communicate(timeout=40)
    assert demo.process.returncode == 0, errors
    check(json.loads(output.splitlines()[-1]))
    assert is_clean(folder)
