"""`python -m ponte_demo.reload COMMAND…`: runs a command, and restarts it when Python code of the backend changes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2] / "backend"


def snapshot(folder: Path) -> dict[Path, int]:
    """When each Python file below `folder` was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.py") if path.exists()}


def run(command: list[str], folder: Path = BACKEND) -> None:
    """Runs until SIGTERM. A command that ends by itself (a syntax error) starts again at the next change."""
    # The handler does not raise: during Popen that would leave a process which nothing ends.
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: signals.append(number))
    while not signals:
        before = snapshot(folder)
        process = subprocess.Popen(command)
        try:
            while not signals and snapshot(folder) == before:
                time.sleep(0.5)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    run(sys.argv[1:])
