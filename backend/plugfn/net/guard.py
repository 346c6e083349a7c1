"""Refuses addresses that a user of this library must not reach through it: private, local and reserved networks."""

import asyncio
import os
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from plugfn.errors import ConfigurationError, Forbidden, Unavailable
from plugfn.net.ranges import effective, is_public

Network = IPv4Network | IPv6Network

LOOKUPS_AT_ONCE = 16


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    """Looks up names that users gave: whoever names a host whose name server is silent holds a thread for long.

    Not the loop's own threads, where trusted hosts are looked up; new ones after a fork, which takes no threads along.
    """
    return ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="plugfn-lookup")


class Guard:
    """Checks where a host name leads. `allowed`: private networks that are let pass all the same (self-hosting)."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        if isinstance(allowed, str):
            raise ConfigurationError('allowed_networks is a list of networks: ["10.20.0.0/16"]')
        try:
            self.allowed: tuple[Network, ...] = tuple(ip_network(network) for network in allowed)
        except ValueError as error:
            raise ConfigurationError(f"allowed_networks: {error}") from error

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of `host`, every one of them checked: connect to these, not to the name.

        Nothing is remembered: ask before each connection. Also reads what the system reads as an address (127.1,
        0x7f000001, 017700000001). Raises Forbidden when any address is not public, Unavailable when there is none."""
        try:
            found = await self._lookup(host, port)
        except (OSError, ValueError) as error:
            raise Unavailable("the host name does not resolve", code="dns") from error
        if not found:
            raise Unavailable("the host name does not resolve", code="dns")
        for address in found:
            self.check(address)
        return found

    def check(self, address: str) -> None:
        """Raises Forbidden unless `address` (an IP address) is public or explicitly allowed."""
        if not self._passes(address):
            raise Forbidden("this address is not public, and connections to it are refused", code="private_address")

    async def _lookup(self, host: str, port: int) -> list[str]:
        asked = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(_threads(os.getpid()), asked)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def _passes(self, address: str) -> bool:
        try:
            ip = effective(ip_address(address))
        except ValueError:
            return False
        if getattr(ip, "scope_id", None):
            return False
        return is_public(ip) or any(ip in network for network in self.allowed)
