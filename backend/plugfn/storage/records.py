"""The rows that a store holds besides connections. Bodies arrive encrypted: a store cannot read them."""

from dataclasses import dataclass, field
from datetime import datetime

UNFINISHED_RUNS = frozenset({"pending", "running", "paused"})
"""Statuses of runs that may still continue: such runs are never purged."""


@dataclass(frozen=True)
class ActionLog:
    """One attempt of one call. It never holds parameters, results or secrets."""

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
    """Who ran it: call, batch, workflow or tool."""


@dataclass(frozen=True)
class WorkflowRow:
    """A stored workflow. `body` is its encrypted definition."""

    id: str
    user_id: str
    name: str
    status: str
    """active or paused."""
    provider: str
    event: str
    """The trigger's event: to look up the workflows of an event."""
    created_at: datetime
    updated_at: datetime
    body: bytes = field(repr=False)
    version: int = 1
    """Counts changes. An update is only written over the version before it."""

    @property
    def context(self) -> str:
        """The encryption context of the body."""
        return f"workflow|{self.id}|{self.user_id}"


@dataclass(frozen=True)
class RunRow:
    """A run of a workflow. `body` has its event, trace and steps, encrypted."""

    id: str
    workflow_id: str
    user_id: str
    status: str
    occurrence: str
    """Identifies the event: unique for each workflow, so that one event never runs it twice."""
    depth: int
    root_run: str
    created_at: datetime
    updated_at: datetime
    body: bytes = field(repr=False)
    version: int = 1

    @property
    def context(self) -> str:
        """The encryption context of the body."""
        return f"run|{self.id}|{self.user_id}"
