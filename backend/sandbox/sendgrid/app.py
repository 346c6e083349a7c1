"""The routes."""

import secrets
import time
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from sandbox import keys
from sandbox.kit.app import Sandbox
from sandbox.kit.background import Background

from .checks import problems
from .events import Signer, fill, serialise

API_KEY, LIMITED_KEY = keys.SENDGRID_API_KEY, keys.SENDGRID_LIMITED_KEY
SCOPES = {API_KEY: ["mail.send", "sender_verification_eligible", "user.profile.read"], LIMITED_KEY: ["stats.read"]}
MOST_BYTES = 30 * 1024 * 1024
PER_WINDOW = 600


class SendGrid:
    """One account."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.signer = Signer()
        self.sending = Background()
        self.events_url, self.last_report = "", ""

    def forget(self) -> None:
        """Start over. The key pair stays."""
        self.mails.clear()
        self.events_url, self.last_report = "", ""

    async def send(self, request: web.Request) -> web.Response:
        """POST /v3/mail/send"""
        if (refused := _refused(request, "mail.send")) is not None:
            return refused
        if (request.content_length or 0) > MOST_BYTES:
            return _errors(413, ("", "The request is too large."))
        try:
            body = await request.json()
        except ValueError:
            return _errors(400, ("", "Bad Request"))
        if found := problems(body):
            return _errors(400, *found)
        if body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return web.Response(status=200)
        message_id = secrets.token_urlsafe(16).replace(".", "_")
        mail = {"at": time.time(), "message_id": message_id, "body": body}
        self.mails.append(mail)
        if self.events_url:
            self.sending.start(self.report(mail, ["processed", "delivered"]))
        left, reset = str(PER_WINDOW - len(self.mails) % PER_WINDOW), str(int(time.time()) + 60)
        limits = {"X-RateLimit-Limit": str(PER_WINDOW), "X-RateLimit-Remaining": left, "X-RateLimit-Reset": reset}
        return web.Response(status=202, headers={"X-Message-Id": message_id, **limits})

    async def scopes(self, request: web.Request) -> web.Response:
        """GET /v3/scopes"""
        if (refused := _refused(request, None)) is not None:
            return refused
        return web.json_response({"scopes": SCOPES[_key(request)]})

    async def describe(self, _request: web.Request) -> web.Response:
        """The keys."""
        keys = {"api_key": API_KEY, "limited_key": LIMITED_KEY, "public_key": self.signer.public_key}
        return web.json_response(keys)

    async def listed(self, _request: web.Request) -> web.Response:
        """The accepted requests."""
        return web.json_response(self.mails)

    async def sign(self, request: web.Request) -> web.Response:
        """The headers of a delivery."""
        fields = await request.json()
        return web.json_response(self.signer.headers(fields["body"].encode(), fields.get("timestamp")))

    async def deliver(self, request: web.Request) -> web.Response:
        """Post events to a URL."""
        fields = await request.json()
        return web.json_response(await self._post(fields["url"], fields["events"]))

    async def listen(self, request: web.Request) -> web.Response:
        """Set the event webhook."""
        self.events_url = str((await request.json())["url"])
        return web.Response(status=204)

    async def report(self, mail: dict[str, Any], kinds: list[str]) -> None:
        """Post these events of a mail, for each recipient, to the event webhook. Once: the page shows what it said."""
        about = {"message_id": mail["message_id"]}
        events = [{"event": kind, "email": email, **about} for kind in kinds for email in recipients(mail)]
        try:
            self.last_report = f"HTTP {(await self._post(self.events_url, events))['status']}"
        except (ClientError, TimeoutError, ValueError) as error:
            self.last_report = type(error).__name__

    async def _post(self, url: str, events: list[dict[str, Any]]) -> dict[str, Any]:
        body = serialise([fill(event, self.mails) for event in events])
        session = ClientSession(timeout=ClientTimeout(total=10))
        async with session, session.post(url, data=body, headers=self.signer.headers(body)) as answer:
            return {"status": answer.status, "body": (await answer.text())[:1000], "sent": body.decode()}


def recipients(mail: dict[str, Any]) -> list[str]:
    """The addresses in to, cc and bcc of a mail."""
    groups = [one.get(kind, []) for one in mail["body"]["personalizations"] for kind in ("to", "cc", "bcc")]
    return [person["email"] for group in groups for person in group]


def _key(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _refused(request: web.Request, scope: str | None) -> web.Response | None:
    scopes = SCOPES.get(_key(request))
    if scopes is None:
        return _errors(401, ("", "The provided authorization grant is invalid, expired, or revoked"))
    if scope is not None and scope not in scopes:
        return _errors(403, ("", "access forbidden"))
    return None


def _errors(status: int, *found: tuple[str, str]) -> web.Response:
    listed = [{"message": message, "field": field or None, "help": None} for field, message in found]
    return web.json_response({"errors": listed}, status=status)


def build(account: SendGrid | None = None) -> Sandbox:
    """The emulator, not started."""
    account = account or SendGrid()
    sandbox = Sandbox("sendgrid", reset=account.forget)
    sandbox.app.add_routes(
        [
            web.post("/v3/mail/send", account.send),
            web.get("/v3/scopes", account.scopes),
            web.get("/_sandbox/sendgrid", account.describe),
            web.get("/_sandbox/mails", account.listed),
            web.post("/_sandbox/sign", account.sign),
            web.post("/_sandbox/events", account.deliver),
            web.post("/_sandbox/events_url", account.listen),
        ]
    )
    return sandbox
