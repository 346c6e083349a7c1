"""What can go wrong in a dialogue, and when."""

from dataclasses import dataclass

STAGES = (
    "greeting",
    "ehlo",
    "starttls",
    "auth",
    "noop",
    "mail",
    "rcpt",
    "data",
    "content",
    "end",
    "accepted",
)
"""`data`: at the command. `content`: once the message begins. `end`: its last dot has come and it is not kept.
`accepted`: it is kept, only the answer is spoilt."""

KINDS = ("answer", "drop", "hang")


@dataclass
class Fault:
    """`count` is how often it still happens (None: without end). `address`: at `rcpt`, for this one only."""

    stage: str
    kind: str = "answer"
    code: int = 451
    text: str = "4.3.0 spoilt on request"
    count: int | None = 1
    address: str = ""

    def __post_init__(self) -> None:
        if self.stage not in STAGES or self.kind not in KINDS:
            raise ValueError(f"stage is one of {', '.join(STAGES)}; kind one of {', '.join(KINDS)}")

    def strikes(self, stage: str, address: str) -> bool:
        """Whether it happens now; counts itself."""
        if self.count == 0 or stage != self.stage or (self.address and self.address != address):
            return False
        if self.count is not None:
            self.count -= 1
        return True
