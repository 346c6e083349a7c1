"""The SendGrid emulator, and a Bench with the provider connected to it."""

import json
from pathlib import Path
from typing import Any

import pytest

from plugfn.providers.email_sendgrid import provider
from plugfn.testing.bench import Bench
from plugfn.testing.emulator import Emulator

PLAIN = {"to": ["ana@example.com"], "subject": "Olá", "text": "Oi"}
FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> Any:
    """An example that we wrote ourselves."""
    return json.loads((FIXTURES / name).read_text())


def events() -> list[dict[str, Any]]:
    """An example of each event: SendGrid's delivery, and our event for it."""
    examples = [fixture(f"events/{path.name}") for path in sorted((FIXTURES / "events").iterdir())]
    return [example | {"delivery": example["delivery"][0]} for example in examples]


class Account:
    """The emulator's account."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.keys = emulator.control("GET", "/sendgrid")

    def bench(self, **more):
        own = {"from_email": "nota@example.com", "from_name": "Notas", "webhook_key": self.keys["public_key"]}
        settings = {"api_url": self.emulator.url, **more.pop("settings", {})}
        credentials = {"api_key": self.keys["api_key"], **own, **more}
        return Bench(provider, credentials=credentials, settings=settings)

    def mails(self):
        return self.emulator.control("GET", "/mails")

    def headers(self, body: bytes, timestamp: str | None = None):
        asked = {"body": body.decode(), "timestamp": timestamp}
        return self.emulator.control("POST", "/sign", asked)


@pytest.fixture
def account(emulator):
    return Account(emulator("sendgrid"))
