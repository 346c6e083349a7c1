"""A connection to the server that the user named: to an address that was checked, with TLS that is verified."""

import asyncio
import socket
import ssl
from functools import lru_cache
from ipaddress import ip_address

from plugfn.definition import Call
from plugfn.errors import Forbidden, Unavailable
from plugfn.providers.email_smtp.credentials import SmtpCredentials

MOST_ADDRESSES = 4


async def connected(call: Call[SmtpCredentials]) -> socket.socket:
    """A socket to the first address that answers. The name is resolved once, here: what was checked is connected to.

    Raises Forbidden (a private address, or no encryption to another machine), Unavailable."""
    given = call.credentials
    addresses = await call.guard.resolve(given.host, given.port)
    if given.security == "none" and not call.settings.allow_plaintext:
        _refuse_unless_local(addresses)
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return await asyncio.wait_for(_socket(address, given.port), given.timeout)
        except OSError:
            continue
    raise Unavailable("The server cannot be reached.", code="connect")


async def _socket(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _refuse_unless_local(addresses: list[str]) -> None:
    if not all(ip_address(address.partition("%")[0]).is_loopback for address in addresses):
        raise Forbidden("security 'none' is only for a server on this machine", code="plaintext")


@lru_cache(maxsize=8)
def trust(ca_file: str | None) -> ssl.SSLContext:
    """Verifies certificates and names, always."""
    return ssl.create_default_context(cafile=ca_file)


def literal(sock: socket.socket) -> str:
    """What we call ourselves: our address as an address literal (RFC 5321, 4.1.3), as mail programs do."""
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
