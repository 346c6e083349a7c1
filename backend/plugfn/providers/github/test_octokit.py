"""Our models read every one of GitHub's own examples, as Octokit publishes them."""

import json

import pytest

from plugfn.inbound import Inbound, Keys
from plugfn.providers.github import provider
from plugfn.providers.github.models import Delivery, Issue, Pull, Repository
from plugfn.providers.github.webhooks import parse

HOOKS, HOOKS_VERSION = "@octokit/webhooks-examples", "7.6.1"
OPENAPI, OPENAPI_VERSION = "@octokit/openapi", "23.0.2"


@pytest.fixture
def examples(npm_peer):
    """Event → its example payloads."""
    package = npm_peer(HOOKS, HOOKS_VERSION).package
    events = json.loads((package / "api.github.com" / "index.json").read_text())
    return {event["name"]: event["examples"] for event in events}


def test_our_triggers_read_every_example_of_their_events(examples):
    read = {trigger.name: 0 for trigger in provider.triggers}
    for trigger in provider.triggers:
        kind, _, action = trigger.name.partition(".")
        for payload in examples[kind]:
            if payload.get("action", "") == action:
                trigger.payload.model_validate(payload)
                read[trigger.name] += 1
    assert all(read.values()), read


def test_every_example_of_any_event_is_parsed(examples):
    for kind, payloads in examples.items():
        for payload in payloads:
            headers = {"x-github-event": kind, "x-github-delivery": "a-b", "content-type": "application/json"}
            (event,) = parse(Inbound(json.dumps(payload).encode(), headers), Keys()).events
            assert event.name.partition(".")[0] == kind


def test_the_examples_of_the_api_are_read(npm_peer):
    package = npm_peer(OPENAPI, OPENAPI_VERSION).package
    document = json.loads((package / "generated" / "api.github.com.json").read_text())
    repo = "/repos/{owner}/{repo}"
    read(document, f"{repo}", "get", "200", Repository)
    read(document, f"{repo}/issues", "post", "201", Issue)
    read(document, f"{repo}/pulls", "post", "201", Pull)
    read(document, f"{repo}/hooks/{{hook_id}}/deliveries", "get", "200", Delivery)


def read(document, path, method, status, model):
    examples = document["paths"][path][method]["responses"][status]["content"]["application/json"]["examples"]
    values = [resolved(document, example)["value"] for example in examples.values()]
    assert values
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            model.model_validate(one)


def resolved(document, example):
    """What a local $ref points to."""
    for part in example.get("$ref", "#").split("/")[1:]:
        document = document[part]
    return document if "$ref" in example else example
