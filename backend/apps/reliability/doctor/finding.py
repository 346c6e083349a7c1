"""One line of the doctor's report."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise

Text = str | Promise


class Level(StrEnum):
    """How it is. `waiting`: nothing is wrong, and nothing has happened yet."""

    GOOD = "good"
    WAITING = "waiting"
    WARNING = "warning"
    BAD = "bad"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """`found` says how it is, `todo` what to do now; empty if there is nothing to do. Neither holds a secret."""

    level: Level
    found: Text
    todo: Text = ""


@dataclass(frozen=True)
class Check:
    """One thing to look at. If a check that it `needs` is bad, it is skipped."""

    name: str
    label: Text
    look: Callable[[], Finding]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A check with what it found."""

    check: Check
    finding: Finding


def good(found: Text) -> Finding:
    return Finding(Level.GOOD, found)


def waiting(found: Text, todo: Text = "") -> Finding:
    return Finding(Level.WAITING, found, todo)


def warning(found: Text, todo: Text) -> Finding:
    return Finding(Level.WARNING, found, todo)


def bad(found: Text, todo: Text) -> Finding:
    return Finding(Level.BAD, found, todo)
