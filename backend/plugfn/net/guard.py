"""Refuses addresses that users must not reach through PlugFn: private, local and reserved networks."""

import asyncio
import socket
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from plugfn.errors import ConfigurationError, Forbidden, Unavailable
from plugfn.net.lookups import begin_lookup
from plugfn.net.ranges import effective, is_public

Network = IPv4Network | IPv6Network


def _addresses_of(host: str, port: int) -> list[str]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class Guard:
    """Checks the addresses of a host. `allowed`: private networks that are allowed nevertheless (self-hosting)."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        if isinstance(allowed, str):
            raise ConfigurationError('allowed_networks must be a list of networks: ["10.20.0.0/16"]')
        try:
            self.allowed: tuple[Network, ...] = tuple(ip_network(network) for network in allowed)
        except ValueError as error:
            raise ConfigurationError(f"allowed_networks: {error}") from error

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of `host`, all checked. Connect to these, not to the name.

        Nothing is cached: call it before each connection. It also reads the system's other notations of addresses
        (127.1, 0x7f000001, 017700000001). Raises Forbidden when an address is not public, Unavailable when there is
        none."""
        try:
            addresses = await self._lookup(host, port)
        except (OSError, ValueError) as error:
            raise Unavailable("the host name does not resolve", code="dns") from error
        if not addresses:
            raise Unavailable("the host name does not resolve", code="dns")
        for address in addresses:
            self.check(address)
        return addresses

    def check(self, address: str) -> None:
        """Raises Forbidden unless `address` (an IP address) is public or explicitly allowed."""
        if not self._is_allowed(address):
            raise Forbidden("the host's address is not public: connections to it are refused", code="private_address")

    async def _lookup(self, host: str, port: int) -> list[str]:
        return await asyncio.wrap_future(begin_lookup(partial(_addresses_of, host, port)))

    def _is_allowed(self, address: str) -> bool:
        try:
            ip = effective(ip_address(address))
        except ValueError:
            return False
        if getattr(ip, "scope_id", None):
            return False
        return is_public(ip) or any(ip in network for network in self.allowed)
