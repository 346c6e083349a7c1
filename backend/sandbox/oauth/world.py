"""The server's world: options that tests set, codes, and grants with their tokens."""

import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

CLIENT_ID = "plugfn-client"
CLIENT_SECRET = "plugfn-secret-of-the-sandbox"  # noqa: S105 - of an emulator


@dataclass
class Options:
    """The options that tests set with POST /_sandbox/options."""

    consent: str = "allow"
    """`allow`, or the error in the redirect back."""
    redirect_uri: str = ""
    """The registered one; empty: any."""
    account: str = "acct-1"
    name_account: bool = True
    """Whether token answers name the account."""
    granted: list[str] | None = None
    """The scopes that the user grants. None: all requested ones."""
    expires_in: float | None = 3600
    refresh_tokens: bool = True
    rotate: bool = True
    """Whether a refresh gives a new refresh token and ends the old one. False: answers carry none."""
    errors_with_200: bool = False
    issuer: str = ""
    override: dict[str, Any] = field(default_factory=dict)
    """Overrides fields of every token answer. A value of null removes the field."""
    seconds: float = 0.0
    """Seconds that the token endpoint waits before it answers."""


@dataclass
class Grant:
    """One user's grant and its tokens."""

    account: str
    scopes: list[str]
    access: dict[str, float] = field(default_factory=dict)
    """Valid access tokens, and when they expire."""
    refresh: str | None = None
    refreshes: int = 0
    alive: bool = True


@dataclass
class Code:
    """An authorization code."""

    grant: Grant
    redirect_uri: str
    challenge: str
    used: bool = False


class World:
    """All of the server's data. `reset` starts it over."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.options = Options()
        self.codes: dict[str, Code] = {}
        self.grants: list[Grant] = []
        self.spent: dict[str, Grant] = {}

    def code(self, scopes: list[str], redirect_uri: str, challenge: str) -> str:
        """A new grant's code."""
        scopes_granted = scopes if self.options.granted is None else self.options.granted
        made = secrets.token_urlsafe(16)
        self.codes[made] = Code(Grant(self.options.account, list(scopes_granted)), redirect_uri, challenge)
        return made

    def redeem(self, code: Code) -> Grant:
        """The grant of a valid code."""
        code.used = True
        self.grants.append(code.grant)
        return code.grant

    def issue(self, grant: Grant) -> dict[str, Any]:
        """Tokens, as the answer of the token endpoint."""
        access = secrets.token_urlsafe(24)
        lives = self.options.expires_in
        grant.access[access] = time.time() + (10**9 if lives is None else lives)
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "scope": " ".join(grant.scopes)}
        if lives is not None:
            answer["expires_in"] = lives
        if self.options.refresh_tokens and (grant.refresh is None or self.options.rotate):
            self._rotate(grant)
            answer["refresh_token"] = grant.refresh
        if self.options.name_account:
            answer["account"] = {"id": grant.account, "name": f"The account {grant.account}"}
        answer |= self.options.override
        return {name: value for name, value in answer.items() if value is not None}

    def _rotate(self, grant: Grant) -> None:
        if grant.refresh is not None:
            self.spent[grant.refresh] = grant
        grant.refresh = secrets.token_urlsafe(24)

    def refreshable(self, token: str) -> Grant | None:
        """The grant of a valid refresh token. A token that was used before ends its grant."""
        if (grant := self.spent.get(token)) is not None:
            self.end(grant)
        return next((grant for grant in self.grants if grant.alive and grant.refresh == token), None)

    def of_access(self, token: str) -> Grant | None:
        """The grant of a valid access token."""
        now = time.time()
        return next((grant for grant in self.grants if grant.alive and grant.access.get(token, 0) > now), None)

    def revoke(self, token: str) -> None:
        """RFC 7009: an unknown token is not an error."""
        for grant in self.grants:
            if token in grant.access or token == grant.refresh:
                self.end(grant)

    @staticmethod
    def end(grant: Grant) -> None:
        """Revoke all its tokens."""
        grant.alive = False
        grant.access.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """The grants, for tests."""
        return [asdict(grant) for grant in self.grants]
