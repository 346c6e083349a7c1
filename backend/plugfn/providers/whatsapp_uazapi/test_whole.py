"""The provider as a whole: the contract, the README, and a webhook from the emulator to a handler."""

import ast
import asyncio
import re
from functools import partial
from pathlib import Path

from plugfn import PlugFn
from plugfn.crypto import new_key
from plugfn.providers.whatsapp_uazapi import provider
from plugfn.providers.whatsapp_uazapi.errors import CODES, STATUSES
from plugfn.testing.bench import LOOPBACK, Bench
from plugfn.testing.provider_contract import problems
from plugfn.webhooks.hub import Outcome

from .conftest import TOKEN

HERE = Path(__file__).parent


def test_the_provider_keeps_the_contract():
    assert problems(provider, HERE) == []


def test_the_readme_has_every_row_of_the_error_table():
    text = (HERE / "README.md").read_text()
    for code, row in [*CODES.items(), *((f"http_{status}", row) for status, row in STATUSES.items())]:
        assert f"| `{code}` | {row.error.__name__} | {row.error.next} | {row.meaning} |" in text


async def test_the_readmes_examples_run(emulator):
    running = emulator("uazapi")
    plugfn = partial(PlugFn, allowed_networks=LOOPBACK)
    known = {"PlugFn": plugfn, "key": new_key(), "whatsapp_uazapi_provider": provider, "handler": print}
    for example in re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL):
        code = example.replace("https://free.uazapi.com", running.url).replace('"…"', repr(TOKEN))
        waiting = eval(compile(code, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), known)
        if waiting is not None:
            await waiting
    await known["plug"].close()
    assert known["sent"].tracking == "order-000123"
    assert running.requests("/webhook")


async def test_a_message_gets_from_the_gateway_to_the_handler_by_the_connections_url(emulator, receiver):
    running = emulator("uazapi")
    credentials = {"base_url": running.url, "token": TOKEN, "phone": "+5511900000001", "instance_name": "loja"}
    async with Bench(provider, credentials=credentials, base_url=receiver.url.partition("/webhooks")[0]) as bench:
        url = await bench.plug.connections.new_webhook_url(bench.connection.id, "ana")
        await bench.call("webhooks.set", {"url": url})
        await asyncio.to_thread(running.control, "POST", "/incoming", {"number": "5511988887777", "text": "bom dia"})
        await asyncio.to_thread(running.control, "POST", "/settle")
        ((path, inbound),) = receiver.got
        _, _, _, connection, secret = path.split("/")
        receipts = [
            await bench.receive(inbound.body, inbound.headers, connection_id=connection, secret=each)
            for each in (secret, secret, "guess")
        ]
        assert [receipt.outcome for receipt in receipts] == [Outcome.HANDLED, Outcome.DUPLICATE, Outcome.REJECTED]
        (event,) = bench.events
        assert (event.name, event.connection_id) == ("message.received", bench.connection.id)
        assert event.payload["text"] == "bom dia"
        assert TOKEN not in str(dict(event.payload))
