"""The Events API: signed requests to the app's URL, three retries, the URL's own verification; interactivity too.

Source: https://docs.slack.dev/apis/events-api and /authentication/verifying-requests-from-slack
"""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
from aiohttp import web

from sandbox.kit.background import SENDING

from .world import APP_ID, BOT, SIGNING_SECRET, TEAM, WORLD, World

WAITS_SECONDS = (0.0, 60.0, 300.0)
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def signed(raw: bytes, kind: str, *, at: float | None = None) -> dict[str, str]:
    """The headers of a signed request."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def emit(app: web.Application, event: dict[str, Any]) -> None:
    """Send an event to the app's events URL, if it has one. A mention of the bot is sent again as app_mention."""
    _callback(app, event)
    if event.get("type") == "message" and f"<@{BOT}>" in event.get("text", "") and event.get("user") != BOT:
        _callback(app, {**event, "type": "app_mention"})


def _callback(app: web.Application, event: dict[str, Any]) -> None:
    document = {
        "token": "verification-token-of-old",
        "team_id": TEAM["id"],
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{uuid4().hex[:10].upper()}",
        "event_time": int(time.time()),
        "authorizations": [{"team_id": TEAM["id"], "user_id": BOT, "is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
    }
    send(app, json.dumps(document).encode(), JSON)


def interact(app: web.Application, payload: dict[str, Any]) -> None:
    """A user pressed a button: send a form with one field, without retries."""
    send(app, urlencode({"payload": json.dumps(payload)}).encode(), FORM, retries=0)


def send(app: web.Application, raw: bytes, kind: str, *, retries: int = len(WAITS_SECONDS)) -> None:
    """Deliver in the background."""
    if app[WORLD].events_url:
        app[SENDING].start(_deliver(app[WORLD], raw, kind, retries))


async def _deliver(world: World, raw: bytes, kind: str, retries: int) -> None:
    reason, retry = "", 0
    while True:
        again = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason} if retry else {}
        status, reason, _ = await _post(world, raw, signed(raw, kind) | again)
        world.deliveries.append({"status": status, "retry": retry, "reason": reason})
        if not reason or retry == retries:
            return
        await asyncio.sleep(WAITS_SECONDS[retry] * world.switches["retry_scale"])
        retry += 1


async def _post(world: World, raw: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
    """Returns (status, reason of a failure or "", the answer's text)."""
    timeout = aiohttp.ClientTimeout(total=world.switches["deadline_seconds"])
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(world.events_url, data=raw, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, "" if 200 <= answer.status < 300 else "http_error", await answer.text()
    except TimeoutError:
        return 0, "http_timeout", ""
    except (aiohttp.ClientError, ValueError):
        return 0, "connection_failed", ""


async def verify_url(world: World) -> bool:
    """Send the challenge. Returns whether the URL answered with it."""
    challenge = uuid4().hex
    raw = json.dumps({"token": "old", "challenge": challenge, "type": "url_verification"}).encode()
    status, _, text = await _post(world, raw, signed(raw, JSON))
    return status == 200 and challenge in text
