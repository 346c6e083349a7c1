"""Reads URLs that operators and users give, with one parser for all that is done with them afterwards."""

import re
import string
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote

import idna

from plugfn.errors import Forbidden, InvalidParams, Problem
from plugfn.net.guard import Guard

LONGEST = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
LOWEST_FREE_PORT = 1024

_ODD = re.compile(r"[\s\\\x00-\x1f\x7f]")
# ASCII alone: otherwise IGNORECASE takes some letters of other alphabets for ours (\u017f for s).
_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?", re.IGNORECASE | re.ASCII)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_-])?|(?=[0-9a-f.]*:)[0-9a-f:.]{2,45}")
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_PATH = re.compile(r"/(?!/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
# Also behind encoded slashes: there are servers that decode first and climb then.
_DOTS = re.compile(r"(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:/|%2f|%5c|$)", re.IGNORECASE)
# What is left as it was written; the rest is encoded.
_QUERY_SAFE = "".join(set(string.punctuation) - set('"#<>'))
_PATH_SAFE = "".join(set(_QUERY_SAFE) - set("?`{}"))
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
    parts = _URL.match(url)
    if parts is None:
        raise _wrong(field, "must begin with https:// or http://")
    scheme, authority, path, query = parts[1].lower(), parts[2], parts[3] or "/", parts[4] or ""
    if "@" in authority:
        raise _wrong(field, "must not hold a user name or a password")
    if "#" in url:
        raise _wrong(field, "must not have a fragment")
    try:
        host, port = _host_and_port(authority, DEFAULT_PORTS[scheme])
        path, query = quote(_without_dots(path), safe=_PATH_SAFE), quote(query, safe=_QUERY_SAFE)
    except ValueError:
        raise _wrong(field, "is not a URL") from None
    if not _HOST.fullmatch(host):
        raise _wrong(field, "names no possible host")
    if not 0 < port < 65536:
        raise _wrong(field, "has no possible port")
    if not stays_within(path) or not is_query(query):
        raise _wrong(field, "has a path or a query that is not encoded, or has dot segments")
    return Address(scheme, host, port, path, query)


def _host_and_port(authority: str, default_port: int) -> tuple[str, int]:
    """Raises ValueError."""
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise ValueError("neither a host nor a host and a port")
    return _host(found[1]), int(found[2]) if found[2] else default_port


def _host(written: str) -> str:
    """A name as ASCII, or an address without brackets. Raises ValueError."""
    if written.startswith("["):
        IPv6Address(written[1:-1])
        return written[1:-1].lower()
    name = written.lower()
    # Asked before it is lower: the Kelvin sign becomes a plain k.
    host = (name if written.isascii() else idna.encode(name).decode("ascii").lower()).removesuffix(".")
    if _IPV4.fullmatch(host):
        IPv4Address(host)
    return host


def _without_dots(path: str) -> str:
    """The path with its dot segments followed, which none can climb out of (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept) or "/"


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
