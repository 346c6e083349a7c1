"""Slack's requests are verified and read, our own events are dropped, and slack-sdk's verifier agrees with ours."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.signature import Clock, SignatureVerifier

from plugfn.errors import WebhookRejected
from plugfn.inbound import Inbound, Keys
from plugfn.providers.slack import provider
from plugfn.providers.slack.webhooks import parse, signature, verify
from plugfn.testing.bench import Bench

EXAMPLES = (Path(__file__).parent / "fixtures/events").glob("*")
FIXTURES = {path.stem: json.loads(path.read_text())["delivery"] for path in EXAMPLES}
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SETTINGS = {"client_id": "id", "client_secret": "secret", "webhook_secrets": [SECRET]}
CREDENTIALS = {"access_token": "xoxb-x"}
COMMAND = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
FORM = "application/x-www-form-urlencoded"


def signed(body, *, kind="application/json", secret=SECRET, seconds_ago=0):
    stamp = str(int(datetime.now(UTC).timestamp()) - seconds_ago)
    return {
        "content-type": kind,
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signature(secret, stamp, body),
    }


def body_of(name):
    return json.dumps(FIXTURES[name]).encode()


@pytest.fixture
async def bench():
    async with Bench(provider, settings=SETTINGS, credentials=CREDENTIALS) as slack_bench:
        yield slack_bench


async def received(bench, body, **options):
    return await bench.receive(body, signed(body, **options))


def test_our_signature_equals_slacks_published_example():
    expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature(SECRET, "1531420618", COMMAND) == expected


@pytest.mark.parametrize("name", ["message", "app_mention", "message.message_deleted"])
async def test_an_event_is_read(bench, name):
    assert (await received(bench, body_of(name))).outcome == "handled"
    (event,) = bench.events
    assert (event.name, event.account) == (name, "T0SANDBOX1")
    assert event.id == FIXTURES[name]["event_id"]
    assert event.occurred_at == datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("trigger", provider.triggers, ids=lambda trigger: trigger.name)
def test_each_triggers_example_has_the_fields_that_it_declares(trigger):
    trigger.payload.model_validate(FIXTURES[trigger.name])


async def test_a_pressed_button_comes_as_a_form(bench):
    body = urlencode({"payload": json.dumps(FIXTURES["block_actions"])}).encode()
    assert (await received(bench, body, kind=FORM)).status == 200
    (event,) = bench.events
    assert (event.name, event.account) == ("block_actions", "T0SANDBOX1")


async def test_an_organization_that_installed_the_app_is_the_account(bench):
    wide = [{"enterprise_id": "E0SANDBOX1", "team_id": "T0SANDBOX1", "is_enterprise_install": True}]
    await received(bench, json.dumps(FIXTURES["message"] | {"authorizations": wide}).encode())
    pressed = FIXTURES["block_actions"] | {"is_enterprise_install": True, "enterprise": {"id": "E0SANDBOX1"}}
    await received(bench, urlencode({"payload": json.dumps(pressed)}).encode(), kind=FORM)
    await received(bench, COMMAND + b"&enterprise_id=E0SANDBOX1&is_enterprise_install=true", kind=FORM)
    assert [event.account for event in bench.events] == ["E0SANDBOX1"] * 3


async def test_a_slash_command_without_a_trigger_is_still_delivered(bench):
    assert (await received(bench, COMMAND, kind=FORM)).status == 200
    (event,) = bench.events
    assert (event.name, event.payload["command"], event.account) == ("slash_command", "/webhook-collect", "T1DC2JH3J")


async def test_the_deprecated_verification_token_reaches_no_handler(bench):
    await received(bench, body_of("message"))
    await received(bench, COMMAND, kind=FORM)
    assert all("token" not in event.payload for event in bench.events)


@pytest.mark.parametrize("name", ["own_message", "own_message_without_app", "own_message_edited"])
async def test_this_apps_own_messages_are_dropped(bench, name):
    assert (await received(bench, body_of(name))).status == 200
    assert bench.events == []


async def test_an_unidentified_bot_counts_as_this_app(bench):
    document = json.loads(body_of("message"))
    document["event"] |= {"bot_id": "BWHO", "subtype": "bot_message"}
    assert (await received(bench, json.dumps(document).encode())).status == 200
    assert bench.events == []


async def test_another_apps_message_is_delivered(bench):
    await received(bench, body_of("message_of_another_app"))
    assert bench.events[0].payload["event"]["bot_id"] == "B0OTHER"


async def test_a_retry_is_handled_once(bench):
    body = body_of("message")
    again = {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}
    outcomes = [(await bench.receive(body, signed(body) | more)).outcome for more in ({}, again)]
    assert outcomes == ["handled", "duplicate"]
    assert len(bench.events) == 1


def without_trigger(body):
    return body.partition(b"&trigger_id=")[0]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (COMMAND, FORM),
        (without_trigger(COMMAND), FORM),
        (urlencode({"payload": json.dumps(FIXTURES["block_actions"])}).encode(), FORM),
        (b'{"type": "app_rate_limited", "team_id": "T1"}', "application/json"),
    ],
    ids=["command", "command without trigger_id", "button", "notice"],
)
async def test_a_request_that_is_sent_again_is_handled_once(bench, body, kind):
    headers = signed(body, kind=kind)
    outcomes = [(await bench.receive(body, headers)).outcome for _ in range(3)]
    assert outcomes == ["handled", "duplicate", "duplicate"]
    assert len(bench.events) == 1


async def test_a_command_is_recognised_by_its_trigger_and_another_one_is_handled(bench):
    for body in (COMMAND, COMMAND + b"&more=1", COMMAND + b"f", without_trigger(COMMAND)):
        await received(bench, body, kind=FORM)
    triggers = [event.payload.get("trigger_id", "")[-4:] for event in bench.events]
    assert triggers == ["703c", "03cf", ""]


async def test_the_url_verification_needs_slacks_signature(bench):
    body = body_of("url_verification")
    receipt = await received(bench, body)
    assert (receipt.status, receipt.body.decode()) == (200, FIXTURES["url_verification"]["challenge"])
    forged = await received(bench, body, secret="another")
    assert forged.status == 401
    assert FIXTURES["url_verification"]["challenge"].encode() not in forged.body


@pytest.mark.parametrize(("seconds_ago", "status"), [(290, 200), (-290, 200), (310, 401), (-310, 401)])
async def test_a_request_is_accepted_for_five_minutes(bench, seconds_ago, status):
    assert (await received(bench, body_of("message"), seconds_ago=seconds_ago)).status == status


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0=" + "0" * 64},
        {"x-slack-signature": "v0=é☃"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "-1"},
        {"x-slack-request-timestamp": "1e9"},
        {"x-slack-request-timestamp": "９" * 10},
        {"x-slack-request-timestamp": "9" * 5000},
    ],
)
async def test_an_unverified_request_is_refused(bench, change):
    body = body_of("message")
    assert (await bench.receive(body, signed(body) | change)).status == 401
    assert bench.events == []


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{",
        b"{}",
        b'{"type": 7}',
        b'{"type": "url_verification"}',
        b'{"type": "url_verification", "challenge": 7}',
        b'{"type": "event_callback"}',
        b'{"type": "event_callback", "event": {}, "event_id": "Ev1"}',
        b'{"type": "event_callback", "event": {"type": "message"}, "event_id": ""}',
        b"[" * 100_000,
    ],
)
async def test_a_malformed_request_is_answered_400(bench, body):
    assert (await received(bench, body)).status == 400
    assert bench.events == []


async def test_both_secrets_are_accepted_during_a_rotation():
    settings = SETTINGS | {"webhook_secrets": ["the new one", SECRET]}
    async with Bench(provider, settings=settings, credentials=CREDENTIALS) as bench:
        for name, secret in (("message", "the new one"), ("app_mention", SECRET)):
            assert (await received(bench, body_of(name), secret=secret)).status == 200


async def test_without_a_secret_every_request_is_refused():
    async with Bench(provider, settings=SETTINGS | {"webhook_secrets": []}, credentials=CREDENTIALS) as bench:
        assert (await received(bench, body_of("url_verification"), secret="")).status == 401


# slack-sdk accepts no blank secret, and reads bodies as UTF-8.
SECRETS = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)


class Stopped(Clock):
    """A clock that stands still."""

    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment


@settings(deadline=None)
@given(
    body=st.text(st.characters(codec="utf-8"), min_size=1).map(str.encode),
    secret=SECRETS,
    tried=SECRETS,
    same=st.booleans(),
    stamp=st.integers(0, 2**33),
    late=st.one_of(st.sampled_from([-301, -300, 299.5, 300, 300.5, 301]), st.floats(-1000, 1000)),
    changed=st.booleans(),
)
def test_slacks_own_verifier_agrees(body, secret, tried, same, stamp, late, changed):
    now = max(stamp + late, 0)
    given_signature = SignatureVerifier(secret).generate_signature(timestamp=str(stamp), body=body)
    assert given_signature == signature(secret, str(stamp), body)
    used, read = secret if same else tried, body + b"!" if changed else body
    oracle = SignatureVerifier(used, Stopped(datetime.fromtimestamp(now, UTC).timestamp()))
    assert accepted(used, read, str(stamp), given_signature, now) is oracle.is_valid(read, str(stamp), given_signature)


def accepted(secret, body, stamp, given_signature, now):
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": given_signature}
    try:
        verify(Inbound(body, headers, received_at=datetime.fromtimestamp(now, UTC)), Keys((secret,)))
    except WebhookRejected:
        return False
    return True


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("app_id", "bot_id", "bot_profile", "message", "subtype", "type", "user")


@settings(deadline=None)
@given(event=st.dictionaries(st.sampled_from(KEYS), JSONS), authorizations=JSONS, at=JSONS, team=JSONS)
def test_any_event_is_read_or_refused(event, authorizations, at, team):
    document = {
        "type": "event_callback",
        "event": event,
        "event_id": "Ev1",
        "event_time": at,
        "authorizations": authorizations,
        "team_id": team,
    }
    try:
        parsed = parse(Inbound(json.dumps(document).encode(), {"content-type": "application/json"}), Keys())
    except WebhookRejected as error:
        parsed, refused = None, error.status
    else:
        refused = None
    assert refused == 400 if parsed is None else len(parsed.events) <= 1
