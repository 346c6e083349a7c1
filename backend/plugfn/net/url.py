"""Reads URLs that operators and users give, with one parser for all that is done with them afterwards."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

import httpx2

from plugfn.errors import Forbidden, InvalidParams, Problem
from plugfn.net.guard import Guard

LONGEST = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
LOWEST_FREE_PORT = 1024

_ODD = re.compile(r"[\s\\\x00-\x1f\x7f]")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_-])?|\[[0-9a-f:.]{2,45}\]")
_AUTHORITY = re.compile(r"[a-z]+://([^/?#]*)", re.IGNORECASE)
_PATH = re.compile(r"/(?!/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
# Also behind encoded slashes: there are servers that decode first and climb then.
_DOTS = re.compile(r"(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:/|%2f|%5c|$)", re.IGNORECASE)
_QUERY = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]|]*")


def stays_within(path: str) -> bool:
    """Whether a path is encoded, begins with one slash and has no dot segments: it can only lead below its origin."""
    return _PATH.fullmatch(path) is not None and _DOTS.search(path) is None


def is_query(text: str) -> bool:
    """Whether a query is encoded."""
    return _QUERY.fullmatch(text) is not None


@dataclass(frozen=True)
class Address:
    """A URL in parts: `host` is ASCII, lower case, without brackets or a final dot; path and query as on the wire."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def origin(self) -> str:
        """`https://host`, with the port when it is not the scheme's own."""
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.bracketed}{port}"

    @property
    def bracketed(self) -> str:
        """The host as it is written in URLs and in the Host header."""
        return f"[{self.host}]" if ":" in self.host else self.host


def read_url(url: str, *, field: str = "url") -> Address:
    """An http or https URL in parts. Raises InvalidParams, which says what is wrong and not the URL."""
    if len(url) > LONGEST or _ODD.search(url):
        raise _wrong(field, f"must be at most {LONGEST} characters, without spaces and backslashes")
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii").lower().removesuffix(".")
    except (httpx2.InvalidURL, ValueError):
        raise _wrong(field, "is not a URL") from None
    authority = _AUTHORITY.match(url)
    if parsed.scheme not in DEFAULT_PORTS or authority is None:
        raise _wrong(field, "must begin with https:// or http://")
    if "@" in authority[1]:
        raise _wrong(field, "must not hold a user name or a password")
    if "#" in url:
        raise _wrong(field, "must not have a fragment")
    literal = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(literal):
        raise _wrong(field, "names no possible host")
    port = DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
    if not 0 < port < 65536:
        raise _wrong(field, "has no possible port")
    path, query = parsed.raw_path.partition(b"?")[0].decode("ascii"), parsed.query.decode("ascii")
    if not stays_within(path) or not is_query(query):
        raise _wrong(field, "has a path or a query that is not encoded, or has dot segments")
    return Address(parsed.scheme, host, port, path, query)


def check_url(url: str, guard: Guard | None = None, *, https_only: bool = True, field: str = "url") -> Address:
    """A URL that a user gave, checked as far as is possible without asking the network; see Guard for the rest.

    Raises InvalidParams when it is malformed, carries credentials or a fragment, or is not https; Forbidden for ports
    of other protocols (below 1024 but 80 and 443) and, with `guard`, for literal addresses that are not public."""
    found = read_url(url, field=field)
    if https_only and found.scheme != "https":
        raise _wrong(field, "must begin with https://")
    if found.port < LOWEST_FREE_PORT and found.port not in DEFAULT_PORTS.values():
        raise Forbidden("this port belongs to another protocol", code="port")
    if guard is not None and is_literal(found.host):
        guard.check(found.host)
    return found


@lru_cache(maxsize=1024)
def read_origin(url: str) -> Address:
    """`read_url` for an origin, remembered: it is read anew for every call. Raises InvalidParams."""
    return read_url(url, field="origin")


def is_literal(host: str) -> bool:
    """Whether a host is an IP address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _wrong(field: str, reason: str) -> InvalidParams:
    return InvalidParams("the URL cannot be used", problems=[Problem(field, reason)])
