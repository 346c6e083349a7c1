import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ponte_demo.conftest import Demo, is_clean, wait_for

Start = Callable[..., Demo]


@pytest.mark.parametrize(("deaf", "number"), [(False, signal.SIGINT), (True, signal.SIGINT), (True, signal.SIGTERM)])
def test_a_signal_before_anything_runs_ends_the_demo_also_where_interrupts_were_ignored(
    start_demo: Start, new_folder: Path, deaf: bool, number: signal.Signals
):
    demo = start_demo(new_folder, deaf=deaf)
    wait_for((new_folder / "demo.lock").exists)
    demo.end(number)
    assert demo.process.returncode != 0
    assert is_clean(new_folder)
