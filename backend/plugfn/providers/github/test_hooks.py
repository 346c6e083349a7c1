"""Missed deliveries are listed, repeated, and handled once."""

import asyncio
from datetime import UTC, datetime

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugfn.errors import InvalidParams, NotFound
from plugfn.net.answer import Answer
from plugfn.providers.github import provider
from plugfn.providers.github.hooks import next_cursor, undelivered
from plugfn.providers.github.models import Delivery
from plugfn.testing.bench import Bench

LOJA = {"owner": "ana", "repo": "loja"}
SECRET = "between github and us"


@pytest.fixture
def github(emulator):
    return emulator("github")


@pytest.fixture
async def bench(github, doorstep):
    token = github.control("POST", "/tokens", {"login": "ana"})["access_token"]
    settings = {"client_id": "x", "client_secret": "y", "api_url": github.url, "webhook_secrets": [SECRET]}
    async with Bench(provider, settings=settings, credentials={"access_token": token}) as github_bench:
        doorstep.bench = github_bench
        yield github_bench


async def hooked(bench, doorstep, github, content_type="json"):
    """The id of a webhook of ana/loja for all events; its ping has arrived."""
    tokens = await bench.plug.connections.credentials(provider, bench.connection)
    config = {"url": doorstep.url, "content_type": content_type, "secret": SECRET}
    async with aiohttp.ClientSession(headers=provider.headers(tokens)) as session:
        document = {"name": "web", "events": ["*"], "config": config}
        async with session.post(f"{github.url}/repos/ana/loja/hooks", json=document) as answer:
            assert answer.status == 201
            hook_id = (await answer.json())["id"]
    await settled(github)
    return hook_id


async def settled(github):
    """Waits until no delivery is on its way; in a thread, because our own server answers in this event loop."""
    await asyncio.to_thread(github.control, "POST", "/settle")


@pytest.mark.parametrize("content_type", ["json", "form"])
async def test_an_event_is_delivered_with_a_valid_signature(bench, doorstep, github, content_type):
    await hooked(bench, doorstep, github, content_type)
    await bench.call("issues.create", {**LOJA, "title": "O forno não liga"})
    await bench.call("pulls.create", {**LOJA, "title": "Fusível", "head": "novo", "base": "main"})
    github.control("POST", "/push", {"repo": "ana/loja"})
    await settled(github)
    assert [event.name for event in bench.events] == ["ping", "issues.opened", "pull_request.opened", "push"]
    for event in bench.events:
        bench.plug.providers.trigger("github", event.name).payload.model_validate(event.payload)


async def test_a_missed_event_is_listed_repeated_and_handled_once(bench, doorstep, github):
    hook = {**LOJA, "hook_id": await hooked(bench, doorstep, github)}
    doorstep.closed = True
    for title in ("um", "dois"):
        await bench.call("issues.create", {**LOJA, "title": title})
        await settled(github)
    doorstep.closed = False
    missed = await bench.call("hooks.missed", hook)
    assert missed.complete
    assert [(one.event, one.action, one.status_code) for one in missed.deliveries] == [("issues", "opened", 503)] * 2
    for one in missed.deliveries:
        await bench.call("hooks.redeliver", {**hook, "delivery_id": one.id})
        await bench.call("hooks.redeliver", {**hook, "delivery_id": one.id})
        await settled(github)
    titles = [event.payload["issue"]["title"] for event in bench.events if event.name == "issues.opened"]
    assert titles == ["um", "dois"]
    assert (await bench.call("hooks.missed", hook)).deliveries == []


async def test_all_pages_of_deliveries_are_read(bench, doorstep, github):
    hook = {**LOJA, "hook_id": await hooked(bench, doorstep, github)}
    doorstep.closed = True
    for number in range(105):
        github.control("POST", "/emit", {"repo": "ana/loja", "event": "star", "payload": {"action": f"made_{number}"}})
    await settled(github)
    assert len((await bench.call("hooks.missed", hook)).deliveries) == 105
    pages = [request for request in github.requests() if request["path"].endswith("/deliveries")]
    assert [page["query"].get("cursor") for page in pages] == [None, "v1_100"]


async def test_only_deliveries_of_the_requested_hours_are_listed(bench, doorstep, github):
    hook = {**LOJA, "hook_id": await hooked(bench, doorstep, github)}
    doorstep.closed = True
    for name, hours in (("made_old", 30), ("made_new", 1)):
        github.control("POST", "/emit", {"repo": "ana/loja", "event": "star", "payload": {"action": name}})
        await settled(github)
        github.control("POST", "/age", {"repo": "ana/loja", "hours": hours})
    missed = {hours: await bench.call("hooks.missed", {**hook, "hours": hours}) for hours in (24, 48)}
    assert [one.action for one in missed[24].deliveries] == ["made_new"]
    assert [one.action for one in missed[48].deliveries] == ["made_old", "made_new"]


async def test_a_webhook_of_another_user_is_not_found(bench):
    with pytest.raises(NotFound):
        await bench.call("hooks.missed", {"owner": "bruno", "repo": "segredo", "hook_id": 1})


@pytest.mark.parametrize("change", [{"hours": 73}, {"hours": 0}, {"hook_id": 0}, {"hook_id": 2**64}])
async def test_hours_beyond_what_github_repeats_are_refused(bench, github, change):
    with pytest.raises(InvalidParams):
        await bench.call("hooks.missed", {**LOJA, "hook_id": 1} | change)
    assert github.requests() == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([200, 204, 0, 404, 502])), max_size=20))
def test_an_event_is_missed_if_none_of_its_attempts_arrived(attempts):
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    oldest_first = [
        Delivery(id=number, guid=guid, event="push", delivered_at=moment, status_code=code)
        for number, (guid, code) in enumerate(attempts, 1)
    ]
    missed = undelivered(reversed(oldest_first))
    codes = {guid: {code for one, code in attempts if one == guid} for guid, _ in attempts}
    assert {one.guid for one in missed} == {guid for guid, seen in codes.items() if not seen & {200, 204}}
    for one in missed:
        assert one.id == max(other.id for other in oldest_first if other.guid == one.guid)
    assert [one.id for one in missed] == sorted(one.id for one in missed)


def test_the_next_page_is_read_from_the_link_header():
    first = (
        '<https://api.github.com/x?per_page=100&cursor=v1_a%3D%3D>; rel="next", <https://api.github.com/x>; rel="first"'
    )
    assert next_cursor(Answer(200, {"link": first})) == "v1_a=="
    assert next_cursor(Answer(200, {"link": '<https://api.github.com/x>; rel="first"'})) is None
    assert next_cursor(Answer(200)) is None
