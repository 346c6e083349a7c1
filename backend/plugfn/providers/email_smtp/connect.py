"""Connects to the user's server: to an address that was checked, with verified TLS."""

import asyncio
import socket
import ssl
from functools import lru_cache
from ipaddress import ip_address

from plugfn.definition import Call
from plugfn.errors import Forbidden, Unavailable
from plugfn.providers.email_smtp.credentials import SmtpCredentials

MOST_ADDRESSES = 4


async def connect(call: Call[SmtpCredentials]) -> socket.socket:
    """A socket to the first address that answers. The name is resolved only once, so the checked address is used.

    Raises Forbidden (a private address, or no encryption to another machine), Unavailable."""
    credentials = call.credentials
    addresses = await call.guard.resolve(credentials.host, credentials.port)
    if credentials.security == "none" and not call.settings.allow_plaintext:
        _refuse_unless_local(addresses)
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return await asyncio.wait_for(_socket(address, credentials.port), credentials.timeout)
        except OSError:
            continue
    raise Unavailable("The mail server cannot be reached: check host and port.", code="connect")


async def _socket(address: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        # Else the last line of a message would wait until the server has acknowledged the rest, some 40 ms.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except BaseException:
        opened.close()
        raise
    return opened


def _refuse_unless_local(addresses: list[str]) -> None:
    if not all(ip_address(address.partition("%")[0]).is_loopback for address in addresses):
        raise Forbidden("security 'none' is only allowed for a server on this machine", code="plaintext")


@lru_cache(maxsize=8)
def trust(ca_file: str | None) -> ssl.SSLContext:
    """A TLS context that verifies certificates and host names."""
    return ssl.create_default_context(cafile=ca_file)


def address_literal(sock: socket.socket) -> str:
    """Our name in EHLO: our address as an address literal (RFC 5321, 4.1.3), as mail programs do."""
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
