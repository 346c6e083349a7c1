"""The emulator's control port, and the SMTP servers that start and stop with it."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator

from aiohttp import web

from sandbox.kit.app import Sandbox
from sandbox.kit.controls import document, refusal
from sandbox.mail.inbox import Inbox
from sandbox.mail.pages import Pages
from sandbox.sendgrid.app import SendGrid

from .certificate import Certificate
from .faults import as_fault
from .server import PASSWORD, USERNAME, Dialogue, World

HOST = "127.0.0.1"


class Smtp:
    """The three servers. `ports`: by name. `plain_port`: the plain one's; 0: any free one."""

    def __init__(self, world: World, plain_port: int = 0) -> None:
        self.world, self.certificate, self.plain_port = world, Certificate(), plain_port
        self.ports: dict[str, int] = {}

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Start and stop with the control port."""
        servers = [
            await self._start("plain", None, None, self.plain_port),
            await self._start("starttls", self.certificate.context, None),
            await self._start("tls", None, self.certificate.context),
        ]
        yield
        for server in servers:
            server.close()

    async def _start(
        self, name: str, later: ssl.SSLContext | None, now: ssl.SSLContext | None, port: int = 0
    ) -> asyncio.Server:
        # The plain server accepts the password without TLS, because a test needs a server that does.
        def dialogue() -> Dialogue:
            return Dialogue(self.world, over_tls=now is not None, tls=later)

        server = await asyncio.get_running_loop().create_server(dialogue, HOST, port, ssl=now)
        self.ports[name] = server.sockets[0].getsockname()[1]
        return server

    async def describe(self, _request: web.Request) -> web.Response:
        """The addresses of the servers, and the login."""
        login = {"username": USERNAME, "password": PASSWORD}
        return web.json_response({"host": HOST, **self.ports, **login, "ca_pem": self.certificate.ca_pem})

    async def mails(self, _request: web.Request) -> web.Response:
        """The accepted mails."""
        return web.json_response(self.world.mails)

    async def commands(self, _request: web.Request) -> web.Response:
        """The clients' commands."""
        return web.json_response(self.world.commands)

    async def fault(self, request: web.Request) -> web.Response:
        """Switch a fault on."""
        try:
            self.world.faults.switch_on(as_fault(await document(request)))
        except ValueError as error:
            return refusal(error)
        return web.Response(status=204)

    async def extend(self, request: web.Request) -> web.Response:
        """Change lines of EHLO's answer."""
        self.world.extensions.update(await request.json())
        return web.Response(status=204)


def build(plain_port: int = 0, sendgrid: SendGrid | None = None) -> Sandbox:
    """The emulator, not started. Its page shows the mails of `sendgrid` too."""
    # aiosmtpd logs every dropped connection with a traceback, and this emulator drops many.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    world = World()
    smtp, sandbox = Smtp(world, plain_port), Sandbox("smtp", reset=world.forget)
    sandbox.app.cleanup_ctx.append(smtp.run)
    sandbox.app.add_routes(
        [
            web.get("/_sandbox/smtp", smtp.describe),
            web.get("/_sandbox/mails", smtp.mails),
            web.get("/_sandbox/commands", smtp.commands),
            web.post("/_sandbox/smtp/faults", smtp.fault),
            web.post("/_sandbox/smtp/extensions", smtp.extend),
        ]
    )
    sandbox.add_pages(Pages(Inbox(world, sendgrid), smtp.ports).all())
    return sandbox
