"""Whether the messages of a run add up: what was asked for, what the vendors got, and what the database says."""

from collections.abc import Mapping
from dataclasses import dataclass

from ponte_demo.telling import Failed

WAITING, SENT, TROUBLE = ("queued", "sending"), ("sent", "delivered", "read"), ("failed", "unknown")


@dataclass(frozen=True)
class Counts:
    """`sends`: by state. `dead`, `pending`: events. `held`: mailboxes at which a worker is."""

    sends: Mapping[str, int]
    received: int
    dead: int
    pending: int
    held: int

    def of(self, *states: str) -> int:
        """Sends in these states."""
        return sum(self.sends.get(state, 0) for state in states)

    def is_settled(self, *, delivered: int, read: int) -> bool:
        """Whether so many are delivered, `read` of them also read, and nothing waits. Raises Failed for a failure."""
        if self.of(*TROUBLE) or self.dead:
            raise Failed("a message failed, or its outcome is unknown, or an event is dead")
        waits = self.of(*WAITING) or self.pending or self.held
        return not waits and (self.of("delivered", "read"), self.of("read")) == (delivered, read)

    def figures(self) -> dict[str, int]:
        """What --json shows. `sent`: accepted by the service, with those that were delivered or read."""
        return {
            "sent": self.of(*SENT),
            "delivered": self.of("delivered", "read"),
            "received": self.received,
            "unknown": self.of("unknown"),
            "dead": self.dead,
        }


def compare(asked: Mapping[str, int], arrived: Mapping[str, int], written: int, counts: Counts) -> None:
    """`asked`, `arrived`: messages by vendor. `written`: by people. Raises Failed if one is lost or too many."""
    if arrived != asked or counts.of(*SENT) != sum(asked.values()) or counts.received != written:
        raise Failed(f"messages were lost or sent twice: asked for {asked}, arrived {arrived}, stored {counts}")
