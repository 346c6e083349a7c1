"""Sends a request to the connection's address, and where that redirects to, if the connection allows it.

Every hop is read and checked like an address that a user gave, and connects through the guard. The connection's own
headers go to its own origin only; once a request has left that, they do not come back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin

from plugfn.definition import Call
from plugfn.errors import Forbidden, GiveUp, InvalidParams
from plugfn.net.answer import Answer
from plugfn.net.url import Address, check_url
from plugfn.net.vendor import VendorHttp
from plugfn.providers.http.access import HttpAccess

KEEP_METHOD = frozenset({307, 308})
REDIRECTS = KEEP_METHOD | {301, 302, 303}


@dataclass(frozen=True)
class Arrived:
    """The last answer, and how many redirects led to it."""

    answer: Answer
    redirects: int


async def travel(
    call: Call[HttpAccess], method: str, address: Address, *, headers: Mapping[str, str], **options: Any
) -> Arrived:
    """The answer at the end of the way from `address`, the connection's own, its errors mapped.

    Only 307 and 308 keep method and body; the others make a GET of anything, so that they end a delivery. Raises
    Forbidden, GiveUp and what VendorHttp raises."""
    http = call.http
    follow = REDIRECTS if method == "GET" else KEEP_METHOD
    for hops in range(call.credentials.redirects + 1):
        query = address.query or None
        answer = await http.request(method, address.path, params=query, headers=headers, checked=False, **options)
        if answer.status not in follow or hops == call.credentials.redirects:
            break
        http, address = _next(call, http, address, answer)
    call.provider.errors.check(answer)
    return Arrived(answer, hops)


def _next(call: Call[HttpAccess], http: VendorHttp, here: Address, answer: Answer) -> tuple[VendorHttp, Address]:
    location = answer.headers.get("location", "")
    if not location:
        raise GiveUp("the address redirects to nowhere", code="redirect")
    # Once encrypted, always encrypted.
    https_only = here.scheme == "https" or not call.settings.allow_http
    try:
        there = check_url(urldefrag(urljoin(here.origin + here.path, location)).url, call.guard, https_only=https_only)
    except (InvalidParams, ValueError):
        raise Forbidden("the address redirects to one that is not called", code="redirect") from None
    return (http if there.origin == here.origin else http.elsewhere(there.origin)), there
