"""A Bench with the provider, the emulator as its gateway, and a receiver of the emulator's webhooks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from plugfn.inbound import Event, Inbound, Keys
from plugfn.providers.whatsapp_uazapi import provider
from plugfn.providers.whatsapp_uazapi.credentials import UazapiInstance
from plugfn.providers.whatsapp_uazapi.vocabulary import MessageState
from plugfn.testing.bench import Bench
from plugfn.testing.emulator import Emulator

TOKEN = "uazapi-sandbox-instance-token"


class Receiver:
    """Stores the requests that are posted to it."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Inbound]] = []
        app = web.Application()
        app.add_routes([web.post("/{path:.*}", self._take)])
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start(self) -> None:
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/webhooks/whatsapp_uazapi/c1/secret"

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((request.path, Inbound(await request.read(), headers)))
        return web.Response()


class Gateway:
    """The emulator as a WhatsApp gateway, with the methods that the contract tests need."""

    def __init__(self, bench: Bench, emulator: Emulator, receiver: Receiver) -> None:
        self.bench, self.emulator, self.receiver = bench, emulator, receiver
        self.credentials = UazapiInstance.model_validate({"base_url": emulator.url, "token": TOKEN})

    def sent(self) -> list[dict[str, Any]]:
        return [message for message in self.emulator.control("GET", "/messages") if message["wasSentByApi"]]

    def arrived(self) -> list[str]:
        return [message["text"] for message in self.sent()]

    def fall_silent(self) -> None:
        self.emulator.fault("POST /send/*", kind="reset", after=True)

    def unlink(self) -> None:
        state = {"token": TOKEN, "connected": False, "logged_in": False, "reason": "LoggedOut"}
        self.emulator.control("POST", "/instances", state)

    async def incoming(self, text: str, *, group: bool = False, by_owner: bool = False, **more: Any) -> list[Event]:
        chat = "120363400000000001@g.us" if group else "5511988887777@s.whatsapp.net"
        sender = {"sender_pn": "5511988887777@s.whatsapp.net"} if group else {}
        return await self.events_after("/incoming", {"chat": chat, "text": text, "fromMe": by_owner, **sender, **more})

    async def receipt(self, message_id: str, state: MessageState, **more: Any) -> list[Event]:
        return await self.events_after("/receipts", {"ids": [message_id], "state": state.value.capitalize(), **more})

    async def events_after(self, path: str, what: dict[str, Any]) -> list[Event]:
        """The events that the provider reads from what the emulator posts after this."""
        if not self.receiver.got and not self.emulator.requests("/webhook"):
            await self.bench.call("webhooks.set", {"url": self.receiver.url})
        before = len(self.receiver.got)
        await asyncio.to_thread(self.emulator.control, "POST", path, what)
        await asyncio.to_thread(self.emulator.control, "POST", "/settle")
        events: list[Event] = []
        for _path, inbound in self.receiver.got[before:]:
            events += self.read(inbound)
        return events

    def read(self, inbound: Inbound) -> tuple[Event, ...]:
        keys = Keys(connection=self.bench.connection, credentials=self.credentials)
        assert provider.webhooks is not None
        provider.webhooks.verify(inbound, keys)
        return provider.webhooks.parse(inbound, keys).events


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    started = Receiver()
    await started.start()
    yield started
    await started.runner.cleanup()


@pytest.fixture
async def gateway(emulator: Callable[[str], Emulator], receiver: Receiver) -> AsyncIterator[Gateway]:
    running = emulator("uazapi")
    async with Bench(provider, credentials={"base_url": running.url, "token": TOKEN}) as bench:
        yield Gateway(bench, running, receiver)
