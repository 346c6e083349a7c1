"""The emulator as a real subprocess, and an app's server that answers Slack's challenge."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.conftest import Process, Receiver


class Slack(Process):
    """The running emulator, and a session with a bot's token."""

    def __init__(self) -> None:
        super().__init__("slack")

    def control(self, path: str, body: Any = None) -> Any:
        return self.call("POST", f"/_sandbox/{path}", body)

    def api(self, method: str, body: Any = None, **more: Any) -> Any:
        return self.call("POST", f"/api/{method}", body, **more)

    def as_bot(self, **token: Any) -> str:
        value = str(self.control("tokens", token)["access_token"])
        self.session.headers["Authorization"] = f"Bearer {value}"
        return value


@pytest.fixture(scope="session")
def _slack() -> Iterator[Slack]:
    running = Slack()
    yield running
    running.stop()


@pytest.fixture
def slack(_slack: Slack) -> Slack:
    """An emulator as after its start, with a bot's token."""
    _slack.control("reset")
    _slack.as_bot()
    return _slack


def _challenge(got: dict[str, Any]) -> bytes:
    document = got["body"]
    return str(document.get("challenge", "")).encode() if document else b""


@pytest.fixture
def app(receiver: Receiver) -> Receiver:
    """An app's server: it answers challenges."""
    receiver.reply = _challenge
    return receiver
