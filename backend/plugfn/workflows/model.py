"""The models of workflows and runs: what users write, what is stored, and what users see."""

import zoneinfo
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, StringConstraints
from pydantic import Field as Declared

from plugfn.definition import Model, Result
from plugfn.rules.conditions import Condition
from plugfn.rules.evaluation import TraceEntry
from plugfn.rules.formats import Locale, Style

MOST_STEPS = 20
LONGEST_COOLDOWN = 30 * 86_400

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
ConnectionId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class WorkflowStatus(StrEnum):
    """Whether events start the workflow."""

    ACTIVE = "active"
    PAUSED = "paused"


class RunStatus(StrEnum):
    """How far a run is."""

    PENDING = "pending"
    """Stored; nothing has been done yet."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    """Some of it was done, or may have been done, but not everything."""
    FAILED = "failed"
    """Nothing was done."""
    SUPPRESSED = "suppressed"
    """Deliberately not done: `reason` says why."""
    PAUSED = "paused"
    """Its workflow was paused while it ran; `retry` continues it."""


class StepStatus(StrEnum):
    """The outcome of a step."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    UNKNOWN = "unknown"
    """The request was sent and no answer came: check whether it was done."""
    FAILED = "failed"
    SKIPPED = "skipped"
    SIMULATED = "simulated"


class Source(StrEnum):
    """What started a run."""

    EVENT = "event"
    MANUAL = "manual"
    REPLAY = "replay"


class TriggerSpec(Model):
    """The event that starts the workflow, of any of the user's connections or of one."""

    provider: Name
    event: Name
    connection_id: ConnectionId | None = None


class StepSpec(Model):
    """An action. Its params may have placeholders. Without a connection_id it uses the user's only connection or, at
    the trigger's provider, the connection of the event."""

    id: StepId
    action: Annotated[str, StringConstraints(min_length=3, max_length=200)]
    params: dict[str, Any] = Declared(default_factory=dict)
    connection_id: ConnectionId | None = None
    on_error: Literal["stop", "continue"] = "stop"


class LimitSpec(Model):
    """How often the workflow may run."""

    per_hour: int = Declared(default=60, ge=1, le=1000)
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """A field of the event, such as "contact.phone": each of its values gets at most one run per cool-down."""
    cooldown: int | None = Declared(default=None, ge=1, le=LONGEST_COOLDOWN)
    """Seconds."""
    max_suppressed: int = Declared(default=20, ge=1, le=100)
    """The workflow is paused after this many suppressed runs in a row (as loops, or by `per_hour`)."""


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises ValueError."""
    if name == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone such as America/Sao_Paulo") from None


def _zone_name(name: str) -> str:
    zone_of(name)
    return name


class WorkflowSpec(Model):
    """A workflow as a user writes it."""

    name: Name
    trigger: TriggerSpec
    conditions: Condition | None = None
    steps: list[StepSpec] = Declared(min_length=1, max_length=MOST_STEPS)
    limits: LimitSpec = Declared(default_factory=LimitSpec)
    locale: Locale = "en"
    timezone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone_name)] = "UTC"

    @property
    def style(self) -> Style:
        """How it writes numbers and dates."""
        return Style(self.locale, zone_of(self.timezone))


class Workflow(Result):
    """A stored workflow."""

    id: str
    user_id: str
    status: WorkflowStatus
    paused_because: str
    """Empty, "user" or "suppressed"."""
    version: int
    created_at: datetime
    updated_at: datetime
    spec: WorkflowSpec


class StepError(BaseModel):
    """Why a step failed, with the fields of PlugFnError.as_dict()."""

    error: str
    code: str
    next: str
    message: str
    call_id: str = ""
    """The id of the call in the action log; empty when there was no call."""


class StepRun(BaseModel):
    """A step of a run."""

    id: str
    action: str
    status: StepStatus = StepStatus.PENDING
    attempt: int = 0
    error: StepError | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class EventRef(BaseModel):
    """The event of a run, without its payload."""

    provider: str
    name: str
    id: str | None = None
    occurred_at: datetime | None = None
    connection_id: str | None = None


class RunBody(BaseModel):
    """The encrypted part of a run."""

    spec: WorkflowSpec = Declared(repr=False)
    """The workflow's version when the run began: later changes of the workflow do not affect the run."""
    workflow_version: int
    generation: int
    source: Source
    event: EventRef
    values: dict[str, Any] = Declared(repr=False)
    outputs: dict[str, Any] = Declared(default_factory=dict, repr=False)
    """The parts of its steps' results that later steps use."""
    ancestry: list[str] = []
    """Workflows whose runs led to this event, the oldest first."""
    replay_of: str | None = None
    reason: str = ""
    trace: list[TraceEntry] = []
    steps: list[StepRun]


class Run(Result):
    """A run as its user sees it."""

    id: str
    workflow_id: str
    workflow_version: int
    user_id: str
    status: RunStatus
    reason: str
    source: Source
    event: EventRef
    depth: int
    """0: an event from outside started it; more: another run caused its event."""
    root_run: str
    replay_of: str | None
    created_at: datetime
    updated_at: datetime
    trace: list[TraceEntry]
    steps: list[StepRun]


class DryStep(Result):
    """What a step would do."""

    id: str
    action: str
    status: StepStatus
    params: dict[str, Any] | None = Declared(default=None, repr=False)
    error: StepError | None = None
    connection_problem: StepError | None = None


class DryRun(Result):
    """What a workflow would do with an event. Nothing was sent."""

    holds: bool
    truth: str
    trace: list[TraceEntry]
    blocked_by: list[str]
    """What would stop it: "paused", "per_hour", "cooldown", "connection" (the trigger's is gone or not valid)."""
    steps: list[DryStep]
