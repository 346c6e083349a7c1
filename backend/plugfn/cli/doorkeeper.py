"""Who makes a request of `plugfn serve`."""

import hmac
import os
from dataclasses import dataclass, field
from typing import Any, Self

from plugfn.errors import ConfigurationError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
USER_HEADER = "x-plugfn-user"


@dataclass(frozen=True)
class Doorkeeper:
    """Who makes a request: always `user`, or whom the header X-PlugFn-User names when the bearer token is right."""

    user: str = ""
    token: str = field(default="", repr=False)

    @classmethod
    def chosen(cls, user: str, token_env: str, host: str) -> Self:
        """Exactly one of the two. Raises ConfigurationError, also for a single user on an address others can reach."""
        if bool(user) == bool(token_env):
            raise ConfigurationError("say who calls: --user NAME, or --token-env VARIABLE")
        if user and host not in LOOPBACK:
            raise ConfigurationError("--user lets everybody in who can connect: with it, listen on 127.0.0.1 alone")
        token = os.environ.get(token_env, "") if token_env else ""
        if token_env and len(token) < 32:
            raise ConfigurationError(f"{token_env} must be set, to at least 32 characters")
        return cls(user, token)

    def user_of(self, request: Any) -> str | None:
        """The user's id, or None."""
        if self.user:
            # A page of another site, or a tunnel, comes by another name than this machine's.
            return self.user if request.url.hostname in LOOPBACK else None
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(given.encode(), self.token.encode()):
            return request.headers.get(USER_HEADER) or None
        return None
