"""Signs and sends deliveries; the connection's test sends a small one."""

import json
from datetime import UTC, datetime
from typing import Any

from plugfn.definition import Call
from plugfn.errors import InvalidParams, Problem
from plugfn.providers.http.access import HttpAccess
from plugfn.providers.http.route import LastAnswer, request_with_redirects
from plugfn.webhooks.standard import signed

MOST_BYTES = 262_144
TEST_TYPE = "connection.test"


def message_id(call: Call[HttpAccess]) -> str:
    """The delivery's id: the same in all attempts of a call, so that the receiver recognises a repeated one."""
    return f"msg_{call.attempt_id}"


async def deliver(call: Call[HttpAccess], kind: str, occurred: datetime, data: dict[str, Any]) -> LastAnswer:
    """Posts one signed event. Raises InvalidParams if the event is too big or the connection has no secret."""
    if not call.credentials.secrets:
        raise InvalidParams(
            "a delivery must be signed: connect with a secret",
            problems=[Problem("secret", "is not set")],
            code="no_secret",
        )
    stamp = occurred.astimezone(UTC).isoformat().replace("+00:00", "Z")
    try:
        body = json.dumps({"type": kind, "timestamp": stamp, "data": data}, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidParams("the event cannot be sent", problems=[Problem("data", "is not JSON")]) from None
    if len(body) > MOST_BYTES:
        raise InvalidParams("the event cannot be sent", problems=[Problem("data", f"exceeds {MOST_BYTES} bytes")])
    headers = signed(call.credentials.secrets, message_id(call), body) | {"content-type": "application/json"}
    return await request_with_redirects(
        call, "POST", call.credentials.address, headers=headers, content=body, max_bytes=0
    )


async def probe(call: Call[HttpAccess]) -> str:
    """Delivers an event of type connection.test, or reads the URL if there is no secret. Returns the host's name."""
    if call.credentials.secrets:
        await deliver(call, TEST_TYPE, datetime.now(UTC), {})
    else:
        await request_with_redirects(call, "GET", call.credentials.address, headers={}, max_bytes=0)
    return call.credentials.address.host
