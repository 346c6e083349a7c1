import os
import signal
from collections.abc import Callable
from pathlib import Path

from ponte_demo import leftovers
from ponte_demo.conftest import Demo, is_clean, wait_for

Start = Callable[..., Demo]


def test_a_closed_terminal_stops_every_process_and_the_servers(start_demo: Start, folder: Path):
    demo = start_demo()
    demo.wait_until_working()
    assert len(leftovers.marked(leftovers.of_folder(folder))) > 6
    assert demo.end(signal.SIGHUP) == (0, "")  # handled like SIGTERM
    assert is_clean(folder)


def test_a_killed_runner_leaves_no_orphan(start_demo: Start, folder: Path):
    demo = start_demo()
    demo.wait_until_working()
    demo.end(signal.SIGKILL)
    wait_for(lambda: is_clean(folder), 30)


def test_an_interruption_before_anything_runs_is_clean_too(start_demo: Start, folder: Path):
    demo = start_demo()
    wait_for((folder / "demo.lock").exists)
    demo.end(signal.SIGINT)
    assert demo.process.returncode != 0
    assert is_clean(folder)


def test_a_part_that_ends_by_itself_ends_the_run_with_the_reason(start_demo: Start, folder: Path):
    demo = start_demo()
    demo.wait_until_working()
    os.kill(process_of(folder, b"-A\0core\0beat"), signal.SIGKILL)
    _, errors = demo.process.communicate(timeout=40)
    assert demo.process.returncode == 1
    assert "ended by itself: beat (exit code -9)" in errors
    assert is_clean(folder)


def test_a_second_run_in_a_checkout_harms_nothing_and_ctrl_c_stops_the_first(start_demo: Start, folder: Path):
    first = start_demo()
    first.wait_until_working()
    there = leftovers.marked(leftovers.of_folder(folder))
    second = start_demo()
    _, errors = second.process.communicate(timeout=40)
    reason = "a demo already runs in this checkout: stop it first (Ctrl-C in its terminal)"
    assert (second.process.returncode, errors) == (1, f"demo: {reason}\n")
    assert there <= leftovers.marked(leftovers.of_folder(folder))
    assert first.end(signal.SIGINT) == (0, "")
    assert is_clean(folder)


def process_of(folder: Path, words: bytes) -> int:
    there = leftovers.marked(leftovers.of_folder(folder))
    return min(pid for pid in there if words in Path(f"/proc/{pid}/cmdline").read_bytes())


def test_a_run_ends_when_the_reader_of_its_output_has_gone(start_demo: Start, folder: Path):
    demo = start_demo("--once")
    demo.process.stdout.close()
    demo.process.stdout = None
    demo.process.communicate(timeout=120)
    assert demo.process.returncode == 1
    assert is_clean(folder)
