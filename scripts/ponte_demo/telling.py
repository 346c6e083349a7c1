"""How a story reports to the runner, waits, and fails."""

import json
import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 120.0


class Failed(Exception):
    """The demo failed. The message says at which step."""


def report(**line: Any) -> None:
    """One line of the story's output."""
    print(json.dumps(line), flush=True)


def wait(condition: Callable[[], bool], what: str, why: Callable[[], str] | None = None) -> None:
    """Wait until it is true. Raises Failed after PATIENCE_SECONDS."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            reason = f": {why()}" if why else ""
            raise Failed(f"{what} within {PATIENCE_SECONDS:.0f} s{reason}")
        time.sleep(0.1)
