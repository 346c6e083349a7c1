"""GitHub's results and event payloads, with the fields that PlugFn reads; others are ignored."""

from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from plugfn.definition import Result


class Account(Result):
    """A user or an organization."""

    login: str
    id: int


class Repository(Result):
    """A repository."""

    id: int
    name: str
    full_name: str
    private: bool
    html_url: str
    owner: Account
    description: str | None = None
    default_branch: str = ""
    archived: bool = False
    has_issues: bool = True
    visibility: str = ""
    language: str | None = None
    open_issues_count: int = 0
    stargazers_count: int = 0
    forks_count: int = 0


class Label(Result):
    """A label on an issue. GitHub may also send just the name."""

    name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Issue(Result):
    """An issue."""

    id: int
    number: int
    title: str
    state: str
    html_url: str
    body: str | None = None
    user: Account | None = None
    labels: list[Label] = Field(default_factory=list)
    assignees: list[Account] = Field(default_factory=list)
    created_at: datetime | None = None


class Branch(Result):
    """One end of a pull request."""

    ref: str
    sha: str


class Pull(Result):
    """A pull request."""

    id: int
    number: int
    title: str
    state: str
    html_url: str
    head: Branch
    base: Branch
    body: str | None = None
    draft: bool = False
    user: Account | None = None
    created_at: datetime | None = None


class Delivery(Result):
    """One attempt to deliver an event to a webhook. `guid` is the same for all attempts of one event."""

    id: int
    guid: str
    event: str
    action: str | None = None
    delivered_at: datetime
    redelivery: bool = False
    status: str = ""
    status_code: int
    """The status that our side answered; GitHub also shows 0 or a 5xx if it could not reach us."""

    @property
    def arrived(self) -> bool:
        """Whether our side accepted it."""
        return 200 <= self.status_code < 300


class Commit(Result):
    """A commit of a push."""

    id: str
    message: str
    url: str = ""


class Pusher(Result):
    """Who pushed."""

    name: str


class IssueOpened(Result):
    """Somebody opened an issue."""

    action: str
    issue: Issue
    repository: Repository
    sender: Account


class PullOpened(Result):
    """Somebody opened a pull request."""

    action: str
    number: int
    pull_request: Pull
    repository: Repository
    sender: Account


class Pushed(Result):
    """Somebody pushed commits, or created or deleted a branch or tag. At most 2 048 commits are listed."""

    ref: str
    before: str
    after: str
    created: bool = False
    deleted: bool = False
    forced: bool = False
    compare: str = ""
    commits: list[Commit] = Field(default_factory=list)
    head_commit: Commit | None = None
    pusher: Pusher
    repository: Repository
    sender: Account | None = None
    """Empty if a deploy key pushed."""


class Pinged(Result):
    """Somebody created a webhook, or tests it."""

    zen: str = ""
    hook_id: int
    repository: Repository | None = None
    sender: Account | None = None
