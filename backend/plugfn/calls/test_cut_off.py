"""Calls that end early, by timeout or cancellation, and calls with another user's connection."""

import asyncio
import logging

import pytest

from plugfn.calls.test_executor import Answered, Ask, Credentials, Script, made
from plugfn.definition import Call, Form, Origin, Provider
from plugfn.errors import InvalidParams, NeedsReconnect, NotFound, OutcomeUnknown, PlugFnError, Unavailable, Unexpected
from plugfn.storage.memory import MemoryStore
from plugfn.testing.bench import Bench
from plugfn.testing.vendor import FakeVendor


def over_http(vendor: FakeVendor, work, **options) -> Provider:
    provider = Provider(
        name="acme",
        label="Acme",
        auth=Form(Credentials),
        docs_url="https://acme.example",
        origin=lambda settings, credentials: Origin(vendor.url, trusted=True),
    )

    async def ask(call: Call[Credentials], params: Ask) -> Answered:
        return await work(call, params)

    provider.action("numbers.ask", summary="Asks.", **options)(ask)
    return provider


@pytest.mark.parametrize("user_id", [None, "", 7, "a\nb"])
async def test_a_user_cannot_call_with_another_users_connection(user_id):
    script = Script()
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(InvalidParams):
            await bench.plug.run("acme.numbers.ask", user_id=user_id)
        with pytest.raises(InvalidParams):
            await bench.plug.connections.list(user_id)
        with pytest.raises(InvalidParams):
            await bench.plug.workflows.list(user_id)
        with pytest.raises(InvalidParams):
            await bench.plug.workflows.runs(user_id)
    assert script.calls == []


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", True])
async def test_an_invalid_timeout_is_refused_before_anything_happens(timeout):
    script = Script()
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(InvalidParams):
            await bench.call("numbers.ask", timeout=timeout)
        assert (await bench.call("numbers.ask", {"number": 1}, timeout=float("inf"))).number == 1
        assert (await bench.call("numbers.ask", {"number": 1}, timeout=1e9)).number == 1
    assert len(script.calls) == 2


async def test_waiting_for_credentials_counts_into_the_timeout(monkeypatch):
    script = Script()
    async with Bench(made(script), credentials={}) as bench:

        async def slow(*_):
            await asyncio.sleep(60)

        monkeypatch.setattr(bench.plug.connections, "credentials", slow)
        with pytest.raises(Unavailable) as caught:
            await bench.call("numbers.ask", timeout=0.05)
        (row,) = await bench.logs()
    assert (caught.value.code, caught.value.maybe_done, row.outcome) == ("timeout", False, "retry")
    assert script.calls == []


async def test_partly_done_work_is_not_repeated_with_new_credentials(monkeypatch):
    async def twice(call, _params):
        await call.http.post("/first")
        await call.http.post("/second")
        return Answered(number=1)

    async with FakeVendor() as vendor:
        vendor.answers("POST /first", {})
        vendor.answers("POST /second", {}, status=401)
        vendor.answers("POST /second", {})
        async with Bench(over_http(vendor, twice), credentials={}) as bench:

            async def renewed(*_):
                return Credentials(key="another-key")

            monkeypatch.setattr(bench.plug.connections, "renewed", renewed)
            with pytest.raises(OutcomeUnknown):
                await bench.call("numbers.ask")
        assert [asked.path for asked in vendor.asked] == ["/first", "/second"]


async def in_two_parts(call, _params):
    await call.http.get("/before")
    await call.http.post("/first")
    await call.http.post("/second")


FIRST, SECOND = ["/before", "/first"], ["/before", "/first", "/second"]
TOO_MUCH = "x" * 11 * 1024 * 1024


@pytest.mark.parametrize(
    ("answers", "asked", "expected", "code"),
    [
        ({"POST /second": (404, {})}, SECOND, OutcomeUnknown, "http_404"),
        ({"POST /second": (422, {})}, SECOND, OutcomeUnknown, "http_422"),
        ({"POST /second": (403, {})}, SECOND, OutcomeUnknown, "http_403"),
        ({"POST /second": (401, {})}, SECOND, OutcomeUnknown, "http_401"),
        ({"POST /second": (503, {})}, SECOND, OutcomeUnknown, "http_503"),
        ({"POST /second": (418, {})}, SECOND, OutcomeUnknown, "http_418"),
        ({"POST /second": (200, {})}, SECOND, OutcomeUnknown, "provider_bug"),
        ({"POST /first": (200, TOO_MUCH)}, FIRST, OutcomeUnknown, "too_big"),
        ({"POST /first": (404, {})}, FIRST, NotFound, "http_404"),
        ({"POST /first": (418, {})}, FIRST, Unexpected, "http_418"),
        ({"GET /before": (200, TOO_MUCH)}, FIRST[:1], Unexpected, "too_big"),
    ],
)
async def test_a_partly_done_call_keeps_its_idempotency_key(answers, asked, expected, code):
    """A repetition would do the first part twice. A call that did nothing frees the key."""
    async with FakeVendor() as vendor:
        for place in ("GET /before", "POST /first", "POST /second"):
            status, body = answers.get(place, (200, {}))
            vendor.answers(place, body, status=status)
        async with Bench(over_http(vendor, in_two_parts, retry="none"), credentials={}) as bench:
            with pytest.raises(expected) as caught:
                await bench.call("numbers.ask", idempotency_key="once")
            assert (type(caught.value), caught.value.code) == (expected, code)
            with pytest.raises(expected):
                await bench.call("numbers.ask", idempotency_key="once")
    assert [one.path for one in vendor.asked] == asked * (1 if expected is OutcomeUnknown else 2)


async def test_a_bug_in_a_non_http_provider_leaves_the_outcome_unknown():
    async def breaks(call, _params):
        call.doubt.possible = True
        raise KeyError("x")

    for safe, expected in ((False, OutcomeUnknown), (True, Unexpected)):
        async with Bench(made(Script(breaks), safe=safe), credentials={}) as bench:
            with pytest.raises(expected) as caught:
                await bench.call("numbers.ask")
        assert caught.value.code == "provider_bug"


async def test_a_safe_action_is_repeated_with_new_credentials(monkeypatch):
    script = Script(NeedsReconnect("no"))
    async with Bench(made(script, safe=True), credentials={}) as bench:

        async def renewed(*_):
            return Credentials(key="another-key")

        monkeypatch.setattr(bench.plug.connections, "renewed", renewed)
        await bench.call("numbers.ask")
    assert [call.credentials.key.get_secret_value() for call in script.calls] == ["a-secret-key", "another-key"]


async def test_a_cancelled_call_is_logged_as_unknown_and_the_breaker_recovers():
    begun = asyncio.Event()

    async def forever(_call, _params):
        begun.set()
        await asyncio.sleep(60)

    async with Bench(made(Script(forever)), credentials={}) as bench:
        task = asyncio.create_task(bench.call("numbers.ask"))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await bench.call("numbers.ask")
        assert [row.outcome for row in await bench.logs()] == ["unknown", "ok"]


async def test_a_store_that_fails_to_log_a_call_does_not_fail_the_call():
    class Broken(MemoryStore):
        async def add_logs(self, entries):
            raise RuntimeError("a bug of a store")

    async with Bench(made(Script()), credentials={}, database=Broken()) as bench:
        assert (await bench.call("numbers.ask", {"number": 3})).number == 3


async def test_a_providers_bug_is_logged_with_its_place_and_without_its_message(caplog):
    async with Bench(made(Script(KeyError("a-secret"))), credentials={}) as bench:
        with pytest.raises(Unexpected) as caught, caplog.at_level(logging.ERROR):
            await bench.call("numbers.ask")
    logging.getLogger("the.application").error("failed", exc_info=caught.value)
    assert "a-secret" not in caplog.text
    assert "KeyError" in caplog.text
    assert "test_executor.py" in caplog.text


async def without_http(say, **options):
    """The error of a call that is cut off, for a provider without HTTP that says `say` about its outcome."""

    async def forever(call, _params):
        if say is not None:
            call.doubt.possible = say
        await asyncio.sleep(60)

    provider = made(Script(forever), **options)
    object.__setattr__(provider, "origin", lambda settings, credentials: Origin("smtp://mail.example", trusted=True))
    async with Bench(provider, credentials={}) as bench:
        with pytest.raises(PlugFnError) as caught:
            await bench.call("numbers.ask", timeout=1)  # long enough for a busy machine to begin
    return type(caught.value)


@pytest.mark.parametrize(("say", "expected"), [(None, OutcomeUnknown), (True, OutcomeUnknown), (False, Unavailable)])
async def test_a_provider_without_http_may_say_how_far_it_got(say, expected):
    assert await without_http(say) is expected
