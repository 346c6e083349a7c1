"""Connections: making them, finding the one a call means, handing out their credentials, ending them."""

from plugfn.connections.connecting import Connected
from plugfn.connections.manager import ConnectionManager

__all__ = ["Connected", "ConnectionManager"]
