"""Deliveries are verified, read, and handled once."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.errors import WebhookRejected
from plugfn.inbound import Inbound, Keys
from plugfn.providers.github import provider
from plugfn.providers.github.models import Pushed
from plugfn.providers.github.webhooks import MAX_BYTES, parse, signature, verify
from plugfn.testing.bench import Bench

FIXTURES = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "fixtures/events").glob("*")}
SECRET = "a webhook secret"
SETTINGS = {"client_id": "id", "client_secret": "secret", "webhook_secrets": [SECRET]}
CREDENTIALS = {"access_token": "gho_x"}


def delivery(fixture, *, guid="72d3162e-cc78-11e3-81ab-4c9367dc0958", form=False, secret=SECRET):
    text = json.dumps(fixture["delivery"])
    body = urlencode({"payload": text}).encode() if form else text.encode()
    headers = {
        "content-type": "application/x-www-form-urlencoded" if form else "application/json",
        "x-github-event": fixture["headers"]["x-github-event"],
        "x-github-delivery": guid,
        "x-hub-signature-256": signature(secret, body),
    }
    return body, headers


@pytest.fixture
async def bench():
    async with Bench(provider, settings=SETTINGS, credentials=CREDENTIALS) as github_bench:
        yield github_bench


def test_our_signature_equals_githubs_published_example():
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signature("It's a Secret to Everybody", b"Hello, World!") == expected


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize("name", sorted(FIXTURES))
async def test_an_event_is_read_from_json_and_from_a_form(bench, name, form):
    body, headers = delivery(FIXTURES[name], form=form)
    receipt = await bench.receive(body, headers)
    assert (receipt.status, receipt.outcome) == (200, "handled")
    (event,) = bench.events
    assert (event.name, event.id) == (name, "72d3162e-cc78-11e3-81ab-4c9367dc0958")
    assert event.account == FIXTURES[name]["account"]


@pytest.mark.parametrize("trigger", provider.triggers, ids=lambda trigger: trigger.name)
def test_each_triggers_example_has_the_fields_that_it_declares(trigger):
    trigger.payload.model_validate(FIXTURES[trigger.name]["delivery"])


async def test_a_redelivery_is_handled_once(bench):
    body, headers = delivery(FIXTURES["push"])
    outcomes = [(await bench.receive(body, headers)).outcome for _ in range(2)]
    assert outcomes == ["handled", "duplicate"]
    assert len(bench.events) == 1


async def test_an_event_without_a_trigger_is_still_delivered(bench):
    fixture = {"headers": {"x-github-event": "star"}, "delivery": {"action": "created"}}
    receipt = await bench.receive(*delivery(fixture))
    assert receipt.status == 200
    assert bench.events[0].name == "star.created"


async def test_the_secret_of_a_hook_never_reaches_a_handler(bench):
    fixture = json.loads(json.dumps(FIXTURES["ping"]))
    fixture["delivery"]["hook"]["config"]["secret"] = "told-by-mistake"
    await bench.receive(*delivery(fixture))
    assert "told-by-mistake" not in str(bench.events[0].payload)


async def test_both_secrets_are_accepted_during_a_rotation():
    settings = SETTINGS | {"webhook_secrets": ["the new one", SECRET]}
    async with Bench(provider, settings=settings, credentials=CREDENTIALS) as bench:
        for number, secret in enumerate(("the new one", SECRET)):
            body, headers = delivery(FIXTURES["push"], secret=secret, guid=f"guid-{number}")
            assert (await bench.receive(body, headers)).status == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"x-hub-signature-256": ""}, 401),
        ({"x-hub-signature-256": "sha256=" + "0" * 64}, 401),
        ({"x-hub-signature-256": "sha1=" + "0" * 40}, 401),
        ({"x-hub-signature-256": "sha256=é☃"}, 401),
        ({"x-github-event": ""}, 400),
        ({"x-github-event": "../x"}, 400),
        ({"x-github-delivery": ""}, 400),
        ({"x-github-delivery": "a" * 1000}, 400),
        ({"content-type": "application/x-www-form-urlencoded"}, 400),
    ],
)
async def test_an_unverified_or_malformed_delivery_is_refused_and_reaches_no_handler(bench, change, status):
    body, headers = delivery(FIXTURES["push"])
    assert (await bench.receive(body, headers | change)).status == status
    assert bench.events == []


async def test_a_changed_body_is_refused(bench):
    body, headers = delivery(FIXTURES["push"])
    assert (await bench.receive(body.replace(b"main", b"evil"), headers)).status == 401


async def test_without_a_secret_every_delivery_is_refused():
    async with Bench(provider, settings=SETTINGS | {"webhook_secrets": []}, credentials=CREDENTIALS) as bench:
        receipt = await bench.receive(*delivery(FIXTURES["push"], secret=""))
    assert receipt.status == 401
    assert receipt.error.code == "WEBHOOK_SECRET_NOT_FOUND"


def test_a_body_larger_than_github_sends_is_refused():
    assert provider.webhooks.max_bytes == MAX_BYTES == 25 * 1024 * 1024


@settings(deadline=None)
@given(body=st.binary(min_size=1), other=st.binary(min_size=1), secret=st.text(min_size=1), wrong=st.text(min_size=1))
def test_a_signature_is_valid_for_one_body_and_one_secret(body, other, secret, wrong):
    inbound = Inbound(body, {"x-hub-signature-256": signature(secret, body)})
    verify(inbound, Keys((secret,)))
    for changed, keys in ((body, wrong), (other, secret)):
        if (changed, keys) != (body, secret):
            with pytest.raises(WebhookRejected):
                verify(Inbound(changed, inbound.headers), Keys((keys,)))


@settings(deadline=None)
@given(
    body=st.one_of(st.binary(), st.text().map(lambda text: json.dumps({"action": text, "hook": text}).encode())),
    kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain", ""]),
)
def test_any_body_is_read_or_refused(body, kind):
    headers = {"x-github-event": "push", "x-github-delivery": "a-b", "content-type": kind}
    try:
        parsed = parse(Inbound(body, headers), Keys())
    except WebhookRejected as error:
        refused = error.status
    else:
        refused = None
        assert [event.name.partition(".")[0] for event in parsed.events] == ["push"]
    assert refused in (None, 400)


def test_a_push_by_a_deploy_key_has_no_sender():
    payload = {name: value for name, value in FIXTURES["push"]["delivery"].items() if name != "sender"}
    assert Pushed.model_validate(payload).sender is None


ANA, PADARIA = {"login": "ana", "id": 1001}, {"login": "padaria", "id": 77}


@pytest.mark.parametrize(
    ("payload", "account"),
    [
        ({"repository": {"owner": ANA}, "organization": PADARIA, "installation": {"id": 5}}, "1001"),
        ({"organization": PADARIA, "installation": {"id": 5, "account": ANA}}, "77"),
        ({"installation": {"id": 5, "account": ANA}}, "1001"),
        ({"installation": {"id": 1001}, "sender": ANA}, ""),
        ({"repository": {"owner": {"login": "ana", "id": "1001"}}}, ""),
        ({"repository": {"owner": {"login": "1001"}}, "organization": [77]}, ""),
        ({"repository": None, "organization": {"id": True}}, ""),
    ],
)
def test_an_event_is_matched_to_an_account_by_number_only(payload, account):
    """An installation's number may equal an account's number, and a login may consist of digits."""
    headers = {"x-github-event": "star", "x-github-delivery": "a", "content-type": "application/json"}
    (event,) = parse(Inbound(json.dumps(payload).encode(), headers), Keys()).events
    assert event.account == account
