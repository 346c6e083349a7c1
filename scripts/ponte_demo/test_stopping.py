import os
import signal
from collections.abc import Callable
from pathlib import Path

from embedded.processes import command_line
from ponte_demo import leftovers
from ponte_demo.conftest import Demo, is_clean, manage, wait_for

Start = Callable[..., Demo]


def test_commands_use_a_running_demo_a_second_run_harms_nothing_and_a_closed_terminal_stops_it(
    start_demo: Start, folder: Path
):
    first = start_demo(folder)
    first.read_until(first.process.stdout, "What to do next")  # no process ends by itself any more
    there = leftovers.marked(leftovers.of_folder(folder))
    assert len(there) > 6
    run = manage(folder, "test_webhook", "--url", address(folder), "--event", "payment_intent/created")
    assert run.returncode == 0, run.stderr
    second = start_demo(folder)
    _, errors = second.process.communicate(timeout=40)
    reason = "a demo already runs in this checkout: stop it first (Ctrl-C in its terminal)"
    assert (second.process.returncode, errors) == (1, f"demo: {reason}\n")
    assert there <= leftovers.marked(leftovers.of_folder(folder))
    assert not is_clean(folder)
    assert first.end(signal.SIGHUP) == (0, "")  # handled like SIGTERM
    assert is_clean(folder)
    assert not (folder / "ports.json").exists()


def address(folder: Path) -> str:
    """Where the running demo says that it listens."""
    command = ["shell", "--no-imports", "-c", "from django.conf import settings; print(settings.PUBLIC_URL)"]
    return manage(folder, *command).stdout.strip()


def test_a_killed_runner_leaves_no_orphan(start_demo: Start, folder: Path):
    demo = start_demo(folder)
    demo.wait_until_working()
    demo.end(signal.SIGKILL)
    wait_for(lambda: is_clean(folder), 30)


def test_a_part_that_ends_by_itself_ends_the_run_with_the_reason(start_demo: Start, folder: Path):
    demo = start_demo(folder)
    wait_for(lambda: processes_of(folder, "-A core beat"), what=demo.log)
    os.kill(min(processes_of(folder, "-A core beat")), signal.SIGKILL)
    _, errors = demo.process.communicate(timeout=40)
    assert demo.process.returncode == 1
    assert "ended by itself: beat (exit code -9)" in errors
    assert is_clean(folder)


def processes_of(folder: Path, words: str) -> list[int]:
    there = leftovers.marked(leftovers.of_folder(folder))
    return [pid for pid in there if words in command_line(pid)]


def test_a_run_ends_when_the_reader_of_its_output_has_gone(start_demo: Start, folder: Path):
    demo = start_demo(folder)
    demo.process.stdout.close()
    demo.process.stdout = None
    demo.process.communicate(timeout=120)
    assert demo.process.returncode == 1
    assert is_clean(folder)
