"""A vendor's emulator in its own process, with controls for tests: seen requests, faults, reset."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

BACKEND = Path(__file__).resolve().parents[2]


class Emulator:
    """A running `python -m sandbox.<name>`. `url` is where it listens."""

    def __init__(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"sandbox.{name}", *arguments]
        self.process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        assert self.process.stdout is not None  # noqa: S101 - set by stdout=PIPE above
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"the {name} emulator did not start")
        self.url = line.rpartition(" ")[2]

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.communicate(timeout=10)

    def control(self, method: str, path: str, document: Any = None) -> Any:
        """Send a request to the emulator's /_sandbox; returns its JSON answer, or None."""
        body = None if document is None else json.dumps(document).encode()
        request = Request(f"{self.url}/_sandbox{path}", data=body, method=method)  # noqa: S310 - loopback
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            body = answer.read()
        return json.loads(body) if body else None

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """The requests so far (to `path`), oldest first: method, path, query, headers (lower case), body."""
        seen = self.control("GET", "/requests")
        return [request for request in seen if not path or request["path"] == path]

    def fault(self, pattern: str = "*", **fault: Any) -> None:
        """Switch a fault on: see sandbox.kit.faults."""
        self.control("POST", "/faults", {"pattern": pattern, **fault})

    def reset(self) -> None:
        """Delete requests, faults and everything that was created."""
        self.control("POST", "/reset")
