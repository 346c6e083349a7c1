"""Decides a request's client address, for every limit, for /metrics and for the log.

A proxy's own address is all that a server sees of the clients behind it. The proxy names them in X-Forwarded-For, which
any client can write too, so only the part that listed proxies (TRUSTED_PROXIES) wrote counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

# The word for a proxy that connects over a Unix socket, which has no address.
UNIX = "unix"
# More of X-Forwarded-For is not read, and further proxies are not believed.
MAX_CHARACTERS = 1024
MAX_HOPS = 16
# Any of these headers shows that a request came through a proxy.
_FORWARDING = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
_FORWARDING_META = tuple(f"HTTP_{name.decode().upper().replace('-', '_')}" for name in _FORWARDING)
_LIMITED_IPV6_BITS = 64
# How a program on this machine addresses it. A web page in a local browser can send requests to this machine too, but
# only under the host name of its site.
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")

Address = IPv4Address | IPv6Address


class Client(NamedTuple):
    """`address` is canonical text, or empty. `certain`: it is the client's own, not a proxy's and not a claim."""

    address: str
    certain: bool

    @property
    def limited(self) -> str | None:
        """What a limit counts by, or None: then nothing may be refused by address. For IPv6 it is the /64."""
        if not self.certain:
            return None
        if ":" not in self.address:
            return self.address
        return str(IPv6Network((int(IPv6Address(self.address)) >> _LIMITED_IPV6_BITS << _LIMITED_IPV6_BITS, 64)))


class Network(NamedTuple):
    """A network as whole numbers. ipaddress compares ten times as slowly, and this happens for each request."""

    version: int
    mask: int
    start: int


class Proxies(NamedTuple):
    """The proxies whose word counts. `in_front`: any request may come through a proxy that adds no header."""

    networks: tuple[Network, ...] = ()
    unix: bool = False
    in_front: bool = False

    @property
    def listed(self) -> bool:
        """Whether TRUSTED_PROXIES is set."""
        return bool(self.networks) or self.unix

    def include(self, hop: Address | None) -> bool:
        """Whether `hop` is a listed proxy; None stands for a Unix socket."""
        if hop is None:
            return self.unix
        value = int(hop)
        return any(value & mask == start and hop.version == version for version, mask, start in self.networks)


def trusted_proxies(entries: Sequence[str], *, in_front: bool = False) -> Proxies:
    """The setting TRUSTED_PROXIES: addresses, networks and the word `unix`. Raises ImproperlyConfigured."""
    try:
        networks = tuple(_network(entry.strip()) for entry in entries if entry.strip() != UNIX)
    except ValueError:
        message = "TRUSTED_PROXIES must list addresses, networks such as 10.0.0.0/8 without host bits, or unix."
        raise ImproperlyConfigured(message) from None
    return Proxies(networks, unix=any(entry.strip() == UNIX for entry in entries), in_front=in_front)


def _network(entry: str) -> Network:
    network = ip_network(entry)
    return Network(network.version, int(network.netmask), int(network.network_address))


def client_address(peer: str, forwarded_for: str | None, trusted: Proxies) -> Client:
    """Who sent a request that `peer` delivered; an empty peer is a Unix socket.

    `forwarded_for` is X-Forwarded-For, or an empty text if only other headers show a proxy, or None if none does.
    """
    hop = _address(peer)
    if hop is None and peer:
        return Client("", certain=False)
    if not trusted.listed:
        return Client(_text(hop), certain=hop is not None and forwarded_for is None and not trusted.in_front)
    if not trusted.include(hop):
        return Client(_text(hop), certain=hop is not None)
    return _forwarded(_text(hop), forwarded_for or "", trusted)


def _forwarded(nearest: str, forwarded_for: str, trusted: Proxies) -> Client:
    """The last entry that is no listed proxy. Each proxy appends the address that it saw."""
    for entry in reversed(_entries(forwarded_for)):
        hop = _address(_without_port(entry.strip()))
        # A loopback address is the machine of the proxy that wrote it, not ours.
        if hop is None or hop.is_loopback:
            break
        if not trusted.include(hop):
            return Client(str(hop), certain=True)
        nearest = str(hop)
    return Client(nearest, certain=False)


def _entries(forwarded_for: str) -> list[str]:
    entries = forwarded_for[-MAX_CHARACTERS:].rsplit(",", MAX_HOPS)
    # The first entry may be cut in two, and then could read as another address.
    cut = len(forwarded_for) > MAX_CHARACTERS or len(entries) > MAX_HOPS
    return entries[1:] if cut else entries


def _without_port(entry: str) -> str:
    """Some proxies write 203.0.113.9:4711 or [2001:db8::1]:4711."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """The address without its zone; an IPv4 address that is written as IPv6 is an IPv4 address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _text(hop: Address | None) -> str:
    return "" if hop is None else str(hop)


def of_headers(peer: str, headers: Iterable[tuple[bytes, bytes]], trusted: Proxies) -> Client:
    """The client of an ASGI request: its headers are pairs, the names in lower case."""
    seen = [(name, value) for name, value in headers if name in _FORWARDING]
    forwarded_for = b",".join(value for name, value in seen if name == b"x-forwarded-for")
    return client_address(peer, forwarded_for.decode("latin-1") if seen else None, trusted)


def of_meta(meta: Mapping[str, Any], trusted: Proxies) -> Client:
    """The client of a WSGI request, or of Django's request.META."""
    proxied = any(name in meta for name in _FORWARDING_META)
    return client_address(
        meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR", "") if proxied else None, trusted
    )


def is_local(client: Client, host: str) -> bool:
    """Whether this machine sent the request, through no proxy, and to itself. `host` is the Host header."""
    name = host.rpartition(":")[0] if ":" in host and host[-1].isdigit() else host
    return client.certain and ip_address(client.address).is_loopback and name in _LOCAL_HOSTS


def host_of(url: str) -> str:
    """The host name of an address such as PUBLIC_URL; empty if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_local_url(url: str) -> bool:
    """Whether only this machine can reach an address such as PUBLIC_URL."""
    name = host_of(url)
    return name in _LOCAL_HOSTS or f"[{name}]" in _LOCAL_HOSTS
