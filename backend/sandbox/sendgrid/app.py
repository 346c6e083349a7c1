"""The routes."""

import secrets
import time
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web

from sandbox.kit.app import Sandbox

from .checks import problems
from .events import Signer, fill, serialise

API_KEY = "SG.sandbox-only-key.all-of-the-scopes-for-tests-0123456789"
LIMITED_KEY = "SG.sandbox-only-key.reads-statistics-and-nothing-else"
SCOPES = {API_KEY: ["mail.send", "sender_verification_eligible", "user.profile.read"], LIMITED_KEY: ["stats.read"]}
MOST_BYTES = 30 * 1024 * 1024
PER_WINDOW = 600


class SendGrid:
    """One account."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.signer = Signer()

    def forget(self) -> None:
        """Start over. The key pair stays."""
        self.mails.clear()

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
        self.mails.append({"message_id": message_id, "body": body})
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

    async def list(self, _request: web.Request) -> web.Response:
        """The accepted requests."""
        return web.json_response(self.mails)

    async def sign(self, request: web.Request) -> web.Response:
        """The headers of a delivery."""
        fields = await request.json()
        return web.json_response(self.signer.headers(fields["body"].encode(), fields.get("timestamp")))

    async def deliver(self, request: web.Request) -> web.Response:
        """Post events to a URL."""
        fields = await request.json()
        body = serialise([fill(event, self.mails) for event in fields["events"]])
        session = ClientSession(timeout=ClientTimeout(total=10))
        async with session, session.post(fields["url"], data=body, headers=self.signer.headers(body)) as answer:
            result = {"status": answer.status, "body": (await answer.text())[:1000], "sent": body.decode()}
        return web.json_response(result)


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


def build() -> Sandbox:
    """The emulator, not started."""
    account = SendGrid()
    sandbox = Sandbox("sendgrid", reset=account.forget)
    sandbox.app.add_routes(
        [
            web.post("/v3/mail/send", account.send),
            web.get("/v3/scopes", account.scopes),
            web.get("/_sandbox/sendgrid", account.describe),
            web.get("/_sandbox/mails", account.list),
            web.post("/_sandbox/sign", account.sign),
            web.post("/_sandbox/events", account.deliver),
        ]
    )
    return sandbox
