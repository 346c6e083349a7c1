"""Connect your users' accounts at other services, and run actions on them.

Names are imported on first use, so that a program which only needs encryption or retry policies does not import the
rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plugfn.calls.batch import BatchCall, BatchResult, Progress
    from plugfn.connection import Connection, ConnectionStatus
    from plugfn.crypto import KeyRing, new_key
    from plugfn.errors import ConfigurationError, Next, PlugFnError
    from plugfn.inbound import Event, Inbound
    from plugfn.plug import PlugFn
    from plugfn.sync import SyncPlugFn

__all__ = [
    "BatchCall",
    "BatchResult",
    "ConfigurationError",
    "Connection",
    "ConnectionStatus",
    "Event",
    "Inbound",
    "KeyRing",
    "Next",
    "PlugFn",
    "PlugFnError",
    "Progress",
    "SyncPlugFn",
    "new_key",
]

_HOMES = {
    "calls.batch": ("BatchCall", "BatchResult", "Progress"),
    "connection": ("Connection", "ConnectionStatus"),
    "crypto": ("KeyRing", "new_key"),
    "errors": ("ConfigurationError", "Next", "PlugFnError"),
    "plug": ("PlugFn",),
    "sync": ("SyncPlugFn",),
    "inbound": ("Event", "Inbound"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"plugfn.{home}"), name)
    raise AttributeError(f"module 'plugfn' has no attribute {name!r}")
