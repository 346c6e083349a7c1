"""`python -m ponte_demo.reload COMMAND…`: runs a command, and restarts it when Python code of the backend changes."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

BACKEND = Path(__file__).resolve().parents[2] / "backend"


def snapshot(folder: Path) -> dict[Path, int]:
    """When each Python file below `folder` was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.py") if path.exists()}


def run(command: list[str], folder: Path = BACKEND) -> NoReturn:
    """Runs until SIGTERM. A command that ends by itself (a syntax error) starts again at the next change."""
    signal.signal(signal.SIGTERM, _leave)
    while True:
        before = snapshot(folder)
        process = subprocess.Popen(command)
        try:
            while snapshot(folder) == before:
                time.sleep(1)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    run(sys.argv[1:])
