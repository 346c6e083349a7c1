"""What a workflow and a run of it are: what their users write, what is stored, what they are shown."""

import zoneinfo
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, StringConstraints
from pydantic import Field as Declared

from plugfn.definition import Model, Result
from plugfn.rules.conditions import Condition
from plugfn.rules.evaluation import Asked
from plugfn.rules.formats import Locale, Style

MOST_STEPS = 20
LONGEST_COOLDOWN = 30 * 86_400

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
ConnectionId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class WorkflowStatus(StrEnum):
    """Whether events start it."""

    ACTIVE = "active"
    PAUSED = "paused"


class RunStatus(StrEnum):
    """How far a run is."""

    PENDING = "pending"
    """Stored; nothing was done yet."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    """Something was done, or may have been, but not everything."""
    FAILED = "failed"
    """Nothing was done."""
    SUPPRESSED = "suppressed"
    """Nothing was done, on purpose: `reason` says why."""
    PAUSED = "paused"
    """Its workflow was paused, changed hands or was stopped in the middle: `retry` goes on."""


class StepStatus(StrEnum):
    """What became of a step."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    UNKNOWN = "unknown"
    """It went out and no answer came: look whether it was done."""
    FAILED = "failed"
    SKIPPED = "skipped"
    SIMULATED = "simulated"


class Source(StrEnum):
    """What started a run."""

    EVENT = "event"
    MANUAL = "manual"
    REPLAY = "replay"


class TriggerSpec(Model):
    """When: a provider's event, of any of the user's connections or of one."""

    provider: Name
    event: Name
    connection_id: ConnectionId | None = None


class StepSpec(Model):
    """Then: an action. Its params may hold placeholders; without a connection the only one is meant, or, at the
    trigger's provider, the one that the event came from."""

    id: StepId
    action: Annotated[str, StringConstraints(min_length=3, max_length=200)]
    params: dict[str, Any] = Declared(default_factory=dict)
    connection_id: ConnectionId | None = None
    on_error: Literal["stop", "continue"] = "stop"


class LimitSpec(Model):
    """How often at most."""

    per_hour: int = Declared(default=60, ge=1, le=1000)
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """A field of the event, as "contact.phone": for each of its values there is at most one run per cool-down."""
    cooldown: int | None = Declared(default=None, ge=1, le=LONGEST_COOLDOWN)
    """Seconds."""
    max_suppressed: int = Declared(default=20, ge=1, le=100)
    """After so many runs in a row that were suppressed as loops or for `per_hour` the workflow is paused."""


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises ValueError."""
    if name == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone, as America/Sao_Paulo") from None


def _zone_name(name: str) -> str:
    zone_of(name)
    return name


class WorkflowSpec(Model):
    """What a user writes."""

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
    """Why a step failed: what PlugFnError.as_dict() says."""

    error: str
    code: str
    next: str
    message: str
    call_id: str = ""
    """Of the call in the action log; empty when there was none."""


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
    """The event a run answers to, but for its payload."""

    provider: str
    name: str
    id: str | None = None
    occurred_at: datetime | None = None
    connection_id: str | None = None


class RunBody(BaseModel):
    """What of a run is stored sealed."""

    spec: WorkflowSpec = Declared(repr=False)
    """As it was when the run began: a later change of the workflow changes no run."""
    workflow_version: int
    generation: int
    source: Source
    event: EventRef
    values: dict[str, Any] = Declared(repr=False)
    outputs: dict[str, Any] = Declared(default_factory=dict, repr=False)
    """Of the results of its steps, what later steps put into their params."""
    ancestry: list[str] = []
    """Workflows whose runs led to this event, oldest first."""
    replay_of: str | None = None
    reason: str = ""
    trace: list[Asked] = []
    steps: list[StepRun]


class Run(Result):
    """A run, as its user sees it."""

    id: str
    workflow_id: str
    workflow_version: int
    user_id: str
    status: RunStatus
    reason: str
    source: Source
    event: EventRef
    depth: int
    """0: started by an event from outside; more: by what a run did."""
    root_run: str
    replay_of: str | None
    created_at: datetime
    updated_at: datetime
    trace: list[Asked]
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
    trace: list[Asked]
    blocked_by: list[str]
    """Of "paused", "per_hour", "cooldown", and "connection": the trigger's own is gone or is another provider's."""
    steps: list[DryStep]
