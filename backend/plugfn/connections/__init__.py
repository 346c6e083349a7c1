"""Connections: connecting, finding the connection of a call, providing its credentials, disconnecting."""

from plugfn.connections.connecting import Connected
from plugfn.connections.manager import ConnectionManager

__all__ = ["Connected", "ConnectionManager"]
