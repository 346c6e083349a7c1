"""HTTP to one vendor on behalf of one connection: authenticated, bounded, its errors mapped by the vendor's table."""

from collections.abc import Mapping
from typing import Any, Protocol

from plugfn.net.answer import Answer


class VendorHttp(Protocol):
    """What an action calls its vendor with. Every method raises as the provider's error table says, and

    Unavailable (connection not made, `maybe_done` when bytes went out and no answer came), Forbidden (a private
    address), Unexpected (an answer too big or not HTTP). Nothing is retried here."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        checked: bool = True,
    ) -> Answer:
        """Send to the provider's origin. `path` begins with a slash; put values into it with `quoted`.

        `checked=False` returns any answer as it is, its errors not mapped."""
        ...

    async def get(self, path: str, **options: Any) -> Answer:
        """`request("GET", …)`"""
        ...

    async def post(self, path: str, **options: Any) -> Answer:
        """`request("POST", …)`"""
        ...
