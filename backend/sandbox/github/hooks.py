"""Repository webhooks: what is sent, how it is signed, and the list of attempts. GitHub does not retry by itself.

Source: https://docs.github.com/webhooks/webhook-events-and-payloads and /rest/repos/webhooks
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
from aiohttp import web

from sandbox.kit.background import SENDING

from .world import WORLD, Hook, Repo, World

DEADLINE_SECONDS = 10.0


@dataclass(frozen=True)
class Message:
    """One event on its way to one hook. `guid` stays the same when it is delivered again."""

    guid: str
    event: str
    payload: dict[str, Any]


async def fire(app: web.Application, repo: Repo, event: str, payload: dict[str, Any]) -> None:
    """Send an event to the repository's hooks that want it, without waiting for them."""
    for hook in repo.hooks.values():
        if hook.active and ("*" in hook.events or event in hook.events):
            dispatch(app, repo, hook, Message(str(uuid4()), event, payload))


def dispatch(app: web.Application, repo: Repo, hook: Hook, message: Message, *, again: bool = False) -> None:
    """Deliver in the background. The attempt is listed when it has ended."""
    app[SENDING].start(_deliver(app[WORLD], repo, hook, message, again=again))


def headers(hook: Hook, repo: Repo, message: Message, raw: bytes) -> dict[str, str]:
    """The headers of a delivery."""
    kind = "application/json" if hook.content_type == "json" else "application/x-www-form-urlencoded"
    named = {
        "Content-Type": kind,
        "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Event": message.event,
        "X-GitHub-Delivery": message.guid,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(repo.id),
        "X-GitHub-Hook-Installation-Target-Type": "repository",
    }
    if not hook.secret:
        return named
    signatures = {"X-Hub-Signature": hashlib.sha1, "X-Hub-Signature-256": hashlib.sha256}
    made = {name: (hmac.new(hook.secret.encode(), raw, kind).hexdigest(), kind) for name, kind in signatures.items()}
    return named | {name: f"{kind().name}={digest}" for name, (digest, kind) in made.items()}


async def _deliver(world: World, repo: Repo, hook: Hook, message: Message, *, again: bool) -> None:
    text = json.dumps(message.payload)
    raw = (text if hook.content_type == "json" else urlencode({"payload": text})).encode()
    sent = headers(hook, repo, message, raw)
    began = datetime.now(UTC)
    status, code = await _post(hook.url, raw, sent)
    hook.deliveries.append(
        {
            "id": world.next_id(),
            "guid": message.guid,
            "delivered_at": began.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "redelivery": again,
            "duration": round((datetime.now(UTC) - began).total_seconds(), 2),
            "status": status,
            "status_code": code,
            "event": message.event,
            "action": message.payload.get("action"),
            "installation_id": None,
            "repository_id": repo.id,
            "throttled_at": None,
            "request": {"headers": sent, "payload": message.payload},
        }
    )


async def _post(url: str, raw: bytes, sent: dict[str, str]) -> tuple[str, int]:
    timeout = aiohttp.ClientTimeout(total=DEADLINE_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=raw, headers=sent, allow_redirects=False) as answer,
        ):
            good = 200 <= answer.status < 300
            return ("OK" if good else f"Invalid HTTP Response: {answer.status}"), answer.status
    except TimeoutError:
        return "timed out", 504
    except (aiohttp.ClientError, ValueError):
        return "failed to connect to host", 502
