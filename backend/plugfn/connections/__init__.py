"""Connections: connecting, finding the connection of a call, providing its credentials, disconnecting."""

from plugfn.connections.connecting import Connected
from plugfn.connections.operations import ConnectionOperations

__all__ = ["Connected", "ConnectionOperations"]
