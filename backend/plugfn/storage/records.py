"""The rows that a store keeps besides connections. Bodies are sealed before they get here: a store reads none."""

from dataclasses import dataclass, field
from datetime import datetime

UNFINISHED_RUNS = frozenset({"pending", "running", "paused"})
"""Statuses of runs that may still go on: these are never purged."""


@dataclass(frozen=True)
class ActionLog:
    """One attempt of one call. Never holds parameters, results or secrets."""

    call_id: str
    """The same for all attempts of a call."""
    attempt: int
    user_id: str
    connection_id: str
    provider: str
    action: str
    started_at: datetime
    milliseconds: float
    outcome: str
    """ok, retry, failed or unknown."""
    error: str = ""
    """The error's class name."""
    code: str = ""
    source: str = "call"
    """Who asked: call, batch, workflow or tool."""


@dataclass(frozen=True)
class WorkflowRow:
    """A stored workflow. `body` is its sealed definition."""

    id: str
    user_id: str
    name: str
    status: str
    """active or paused."""
    provider: str
    event: str
    """Its trigger, for finding the workflows of an event."""
    created_at: datetime
    updated_at: datetime
    body: bytes = field(repr=False)
    version: int = 1
    """Counts its changes; an update names the version it read."""

    @property
    def context(self) -> str:
        """What the body is sealed with."""
        return f"workflow|{self.id}|{self.user_id}"


@dataclass(frozen=True)
class RunRow:
    """A run of a workflow. `body` is its sealed event, trace and steps."""

    id: str
    workflow_id: str
    user_id: str
    status: str
    occurrence: str
    """What it answers to: unique for each workflow, so that one event never runs it twice."""
    depth: int
    root_run: str
    created_at: datetime
    updated_at: datetime
    body: bytes = field(repr=False)
    version: int = 1

    @property
    def context(self) -> str:
        """What the body is sealed with."""
        return f"run|{self.id}|{self.user_id}"
