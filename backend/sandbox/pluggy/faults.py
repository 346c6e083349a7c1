"""Faults that tests switch on at run time: in answers of the API and in webhook deliveries."""

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .errors import invalid

API_KINDS = {"429", "500", "502", "503", "hang", "truncate", "reset", "expired_key", "latency", "error"}
HANG = 30.0
NUMBER = (int, float)
KINDS_OF: dict[str, type | tuple[type, ...]] = {
    "kind": str, "pattern": str, "probability": NUMBER, "count": (int, type(None)), "skip": int, "seconds": NUMBER,
    "retry_after": int, "status": int, "body": dict,
}  # fmt: skip
WEBHOOK_KINDS = {"drop", "duplicate", "reorder", "delay", "burst", "wrong_secret"}


@dataclass
class Fault:
    """One switched-on fault. `count` is how often it still happens (None: without end), `skip` how many pass first."""

    id: int
    target: str
    kind: str
    pattern: str = "*"
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    seconds: float = 0.0
    retry_after: int = 1
    status: int = 500
    body: dict[str, Any] = field(default_factory=dict)
    happened: int = 0

    def strikes(self, name: str, dice: random.Random) -> bool:
        """Whether it happens to the thing of this name (an endpoint or an event kind); counts itself."""
        if self.count == 0 or not fnmatchcase(name, self.pattern):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if dice.random() >= self.probability:
            return False
        self.happened += 1
        if self.count is not None:
            self.count -= 1
        return True


class Faults:
    """The faults that are switched on."""

    def __init__(self, seed: str = "1") -> None:
        self.all: list[Fault] = []
        self.made = 0
        self.dice = random.Random(f"faults {seed}")

    def add(self, doc: dict[str, Any]) -> Fault:
        """Switch one on from its JSON form; 400 for an unknown target, kind or field."""
        kinds = {"api": API_KINDS, "webhook": WEBHOOK_KINDS}.get(str(doc.get("target", "api")))
        if kinds is None or doc.get("kind") not in kinds:
            raise invalid(f"target api: kind one of {sorted(API_KINDS)}; target webhook: {sorted(WEBHOOK_KINDS)}")
        known = {name: value for name, value in doc.items() if name not in ("id", "target", "happened")}
        wrong = [name for name, value in known.items() if not isinstance(value, KINDS_OF.get(name, ()))]
        if wrong:
            raise invalid(f"{wrong}: no such field, or a value of another kind; known are {sorted(KINDS_OF)}")
        self.made += 1
        fault = Fault(id=self.made, target=str(doc.get("target", "api")), **known)
        if fault.kind == "hang" and not fault.seconds:
            fault.seconds = HANG
        self.all.append(fault)
        return fault

    def strike(self, target: str, name: str) -> Fault | None:
        """The first fault of the target that happens to `name` now."""
        for fault in self.all:
            if fault.target == target and fault.strikes(name, self.dice):
                return fault
        return None

    def strike_all(self, target: str, name: str) -> list[Fault]:
        """Every fault of the target that happens to `name` now."""
        return [fault for fault in self.all if fault.target == target and fault.strikes(name, self.dice)]

    def clear(self, fault_id: int | None = None) -> int:
        """Switch one off, or all; gives how many."""
        kept = [fault for fault in self.all if fault_id is not None and fault.id != fault_id]
        gone = len(self.all) - len(kept)
        self.all = kept
        return gone
