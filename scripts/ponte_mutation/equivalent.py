"""Mutants that no test can notice, because they behave as the code does, each with the reason."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ponte_mutation.mutants import Mutant

FILE = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Equivalent:
    """One entry of equivalent.toml. `was` and `becomes` are the lines that differ, with single spaces."""

    file: str
    was: str
    becomes: str
    reason: str


def equivalents() -> list[Equivalent]:
    """All entries. Raises TypeError for an entry with other fields."""
    return [Equivalent(**entry) for entry in tomllib.loads(FILE.read_text()).get("mutant", [])]


def reason_for(mutant: Mutant, name: str, known: list[Equivalent]) -> str:
    """Why this mutant of the file `name` is equivalent; "" if it is not listed."""
    entries = (entry for entry in known if (entry.file, entry.was, entry.becomes) == (name, *mutant.change))
    return next((entry.reason for entry in entries), "")
