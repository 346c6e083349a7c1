"""Requests reach Django whole, or are refused."""

import asyncio

import pytest

from core import whole_body
from core.whole_body import WholeBody


class Client:
    """Sends the chunks of a body; then waits, or goes away."""

    def __init__(self, *chunks: bytes, goes: bool = False) -> None:
        self._messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        if goes:
            self._messages.append({"type": "http.disconnect"})
        elif self._messages:
            self._messages[-1]["more_body"] = False
        self.sent: list[dict] = []

    async def receive(self) -> dict:
        return self._messages.pop(0)

    async def send(self, message: dict) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]


async def echo(scope, receive, send) -> None:
    message = await receive()
    assert not message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def answer(client: Client) -> int:
    asyncio.run(WholeBody(echo)({"type": "http"}, client.receive, client.send))
    return client.status


def test_a_body_in_many_chunks_arrives_whole():
    client = Client(b"a" * 10, b"b" * 10, b"")
    assert answer(client) == 200
    assert client.sent[1]["body"] == b"a" * 10 + b"b" * 10
    assert WholeBody.held == 0


@pytest.mark.parametrize(("excess", "status"), [(0, 200), (1, 413)])
def test_a_body_over_the_limit_is_refused(excess, status):
    assert answer(Client(b"x" * whole_body.LIMIT, b"x" * excess)) == status
    assert WholeBody.held == 0


@pytest.mark.parametrize(("path", "has_body"), [("/api/tokens/", True), ("/transactions/", False)])
def test_a_program_that_sends_too_much_is_told_so_in_the_form_of_every_error(path, has_body):
    client = Client(b"x" * whole_body.LIMIT, b"x")
    asyncio.run(WholeBody(echo)({"type": "http", "path": path}, client.receive, client.send))
    assert client.status == 413
    assert (b"TOO_LARGE" in client.sent[1]["body"]) is has_body


def test_a_client_that_goes_away_costs_no_thread():
    assert answer(Client(b"half", goes=True)) == 408
    assert WholeBody.held == 0


def test_the_bodies_of_all_requests_together_have_a_limit(monkeypatch):
    monkeypatch.setattr(whole_body, "LIMIT_OF_ALL", 15)

    async def two_at_once() -> list[int]:
        entered = asyncio.Event()

        async def wait(scope, receive, send) -> None:
            await entered.wait()
            await echo(scope, receive, send)

        clients = [Client(b"x" * 10), Client(b"y" * 10)]
        tasks = [asyncio.ensure_future(WholeBody(wait)({}, client.receive, client.send)) for client in clients]
        await asyncio.sleep(0)
        entered.set()
        await asyncio.gather(*tasks)
        return [client.status for client in clients]

    assert asyncio.run(two_at_once()) == [200, 503]
    assert WholeBody.held == 0
