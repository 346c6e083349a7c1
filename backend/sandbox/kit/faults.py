"""Faults that tests switch on while an emulator runs: their kind, their target, and how often they happen."""

import itertools
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

NUMBER = (int, float)
TYPES: dict[str, type | tuple[type, ...]] = {
    "kind": str, "pattern": str, "probability": NUMBER, "count": (int, type(None)), "skip": int, "after": bool,
    "seconds": NUMBER, "retry_after": int, "status": int, "headers": dict, "body": object,
}  # fmt: skip
NOT_SET_BY_CALLERS = ("target", "id", "happened")


@dataclass
class Fault:
    """One fault. It happens to names that match `pattern`: endpoints (`GET /items/{id}`), event kinds, mail addresses.

    `skip`: how many matches pass first. `count`: how often it still happens (None: no limit). `after`: the request
    takes effect before the fault spoils its answer. The kind decides what the other fields mean."""

    id: int
    target: str
    kind: str
    count: int | None
    pattern: str = "*"
    probability: float = 1.0
    skip: int = 0
    after: bool = False
    seconds: float = 0.0
    retry_after: int = 1
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: object = ""
    happened: int = 0

    def strikes(self, name: str, dice: random.Random) -> bool:
        """Whether the fault happens to `name` now. Counts it if so."""
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
    """The faults that are on. `kinds`: the kinds of fault, by target; the first target is the default.

    `count` is the default of a fault's own `count`."""

    def __init__(self, kinds: Mapping[str, Collection[str]], count: int | None = 1) -> None:
        self.all: list[Fault] = []
        self._kinds, self._count = kinds, count
        self._ids = itertools.count(1)
        self._dice = random.Random("faults 1")

    def switch_on(self, document: object) -> list[Fault]:
        """Add a fault from its JSON form, or several: `{"faults": [...]}`.

        Raises ValueError, and adds none, if one of them is wrong."""
        several = document.get("faults") if isinstance(document, dict) else None
        new = [self._read(fault) for fault in (several if isinstance(several, list) else [document])]
        self.all += new
        return new

    def _read(self, document: object) -> Fault:
        if not isinstance(document, dict):
            raise ValueError("a fault is a JSON object")
        target, kind = str(document.get("target", next(iter(self._kinds)))), document.get("kind")
        if target not in self._kinds:
            raise ValueError(f"target must be one of {sorted(self._kinds)}")
        if not isinstance(kind, str) or kind not in self._kinds[target]:
            raise ValueError(f"kind must be one of {sorted(self._kinds[target])} for the target {target}")
        fields = {name: value for name, value in document.items() if name not in NOT_SET_BY_CALLERS}
        wrong = [name for name, value in fields.items() if not isinstance(value, TYPES.get(name, ()))]
        if wrong:
            raise ValueError(f"unknown fields, or values of the wrong type: {wrong}; the fields are {sorted(TYPES)}")
        return Fault(**{"id": next(self._ids), "target": target, "count": self._count, **fields})

    def strike(self, target: str, name: str) -> Fault | None:
        """The first fault of the target that happens to `name` now."""
        for fault in self.all:
            if fault.target == target and fault.strikes(name, self._dice):
                return fault
        return None

    def strike_all(self, target: str, name: str) -> list[Fault]:
        """Every fault of the target that happens to `name` now."""
        return [fault for fault in self.all if fault.target == target and fault.strikes(name, self._dice)]

    def clear(self, fault_id: int | None = None) -> int:
        """Switch one fault off, or all of them. Returns how many."""
        remaining = [fault for fault in self.all if fault_id is not None and fault.id != fault_id]
        cleared = len(self.all) - len(remaining)
        self.all = remaining
        return cleared
