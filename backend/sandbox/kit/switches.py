"""Switches of an emulator: behaviour that tests change while it runs."""

import json
from collections.abc import Mapping, MutableMapping
from typing import Any

Switches = MutableMapping[str, Any]
"""The switches by name, each with its value now."""


def turn(switches: Switches, wanted: Mapping[str, object]) -> None:
    """Set these. Raises ValueError, and sets none, for an unknown name or a value of another type."""
    for name, value in wanted.items():
        if name not in switches or not _fits(value, switches[name]):
            known = ", ".join(f"{key}={json.dumps(now)}" for key, now in switches.items())
            raise ValueError(f"{name}={json.dumps(value)} is not a switch; the switches are {known}")
    switches.update(wanted)


def _fits(value: object, now: object) -> bool:
    return isinstance(value, (int, float) if isinstance(now, float) or type(now) is int else type(now))
