"""aiosmtpd's dialogue, with a look at the faults before every stage."""

import asyncio
import hmac
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox import keys
from sandbox.kit.faults import Fault, Faults

from .faults import KINDS

USERNAME, PASSWORD = keys.SMTP_USERNAME, keys.SMTP_PASSWORD
LARGEST = 30_000_000
LONGEST_HANG = 60.0


@dataclass
class World:
    """The state that the servers of one emulator share."""

    mails: list[dict[str, Any]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=lambda: Faults(KINDS))
    extensions: dict[str, str | None] = field(default_factory=dict)
    """Lines of EHLO's answer by keyword, instead of the usual ones. None: no line."""

    def forget(self) -> None:
        """Start over."""
        for part in (self.mails, self.commands, self.faults, self.extensions):
            part.clear()

    def offered(self, line: str) -> str | None:
        """A line of EHLO's answer, with the changes."""
        keyword = line[4:].partition(" ")[0]
        if keyword not in self.extensions:
            return line
        instead = self.extensions[keyword]
        return None if instead is None else line[:4] + instead

    def fault(self, stage: str, address: str = "") -> Fault | None:
        """Record the stage. Returns the fault that happens there."""
        self.commands.append(stage)
        return self.faults.strike(stage, address)


class MailHandler:
    """aiosmtpd's handler: stores accepted mails."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """The extensions."""
        session.host_name = hostname
        return [line for response in responses if (line := self.world.offered(response)) is not None]

    async def handle_DATA(self, server: "Dialogue", session: Session, envelope: Envelope) -> str:
        """The last dot has come."""
        if (spoiled := await server.spoil("end")) is not None:
            return spoiled
        self.world.mails.append(
            {
                "at": time.time(),
                "from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "data": (envelope.original_content or b"").decode("utf-8", "replace"),
                "tls": session.ssl is not None or server.over_tls,
                "user": session.auth_data or "",
                "utf8": envelope.smtp_utf8,
            }
        )
        return await server.spoil("accepted") or "250 2.0.0 OK: queued"


def authenticate(_server: SMTP, session: Session, _envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    """Accept only the emulator's user."""
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    login = data.login.decode("utf-8", "replace")
    right = hmac.compare_digest(data.password, PASSWORD.encode()) and login == USERNAME
    return AuthResult(success=right, handled=False, auth_data=login)


class Dialogue(SMTP):
    """One connection. `spoil` returns None if the stage continues."""

    def __init__(self, world: World, *, over_tls: bool, tls: ssl.SSLContext | None) -> None:
        self.world, self.over_tls = world, over_tls
        super().__init__(
            MailHandler(world),
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname="sandbox.example",
            tls_context=tls,
            auth_require_tls=not over_tls and tls is not None,
            authenticator=authenticate,
            loop=asyncio.get_running_loop(),
        )

    async def spoil(self, stage: str, address: str = "") -> str | None:
        """The answer of a fault at this stage, or None. May end the connection."""
        fault = self.world.fault(stage, address)
        if fault is None:
            return None
        if fault.kind == "hang":
            await asyncio.sleep(LONGEST_HANG)
        if fault.kind == "answer":
            return f"{fault.status} {fault.body}"
        raise self._hang_up()

    def _hang_up(self) -> ConnectionResetError:
        assert isinstance(self.transport, asyncio.Transport)  # noqa: S101 - a command has just come over it
        self.transport.abort()
        return ConnectionResetError()

    async def push(self, status: Any) -> None:
        """The first line sent is the greeting."""
        if self.session is not None and not getattr(self, "_greeted", False):
            self._greeted = True
            status = await self.spoil("greeting") or status
        await super().push(status)

    async def _spoiled(self, stage: str, address: str = "") -> bool:
        answer = await self.spoil(stage, address)
        if answer is not None:
            await self.push(answer)
        return answer is not None

    async def smtp_EHLO(self, hostname: str) -> None:
        """EHLO"""
        if not await self._spoiled("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        """STARTTLS"""
        if not await self._spoiled("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        """AUTH"""
        if not await self._spoiled("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_NOOP(self, arg: str) -> None:
        """NOOP"""
        if not await self._spoiled("noop"):
            await super().smtp_NOOP(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        """MAIL FROM"""
        if not await self._spoiled("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RCPT TO"""
        address = (arg or "").partition("<")[2].partition(">")[0]
        if not await self._spoiled("rcpt", address):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        """DATA: a fault at `content` happens between the first and the last byte of the message."""
        if await self._spoiled("data"):
            return
        fault = self.world.fault("content")
        if fault is None:
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.read(1)
        if fault.kind == "hang":
            await asyncio.sleep(LONGEST_HANG)
        raise self._hang_up()
