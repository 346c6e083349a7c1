"""The actions on repositories, issues and pull requests."""

from typing import Annotated

from pydantic import Field, StringConstraints

from plugfn.definition import Call, Model, OAuthTokens
from plugfn.net.vendor import quoted
from plugfn.providers.github.definition import provider
from plugfn.providers.github.models import Issue, Pull, Repository

Owner = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"\S")]
Body = Annotated[str, StringConstraints(max_length=65536)]
LabelName = Annotated[str, StringConstraints(min_length=1, max_length=50)]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\s\x00-\x1f~^?*\[\\]+$")]


class RepoRef(Model):
    """A repository: its owner's login and its name."""

    owner: Owner
    repo: Name

    @property
    def path(self) -> str:
        """The repository's path in the API."""
        return f"/repos/{quoted(self.owner)}/{quoted(self.repo)}"


class RepoGet(RepoRef):
    """Which repository to read."""


class IssueCreate(RepoRef):
    """The issue to open. GitHub silently ignores labels and assignees if the account may not push to the repository."""

    title: Title
    body: Body | None = None
    labels: list[LabelName] = Field(default_factory=list, max_length=100)
    assignees: list[Owner] = Field(default_factory=list, max_length=10)


class PullCreate(RepoRef):
    """The pull request to open. `head`: the branch with the changes; write `user:branch` if it is in a fork."""

    title: Title
    head: Ref
    base: Ref
    body: Body | None = None
    draft: bool = False


@provider.action("repos.get", summary="Reads a repository.", safe=True)
async def get_repo(call: Call[OAuthTokens], params: RepoGet) -> Repository:
    """https://docs.github.com/rest/repos/repos#get-a-repository"""
    return (await call.http.get(params.path)).read(Repository)


@provider.action("issues.create", summary="Opens an issue.", scopes=("repo",))
async def create_issue(call: Call[OAuthTokens], params: IssueCreate) -> Issue:
    """https://docs.github.com/rest/issues/issues#create-an-issue"""
    document = params.model_dump(exclude={"owner", "repo"}, exclude_defaults=True)
    return (await call.http.post(f"{params.path}/issues", json=document)).read(Issue)


@provider.action("pulls.create", summary="Opens a pull request.", scopes=("repo",))
async def create_pull(call: Call[OAuthTokens], params: PullCreate) -> Pull:
    """https://docs.github.com/rest/pulls/pulls#create-a-pull-request"""
    document = params.model_dump(exclude={"owner", "repo"}, exclude_defaults=True)
    return (await call.http.post(f"{params.path}/pulls", json=document)).read(Pull)
