"""The engine on the whole library: the executor, its store and GitHub's emulator."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from plugfn.providers.github import provider
from plugfn.testing.bench import Bench
from plugfn.testing.emulator import Emulator
from plugfn.webhooks.inbound import Event
from plugfn.workflows.engine import WorkflowEngine

OPENED = {"provider": "github", "event": "issues.opened"}
WORKFLOW: dict[str, Any] = {
    "name": "Copy bugs",
    "trigger": OPENED,
    "conditions": {"field": "issue.labels.name", "op": "contains", "value": "bug"},
    "steps": [
        {
            "id": "copy",
            "action": "github.issues.create",
            "params": {"owner": "ana", "repo": "loja", "title": "Copy: {{ issue.title }}"},
        },
        {
            "id": "link",
            "action": "github.issues.create",
            "params": {"owner": "ana", "repo": "loja", "title": "See {{ steps.copy.html_url }}"},
        },
    ],
}


@pytest.fixture
def github(emulator: Callable[[str], Emulator]) -> Emulator:
    return emulator("github")


@pytest.fixture
async def bench(github: Emulator) -> AsyncIterator[Bench]:
    token = github.control("POST", "/tokens", {"login": "ana"})["access_token"]
    settings = {"client_id": "Iv1.sandbox0000000001", "client_secret": "github_sandbox_only", "api_url": github.url}
    async with Bench(provider, settings=settings, credentials={"access_token": token}) as made:
        yield made


def engine_of(bench: Bench) -> WorkflowEngine:
    plug = bench.plug
    return WorkflowEngine(plug.store, plug.ring, plug.providers, plug.executor, plug.connections, plug.shared)


async def issue_event(bench: Bench, event_id: str = "d1") -> Event:
    payload = json.loads((PAYLOADS / "issues_opened.json").read_text())
    return Event("github", "issues.opened", payload, id=event_id, connection_id=bench.connection.id)
