"""The payload of an event for staff: its values for those who may see them, only its form for all others."""

import json
from typing import Any

from apps.events.models import Event
from lib.crypto import Unreadable
from lib.redact import redact

MASKED = "…"
DEPTH = 6
# Entries of a list, and characters, that are shown.
ENTRIES = 5
LONGEST = 20_000


def shape(event: Event) -> str:
    """The names in the payload, without a value."""
    try:
        document = json.loads(event.raw_payload)
    except (Unreadable, ValueError):
        return MASKED
    return redact(json.dumps(_masked(document), indent=2, ensure_ascii=False))[:LONGEST]


def readable_payload(event: Event) -> str:
    """The payload, in lines."""
    try:
        return json.dumps(json.loads(event.raw_payload), indent=2, ensure_ascii=False)[:LONGEST]
    except Unreadable:
        return MASKED
    except ValueError:
        return event.raw_payload.decode(errors="replace")[:LONGEST]


def _masked(value: Any, depth: int = 0) -> Any:
    if depth == DEPTH:
        return MASKED
    if isinstance(value, dict):
        return {str(name): _masked(each, depth + 1) for name, each in list(value.items())[:100]}
    if isinstance(value, list):
        more = [f"{MASKED} {len(value) - ENTRIES}"] if len(value) > ENTRIES else []
        return [_masked(each, depth + 1) for each in value[:ENTRIES]] + more
    return MASKED
