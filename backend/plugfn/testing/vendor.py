"""A vendor for tests: a real HTTP server on the loopback. It gives the answers a test plans, and lists its requests.

async with FakeVendor() as vendor:
    vendor.answers("GET /things/7", {"id": "7"})
    … vendor.url … vendor.asked[0].headers["authorization"] …
"""

import json
from typing import Any, Self

from plugfn.testing.stub_http import Request, StubServer, reply


class FakeVendor:
    """`url`: where it listens. `asked`: the requests so far, oldest first. What has no planned answer gets 404."""

    def __init__(self) -> None:
        self._server = StubServer(self._answer)
        self._plans: dict[str, list[bytes]] = {}
        self.url = self._server.url
        self.asked = self._server.requests

    def answers(self, request: str, document: Any = None, status: int = 200, **headers: str) -> None:
        """Answer "GET /path" like this. Several answers for one request are given in turn, the last one repeatedly."""
        body = b"" if document is None else json.dumps(document).encode()
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self._plans.setdefault(request, []).append(reply(body, status, fields))

    async def __aenter__(self) -> Self:
        self._server.__enter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.__exit__()

    def _answer(self, request: Request) -> bytes:
        plans = self._plans.get(f"{request.method} {request.path}")
        if not plans:
            return reply({"error": "not_found"}, 404)
        return plans.pop(0) if len(plans) > 1 else plans[0]
