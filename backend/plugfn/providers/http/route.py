"""Sends a request to the connection's URL, and follows redirects if the connection allows it.

Every redirect is checked like a URL that a user enters, and connects through the guard. The connection's own headers
are only sent to its own origin; after a redirect to another origin they are not sent again.
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
class LastAnswer:
    """The last answer, and the number of redirects before it."""

    answer: Answer
    redirects: int


async def request_with_redirects(
    call: Call[HttpAccess], method: str, address: Address, *, headers: Mapping[str, str], **options: Any
) -> LastAnswer:
    """Requests `address`, follows redirects, and returns the last answer.

    A POST only follows 307 and 308: the other redirects would turn it into a GET without a body. Raises Forbidden,
    GiveUp, the errors of the error table, and what VendorHttp raises."""
    http = call.http
    follow = REDIRECTS if method == "GET" else KEEP_METHOD
    for hops in range(call.credentials.redirects + 1):
        query = address.query or None
        answer = await http.request(method, address.path, params=query, headers=headers, checked=False, **options)
        if answer.status not in follow or hops == call.credentials.redirects:
            break
        http, address = _next(call, http, address, answer)
    call.provider.errors.check(answer)
    return LastAnswer(answer, hops)


def _next(call: Call[HttpAccess], http: VendorHttp, here: Address, answer: Answer) -> tuple[VendorHttp, Address]:
    location = answer.headers.get("location", "")
    if not location:
        raise GiveUp("the URL redirects without saying where", code="redirect")
    # A request that began with https is never redirected to http.
    https_only = here.scheme == "https" or not call.settings.allow_http
    try:
        there = check_url(urldefrag(urljoin(here.origin + here.path, location)).url, call.guard, https_only=https_only)
    except (InvalidParams, ValueError):
        raise Forbidden("the URL redirects to one that may not be called", code="redirect") from None
    return (http if there.origin == here.origin else http.elsewhere(there.origin)), there
