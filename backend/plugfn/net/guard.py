"""Refuses addresses that a user of this library must not reach through it: private, local and reserved networks."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from plugfn.errors import Forbidden, Unavailable

Network = IPv4Network | IPv6Network


class Guard:
    """Checks where a host name leads. `allowed`: private networks that are let pass all the same (self-hosting)."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self.allowed: tuple[Network, ...] = tuple(ip_network(network) for network in allowed)

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of `host`, every one of them checked: connect to these, not to the name.

        Raises Forbidden when any of them is not public, Unavailable when the name leads nowhere."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unavailable("the host name does not resolve", code="dns") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            self.check(address)
        return addresses

    def check(self, address: str) -> None:
        """Raises Forbidden unless `address` (of IP) is public or explicitly allowed."""
        ip = ip_address(address.partition("%")[0])
        if not self._passes(ip):
            raise Forbidden("this address is not public, and connections to it are refused", code="private_address")

    def _passes(self, ip: IPv4Address | IPv6Address) -> bool:
        mapped = getattr(ip, "ipv4_mapped", None)
        ip = mapped or ip
        return (ip.is_global and not ip.is_multicast) or any(ip in network for network in self.allowed)
