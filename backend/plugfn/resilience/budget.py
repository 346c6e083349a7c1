"""A rate budget: at most `limit` calls in any window of `per_seconds`, asked before a call."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """`limit` calls per `per_seconds` under one `name`, however many threads, processes and machines ask."""

    name: str
    limit: int
    per_seconds: int

    def __post_init__(self) -> None:
        if self.limit < 1 or self.per_seconds < 1:
            raise ValueError("a budget allows at least one call in at least one second")
