"""The emulator as a real subprocess."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.conftest import Process

from .world import TOKEN


class Uazapi(Process):
    """The running emulator, and a session with the example instance's token. `status` is the last answer's."""

    def __init__(self) -> None:
        super().__init__("uazapi")
        self.session.headers["token"] = TOKEN
        self.status = 0

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.session.request(method, self.url + path, json=body, timeout=10, **more)
        self.status = answer.status_code
        return answer.json() if answer.content else None

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.call("POST", path, {} if body is None else body, **more)

    def settle(self) -> None:
        self.post("/_sandbox/settle")


@pytest.fixture(scope="session")
def _uazapi() -> Iterator[Uazapi]:
    running = Uazapi()
    yield running
    running.stop()


@pytest.fixture
def uazapi(_uazapi: Uazapi) -> Uazapi:
    """An emulator as after its start."""
    _uazapi.post("/_sandbox/reset")
    return _uazapi
