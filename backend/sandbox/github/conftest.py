"""The emulator as a real subprocess."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.conftest import Process


class GitHub(Process):
    """The running emulator, and a session with ana's token."""

    def __init__(self) -> None:
        super().__init__("github")

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.call("POST", path, body, **more)

    @property
    def status(self) -> int:
        return self.answer.status_code


@pytest.fixture(scope="session")
def _github() -> Iterator[GitHub]:
    running = GitHub()
    yield running
    running.stop()


@pytest.fixture
def github(_github: GitHub) -> GitHub:
    """An emulator as after its start, and ana signed in."""
    _github.session.headers.pop("Authorization", None)
    _github.post("/_sandbox/reset")
    token = _github.post("/_sandbox/tokens", {"login": "ana"})["access_token"]
    _github.session.headers["Authorization"] = f"Bearer {token}"
    return _github
