"""Tests of the executor, with a provider of its own and an HTTP receiver in another process."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from pydantic import Field, SecretStr

from plugfn.definition import Call, Form, Model, Origin, Provider, RateLimit, Result
from plugfn.errors import (
    AmbiguousConnection,
    CircuitOpen,
    Forbidden,
    IdempotencyConflict,
    InvalidParams,
    NeedsReconnect,
    NoConnection,
    OutcomeUnknown,
    PlugFnError,
    RateLimited,
    Unavailable,
    Unexpected,
    UnknownName,
)
from plugfn.net import guard, lookups
from plugfn.testing.bench import Bench


class Credentials(Model):
    key: SecretStr = SecretStr("a-secret-key")


class Ask(Model):
    number: int = 0
    note: str = ""
    nonce: str = Field(default_factory=lambda: uuid4().hex)
    anything: Any = None


class Answered(Result):
    number: int
    anything: Any = None


class Script:
    """What the provider's function does, call by call. Records its calls."""

    def __init__(self, *steps: Any) -> None:
        self.steps, self.calls = list(steps), []

    async def __call__(self, call: Call[Any], params: Ask) -> Answered:
        self.calls.append(call)
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            return await step(call, params)
        return Answered(number=params.number)


def made(script: Script, *, safe: bool = False, limits: tuple[RateLimit, ...] = (), **options: Any) -> Provider:
    provider = Provider(
        name="acme",
        label="Acme",
        auth=Form(Credentials),
        docs_url="https://acme.example",
        origin=lambda settings, credentials: Origin("https://acme.example", trusted=True),
        limits=limits,
    )

    async def ask(call: Call[Any], params: Ask) -> Answered:
        return await script(call, params)

    provider.action("numbers.ask", summary="Asks.", safe=safe, **options)(ask)
    return provider


@pytest.fixture
def quick(monkeypatch):
    """Do not wait between attempts."""
    waited = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await real(min(seconds, 0.1))

    monkeypatch.setattr("plugfn.calls.executor.asyncio.sleep", sleep)
    return waited


async def test_an_action_is_validated_run_and_logged():
    async with Bench(made(Script()), credentials={}) as bench:
        assert (await bench.call("numbers.ask", {"number": 7})).number == 7
        (row,) = await bench.logs()
    assert (row.outcome, row.provider, row.action, row.user_id, row.attempt) == ("ok", "acme", "numbers.ask", "ana", 1)


async def test_wrong_parameters_are_refused_before_anything_happens():
    script = Script()
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(InvalidParams) as caught:
            await bench.call("numbers.ask", {"number": "my-secret-value", "extra": 1})
        assert await bench.logs() == []
    assert {problem.field for problem in caught.value.problems} == {"number", "extra"}
    assert "my-secret-value" not in str(caught.value)
    assert script.calls == []


async def test_unknown_names_get_a_suggestion():
    async with Bench(made(Script()), credentials={}) as bench:
        with pytest.raises(UnknownName, match=r"did you mean 'numbers\.ask'"):
            await bench.call("numbers.aks")
        with pytest.raises(UnknownName, match="did you mean 'acme'"):
            await bench.plug.run("acmee.numbers.ask", user_id="ana")
        with pytest.raises(AttributeError, match=r"did you mean 'numbers\.ask'"):
            bench.plug.acme.numbers.aks  # noqa: B018
        with pytest.raises(AttributeError, match="did you mean 'acme'"):
            bench.plug.amce  # noqa: B018
        assert not hasattr(bench.plug, "nothing_like_it")


async def test_actions_are_attributes():
    async with Bench(made(Script()), credentials={}) as bench:
        assert (await bench.plug.acme.numbers.ask(user_id="ana", params={"number": 3})).number == 3
        assert dir(bench.plug.acme) == ["numbers"]


async def test_the_users_only_connection_is_used_and_several_need_a_connection_id():
    async with Bench(made(Script()), credentials={}) as bench:
        with pytest.raises(NoConnection):
            await bench.plug.run("acme.numbers.ask", user_id="bruno")
        with pytest.raises(NoConnection):
            await bench.plug.run("acme.numbers.ask", user_id="bruno", connection_id=bench.connection.id)
        await bench.plug.run("acme.numbers.ask", user_id="ana")
        await bench.plug.connections.create("ana", "acme", {})
        with pytest.raises(AmbiguousConnection):
            await bench.plug.run("acme.numbers.ask", user_id="ana")


async def test_a_call_that_was_not_done_is_retried_and_each_attempt_is_logged(quick):
    script = Script(Unavailable("down"), RateLimited("slow", retry_after=0.05))
    async with Bench(made(script), credentials={}) as bench:
        await bench.call("numbers.ask", {"number": 1})
        rows = await bench.logs()
    assert [row.outcome for row in rows] == ["retry", "retry", "ok"]
    assert [row.attempt for row in rows] == [1, 2, 3]
    assert len({row.call_id for row in rows}) == 1
    assert len({call.attempt_id for call in script.calls}) == 1
    assert quick


async def test_a_call_that_may_have_been_done_is_not_retried():
    script = Script(Unavailable("gone", maybe_done=True))
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(OutcomeUnknown) as caught:
            await bench.call("numbers.ask")
        (row,) = await bench.logs()
        assert (row.outcome, row.call_id) == ("unknown", caught.value.as_dict()["call_id"])
    assert len(script.calls) == 1


async def test_a_safe_action_is_retried_all_the_same(quick):
    script = Script(Unavailable("gone", maybe_done=True))
    async with Bench(made(script, safe=True), credentials={}) as bench:
        await bench.call("numbers.ask")
    assert len(script.calls) == 2


async def test_a_wait_of_an_hour_is_left_to_the_caller():
    script = Script(RateLimited("slow", retry_after=3600.0))
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(RateLimited) as caught:
            await bench.call("numbers.ask")
    assert caught.value.retry_after == 3600
    assert len(script.calls) == 1


async def test_five_failures_in_a_row_open_the_circuit_of_the_host(quick):
    script = Script(*[Unavailable("down")] * 30)
    async with Bench(made(script), credentials={}) as bench:
        for _ in range(2):
            with pytest.raises(PlugFnError):
                await bench.call("numbers.ask")
        with pytest.raises(CircuitOpen) as caught:
            await bench.call("numbers.ask")
    assert len(script.calls) == 5
    assert caught.value.retry_after > 30


async def test_refused_credentials_mark_the_connection_until_the_user_connects_again():
    script = Script(NeedsReconnect("no", code="invalid_auth"))
    async with Bench(made(script), credentials={}) as bench:
        for _ in range(2):
            with pytest.raises(NeedsReconnect) as caught:
                await bench.call("numbers.ask")
            assert caught.value.code == "invalid_auth"
        (connection,) = await bench.plug.connections.list("ana")
    assert connection.status == "needs_reauth"
    assert len(script.calls) == 1


async def test_a_providers_bug_is_reported_without_its_message():
    async with Bench(made(Script(KeyError("a-secret"))), credentials={}) as bench:
        with pytest.raises(Unexpected) as caught:
            await bench.call("numbers.ask")
    assert "a-secret" not in str(caught.value)
    assert caught.value.code == "provider_bug"


async def test_a_declared_limit_is_waited_for_within_reason():
    script = Script()
    async with Bench(made(script, limits=(RateLimit(2, 1),)), credentials={}) as bench:
        await asyncio.gather(*[bench.call("numbers.ask") for _ in range(3)])
    assert len(script.calls) == 3
    async with Bench(made(Script(), limits=(RateLimit(1, 3600),)), credentials={}) as bench:
        await bench.call("numbers.ask")
        with pytest.raises(RateLimited):
            await bench.call("numbers.ask")


async def test_the_same_idempotency_key_gives_the_first_result_and_calls_once():
    script = Script()
    async with Bench(made(script), credentials={}) as bench:
        first = await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")
        again = await bench.call("numbers.ask", {"number": 5}, idempotency_key="k")
        with pytest.raises(IdempotencyConflict):
            await bench.call("numbers.ask", {"number": 6}, idempotency_key="k")
    assert first == again
    assert len(script.calls) == 1


async def test_one_of_many_simultaneous_calls_with_the_same_key_is_made():
    async def slow(_call: Any, params: Ask) -> Answered:
        await asyncio.sleep(0.05)
        return Answered(number=params.number)

    script = Script(slow)
    async with Bench(made(script), credentials={}) as bench:
        calls = [bench.call("numbers.ask", {"number": 5}, idempotency_key="k") for _ in range(20)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert len(script.calls) == 1
    assert sum(isinstance(result, IdempotencyConflict) for result in results) == 19


async def test_an_unknown_outcome_keeps_the_key_and_a_failure_frees_it(quick):
    script = Script(Unavailable("gone", maybe_done=True))
    async with Bench(made(script), credentials={}) as bench:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await bench.call("numbers.ask", idempotency_key="k")
        assert len(script.calls) == 1
        script.steps = [Unexpected("broken")]
        with pytest.raises(Unexpected):
            await bench.call("numbers.ask", idempotency_key="other")
        await bench.call("numbers.ask", idempotency_key="other")


@pytest.mark.parametrize("by_http", [True, False])
async def test_the_names_that_a_call_looks_up_count_as_its_users(monkeypatch, by_http):
    seen = []

    async def looks_up(call, _params):
        await (call.http.get("/") if by_http else call.guard.resolve("localhost", 80))

    def begin(find):
        seen.append(lookups._user.get())
        return lookups.begin_lookup(find)

    monkeypatch.setattr(guard, "begin_lookup", begin)
    provider = made(Script(looks_up), retry="none")
    object.__setattr__(provider, "origin", lambda settings, credentials: Origin("https://localhost", trusted=False))
    async with Bench(provider, credentials={}, allowed_networks=()) as bench:
        with pytest.raises(Forbidden):
            await bench.call("numbers.ask")
    assert seen == ["ana"]
    assert lookups._user.get() == ""


async def test_a_call_that_takes_too_long_is_cut_off():
    async def forever(_call: Any, _params: Ask) -> Answered:
        await asyncio.sleep(60)
        raise AssertionError

    async with Bench(made(Script(*[forever] * 3), timeout=0.05), credentials={}) as bench:
        with pytest.raises(Unavailable) as caught:
            await bench.call("numbers.ask", timeout=0.1)
    assert caught.value.code == "timeout"


async def test_metrics_count_attempts():
    async with Bench(made(Script()), credentials={}) as bench:
        for _ in range(4):
            await bench.call("numbers.ask")
        measured = bench.plug.metrics.of("acme.numbers.ask")
    assert measured.outcomes == {"ok": 4}
    assert measured.success_rate == 1.0
    assert measured.latency_ms["p99"] > 0


async def test_the_vendors_error_is_reported_and_not_the_budgets(quick):
    script = Script(*[RateLimited("slow", retry_after=1.0, code="vendors_word")] * 3)
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(RateLimited) as caught:
            await bench.call("numbers.ask", timeout=1.5)
    assert caught.value.code == "vendors_word"


async def test_a_call_is_not_retried_when_our_own_store_is_down(monkeypatch, quick):
    script = Script()
    async with Bench(made(script), credentials={}) as bench:

        async def away(*_: Any, **__: Any) -> None:
            raise Unavailable("the database cannot be reached", code="store")

        monkeypatch.setattr(bench.plug.store, "with_credentials", away)
        with pytest.raises(Unavailable):
            await bench.call("numbers.ask", user_id="ana")
    assert script.calls == []
    assert quick == []


async def test_a_failure_to_write_last_used_at_does_not_fail_the_call(monkeypatch, quick):
    script = Script()
    async with Bench(made(script), credentials={}) as bench:

        async def away(*_: Any) -> None:
            raise Unavailable("the database cannot be reached", code="store")

        monkeypatch.setattr(bench.plug.store, "touch_connection", away)
        assert (await bench.call("numbers.ask", {"number": 2})).number == 2
    assert len(script.calls) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, 5, b"k"])
async def test_an_invalid_idempotency_key_is_refused(key):
    async with Bench(made(Script()), credentials={}) as bench:
        with pytest.raises(InvalidParams):
            await bench.call("numbers.ask", idempotency_key=key)


async def test_a_caller_may_choose_the_id_of_a_call_and_retry_on_its_own():
    script = Script(Unavailable("down"))
    async with Bench(made(script), credentials={}) as bench:
        with pytest.raises(Unavailable) as failed:
            await bench.call("numbers.ask", {"number": 1}, call_id="abc123", retry="none")
        assert failed.value.call_id == "abc123"
        assert [(row.call_id, row.attempt) for row in await bench.logs()] == [("abc123", 1)]
        assert [call.attempt_id for call in script.calls] == ["abc123"]
        with pytest.raises(InvalidParams):
            await bench.call("numbers.ask", {"number": 1}, call_id="a header\r\nBcc: x")
