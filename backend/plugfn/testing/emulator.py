"""A vendor's emulator in a process of its own, with what tests ask of it: requests seen, faults, a fresh world."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

BACKEND = Path(__file__).resolve().parents[2]


class Emulator:
    """`python -m sandbox.<name>`, running. `url` is where it listens."""

    def __init__(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"sandbox.{name}", *arguments]
        self.process = subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert self.process.stdout is not None  # noqa: S101 - it was asked for just above
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"the {name} emulator did not start")
        self.url = line.rpartition(" ")[2]

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.communicate(timeout=10)

    def control(self, method: str, path: str, document: Any = None) -> Any:
        """Ask anything of the emulator under /_sandbox; its JSON answer, None when it has none."""
        body = None if document is None else json.dumps(document).encode()
        request = Request(f"{self.url}/_sandbox{path}", data=body, method=method)  # noqa: S310
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            found = answer.read()
        return json.loads(found) if found else None

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """The requests so far, oldest first: method, path, query, headers (lower case), body; those to `path` only."""
        seen = self.control("GET", "/requests")
        return [request for request in seen if not path or request["path"] == path]

    def fault(self, pattern: str = "*", **fault: Any) -> None:
        """Switch a fault on: see sandbox.kit.faults."""
        self.control("POST", "/faults", {"pattern": pattern, **fault})

    def reset(self) -> None:
        """Forget requests, faults and all that was made."""
        self.control("POST", "/reset")
