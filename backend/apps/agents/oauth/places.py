"""The addresses that OAuth compares: ours, and those that applications register."""

import re
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

MCP_PATH = "/mcp"
LONGEST = 500
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A browser runs or reads these itself, or they are no place where an application waits.
_NOT_PRIVATE = frozenset(
    "about blob chrome data file filesystem ftp javascript mailto tel vbscript view-source ws wss".split()
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


def base_of(scheme: str, host: str) -> str:
    """The address of this server, which is also the issuer's name: PUBLIC_URL, or the one that the caller used."""
    return str(settings.PUBLIC_URL) or f"{scheme}://{host}"


def resource_of(base: str) -> str:
    """The address of the MCP endpoint, which tokens are for (RFC 8707)."""
    return f"{base}{MCP_PATH}"


def is_resource(text: str, base: str) -> bool:
    """Whether an application means our endpoint."""
    return text.removesuffix("/") == resource_of(base)


def may_register(uri: str) -> bool:
    """Whether people may be sent there: https, http on the person's own machine, or an application's own scheme."""
    parts = _split(uri)
    if parts is None or parts.fragment or parts.username is not None or not uri.isascii() or not uri.isprintable():
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return parts.hostname in LOOPBACK
    return (
        bool(_SCHEME.fullmatch(parts.scheme)) and parts.scheme not in _NOT_PRIVATE and bool(parts.netloc or parts.path)
    )


def is_registered(uri: str, registered: list[str]) -> bool:
    """Whether it is one of the registered addresses, exactly. On the person's own machine the port may differ."""
    return uri in registered or any(_same_but_port(uri, other) for other in registered)


def origin_of(uri: str) -> str:
    """What a content security policy calls the place: `https://host:port`, or `scheme:` of an application."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _same_but_port(one: str, other: str) -> bool:
    first, second = _split(one), _split(other)
    if first is None or second is None or first.scheme != "http" or first.hostname not in LOOPBACK:
        return False
    kept = [
        (each.scheme, each.hostname, each.path, each.query, each.fragment, each.username) for each in (first, second)
    ]
    return kept[0] == kept[1]


def _split(uri: str) -> SplitResult | None:
    """The parts of an address; None for one that is too long or has none."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and len(uri) <= LONGEST else None
