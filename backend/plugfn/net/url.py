"""Parses URLs of operators and users, with one parser for every later use of them."""

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

_UNSAFE = re.compile(r"[\s\\\x00-\x1f\x7f]")
# ASCII only: otherwise IGNORECASE matches some other letters too (\u017f for s).
_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?", re.IGNORECASE | re.ASCII)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_-])?|(?=[0-9a-f.]*:)[0-9a-f:.]{2,45}")
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_PATH = re.compile(r"/(?!/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
# Also with encoded slashes, since some servers decode them before they resolve dot segments.
_DOTS = re.compile(r"(?:/|%2f|%5c)(?:\.|%2e){1,2}(?:/|%2f|%5c|$)", re.IGNORECASE)
# These characters stay as they are; the others are encoded.
_QUERY_SAFE = "".join(set(string.punctuation) - set('"#<>'))
_PATH_SAFE = "".join(set(_QUERY_SAFE) - set("?`{}"))
_QUERY = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]|]*")


def stays_within(path: str) -> bool:
    """Whether a path is encoded, begins with one slash and has no dot segments, so that it cannot leave its origin."""
    return _PATH.fullmatch(path) is not None and _DOTS.search(path) is None


def is_query(text: str) -> bool:
    """Whether a query is encoded."""
    return _QUERY.fullmatch(text) is not None


@dataclass(frozen=True)
class Address:
    """A parsed URL. `host` is ASCII, lower case, without brackets or a final dot; path and query are encoded."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def origin(self) -> str:
        """`https://host`, with the port when it is not the scheme's default."""
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.bracketed}{port}"

    @property
    def bracketed(self) -> str:
        """The host as in URLs and in the Host header."""
        return f"[{self.host}]" if ":" in self.host else self.host


def read_url(url: str, *, field: str = "url") -> Address:
    """Parse an http or https URL. Raises InvalidParams, whose message does not contain the URL."""
    if len(url) > LONGEST or _UNSAFE.search(url):
        raise _wrong(field, f"must be at most {LONGEST} characters, without spaces and backslashes")
    parts = _URL.match(url)
    if parts is None:
        raise _wrong(field, "must begin with https:// or http://")
    scheme, authority, path, query = parts[1].lower(), parts[2], parts[3] or "/", parts[4] or ""
    if "@" in authority:
        raise _wrong(field, "must not contain a user name or a password")
    if "#" in url:
        raise _wrong(field, "must not have a fragment")
    try:
        host, port = _host_and_port(authority, DEFAULT_PORTS[scheme])
        path, query = quote(_without_dots(path), safe=_PATH_SAFE), quote(query, safe=_QUERY_SAFE)
    except ValueError:
        raise _wrong(field, "is not a URL") from None
    if not _HOST.fullmatch(host):
        raise _wrong(field, "has an invalid host")
    if not 0 < port < 65536:
        raise _wrong(field, "has an invalid port")
    if not stays_within(path) or not is_query(query):
        raise _wrong(field, "has a path or a query that is not encoded, or has dot segments")
    return Address(scheme, host, port, path, query)


def _host_and_port(authority: str, default_port: int) -> tuple[str, int]:
    """Split host and port. Raises ValueError."""
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise ValueError("neither a host nor a host and a port")
    return _host(parts[1]), int(parts[2]) if parts[2] else default_port


def _host(host_text: str) -> str:
    """A name as ASCII, or an address without brackets. Raises ValueError."""
    if host_text.startswith("["):
        IPv6Address(host_text[1:-1])
        return host_text[1:-1].lower()
    name = host_text.lower()
    # Check for ASCII before lowering: lowering turns the Kelvin sign into a plain k.
    host = (name if host_text.isascii() else idna.encode(name).decode("ascii").lower()).removesuffix(".")
    if _IPV4.fullmatch(host):
        IPv4Address(host)
    return host


def _without_dots(path: str) -> str:
    """The path with its dot segments resolved; they cannot leave the root (RFC 3986, 5.2.4)."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[max(1, len(segments) - 1) :]
        elif segment != ".":
            segments.append(segment)
    return "/".join(segments) or "/"


def check_url(url: str, guard: Guard | None = None, *, https_only: bool = True, field: str = "url") -> Address:
    """Check a user's URL as far as possible without the network; Guard checks the rest.

    Raises InvalidParams when it is malformed, has credentials or a fragment, or is not https; Forbidden for ports of
    other protocols (below 1024, except 80 and 443) and, with `guard`, for literal addresses that are not public."""
    address = read_url(url, field=field)
    if https_only and address.scheme != "https":
        raise _wrong(field, "must begin with https://")
    if address.port < LOWEST_FREE_PORT and address.port not in DEFAULT_PORTS.values():
        raise Forbidden("this port belongs to another protocol", code="port")
    if guard is not None and is_literal(address.host):
        guard.check(address.host)
    return address


@lru_cache(maxsize=1024)
def read_origin(url: str) -> Address:
    """`read_url` for an origin, cached, since every call needs it. Raises InvalidParams."""
    return read_url(url, field="origin")


def is_literal(host: str) -> bool:
    """Whether a host is an IP address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _wrong(field: str, reason: str) -> InvalidParams:
    return InvalidParams("the URL is not valid", problems=[Problem(field, reason)])
