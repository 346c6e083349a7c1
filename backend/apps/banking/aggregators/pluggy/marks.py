"""How far an account's transactions were read, by the moments at which Pluggy stamped them.

Pluggy stamps a row before it commits the row. So a row can appear late, with a stamp of up to OVERLAP before. A reading
therefore begins where the previous one could not be sure, at most OVERLAP before that began. If this would repeat many
rows, such as an import whose rows all have one stamp, the next readings begin after the newest row, and the repetition
waits until one reading makes sure of them all. So an import is read twice at most, however many events follow.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.banking.aggregators.pluggy.rows.values import parse

OVERLAP = timedelta(hours=1)
# Two calls.
REPEAT_LIMIT = 1_000
# Pluggy's filter counts in milliseconds.
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Mark:
    """`newest` is the newest stamp. Every row stamped until `sure` has been read, and `repeats` rows are younger."""

    newest: datetime
    sure: datetime
    repeats: int = 0

    def __str__(self) -> str:
        return f"{self.newest.isoformat()} {self.sure.isoformat()} {self.repeats}"

    def start(self, now: datetime, since: datetime | None = None) -> datetime:
        """Where a reading at `now` begins: earlier if an event names an earlier moment."""
        after_newest = self.newest.replace(microsecond=self.newest.microsecond // 1000 * 1000) + _TICK
        if self.repeats > REPEAT_LIMIT and now < self.sure + 2 * OVERLAP:
            # The overlap waits for a reading that begins OVERLAP after these rows were read, and makes sure of them.
            return min(after_newest, since or after_newest)
        return min(self.sure, after_newest, since or after_newest)


def read_mark(text: str) -> Mark | None:
    """The mark in `text`; None for unreadable text. Earlier releases stored the newest stamp alone."""
    newest, _, rest = text.partition(" ")
    sure, _, repeats = rest.partition(" ")
    stamp = parse(newest)
    if stamp is None:
        return None
    return Mark(stamp, parse(sure) or stamp - OVERLAP, int(repeats) if repeats.isdecimal() else 0)


class Progress:
    """What a reading that began at `now` learns, with the rows stamped since `start`; with all rows if it is None."""

    def __init__(self, mark: Mark | None, start: datetime | None, now: datetime) -> None:
        self._newest = mark.newest if mark else None
        if mark and start and start > mark.sure:
            # This reading leaves the overlap out, so it makes sure of nothing, and its rows are added to the others.
            self._sure, self._repeats, self._counted_after = mark.sure, mark.repeats, mark.newest
        else:
            self._sure = max(now - OVERLAP, mark.sure) if mark else now - OVERLAP
            self._repeats, self._counted_after = 0, self._sure

    def add(self, stamps: Iterable[datetime]) -> Mark | None:
        """The mark once rows with these stamps were read too; None as long as no row had a stamp."""
        for stamp in stamps:
            self._newest = max(stamp, self._newest or stamp)
            self._repeats += stamp > self._counted_after
        return Mark(self._newest, self._sure, self._repeats) if self._newest else None
