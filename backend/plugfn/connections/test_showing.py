"""What a program may show of a connection: no secret, no other user's, and the limits as they stand."""

import pytest
from pydantic import SecretStr

from plugfn.crypto import new_key
from plugfn.definition import Call, Form, Model, Origin, Provider, RateLimit, Result
from plugfn.errors import NoConnection, Unavailable
from plugfn.plug import PlugFn

SECRET = "a-long-secret-that-ends-in-9876"


class Inner(Model):
    note: str = ""
    pin: SecretStr = SecretStr("")


class Access(Model):
    host: str
    password: SecretStr
    short: SecretStr = SecretStr("12345678")
    headers: dict[str, SecretStr] = {}
    inner: Inner = Inner()
    tables: tuple[str, ...] = ()


class Nothing(Model):
    pass


class Done(Result):
    pass


@pytest.fixture
async def plug():
    provider = Provider(
        name="box",
        label="Box",
        auth=Form(Access),
        docs_url="https://box.example",
        origin=lambda settings, credentials: Origin(f"https://{credentials.host}", trusted=False),
        limits=(RateLimit(5, 60),),
    )

    @provider.action("run", summary="Runs.")
    async def run(call: Call[Access], params: Nothing) -> Done:
        if call.credentials.tables:
            raise Unavailable("down")
        return Done()

    async with PlugFn(encryption_key=new_key()) as plug:
        plug.providers.register(provider)
        yield plug


async def test_everything_but_the_secrets_is_shown(plug):
    typed = {"host": "box.example", "password": SECRET, "headers": {"x-key": SECRET}, "tables": ["a", "b"]}
    made = await plug.connections.create("ana", "box", typed)
    shown = await plug.connections.shown(made.id, "ana")
    assert (shown["host"], shown["tables"]) == ("box.example", ["a", "b"])
    assert shown["password"] == shown["headers"]["x-key"] == {"set": True, "last4": "9876"}
    assert shown["short"] == {"set": True, "last4": ""}
    assert shown["inner"] == {"note": "", "pin": {"set": False, "last4": ""}}
    assert SECRET not in str(shown)
    with pytest.raises(NoConnection):
        await plug.connections.shown(made.id, "eve")


async def test_the_limits_of_a_connection_are_read_without_a_call(plug):
    made = await plug.connections.create("ana", "box", {"host": "box.example", "password": SECRET})
    call = {"user_id": "ana", "connection_id": made.id, "params": {}}
    for _ in range(2):
        await plug.run("box.run", **call)
    for _ in range(3):
        states = await plug.limits(made.id, "ana")
    (budget,) = states.budgets
    assert (budget.limit, budget.used, budget.remaining) == (5, 2, 3)
    assert (states.circuit.failures, states.circuit.blocked) == (0, 0.0)
    await plug.connections.update(made.id, "ana", {"host": "box.example", "password": SECRET, "tables": ["x"]})
    with pytest.raises(Unavailable):
        await plug.run("box.run", **call, retry="none")
    assert (await plug.limits(made.id, "ana")).circuit.failures == 1
    with pytest.raises(NoConnection):
        await plug.limits(made.id, "eve")
